// LoopbackNetwork: the links and ways between hosts that share this machine, as a scenario describes them: hosts on its
// loopback, or in network namespaces (tun_port.hpp).
//
// Each host stands in a region, behind a link out and a link in (protocols/link). What it sends leaves through its
// link, crosses the way between the regions, enters through the link of the receiver, and only then is given to the
// kernel: the same stations in the same order as on the simulated fabric. Where links are laid between regions, a
// region is a router, and parcels hop from one to the next (ghostnet/link/routes.hpp). Sockets and streams of a host
// that has a network send through it by themselves; what goes to other addresses, or to the host itself, is not shaped.
//
// Every instant is computed from the one before, never from when the process woke. A world that wakes late delivers
// late, but its links send exactly their rate and drift nowhere.
//
// Owned by whoever lays it; goes before its world and after its hosts. Bounds: those of the links, and kMaxUnderWay.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ghostnet/link/link_model.hpp"
#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::realnet {

class KernelUdpSocket;
class ShapedSender;
class StreamFarewell;
class TunPort;
class World;

// What travels. Dropped on the way: destroyed without having arrived.
class Parcel {
 public:
  virtual ~Parcel() = default;
  virtual void arrive(TimePoint at, bool ce_marked) = 0;
  // For links that duplicate; null: it is not worth a second copy.
  virtual std::unique_ptr<Parcel> copy() const { return nullptr; }
  // For who follows it.
  virtual std::string_view kind() const { return "segment"; }
};

struct LoopbackCounters {
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;  // copies included
  std::uint64_t dropped = 0;  // by a link, on the way between, by corruption or by kMaxUnderWay
};

// One direction of a host's link, as it is at this moment.
struct LoopbackReading {
  bool out = true;                 // from the host; else towards it
  std::uint64_t rate_bps = 0;      // 0: infinitely fast
  std::uint64_t queued_bytes = 0;  // not yet sent
  std::uint64_t sent_bytes = 0;    // headers included
  std::uint64_t dropped = 0;       // packets
};

class LoopbackNetwork {
 public:
  using RegionId = std::uint16_t;

  // From one region to another: uniform in delay +- jitter.
  struct Way {
    Duration delay{};
    Duration jitter{};
    Probability loss{};
  };
  // An absent link is infinitely fast.
  struct Links {
    std::optional<link::LinkParams> out;
    std::optional<link::LinkParams> in;
  };

  static constexpr std::size_t kMaxUnderWay = 1u << 20;  // parcels between links

  // `ways`: a square matrix, row by row: from the first region to each, from the second to each, ...
  LoopbackNetwork(World& world, std::uint64_t seed, std::vector<Way> ways);
  LoopbackNetwork(const LoopbackNetwork&) = delete;
  LoopbackNetwork& operator=(const LoopbackNetwork&) = delete;
  ~LoopbackNetwork();

  // Errors: invalid_argument (a link that cannot be, no such region), address_in_use.
  Result<> attach(const IpAddress& address, RegionId region, const Links& links);
  // From one region to another, shared by all who pass; there are no other ways then. Before anything is sent.
  // Errors: invalid_argument.
  Result<> lay_link(RegionId from, RegionId to, const link::LinkParams& params);

  // ---- faults ----

  // An absent link stays as it is. Errors: invalid_argument (another discipline).
  Result<> set_links(const IpAddress& address, const Links& links);
  // What such a host sends is lost, and what comes for it.
  void set_up(const IpAddress& address, bool up);
  // Hosts of cell a do not reach hosts of cell b where blocked[a][b]; an address without a cell is in cell 0. Empty
  // lists heal.
  void partition(const std::unordered_map<IpAddress, std::uint8_t>& cells, std::vector<std::vector<bool>> blocked);

  LoopbackCounters counters() const;
  // Of a host's links, those that there are.
  std::vector<LoopbackReading> read_links(const IpAddress& address) const;

  // ---- for the sockets of its hosts ----

  // Whether both are hosts of this network, and not the same one.
  bool carries(const IpAddress& from, const IpAddress& to) const;
  // Sends a parcel on its way, for which carries() holds. `info` is its size with IP and transport headers.
  void send(const IpAddress& from, const IpAddress& to, std::unique_ptr<Parcel> parcel, link::PacketInfo info);
  // The parcel arrives at that instant, by no way at all.
  void call_at(TimePoint at, std::unique_ptr<Parcel> parcel);
  // A datagram for the kernel when it has come through; larger ones than the way's MTU travel in fragments.
  void send_datagram(const Endpoint& source, const Endpoint& peer, const Datagram& like, ByteView payload);
  // Completes when a SYN went there and its answer came back. Errors: timed_out.
  Task<Result<>> shake_hands(IpAddress from, IpAddress to);

