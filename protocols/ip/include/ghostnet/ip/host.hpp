// Host: the runtime's Host on our own IP stack, over any IpLink: a TUN device, a simulated wire, a tunnel. Whatever
// runs on a Host runs there without a changed line.
//
//   ip::Host host(under, {.name = "gate"});
//   host.attach(tun, {.name = "tun0", .addresses = {{*IpAddress::parse("10.9.0.2"), 24}}});
//   host.add_route({.destination = *IpPrefix::parse("0.0.0.0/0"), .interface = 2});
//
// It stands over another host, whose world, clock and identity it shares and whose workers compute for it. Interface 1
// is the loopback one; a packet of the host to itself never leaves it. With NetworkOptions::forwarding it is a router.
// Names are literal addresses, "localhost" and what add_name() said.
//
// The links outlive the host, or are given to it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/ip/link_port.hpp"
#include "ghostnet/ip/network.hpp"
#include "ghostnet/ip/tcp_layer.hpp"
#include "ghostnet/ip/udp_layer.hpp"
#include "ghostnet/runtime/fifo.hpp"
#include "ghostnet/runtime/host.hpp"

namespace ghostnet::ip {

// Sees each packet of an interface of the outside as it stands there, super-packets whole and checksums perhaps still
// to be completed: for captures. It runs within the handling of the packet and changes nothing of the host.
using PacketTap = std::function<void(InterfaceIndex interface, bool outgoing, const IpPacket& packet)>;

struct HostOptions {
  std::string name{};  // empty: that of the host below
  NetworkOptions network{};
  UdpLayerOptions udp{};
  tcp::Tuning tcp{};
  std::size_t link_queue_packets = 1024;      // of each interface, while its link takes no more
  std::size_t loopback_queue_packets = 4096;  // of what the host sends to itself
  std::size_t max_pings = 1024;               // under way at once
  PacketTap tap{};                            // empty: nobody looks
};

struct LinkOptions {
  std::string name{};  // empty: "ip<n>"
  std::vector<InterfaceAddress> addresses{};
  std::vector<IpPrefix> routes{};  // beyond the networks of the addresses
  bool multicast = true;
  // An address of fe80::/64, which IPv6 wants on each interface (RFC 4291 2.8); only where there is another of IPv6.
  bool link_local = true;
};

struct PingOptions {
  std::size_t data_bytes = 56;
  Duration timeout = 1s;
};

struct PingAnswer {
  IpAddress from;
  Duration round_trip{};
  std::uint8_t hop_limit = 0;
};

class Host final : public ghostnet::Host, private NetworkDriver {
 public:
  static constexpr std::size_t kMaxPingBytes = 65'000;

  explicit Host(ghostnet::Host& under, HostOptions options = {});
  ~Host() override;

  // Joins the link as a further interface, which is up from then on and goes down when the link closes. Errors: limit,
  // invalid_argument.
  Result<InterfaceIndex> attach(IpLink& link, LinkOptions options);
  Result<InterfaceIndex> attach(std::unique_ptr<IpLink> link, LinkOptions options);

  Result<> add_address(InterfaceIndex interface, const InterfaceAddress& address);
  Result<> remove_address(InterfaceIndex interface, const IpAddress& address);
  Result<> set_up(InterfaceIndex interface, bool up);
  Result<> add_route(const Route& route) { return network_.add_route(route); }
  void add_name(std::string name, std::vector<IpAddress> addresses) { names_[std::move(name)] = std::move(addresses); }
  const Network& network() const { return network_; }
  const IpMetrics& ip_metrics() const { return metrics_; }
  const tcp::Stack& tcp() const { return tcp_.stack(); }

  // An ICMP echo. Errors: timed_out, unreachable, limit, invalid_argument, and those of sending.
  Task<Result<PingAnswer>> ping(IpAddress address, PingOptions options = {});

  std::string name() const override;
  std::vector<Interface> interfaces() const override;
  Event& interfaces_changed() override { return interfaces_changed_; }
  void fill_secret(MutableByteView bytes) override { under_.fill_secret(bytes); }
  void charge(const CpuWork& work) override { under_.charge(work); }
  Task<Result<std::vector<IpAddress>>> resolve(std::string name) override;
  Result<std::unique_ptr<ghostnet::UdpSocket>> open_udp(const UdpOptions& options) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions options) override;

 protected:
  void submit(std::shared_ptr<ComputeJob> job) override { submit_to(under_, std::move(job)); }

 private:
  static constexpr std::size_t kReceiveBatch = 64;

  struct Looped {
    InterfaceIndex interface = 0;
    IpPacket packet;
  };
  // Somebody waits for the echo of (identifier, sequence).
  struct Ping {
    Event answered;
    IpAddress to;
    std::optional<PingAnswer> answer{};
    std::optional<Errc> error{};
  };
  using PingKey = std::pair<std::uint16_t, std::uint16_t>;

  bool has_room(InterfaceIndex interface) const override;
  bool transmit(InterfaceIndex interface, IpPacket packet) override;
  void loop_back(InterfaceIndex interface, IpPacket packet) override;
  void deliver(const Header& header, InterfaceIndex interface, IpPacket packet) override;
  bool on_error(const ErrorReport& report) override;
  void on_echo_reply(const EchoReply& reply) override;
  void deadline_moved() override;

  Task<> receive_from(InterfaceIndex interface, IpLink& link);
  Task<> run_loopback();
  Task<> run_timer();
  Ping* find_ping(const IpAddress& peer, PingKey key);
  LinkPort* port_of(InterfaceIndex interface) const;

  ghostnet::Host& under_;
  HostOptions options_;
  Event interfaces_changed_;
  IpMetrics& metrics_;
  Network network_;
  UdpLayer udp_;
  TcpLayer tcp_;
  std::vector<std::unique_ptr<IpLink>> owned_links_;
  std::vector<std::unique_ptr<LinkPort>> ports_;  // of interface 2 and on
  Fifo<Looped> looped_;
  Event looped_waiting_;
  Timer timer_;
  TimePoint armed_for_ = kNever;
  std::map<std::string, std::vector<IpAddress>> names_;
  std::map<PingKey, Ping*> pings_;
  std::uint16_t ping_identifier_;
  std::uint16_t next_ping_ = 0;
};

}  // namespace ghostnet::ip
