#include "ghostnet/ip/pipe.hpp"

#include <utility>

namespace ghostnet::ip {

void Pipe::close() {
  a_.close();
  b_.close();
}

void Pipe::End::close() {
  closed_ = true;
  reader_.wake(loop_);
  writer_.wake(loop_);
}

SendOutcome Pipe::End::send(std::span<IpPacket> batch) {
  SendOutcome outcome;
  for (IpPacket& packet : batch) {
    const std::size_t most_bytes = packet.segment_bytes != 0 ? max_segmented_bytes() : mtu_bytes();
    if (closed_) {
      outcome.error = Errc::closed;
    } else if (packet.data.size() > most_bytes) {
      outcome.error = Errc::message_too_large;
    } else if (!poll_writable()) {
      outcome.error = Errc::would_block;
    }
    if (outcome.error) break;
    packet.received_at = loop_.now();
    other_.arrived_.push_back(std::exchange(packet, {}));
    ++outcome.accepted;
  }
  if (outcome.accepted != 0) other_.reader_.wake(loop_);
  return outcome;
}

Result<std::size_t> Pipe::End::try_recv(std::span<IpPacket> batch) {
  std::size_t taken = 0;
  while (taken < batch.size() && !arrived_.empty()) batch[taken++] = arrived_.pop_front();
  if (taken == 0) return fail(closed_ ? Errc::closed : Errc::would_block);
  other_.writer_.wake(loop_);
  return taken;
}

}  // namespace ghostnet::ip
