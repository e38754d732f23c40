// Network: the IP layer of one host, sans I/O: addresses, routes, what comes in, what goes out, what is passed on, and
// what ICMP says about it. IPv4: RFC 791, RFC 1122 3, RFC 1812 where it forwards. IPv6: RFC 8200, RFC 4443, RFC 8201.
//
//   network.input(now, interface, packet);               a packet from a link
//   network.send(now, outgoing, path, transport);        one from a transport of this host
//   network.advance(now), network.next_deadline();       time
//
// Its driver implements NetworkDriver and is called back from within these, for each packet that is to be sent or
// delivered. A call back may call send(), not input(): what a host sends to itself goes through loop_back().
//
// Checksums of transports are not touched on the way through: a partial one stays so until bytes must be complete.
// Super-packets pass whole where the next link takes them, and are cut where it does not.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ghostnet/ip/cutting.hpp"
#include "ghostnet/ip/header.hpp"
#include "ghostnet/ip/icmp.hpp"
#include "ghostnet/ip/ip_metrics.hpp"
#include "ghostnet/ip/membership.hpp"
#include "ghostnet/ip/path_mtu.hpp"
#include "ghostnet/ip/rate_limit.hpp"
#include "ghostnet/ip/reassembly.hpp"
#include "ghostnet/ip/routing_table.hpp"
#include "ghostnet/ip/source_selection.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/ip_link.hpp"
#include "ghostnet/runtime/random.hpp"

namespace ghostnet::ip {

inline constexpr InterfaceIndex kLoopbackInterface = 1;

struct NetworkOptions {
  bool forwarding = false;  // this host is a router
  // Routers: a packet comes in only where its source would be reached (RFC 3704 2.2).
  bool reverse_path_filter = false;
  bool answer_echo = true;
  std::size_t max_routes = 65'536;
  ReassemblyOptions reassembly{};
  PathMtuOptions path_mtu{};
  ErrorLimitOptions error_limit{};
  Rate echo_limit{.per_second = 100'000, .burst = 1000};
};

// The way to a destination, as known at this moment.
struct Path {
  InterfaceIndex interface = 0;
  IpAddress source;
  std::uint32_t mtu_bytes = 0;  // of the path, as far as is known
  bool fragile = false;         // some link is said to be narrower than that, and must be allowed to fragment
};

// A packet of this host, of which the transport's part exists.
struct Outgoing {
  IpAddress destination;
  std::uint8_t protocol = 0;
  std::uint8_t hop_limit = kDefaultHopLimit;
  Ecn ecn = Ecn::not_ect;
  bool dont_fragment = false;
  bool multicast_loop = true;
  Checksum checksum = Checksum::verified;  // of the transport; partial: TCP and UDP only
  std::uint16_t segment_bytes = 0;         // not 0: a super-packet
  std::uint16_t transport_header_bytes = 0;
  std::uint32_t flow_hash = 0;
};

// An ICMP error about a packet that this host is said to have sent.
struct ErrorReport {
  IcmpError error;
  Header about;          // of the packet: its source is an address of this host
  ByteView transport{};  // what was quoted of its transport: 8 bytes or more
  std::uint32_t mtu_bytes = 0;
  bool below_floor = false;  // less was told than `mtu_bytes`, which is the least that is believed
  IpAddress reporter;
};

struct EchoReply {
  IpAddress from;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::uint8_t hop_limit = 0;
  ByteView data{};
};

class NetworkDriver {
 public:
  // Whether the queue of an interface takes one more packet.
  virtual bool has_room(InterfaceIndex interface) const = 0;
  // Takes the packet for a link. False: its queue is full, and the packet is gone.
  virtual bool transmit(InterfaceIndex interface, IpPacket packet) = 0;
  // Brings the packet back by input(), later, as one from this host that came in there.
  virtual void loop_back(InterfaceIndex interface, IpPacket packet) = 0;
  // TCP and UDP: whole packets for this host, their transport not looked at.
  virtual void deliver(const Header& header, InterfaceIndex interface, IpPacket packet) = 0;
  // Whether the packet is one that this host may have sent: only then is a narrower path believed.
  virtual bool on_error(const ErrorReport& report) = 0;
  virtual void on_echo_reply(const EchoReply& reply) = 0;
  // next_deadline() may have become earlier, outside of input() and advance().
  virtual void deadline_moved() = 0;

 protected:
  ~NetworkDriver() = default;
};

struct NetInterface {
  InterfaceIndex index = 0;
  std::string name{};
  std::vector<InterfaceAddress> addresses{};
  std::uint32_t mtu_bytes = 0;
  std::uint32_t max_segmented_bytes = 0;
  bool up = true;
  bool multicast = true;
  Membership membership{};

  bool loopback() const { return index == kLoopbackInterface; }
};

class Network {
 public:
  // A random stream for delays and identifiers, and a secret for what others must not guess.
  Network(const NetworkOptions& options, NetworkDriver& driver, IpMetrics& metrics, Random& random,
          std::array<std::uint64_t, 2> secret);

  // ---- interfaces and routes ----

  static constexpr std::size_t kMaxInterfaces = 1024;

