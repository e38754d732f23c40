// FabricTcp: the TCP of a host of the fabric: a tcp::Stack whose segments travel as Flights.
//
// Segments are real, header and options; their checksum is left out, since a packet that a link corrupts is dropped by
// who receives it anyway, and written where packets are captured.
#pragma once

#include "ghostnet/sim/fabric_host.hpp"
#include "ghostnet/tcp/stack.hpp"

namespace ghostnet::sim {

class FabricTcp final : private tcp::Carrier, public FromFramePool {
 public:
  explicit FabricTcp(FabricHost& host);

  tcp::Stack& stack() { return stack_; }

 private:
  std::optional<Route> route(const IpAddress& destination) const override;
  bool owns(const IpAddress& address) const override { return host_.owns(address); }
  std::optional<Errc> send(const IpAddress& source, const IpAddress& destination,
                           const tcp::OutSegment& segment) override;

  FabricHost& host_;
  tcp::Stack stack_;
};

}  // namespace ghostnet::sim
