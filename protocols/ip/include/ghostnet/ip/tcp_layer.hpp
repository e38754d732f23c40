// TcpLayer: the TCP of a host over its IP layer: a tcp::Stack whose segments are IP packets.
//
// Segments leave with partial checksums, and as super-packets of up to a whole packet, which the IP layer passes to
// links that cut them and cuts for those that do not.
#pragma once

#include "ghostnet/ip/network.hpp"
#include "ghostnet/tcp/stack.hpp"

namespace ghostnet::ip {

class TcpLayer final : private tcp::Carrier {
 public:
  TcpLayer(ghostnet::Host& host, Network& network, Random random, const tcp::Tuning& tuning);

  tcp::Stack& stack() { return stack_; }
  const tcp::Stack& stack() const { return stack_; }

  void deliver(const Header& header, IpPacket packet);
  // False: the stack keeps what it learns to the connection.
  bool on_error(const ErrorReport& report);

 private:
  std::optional<Route> route(const IpAddress& destination) const override;
  bool owns(const IpAddress& address) const override { return network_.owns(address); }
  std::optional<Errc> send(const IpAddress& source, const IpAddress& destination,
                           const tcp::OutSegment& segment) override;
  std::uint32_t most_payload_bytes() const override;

  const Clock& clock_;
  Network& network_;
  tcp::Stack stack_;
};

}  // namespace ghostnet::ip
