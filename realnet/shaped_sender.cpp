#include "ghostnet/realnet/shaped_sender.hpp"

#include <algorithm>

namespace ghostnet::realnet {

namespace {

constexpr std::size_t kHeaderBytes = 40;        // of IPv4 and TCP
constexpr std::uint32_t kUsualMtuBytes = 1500;  // links without an MTU of their own carry Ethernet's
constexpr std::uint64_t kInitialSegments = 10;  // RFC 6928 2
constexpr Duration kLeastTimeout = 200ms;       // as Linux has it
constexpr Duration kLongestTimeout = 120s;

}  // namespace

// A segment under way. Destroyed without having arrived, it was lost, and the sender will notice.
class ShapedSender::SegmentParcel final : public Parcel {
 public:
  SegmentParcel(std::weak_ptr<ShapedSender> sender, std::uint64_t number)
      : sender_(std::move(sender)), number_(number) {}
  ~SegmentParcel() override {
    if (const auto sender = sender_.lock()) sender->lost(number_);
  }
  void arrive(TimePoint, bool) override {
    if (const auto sender = std::exchange(sender_, {}).lock()) sender->arrived(number_);
  }

 private:
  std::weak_ptr<ShapedSender> sender_;
  std::uint64_t number_;
};

class ShapedSender::Call final : public Parcel {
 public:
  Call(std::weak_ptr<ShapedSender> sender, Event event, std::uint64_t number)
      : sender_(std::move(sender)), number_(number), event_(event) {}
  void arrive(TimePoint, bool) override {
    if (const auto sender = sender_.lock()) sender->happen(event_, number_);
  }

