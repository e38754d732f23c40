// Stacks of several hosts over a network in memory, of which a test may lose segments, and into which it may put any.
//
//   Net net;
//   Node& server = net.add();
//   net.forge(server, stranger, server.at(7), syn);
//   net.world.run_for(5s);
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/support/test_world.hpp"
#include "ghostnet/tcp/stack.hpp"
#include "ghostnet/tcp/tcb.hpp"

namespace ghostnet::tcp {

class Net;

struct Node final : Carrier {
  Node(Net& net, support::TestHost& host, const Tuning& tuning);

  std::optional<Route> route(const IpAddress& destination) const override;
  bool owns(const IpAddress& address) const override { return host.owns(address); }
  std::optional<Errc> send(const IpAddress& source, const IpAddress& destination, const OutSegment& segment) override;

  Endpoint at(std::uint16_t port, IpFamily family = IpFamily::v4) const { return host.endpoint(port, family); }

  Net& net;
  support::TestHost& host;
  std::uint64_t sent = 0;
  std::uint32_t mtu_bytes = 1500;
  Stack stack;
};

class Net {
 public:
  explicit Net(Tuning t = {}) : tuning(t), world({.latency = 5ms}) {}
  ~Net() {
    world.run_for(200s);  // what is under way arrives while there is somebody
    for (auto& node : nodes) node->host.scope().close();
  }

  Node& add() {
    nodes.push_back(std::make_unique<Node>(*this, world.add_host(), tuning));
    return *nodes.back();
  }
  Node* find(const IpAddress& address) {
    for (auto& node : nodes) {
      if (node->host.owns(address) && !address.is_loopback()) return node.get();
    }
    return nullptr;
  }
  // A segment out of thin air.
  void forge(Node& to, const Endpoint& from, const Endpoint& destination, SegmentHeader header,
             std::string_view payload = {}) {
    header.source_port = from.port();
    header.destination_port = destination.port();
    std::vector<std::uint8_t> bytes(header_bytes(header));
    emit(header, bytes.data());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    to.stack.receive(from, destination, bytes, Ecn::not_ect);
  }

  Tuning tuning;
  support::TestWorld world;
  std::function<bool(const OutSegment&)> lose;
  std::vector<OutSegment> stray;  // to addresses that nobody has
  std::vector<std::unique_ptr<Node>> nodes;
};

inline Node::Node(Net& n, support::TestHost& h, const Tuning& tuning)
    : net(n), host(h), stack(h, *this, Random::derive(9, h.id(), "tcp"), tuning) {}

inline std::optional<Carrier::Route> Node::route(const IpAddress& destination) const {
  if (destination == IpAddress::v4(192, 0, 2, 99)) return std::nullopt;
  return Route{host.address(destination.family()), mtu_bytes};
}

inline std::optional<Errc> Node::send(const IpAddress& source, const IpAddress& destination,
                                      const OutSegment& segment) {
  ++sent;
  if (20 + header_bytes(segment.header) + segment.payload_bytes > mtu_bytes) return Errc::message_too_large;
  if (net.lose && net.lose(segment)) return std::nullopt;
  Node* to = net.find(destination);
  if (to == nullptr) {
    net.stray.push_back(segment);
    return std::nullopt;
  }
  std::vector<std::uint8_t> bytes(header_bytes(segment.header));
  emit(segment.header, bytes.data());
  for (ByteView part : segment.payload) bytes.insert(bytes.end(), part.begin(), part.end());
  Endpoint from(source, segment.header.source_port), there(destination, segment.header.destination_port);
  net.world.courier().send(
      [to, from, there, bytes = std::move(bytes)] { to->stack.receive(from, there, bytes, Ecn::not_ect); });
  return std::nullopt;
}

}  // namespace ghostnet::tcp
