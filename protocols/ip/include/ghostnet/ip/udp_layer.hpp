// UdpLayer: the UDP sockets of a host: which one a datagram is for, and which ports are free; and UdpSocket, the
// runtime's UdpSocket over it (RFC 768, RFC 8085 for what a host owes applications).
//
// A datagram goes to the socket that says most of it: connected to its source, then bound to its destination, then any;
// sockets that share a port (reuse_port) share by flow. One for a group or a broadcast goes to each that wants it. An
// IPv6 socket bound to :: takes IPv4 too, in mapped form, unless v6_only.
//
// Receive queues are bounded by what their buffers cost. Ports are chosen at random (RFC 6056 3.3.1).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ghostnet/ip/network.hpp"
#include "ghostnet/runtime/fifo.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::ip {

class UdpSocket;

struct UdpLayerOptions {
  std::size_t max_sockets = 16'384;
  std::size_t small_buffers = 4096;  // for datagrams of up to a usual packet, in the hands of links
};

class UdpLayer {
 public:
  UdpLayer(const UdpLayerOptions& options, Network& network, const Clock& clock, Random& random);
  UdpLayer(const UdpLayer&) = delete;
  UdpLayer& operator=(const UdpLayer&) = delete;
  ~UdpLayer();

  // The errors of Host::open_udp.
  Result<std::unique_ptr<ghostnet::UdpSocket>> open(const UdpOptions& options);

  void deliver(const Header& header, InterfaceIndex interface, IpPacket packet);
  // False: no socket may have sent that.
  bool on_error(const ErrorReport& report);
  // The queue of some interface has room again.
  void wake_writers();

  std::size_t sockets() const { return count_; }

 private:
  friend class UdpSocket;

  static constexpr std::size_t kSmallBufferBytes = 2048;

  bool port_taken(const UdpOptions& options, std::uint16_t port) const;
  Result<std::uint16_t> choose_port(const UdpOptions& options);
  void close(UdpSocket& socket);
  UdpSocket* find(const Endpoint& local, const Endpoint& peer, std::uint32_t flow) const;
  bool sound(const Header& header, IpPacket& packet) const;
  void deliver_to_many(const Endpoint& local, const Endpoint& peer, InterfaceIndex interface,
                       ReceivedDatagram datagram);
  // Room for so many bytes behind the headers of UDP and IP.
  PacketBuf buffer_for(std::size_t payload_bytes);

  UdpLayerOptions options_;
  Network& network_;
  const Clock& clock_;
  Random& random_;
  PacketPool small_buffers_;
  std::unordered_map<std::uint16_t, std::vector<UdpSocket*>> by_port_;
  std::vector<UdpSocket*> blocked_;
  std::size_t count_ = 0;
};

class UdpSocket final : public ghostnet::UdpSocket {
 public:
  static constexpr std::size_t kMaxGroups = 256;

  UdpSocket(UdpLayer& layer, const UdpOptions& options, std::uint16_t port);
  ~UdpSocket() override;

  Endpoint local() const override;
  SendOutcome send(std::span<const Datagram> batch) override;
  Result<std::size_t> try_recv(std::span<ReceivedDatagram> batch) override;
  Result<> connect(const Endpoint& peer) override;
  Result<> join(const IpAddress& group, InterfaceIndex interface) override;
  Result<> leave(const IpAddress& group, InterfaceIndex interface) override;
  Result<std::size_t> max_payload_bytes(const Endpoint& peer) const override;
  UdpCounters counters() const override { return counters_; }

 protected:
  bool poll_readable() override { return !queue_.empty() || error_.has_value(); }
  SoleWaiter* full() override { return blocked_ ? &writer_ : nullptr; }

 private:
  friend class UdpLayer;

  struct Group {
    IpAddress address;
    InterfaceIndex asked = 0;  // as the caller named it
    InterfaceIndex interface = 0;

    friend bool operator==(const Group&, const Group&) = default;
  };

  bool takes(const Endpoint& local, const Endpoint& peer) const;
  int fit(const Endpoint& local, const Endpoint& peer) const;
  bool member_of(const IpAddress& group, InterfaceIndex interface) const;
  void enqueue(ReceivedDatagram datagram);
  void report(Errc error);
  std::optional<Errc> send_one(const Datagram& datagram, const Endpoint& peer);
  std::optional<Errc> send_part(const Datagram& datagram, const Endpoint& peer, ByteView payload, PacketBuf* storage);
  std::expected<Path, Errc> path_for(const Datagram& datagram, const IpAddress& destination);
  IpAddress shown(const IpAddress& address) const { return is_v6() ? address.to_v6() : address; }
  bool is_v6() const { return options_.local.is_v6(); }

  UdpLayer& layer_;
  UdpOptions options_;
  std::uint16_t port_;
  Endpoint peer_{};  // port 0: not connected
  std::vector<Group> groups_;
  Fifo<ReceivedDatagram> queue_;
  std::size_t queued_bytes_ = 0;
  std::optional<Errc> error_;  // for the next receive
  bool blocked_ = false;
  SoleWaiter writer_;
  UdpCounters counters_;
  // The way that the last datagram took, while nothing changes.
  struct {
    std::uint64_t generation = 0;
    IpAddress destination, source;
    InterfaceIndex interface = 0;
    TimePoint at{};
    Path path;
  } last_;
};

}  // namespace ghostnet::ip
