// Bytes into a whole host: each input is a row of packets, a length of two bytes before each, from its one link. The
// first byte says whether it is a router. Whatever comes, the host lives, its bounds hold, and of what it answers each
// is a packet, and they are not many.
#include "ghostnet/runtime/wire.hpp"
#include "small_host.hpp"

namespace {

using namespace ghostnet;

// How many packets the host has sent, each of which must be one.
std::size_t answers(IpLink& wire) {
  std::vector<IpPacket> batch(64);
  std::size_t sum = 0;
  while (const Result<std::size_t> count = wire.try_recv(batch)) {
    for (std::size_t i = 0; i < *count; ++i) {
      if (!ip::parse(batch[i].data.view())) std::abort();
    }
    sum += *count;
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  fuzz::SmallHost small({.network = {.forwarding = (data[0] & 1) != 0}});
  ip::Host& host = small.host;
  const auto socket = host.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v6), 7)});
  if (!socket || !(*socket)->join(IpAddress::v4(239, 0, 0, 1), small.interface)) std::abort();
  small.run(5s);
  answers(small.wire());

  ByteReader in(ByteView(data + 1, size - 1));
  std::size_t packets = 0;
  std::size_t answered = 0;
  while (in.more()) {
    const std::size_t length = std::min<std::size_t>(in.u16() % 1500, in.remaining());
    IpPacket packet;
    packet.data = PacketBuf::copy_of(in.bytes(length));
    if (small.wire().send(std::span(&packet, 1)).accepted == 1) ++packets;
    small.run(1ms);
    answered += answers(small.wire());
    std::vector<ReceivedDatagram> batch(8);
    static_cast<void>((*socket)->try_recv(batch));
  }
  small.run(2min);
  answered += answers(small.wire());
  // One for each packet, for each that never became whole, and the reports that queries may ask for.
  if (answered > 3 * packets) std::abort();
  if (host.network().reassembler().datagrams() != 0) std::abort();
  return 0;
}
