#include "ghostnet/sim/fabric_tcp.hpp"

#include <algorithm>
#include <cstring>

#include "ghostnet/sim/fabric.hpp"
#include "ghostnet/sim/fabric_host_extras.hpp"

namespace ghostnet::sim {

namespace {

constexpr std::uint32_t kEthernetMtuBytes = 1500;  // where a link does not say
constexpr std::uint32_t kLoopbackMtuBytes = 65'535;
constexpr std::uint8_t kHopLimit = 64;

std::uint32_t mtu_of(const Port& port) {
  if (port.unlimited() || port.profile->params().mtu_bytes == 0) return kEthernetMtuBytes;
  return std::min(port.profile->mtu_bytes(), kLoopbackMtuBytes);
}

}  // namespace

FabricTcp::FabricTcp(FabricHost& host)
    : host_(host),
      stack_(host, *this, Random::derive(host.fabric().options_.seed, host.id(), "tcp"), host.fabric().options_.tcp) {}

std::optional<tcp::Carrier::Route> FabricTcp::route(const IpAddress& destination) const {
  if (destination.is_loopback()) return Route{IpAddress::loopback(destination.family()), kLoopbackMtuBytes};
  std::optional<Fabric::Owner> owner = host_.fabric().owner_of(destination);
  auto count = static_cast<InterfaceIndex>(host_.interface_count());
  InterfaceIndex via = 1;
  if (owner && owner->host != host_.id()) {
    // As packets will go; see Fabric::route().
    auto carries = [&](const FabricHost::NetInterface& out) {
      return out.up && Fabric::reaches(out.attachment, owner->attachment);
    };
    while (via <= count && !carries(host_.interface(via))) ++via;
  }
  if (via > count) return std::nullopt;
  IpAddress source = host_.source_address(destination.family(), via);
  if (source.is_unspecified()) return std::nullopt;
  const FabricHost::NetInterface& out = host_.interface(via);
  std::uint32_t mtu_bytes = mtu_of(out.out);
  if (out.in) mtu_bytes = std::min(mtu_bytes, mtu_of(*out.in));
  return Route{source, mtu_bytes};
}

std::optional<Errc> FabricTcp::send(const IpAddress& source, const IpAddress& destination,
                                    const tcp::OutSegment& segment) {
  Fabric& fabric = host_.fabric();
  if (!host_.up_) return std::nullopt;
  std::size_t header_bytes = tcp::header_bytes(segment.header);
  Result<PacketBuf> buffer = fabric.take_buffer(header_bytes + segment.payload_bytes);
  if (!buffer) [[unlikely]] {
    ++fabric.counters_.overload_drops;
    return std::nullopt;
  }
  std::uint8_t* to = buffer->append(header_bytes + segment.payload_bytes).data();
  tcp::emit(segment.header, to);
  to += header_bytes;
  for (ByteView part : segment.payload) {
    if (part.empty()) continue;
    std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  Flight* flight = fabric.new_flight(buffer->view(), &*buffer);
  if (flight == nullptr) [[unlikely]]
    return std::nullopt;
  flight->kind = Flight::Kind::segment;
  flight->source = Endpoint(source, segment.header.source_port);
  flight->destination = Endpoint(destination, segment.header.destination_port);
  flight->from = host_.id();
  flight->boot = host_.boot_;
  flight->ecn = segment.ecn;
  flight->hop_limit = kHopLimit;
  fabric.follow_if_wanted(*flight);
  ++fabric.counters_.sent;
  return fabric.route(host_, *flight, 0);
}

}  // namespace ghostnet::sim
