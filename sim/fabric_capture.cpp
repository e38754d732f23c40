// Packet traces of the fabric: the headers that the fabric only accounts for are written out here.
#include <array>
#include <vector>

#include "ghostnet/capture/pcapng.hpp"
#include "ghostnet/runtime/wire.hpp"
#include "ghostnet/sim/fabric.hpp"
#include "ghostnet/sim/fabric_host_extras.hpp"
#include "ghostnet/tcp/checksum.hpp"

namespace ghostnet::sim {

namespace {

constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmp6 = 58;

// RFC 1071: the ones' complement sum.
std::uint32_t add_words(std::uint32_t sum, ByteView bytes) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  if (bytes.size() % 2 != 0) sum += static_cast<std::uint32_t>(bytes.back() << 8);
  return sum;
}
std::uint16_t fold(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void append_address(std::vector<std::uint8_t>& to, const IpAddress& address) {
  if (address.is_v4()) {
    for (std::uint8_t byte : address.v4_bytes()) to.push_back(byte);
  } else {
    for (std::uint8_t byte : address.v6_bytes()) to.push_back(byte);
  }
}

void append_u16(std::vector<std::uint8_t>& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

void store_u16(std::vector<std::uint8_t>& in, std::size_t at, std::uint16_t value) {
  in[at] = static_cast<std::uint8_t>(value >> 8);
  in[at + 1] = static_cast<std::uint8_t>(value);
}

// RFC 791 3.1 and RFC 8200 3, without options.
std::vector<std::uint8_t> ip_header(const Flight& flight, std::uint8_t protocol, std::size_t content_bytes) {
  std::vector<std::uint8_t> header;
  auto ecn = static_cast<std::uint8_t>(flight.ecn);
  if (flight.destination.is_v4()) {
    header = {0x45, ecn};
    append_u16(header, 20 + content_bytes);
    append_u16(header, 0);
    append_u16(header, flight.dont_fragment ? 0x4000 : 0);
    header.push_back(flight.hop_limit);
    header.push_back(protocol);
    append_u16(header, 0);
  } else {
    header = {0x60, static_cast<std::uint8_t>(ecn << 4), 0, 0};
    append_u16(header, content_bytes);
    header.push_back(protocol);
    header.push_back(flight.hop_limit);
  }
  append_address(header, flight.source.address());
  append_address(header, flight.destination.address());
  if (flight.destination.is_v4()) store_u16(header, 10, fold(add_words(0, header)));
  return header;
}

std::uint32_t pseudo_header_sum(const Flight& flight, std::uint8_t protocol, std::size_t content_bytes) {
  std::vector<std::uint8_t> pseudo;
  append_address(pseudo, flight.source.address());
  append_address(pseudo, flight.destination.address());
  append_u16(pseudo, content_bytes);
  append_u16(pseudo, protocol);
  return add_words(0, pseudo);
}

std::vector<std::uint8_t> udp_content(Flight& flight) {
  std::vector<std::uint8_t> content;
  append_u16(content, flight.source.port());
  append_u16(content, flight.destination.port());
  append_u16(content, 8 + flight.size_bytes);
  append_u16(content, 0);
  content.insert(content.end(), flight.payload().begin(), flight.payload().end());
  std::uint16_t checksum = fold(add_words(pseudo_header_sum(flight, kUdp, content.size()), content));
  store_u16(content, 6, checksum == 0 ? 0xffff : checksum);  // RFC 768: zero would say that there is none
  if (flight.corrupted) content.back() ^= 1;
  return content;
}

std::vector<std::uint8_t> tcp_content(Flight& flight) {
  std::vector<std::uint8_t> content(flight.payload().begin(), flight.payload().end());
  store_u16(content, 0, flight.source.port());
  store_u16(content, 2, flight.destination.port());
  store_u16(content, 16, tcp::segment_checksum(flight.source.address(), flight.destination.address(), content));
  if (flight.corrupted) content.back() ^= 1;
  return content;
}

// RFC 792 and RFC 4443 3.1: port unreachable, with the headers of the datagram that it answers.
std::vector<std::uint8_t> icmp_content(Flight& flight) {
  bool v4 = flight.destination.is_v4();
  Flight answered = flight;
  std::swap(answered.source, answered.destination);
  std::vector<std::uint8_t> content = {
      static_cast<std::uint8_t>(v4 ? 3 : 1), static_cast<std::uint8_t>(v4 ? 3 : 4), 0, 0, 0, 0, 0, 0};
  std::vector<std::uint8_t> header = ip_header(answered, kUdp, 8);
  content.insert(content.end(), header.begin(), header.end());
  append_u16(content, answered.source.port());
  append_u16(content, answered.destination.port());
  append_u16(content, 8);
  append_u16(content, 0);
  std::uint32_t sum = v4 ? 0 : pseudo_header_sum(flight, kIcmp6, content.size());
  store_u16(content, 2, fold(add_words(sum, content)));
  return content;
}

}  // namespace

void Fabric::capture(FabricHost& host, InterfaceIndex interface, Flight& flight) {
  const FabricHost::Extras::Tap& tap = host.extras().taps[interface - 1];
  std::uint8_t protocol = flight.destination.is_v4() ? kIcmp : kIcmp6;
  std::vector<std::uint8_t> content;
  switch (flight.kind) {
    case Flight::Kind::datagram:
      protocol = kUdp;
      content = udp_content(flight);
      break;
    case Flight::Kind::segment:
      protocol = tcp::kProtocolNumber;
      content = tcp_content(flight);
      break;
    case Flight::Kind::port_unreachable: content = icmp_content(flight); break;
  }
  std::vector<std::uint8_t> packet = ip_header(flight, protocol, content.size());
  packet.insert(packet.end(), content.begin(), content.end());
  capture::Packet record{
      .interface = tap.pcap_interface,
      .time = WallTime{timeline_.now().time_since_epoch()},
      .bytes = packet,
      .direction = flight.from == host.id() ? capture::Direction::outbound : capture::Direction::inbound};
  // A full disk must not change the run; the writer keeps its failure for whoever flushes it.
  (void)tap.writer->write(record);
}

}  // namespace ghostnet::sim