  // Interface 1 is the loopback one and exists. Its addresses' networks become routes.
  Result<InterfaceIndex> add_interface(NetInterface interface);
  // Errors: not_found, limit, invalid_argument.
  Result<> add_address(InterfaceIndex interface, const InterfaceAddress& address);
  Result<> remove_address(InterfaceIndex interface, const IpAddress& address);
  Result<> set_up(InterfaceIndex interface, bool up);
  Result<> add_route(const Route& route);
  bool remove_route(const IpPrefix& destination, InterfaceIndex interface);

  std::span<const NetInterface> interfaces() const { return interfaces_; }
  const RoutingTable& routes() const { return routes_; }
  bool owns(const IpAddress& address) const;
  // Changes whenever a Path that was asked for may have become another.
  std::uint64_t generation() const { return generation_; }

  // Memberships of an interface; 0: the one that multicast goes out by. Errors: not_found, unreachable, limit.
  Result<InterfaceIndex> join(TimePoint now, const IpAddress& group, InterfaceIndex interface);
  void leave(TimePoint now, const IpAddress& group, InterfaceIndex interface);

  // ---- sending ----

  // `source` unspecified: RFC 6724 decides; `interface` 0: the routing table. Errors: unreachable,
  // address_not_available.
  std::expected<Path, Errc> path_to(TimePoint now, const IpAddress& destination, const IpAddress& source = {},
                                    InterfaceIndex interface = 0) const;
  bool is_broadcast(const IpAddress& address) const;

  // `transport` has kIpv6HeaderBytes of headroom, or is copied. Errors: message_too_large, would_block (the queue of
  // the interface is full).
  std::optional<Errc> send(TimePoint now, const Outgoing& outgoing, const Path& path, PacketBuf transport);
  // Errors: those of path_to() and send().
  std::optional<Errc> send_echo_request(TimePoint now, const IpAddress& destination, std::uint16_t identifier,
                                        std::uint16_t sequence, ByteView data);
  // Tells the sender of a packet that nobody is at its port.
  void refuse_port(TimePoint now, const Header& header, ByteView packet, InterfaceIndex interface);

  // ---- receiving ----

  void input(TimePoint now, InterfaceIndex interface, IpPacket packet) {
    receive(now, interface, std::move(packet), false);
  }
  // What loop_back() was given.
  void input_looped(TimePoint now, InterfaceIndex interface, IpPacket packet) {
    receive(now, interface, std::move(packet), true);
  }

  // ---- time ----

  void advance(TimePoint now);
  TimePoint next_deadline() const;

  const Reassembler& reassembler() const { return reassembler_; }
  IpMetrics& metrics() { return metrics_; }
  bool has_room(InterfaceIndex interface) const { return driver_.has_room(interface); }

 private:
  enum class Target : std::uint8_t { own, group, broadcast, foreign };

  NetInterface* find_interface(InterfaceIndex index);
  const NetInterface* find_interface(InterfaceIndex index) const;
  void changed();
  InterfaceIndex multicast_interface(IpFamily family) const;

  void receive(TimePoint now, InterfaceIndex interface, IpPacket packet, bool looped);
  bool plausible(const Header& header, const NetInterface& interface) const;
  Target target_of(const IpAddress& destination, const NetInterface& interface) const;
  void accept(TimePoint now, InterfaceIndex interface, const Header& header, IpPacket packet, bool to_many);
  void complain(TimePoint now, InterfaceIndex interface, const Header& header, ByteView packet, bool to_many);
  void reassemble(TimePoint now, InterfaceIndex interface, const Header& header, IpPacket packet, bool to_many);
  void accept_icmp(TimePoint now, InterfaceIndex interface, const Header& header, IpPacket& packet, bool to_many);
  void accept_icmp_error(TimePoint now, const Header& header, const IcmpMessage& message, IcmpError error,
                         InterfaceIndex interface);
  void answer_echo(TimePoint now, InterfaceIndex interface, const Header& header, const IcmpMessage& request,
                   bool to_many);
  void accept_query(TimePoint now, InterfaceIndex interface, const Header& header, ByteView message);

  void forward(TimePoint now, InterfaceIndex from, const Header& header, IpPacket packet);
  // Out by a link, cut into segments or fragments as it needs.
  std::optional<Errc> emit_to(InterfaceIndex interface, const Header& header, IpPacket packet, std::uint32_t mtu_bytes);
  std::optional<Errc> transmit(InterfaceIndex interface, IpPacket packet);
  // The first of `count` numbers in a row.
  std::uint32_t next_identification(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                    std::uint32_t count);

  void send_error(TimePoint now, InterfaceIndex interface, const Header& header, ByteView packet, IcmpError error,
                  std::uint32_t rest, bool even_to_groups = false);
  void send_reports(TimePoint now, NetInterface& interface, IpFamily family);

  NetworkOptions options_;
  NetworkDriver& driver_;
  IpMetrics& metrics_;
  Random& random_;
  std::array<std::uint64_t, 2> secret_;
  std::vector<NetInterface> interfaces_;  // by index, from 1
  std::vector<IpAddress> own_;            // sorted, without zones
  RoutingTable routes_;
  Reassembler reassembler_;
  PathMtuCache path_mtus_;
  ErrorLimit error_limit_;
  RateLimit echo_limit_;
  std::vector<std::uint32_t> identifications_;  // by a hash of the pair of hosts (RFC 7739 5.3)
  std::vector<IpPacket> cut_;                   // while one packet is being cut
  std::uint64_t generation_ = 1;
};

}  // namespace ghostnet::ip
