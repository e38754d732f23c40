#include "ghostnet/runtime/udp.hpp"

namespace ghostnet {

namespace {

Result<> outcome_of(const SendOutcome& sent, const Endpoint& peer, std::size_t size_bytes) {
  if (sent.accepted == 1) return {};
  Errc code = sent.error.value_or(Errc::internal);
  if (code == Errc::would_block) return fail(code);  // an everyday state: no text
  if (code == Errc::message_too_large) {
    return fail(code, "sending {} bytes to {}: larger than one packet can carry there; split it", size_bytes, peer);
  }
  if (code == Errc::unreachable) {
    return fail(code, "sending {} bytes to {}: unreachable: no route leads there", size_bytes, peer);
  }
  return fail(code, "sending {} bytes to {}: {}", size_bytes, peer, to_string(code));
}

}  // namespace

Result<> UdpSocket::send_to(const Endpoint& peer, ByteView payload) {
  Datagram datagram{.peer = peer, .payload = payload};
  return outcome_of(send(std::span(&datagram, 1)), peer, payload.size());
}

Result<> UdpSocket::send_to(const Endpoint& peer, PacketBuf payload) {
  std::size_t size_bytes = payload.size();
  Datagram datagram{.peer = peer, .payload = payload.view(), .storage = &payload};
  return outcome_of(send(std::span(&datagram, 1)), peer, size_bytes);
}

}  // namespace ghostnet
