#include "ghostnet/bulk/pacer.hpp"

#include <algorithm>

namespace ghostnet::bulk {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

}  // namespace

Pacer::Pacer(const BulkRequest& request, TimePoint start)
    : packet_bits_(request.packet.bytes * 8),
      rate_bps_(request.bitrate.bits_per_second),
      tick_(request.tick),
      start_(start) {
  if (request.bytes) {
    packets_ = (request.bytes->bytes + request.packet.bytes - 1) / request.packet.bytes;
  } else {
    end_ = saturating_add(start, request.duration);
  }
}

std::uint64_t Pacer::due(TimePoint now) const {
  if (now < start_ || finished(now)) return 0;
  const auto elapsed = static_cast<std::uint64_t>((now - start_).count());
  const Wide by_now = static_cast<Wide>(elapsed) * rate_bps_ / (static_cast<Wide>(packet_bits_) * kNsPerSecond) + 1;
  const std::uint64_t until = by_now > packets_ ? packets_ : static_cast<std::uint64_t>(by_now);
  return until > sent_ ? until - sent_ : 0;
}

TimePoint Pacer::next_deadline(TimePoint now) const {
  if (finished(now)) return kNever;
  const TimePoint next = due_at(sent_);
  return std::min(end_, std::max(next, saturating_add(now, std::min(tick_, next - start_))));
}

TimePoint Pacer::due_at(std::uint64_t packet) const {
  const Wide ns = (static_cast<Wide>(packet) * packet_bits_ * kNsPerSecond + rate_bps_ - 1) / rate_bps_;
  const auto most = static_cast<std::uint64_t>((kNever - std::max(start_, TimePoint{})).count());
  return ns >= most ? kNever : start_ + Duration{static_cast<std::int64_t>(ns)};
}

}  // namespace ghostnet::bulk