  // The instant of what is happening; the loop's between turns.
  TimePoint now() const;
  // Without queues, jitter and loss.
  Duration delay(const IpAddress& from, const IpAddress& to) const;
  // Of IP packets.
  std::uint32_t mtu_bytes(const IpAddress& from, const IpAddress& to) const;

  // Tells flows apart, for disciplines that share a link between them.
  std::uint32_t next_flow() { return ++last_flow_; }

  // Who sends what arrives from this endpoint. Where nobody holds it any more, a socket is opened for the moment.
  void add_socket(const Endpoint& local, KernelUdpSocket& socket) { sockets_.emplace(local, &socket); }
  void remove_socket(const Endpoint& local, KernelUdpSocket& socket);

  // Takes over a stream whose owner has gone, until what it sent has arrived. `reading`: what its peer says is still to
  // be read and forgotten then (LingerSet). More than the world's max_lingering end at once.
  void say_farewell(FileDescriptor fd, std::shared_ptr<ShapedSender> sender, bool reading);

  // The device of a host in a namespace; null: it has none, or no more.
  void set_port(const IpAddress& address, TunPort* port);
  TunPort* port_of(const IpAddress& address) const;

  World& world() const { return world_; }

 private:
  struct Edge;
  struct Port;
  struct Place;
  class DatagramParcel;

  struct Travelling {
    std::unique_ptr<Parcel> parcel;
    link::PacketInfo info;
    Place* from;
    Place* to;
    bool ce_marked = false;
    bool corrupted = false;
  };
  struct CopyTravelling {
    Travelling operator()(const Travelling& first) const;
  };
  using Link = link::LinkModel<Travelling, CopyTravelling>;

  // Something that happens: a parcel enters a port or, without one, arrives; a port without a parcel is polled.
  struct Occurrence {
    TimePoint at;
    std::uint64_t order;
    Port* port;
    Travelling what;

    bool operator<(const Occurrence& other) const {  // the latest first, as heaps of the library have it
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  struct Released {
    Endpoint source;
    Datagram datagram;
    PacketBuf payload;
  };

  Result<std::shared_ptr<const link::LinkProfile>> profile_of(const link::LinkParams& params);
  Result<> make_link(Port& port, const std::optional<link::LinkParams>& params);
  Result<> change_link(Port& port, const std::optional<link::LinkParams>& params);
  Place& place(const IpAddress& address) const;

  void schedule(TimePoint at, Port* port, Travelling what);
  void advance(TimePoint until);
  void happen(Occurrence occurrence);
  void enter(Port& port, Travelling what);
  void poll(Port& port);
  void poll_when_due(Port& port);
  void leave(Port& port, Travelling what, TimePoint at);
  void go_on(RegionId region, Random& random, Travelling what, TimePoint at);
  bool reaches(const Travelling& what) const;
  Edge* next_hop(RegionId at, RegionId to) const;
  template <class Visit>
  void for_each_hop(RegionId at, RegionId to, Visit visit) const;
  void release_all();
  void release(const Endpoint& source, std::span<const Datagram> batch);
  Task<> keep_time();

  World& world_;
  std::uint64_t seed_;
  std::vector<Way> ways_;
  std::size_t regions_;
  std::vector<std::pair<link::LinkParams, std::shared_ptr<const link::LinkProfile>>> profiles_;  // one of a kind
  std::unordered_map<IpAddress, std::unique_ptr<Place>> places_;
  std::vector<std::unique_ptr<Edge>> edges_;
  mutable std::vector<std::vector<std::uint32_t>> hops_towards_;  // by destination; empty: not asked for yet
  std::vector<std::vector<bool>> blocked_;
  std::vector<Occurrence> coming_;  // a heap
  std::uint64_t last_order_ = 0;
  std::uint32_t last_flow_ = 0;
  TimePoint now_{};
  bool advancing_ = false;
  bool closing_ = false;
  std::vector<Released> released_;
  std::multimap<Endpoint, KernelUdpSocket*> sockets_;
  std::list<std::unique_ptr<StreamFarewell>> farewells_;
  LoopbackCounters counters_;
  Timer timer_;
  Scope scope_;
};

}  // namespace ghostnet::realnet
