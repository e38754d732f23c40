#include "ghostnet/ping/prober.hpp"

#include <algorithm>

namespace ghostnet::ping {

Result<> PingRequest::validate() const {
  if (timeout / interval < kMaxWindow) return {};
  return fail(Errc::invalid_argument, "timeout: {} is more than {} intervals of {}: probes could not be told apart",
              to_text(timeout), kMaxWindow, to_text(interval));
}

Prober::Prober(std::uint64_t session, const PingRequest& request, TimePoint start)
    : session_(session),
      count_(request.probes),
      interval_(request.interval),
      timeout_(request.timeout),
      padding_bytes_(request.size.bytes - Message::kHeaderBytes),
      start_(start) {}

std::optional<Message> Prober::next_probe(TimePoint now) {
  if (sent_ == count_ || now < due(sent_)) return std::nullopt;
  // Where the caller was held up, several probes leave at once; the window stays bounded all the same.
  if (recent_.size() >= static_cast<std::size_t>(PingRequest::kMaxWindow)) return std::nullopt;
  recent_.push_back({now});
  ++open_;
  return Message{.session = session_, .sequence = sent_++, .sent_at_ns = to_ns(now), .padding_bytes = padding_bytes_};
}

std::size_t Prober::expire(TimePoint now) {
  std::size_t lost = 0;
  while (!recent_.empty() && now - recent_.front().sent_at >= timeout_) {
    if (!recent_.front().answered) ++lost;
    recent_.pop_front();
  }
  open_ -= lost;
  return lost;
}

TimePoint Prober::next_deadline() const {
  if (finished()) return kNever;
  TimePoint deadline = recent_.empty() ? kNever : saturating_add(recent_.front().sent_at, timeout_);
  if (sent_ < count_) deadline = std::min(deadline, due(sent_));
  return deadline;
}

Prober::Reply Prober::on_reply(const Message& reply, TimePoint at) {
  const std::uint64_t first = sent_ - recent_.size();
  if (reply.type != MessageType::reply || reply.session != session_ || reply.sequence < first ||
      reply.sequence >= sent_) {
    return {Verdict::stray};
  }
  Probe& probe = recent_[reply.sequence - first];
  if (to_ns(probe.sent_at) != reply.sent_at_ns || at - probe.sent_at >= timeout_) return {Verdict::stray};
  if (probe.answered) return {Verdict::duplicate};
  probe.answered = true;
  --open_;
  ++received_;
  const bool reordered = reply.sequence < next_expected_;
  next_expected_ = std::max(next_expected_, reply.sequence + 1);
  return {Verdict::answer, std::max(at - probe.sent_at, Duration{}), reordered};
}

TimePoint Prober::due(std::uint64_t sequence) const {
  const auto n = static_cast<std::int64_t>(sequence);  // count is at most 10^9
  if (n != 0 && interval_ > (kNever - start_) / n) return kNever;
  return saturating_add(start_, interval_ * n);
}

}  // namespace ghostnet::ping