 private:
  std::weak_ptr<ShapedSender> sender_;
  std::uint64_t number_;
  Event event_;
};

ShapedSender::ShapedSender(LoopbackNetwork& network, IpAddress from, IpAddress to, std::size_t buffer_bytes,
                           TimePoint not_before)
    : network_(network),
      from_(from),
      to_(to),
      buffer_bytes_(std::max(buffer_bytes, kLeastBufferBytes)),
      segment_bytes_(std::max<std::size_t>(std::min(network.mtu_bytes(from, to), kUsualMtuBytes), kHeaderBytes + 1) -
                     kHeaderBytes),
      window_bytes_(kInitialSegments * segment_bytes_),
      threshold_bytes_(buffer_bytes_),
      round_trip_(network.delay(from, to) + network.delay(to, from)),
      not_before_(not_before),
      flow_(network.next_flow()),
      begun_(not_before <= network.now()) {}

// ---- what the owner says ----

std::size_t ShapedSender::room_bytes() const {
  const std::size_t most =
      std::min<std::size_t>(buffer_bytes_, std::max<std::size_t>(kLeastBufferBytes, 2 * window_bytes_));
  return most - std::min(most, held_bytes_);
}

void ShapedSender::tell_room() {
  if (!writer_waits_ || room_bytes() == 0 || output_ == nullptr) return;
  writer_waits_ = false;
  output_->made_room();
}

std::size_t ShapedSender::write(std::span<const ByteView> parts) {
  std::size_t taken_bytes = 0;
  for (ByteView part : parts) {
    const std::size_t room_bytes = this->room_bytes();
    writer_waits_ |= part.size() > room_bytes;
    part = part.first(std::min(part.size(), room_bytes));
    taken_bytes += part.size();
    held_bytes_ += part.size();
    while (!part.empty()) {
      const bool fits = !segments_.empty() && segments_.back().state == State::waiting &&
                        segments_.back().mark == Mark::none && segments_.back().bytes.size() < segment_bytes_ &&
                        first_number_ + segments_.size() > next_number_;
      if (!fits) segments_.emplace_back();
      std::vector<std::uint8_t>& last = segments_.back().bytes;
      const ByteView now = part.first(std::min(part.size(), segment_bytes_ - last.size()));
      last.insert(last.end(), now.begin(), now.end());
      part = part.subspan(now.size());
    }
  }
  send_what_may();
  return taken_bytes;
}

void ShapedSender::append_mark(Mark mark) {
  segments_.push_back({.bytes = {}, .mark = mark});
  send_what_may();
}

void ShapedSender::reset() {
  while (!segments_.empty() && segments_.back().state == State::waiting) {
    held_bytes_ -= segments_.back().bytes.size();
    segments_.pop_back();
  }
  append_mark(Mark::reset);
}

// ---- the window ----

ShapedSender::Segment* ShapedSender::find(std::uint64_t number) {
  if (number < first_number_ || number - first_number_ >= segments_.size()) return nullptr;
  return &segments_[static_cast<std::size_t>(number - first_number_)];
}

void ShapedSender::send_what_may() {
  if (given_up_) return;
  if (!begun_) {
    if (!waiting_to_begin_) call_at(not_before_, Event::begin, 0);
    waiting_to_begin_ = true;
    return;
  }
  // What is sent may bring others through, whose acknowledgements come here again: so all is settled before each.
  for (std::uint64_t number = first_number_; lost_segments_ != 0 && number < next_number_; ++number) {
    Segment* segment = find(number);
    if (segment == nullptr || segment->state != State::lost) continue;
    if (!fits_window(*segment)) return;
    --lost_segments_;
    send(number, *segment);
  }
  while (Segment* next = find(next_number_)) {
    if (!fits_window(*next)) return;
    send(next_number_++, *next);
  }
}

// One segment may always be under way.
bool ShapedSender::fits_window(const Segment& segment) const {
  return under_way_bytes_ == 0 || under_way_bytes_ + segment.bytes.size() <= window_bytes_;
}

void ShapedSender::send(std::uint64_t number, Segment& segment) {
  const std::size_t size_bytes = segment.bytes.size();
  under_way_bytes_ += size_bytes;
  segment.state = State::travelling;
  segment.sent_at = network_.now();
  ++segment.tries;
  network_.send(
      from_, to_, std::make_unique<SegmentParcel>(weak_from_this(), number),
      {.size_bytes = static_cast<std::uint32_t>(size_bytes + kHeaderBytes), .ecn_capable = false, .flow_hash = flow_});
}

void ShapedSender::call_at(TimePoint at, Event event, std::uint64_t number) {
  network_.call_at(at, std::make_unique<Call>(weak_from_this(), event, number));
}

void ShapedSender::happen(Event event, std::uint64_t number) {
  if (event == Event::begin) {
    begun_ = true;
    return send_what_may();
  }
  if (event == Event::acknowledged) return acknowledged();
  Segment* segment = find(number);
  if (segment == nullptr || segment->state != State::travelling) return;
  // Segments behind it that were acknowledged give the loss away; without any, only time does.
  if (event == Event::missed && acknowledged_number_ <= number) {
    return call_at(segment->sent_at + timeout(*segment), Event::timed_out, number);
  }
  if (event == Event::timed_out && acknowledged_number_ <= number) window_bytes_ = 0;
  resend(number, *segment);
}

void ShapedSender::lost(std::uint64_t number) { call_at(network_.now() + round_trip_, Event::missed, number); }

void ShapedSender::resend(std::uint64_t number, Segment& segment) {
  under_way_bytes_ -= segment.bytes.size();
  segment.state = State::lost;
  ++lost_segments_;
  if (segment.tries >= kMaxTries) {
    given_up_ = true;
    if (output_ != nullptr) output_->gave_up();
    return;
  }
  if (window_bytes_ == 0 || number >= recovery_number_) {
    threshold_bytes_ = std::max<std::uint64_t>(under_way_bytes_ / 2, 2 * segment_bytes_);
    window_bytes_ = window_bytes_ == 0 ? segment_bytes_ : threshold_bytes_;
    recovery_number_ = next_number_;
  }
  send_what_may();
}

// Twice as long for each time that it was sent (RFC 6298 5.5).
Duration ShapedSender::timeout(const Segment& segment) const {
  const Duration first = std::max(kLeastTimeout, 2 * round_trip_);
  const std::uint32_t doublings = std::min(segment.tries - 1, 10U);
  return std::min(first * (1 << doublings), kLongestTimeout);
}

void ShapedSender::measure(Duration round_trip) { round_trip_ += (round_trip - round_trip_) / 8; }

// ---- arriving ----

void ShapedSender::arrived(std::uint64_t number) {
  Segment* segment = find(number);
  if (segment == nullptr || segment->state == State::arrived) return;
  segment->state = State::arrived;
  call_at(network_.now() + network_.delay(to_, from_), Event::acknowledged, number);
  acknowledgements_.push_back({number, segment->bytes.size(), segment->sent_at, segment->tries == 1});
  deliver();
}

// They come back in the order in which they left, since the way back has one length.
void ShapedSender::acknowledged() {
  const Acknowledgement oldest = acknowledgements_.front();
  acknowledgements_.pop_front();
  under_way_bytes_ -= oldest.bytes;
  if (oldest.first_try) measure(network_.now() - oldest.sent_at);  // of others nobody could say (RFC 6298 3)
  acknowledged_number_ = std::max(acknowledged_number_, oldest.number + 1);
  if (acknowledged_number_ >= recovery_number_) {
    window_bytes_ += window_bytes_ < threshold_bytes_ ? oldest.bytes : segment_bytes_ * oldest.bytes / window_bytes_;
    window_bytes_ = std::min<std::uint64_t>(window_bytes_, buffer_bytes_);
  }
  send_what_may();
  tell_room();
}

void ShapedSender::deliver() {
  while (!segments_.empty() && segments_.front().state == State::arrived && output_ != nullptr) {
    Segment& front = segments_.front();
    const ByteView rest = ByteView(front.bytes).subspan(delivered_bytes_);
    delivered_bytes_ += rest.empty() ? 0 : output_->put(rest);
    if (delivered_bytes_ < front.bytes.size()) break;
    const Mark mark = front.mark;
    held_bytes_ -= front.bytes.size();
    delivered_bytes_ = 0;
    segments_.pop_front();
    ++first_number_;
    if (mark == Mark::end) output_->end_of_stream();
    if (mark == Mark::reset) output_->reset();
  }
  tell_room();
}

}  // namespace ghostnet::realnet
