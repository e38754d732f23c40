// UDP of the ns3 carrier: our UdpSocket over ns-3's UdpL4Protocol.
//
// It stands on ns-3's endpoints rather than on its UdpSocketImpl, which keeps neither the hop limit nor the destination
// of what it queues without a tag for each, and drops ICMP errors on the way. A UdpBinding is one endpoint of ns-3, an
// address and a port; the sockets that share it (reuse_address, reuse_port) and the groups they joined are our
// business. A connected socket has an endpoint of its own, so that errors find it.
//
// What ns-3 3.37 cannot do: routers fragment a datagram whatever its sender says, so dont_fragment is kept at the first
// hop only; IPv4 multicast reaches the members on the segment, not beyond it.
// Only for the sources of the ns3 carrier: it includes ns-3.
#pragma once

#include <ns3/ipv4-header.h>
#include <ns3/ipv4-interface.h>
#include <ns3/ipv6-header.h>
#include <ns3/ipv6-interface.h>
#include <ns3/packet.h>
#include <ns3/ptr.h>

#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/runtime/udp.hpp"

namespace ns3 {
class Ipv4EndPoint;
class Ipv6EndPoint;
class UdpL4Protocol;
}  // namespace ns3

namespace ghostnet::sim {

class Ns3Host;
class Ns3UdpSocket;

// One endpoint of ns-3's UDP, of either family.
class UdpBinding {
 public:
  // peer unspecified: from anybody. Null where ns-3 has no such port left.
  static std::unique_ptr<UdpBinding> make(Ns3Host& host, const Endpoint& local, const Endpoint& peer);
  UdpBinding(const UdpBinding&) = delete;
  UdpBinding& operator=(const UdpBinding&) = delete;
  ~UdpBinding();

  const Endpoint& local() const { return local_; }
  const std::vector<Ns3UdpSocket*>& sockets() const { return sockets_; }
  void add(Ns3UdpSocket& socket) { sockets_.push_back(&socket); }
  // Whether nobody is left.
  bool remove(Ns3UdpSocket& socket);
  // Off while all its sockets have peers of their own: ns-3 then answers others as if the port were closed.
  void set_receiving(bool on);

  // A datagram for this binding; `packet` holds the payload.
  void deliver(const ns3::Packet& packet, const ReceivedDatagram& envelope);

 private:
  UdpBinding(Ns3Host& host, const Endpoint& local);
  void receive4(ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Header header, std::uint16_t port,
                ns3::Ptr<ns3::Ipv4Interface> interface);
  void receive6(ns3::Ptr<ns3::Packet> packet, ns3::Ipv6Header header, std::uint16_t port,
                ns3::Ptr<ns3::Ipv6Interface> interface);
  void refused4(ns3::Ipv4Address from, std::uint8_t ttl, std::uint8_t type, std::uint8_t code, std::uint32_t info);
  void refused6(ns3::Ipv6Address from, std::uint8_t ttl, std::uint8_t type, std::uint8_t code, std::uint32_t info);
  void report(Errc error);

  Ns3Host& host_;
  Endpoint local_;
  ns3::Ptr<ns3::UdpL4Protocol> udp_;
  ns3::Ipv4EndPoint* v4_ = nullptr;
  ns3::Ipv6EndPoint* v6_ = nullptr;
  std::vector<Ns3UdpSocket*> sockets_;
};

// The bindings of one host.
class UdpPorts {
 public:
  explicit UdpPorts(Ns3Host& host) : host_(host) {}

  Result<UdpBinding*> bind(Ns3UdpSocket& socket, const Endpoint& local);
  void release(UdpBinding& binding, Ns3UdpSocket& socket);
  // Calls visit(socket) for every socket.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [local, binding] : bindings_) {
      for (Ns3UdpSocket* socket : binding->sockets()) visit(*socket);
    }
  }
  // This host's own members of a group receive what it sent there.
  void loop_back(const ns3::Packet& packet, const ReceivedDatagram& envelope, std::uint16_t port);

 private:
  Ns3Host& host_;
  std::map<Endpoint, std::unique_ptr<UdpBinding>> bindings_;
};

class Ns3UdpSocket final : public UdpSocket {
 public:
  static Result<std::unique_ptr<UdpSocket>> open(Ns3Host& host, const UdpOptions& options);
  ~Ns3UdpSocket() override;

  Endpoint local() const override;
  SendOutcome send(std::span<const Datagram> batch) override;
  Result<std::size_t> try_recv(std::span<ReceivedDatagram> batch) override;
  Result<> connect(const Endpoint& peer) override;
  Result<> join(const IpAddress& group, InterfaceIndex interface) override;
  Result<> leave(const IpAddress& group, InterfaceIndex interface) override;
  Result<std::size_t> max_payload_bytes(const Endpoint& peer) const override;
  UdpCounters counters() const override { return counters_; }

  // ---- for bindings and the host ----

  const UdpOptions& options() const { return options_; }
  bool shares() const { return options_.reuse_address || options_.reuse_port; }
  bool connected() const { return peer_.has_value(); }
  bool accepts(const ReceivedDatagram& envelope) const;
  bool is_member(const IpAddress& group, InterfaceIndex interface) const;
  void receive(const ns3::Packet& packet, const ReceivedDatagram& envelope);
  void report(Errc error);
  // The host went down.
  void close();

 protected:
  bool poll_readable() override { return !queue_.empty() || error_ || closed_; }
  SoleWaiter* full() override { return nullptr; }

 private:
  struct Membership {
    IpAddress group;
    InterfaceIndex interface;
    friend bool operator==(const Membership&, const Membership&) = default;
  };

  Ns3UdpSocket(Ns3Host& host, const UdpOptions& options) : host_(host), options_(options) {}

  std::optional<Errc> send_one(const Datagram& datagram);
  std::optional<Errc> send_v4(const Datagram& datagram, const Endpoint& peer, ByteView payload);
  std::optional<Errc> send_broadcast(const Datagram& datagram, const Endpoint& peer, ByteView payload);
  std::optional<Errc> send_v6(const Datagram& datagram, const Endpoint& peer, ByteView payload);
  bool to_subnet_broadcast(const IpAddress& address) const;
  void loop_back(const ns3::Packet& packet, const Datagram& datagram, const IpAddress& source, const Endpoint& peer,
                 InterfaceIndex interface);
  std::uint8_t hop_limit_of(const Datagram& datagram, bool multicast) const;
  IpAddress bound_address(IpFamily family) const;
  bool carries(IpFamily family) const;
  void update_receiving();
  Result<Membership> membership(const IpAddress& group, InterfaceIndex interface) const;

  Ns3Host& host_;
  UdpOptions options_;
  UdpBinding* v4_ = nullptr;
  UdpBinding* v6_ = nullptr;
  std::unique_ptr<UdpBinding> peer_binding_;
  std::optional<Endpoint> peer_;
  std::vector<Membership> memberships_;
  std::deque<ReceivedDatagram> queue_;
  std::size_t queued_bytes_ = 0;
  std::optional<Errc> error_;
  bool closed_ = false;
  UdpCounters counters_;
};

}  // namespace ghostnet::sim
