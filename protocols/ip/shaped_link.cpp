#include "ghostnet/ip/shaped_link.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ghostnet::ip {

ShapedLink::ShapedLink(IpLink& below, const Clock& clock, const Random& random, const ShapedLinkOptions& options)
    : below_(below), clock_(clock), random_(random), queue_packets_(options.queue_packets), scope_(clock.loop()) {
  if (options.outgoing) {
    out_ = std::make_unique<Direction>(options.outgoing, clock);
    scope_.spawn(run_outgoing());
  }
  if (options.incoming) {
    in_ = std::make_unique<Direction>(options.incoming, clock);
    scope_.spawn(run_incoming());
  }
  scope_.spawn(receive());
}

ShapedLink::~ShapedLink() { scope_.close(); }

std::size_t ShapedLink::mtu_bytes() const {
  std::size_t mtu_bytes = below_.mtu_bytes();
  if (out_) mtu_bytes = std::min<std::size_t>(mtu_bytes, out_->model.profile().mtu_bytes());
  return mtu_bytes;
}

// A timer that has fired and whose waiter has yet to run is left alone: armed again by each packet that enters, it
// would let none leave as long as they come.
void ShapedLink::arm(Direction& direction) {
  const TimePoint deadline = direction.model.next_deadline();
  if (deadline == direction.armed_for) return;
  direction.armed_for = deadline;
  direction.timer.arm(deadline);
}

void ShapedLink::enter(Direction& direction, IpPacket packet) {
  const std::expected<Header, Unusable> header = parse(packet.data.view());
  std::vector<IpPacket> pieces;
  if (header && packet.segment_bytes != 0) cut_segments(packet, *header, pieces);
  if (pieces.empty()) pieces.push_back(std::move(packet));
  for (IpPacket& piece : pieces) {
    if (header && !direction.model.profile().params().corrupt.is_never()) {
      const std::expected<Header, Unusable> own = parse(piece.data.view());
      if (own) complete_checksum(piece, *own);
    }
    const link::PacketInfo info{.size_bytes = static_cast<std::uint32_t>(piece.data.size()),
                                .ecn_capable = piece.ecn != Ecn::not_ect,
                                .flow_hash = piece.flow_hash};
    direction.model.enqueue(clock_.now(), std::move(piece), info, random_);
  }
  arm(direction);
}

std::optional<IpPacket> ShapedLink::leave(Direction& direction) {
  auto delivery = direction.model.poll(clock_.now(), random_);
  if (!delivery) {
    direction.armed_for = kNever;
    arm(direction);
    return std::nullopt;
  }
  IpPacket packet = std::move(delivery->packet);
  packet.received_at = delivery->arrival;
  if (delivery->ce_marked) {
    set_ecn(packet.data.writable(), Ecn::ce);
    packet.ecn = Ecn::ce;
  }
  if (delivery->corrupt_bit != link::kNoBit) {
    packet.data.data()[delivery->corrupt_bit / 8] ^= static_cast<std::uint8_t>(1u << delivery->corrupt_bit % 8);
    packet.checksum = Checksum::none;
  }
  return packet;
}

SendOutcome ShapedLink::send(std::span<IpPacket> batch) {
  if (!out_) return below_.send(batch);
  SendOutcome outcome;
  for (IpPacket& packet : batch) {
    if (packet.segment_bytes == 0 && packet.data.size() > mtu_bytes()) {
      outcome.error = Errc::message_too_large;
      return outcome;
    }
    enter(*out_, std::exchange(packet, {}));
    ++outcome.accepted;
  }
  return outcome;
}

Task<> ShapedLink::run_outgoing() {
  while (true) {
    co_await out_->timer;
    while (std::optional<IpPacket> packet = leave(*out_)) {
      if (below_.send(std::span(&*packet, 1)).accepted == 0) ++lost_at_end_;
    }
  }
}

Task<> ShapedLink::run_incoming() {
  while (true) {
    co_await in_->timer;
    while (std::optional<IpPacket> packet = leave(*in_)) arrive(std::move(*packet));
  }
}

Task<> ShapedLink::receive() {
  std::array<IpPacket, 16> batch;
  while (true) {
    const Result<std::size_t> received = co_await below_.recv(batch);
    if (!received && received.error() == Errc::closed) break;
    if (!received) continue;
    for (IpPacket& packet : std::span(batch).first(*received)) {
      if (in_) {
        enter(*in_, std::exchange(packet, {}));
      } else {
        arrive(std::exchange(packet, {}));
      }
    }
  }
  closed_ = true;
  reader_.wake(clock_.loop());
}

void ShapedLink::arrive(IpPacket packet) {
  if (arrived_.size() >= queue_packets_) {
    ++lost_at_end_;
    return;
  }
  arrived_.push_back(std::move(packet));
  reader_.wake(clock_.loop());
}

Result<std::size_t> ShapedLink::try_recv(std::span<IpPacket> batch) {
  std::size_t taken = 0;
  while (taken < batch.size() && !arrived_.empty()) batch[taken++] = arrived_.pop_front();
  if (taken == 0) return fail(closed_ ? Errc::closed : Errc::would_block);
  return taken;
}

}  // namespace ghostnet::ip
