// Node: a peer of a libp2p network, on one host: an identity, connections, and protocols spoken over their streams.
//
// This is THE way to write a peer-to-peer protocol here:
//
//   class Gossip final : private StreamHandler, private NodeObserver {
//    public:
//     explicit Gossip(Node& node) : node_(node) {
//       handling_ = *node.handle("/meshsub/1.1.0", *this);       // inbound streams come to accept()
//       observing_ = node.observe(*this);                         // connected, disconnected, identified
//     }
//    private:
//     void accept(std::unique_ptr<PeerStream> stream) override { scope_.spawn(receive(std::move(stream))); }
//     Task<> receive(std::unique_ptr<PeerStream> stream);         // read_message(*stream, kMaxRpcBytes) ...
//     Task<> send(PeerId peer) {
//       auto stream = co_await node_.open_stream(peer, "/meshsub/1.1.0");
//       ...
//     }
//     ...
//   };
//
// Connections: TCP, secured by Noise or TLS 1.3 (or not at all: for simulations), multiplexed by yamux, as libp2p does
// it byte for byte; peers are told apart by the keys that they proved to have. connect() and open_stream() use the
// connection that is there; of those that were opened at once, both are kept. Beyond `high_water` connections the
// least valued are closed, never protected ones. A failed address is not dialled again for a while that doubles.
//
// Whoever made a Node owns it; it is gone before its host is, and streams, registrations and users of it before it is.
// Dropping it is the crash: connections are reset. close() says farewell.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/crypto/random.hpp"
#include "ghostnet/libp2p/key.hpp"
#include "ghostnet/libp2p/metrics.hpp"
#include "ghostnet/libp2p/multiaddr.hpp"
#include "ghostnet/libp2p/node_options.hpp"
#include "ghostnet/libp2p/peer_store.hpp"
#include "ghostnet/libp2p/peer_stream.hpp"
#include "ghostnet/runtime/host.hpp"

namespace ghostnet::libp2p {

// Takes the streams that peers open for a protocol.
class StreamHandler {
 public:
  // The protocol is agreed. Called from the connection's own turn: spawn what takes longer. Dropping the stream resets
  // it.
  virtual void accept(std::unique_ptr<PeerStream> stream) = 0;

 protected:
  ~StreamHandler() = default;
};

// Told what happens to a node's connections, in the order in which it happens. None of the calls may destroy the node.
class NodeObserver {
 public:
  // The first connection to a peer is up; of further ones nothing is said.
  virtual void connected(const ConnectionInfo& connection) { static_cast<void>(connection); }
  // The last connection to a peer is gone.
  virtual void disconnected(const PeerId& peer, const Error& why) {
    static_cast<void>(peer);
    static_cast<void>(why);
  }
  // What a peer says of itself is known, or has changed: node.peers().find(peer).
  virtual void identified(const PeerId& peer) { static_cast<void>(peer); }

 protected:
  ~NodeObserver() = default;
};

namespace detail {
class Swarm;
}

// What handle() and observe() return: while it lives, the handler is asked. It may outlive the node.
class [[nodiscard]] Registration {
 public:
  Registration() = default;
  Registration(Registration&&) = default;
  Registration& operator=(Registration&& other) noexcept;
  ~Registration() { end(); }
  void end();

 private:
  friend class Node;
  Registration(std::weak_ptr<detail::Swarm> swarm, std::uint64_t id) : swarm_(std::move(swarm)), id_(id) {}
  std::weak_ptr<detail::Swarm> swarm_;
  std::uint64_t id_ = 0;
};

class Node {
 public:
  Node(Host& host, KeyPair key, NodeOptions options = {});
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  const PeerId& id() const;
  const KeyPair& key() const;
  Host& host() const;
  const NodeOptions& options() const;
  NodeMetrics& metrics() const;
  crypto::SecureRandom& secure_random() const;

  // ---- being reached ----

  // Listens there; returns the address with the port that it has. Errors: not_supported (no TCP address), those of
  // Host::listen().
  Result<Multiaddr> listen(const Multiaddr& address);
  // Where it listens, unspecified addresses replaced by those of the host's interfaces.
  std::vector<Multiaddr> addresses() const;
  // Says that inbound streams of a protocol go to the handler. Errors: invalid_argument (taken, or no protocol id).
  Result<Registration> handle(std::string_view protocol, StreamHandler& handler);
  Registration observe(NodeObserver& observer);
  // In order of registration.
  std::vector<std::string_view> protocols() const;

  // ---- reaching others ----

  // Connects to whoever listens there, who has to be the peer that the address names, if it names one. Errors: those of
  // Host::connect(), malformed or protocol (the peer does not speak libp2p as we do), permission (it is another peer),
  // limit, busy (it failed a moment ago: back off), timed_out, closed.
  Task<Result<PeerId>> connect(Multiaddr address);
  // By the addresses that the peer store has. Errors: as above; not_found without an address.
  Task<Result<>> connect(PeerId peer);
  bool is_connected(const PeerId& peer) const;
  // In the order in which they connected.
  std::vector<PeerId> connected_peers() const;
  std::vector<ConnectionInfo> connections() const;
  std::size_t connection_count(Direction direction) const;
  // The first to this peer, good until it ends; null without one.
  const ConnectionInfo* connection(const PeerId& peer) const;
  // Closes all connections to the peer: streams of it fail with closed.
  void disconnect(const PeerId& peer);

  // A new stream to the peer, which is connected to first where need be. With one protocol, or where identify told
  // which the peer has, it returns without a round trip (peer_stream.hpp), as soon as the connection has room. Errors:
  // as connect(); not_supported (the peer has none of them), limit (too many streams).
  Task<Result<std::unique_ptr<PeerStream>>> open_stream(PeerId peer, std::string_view protocol);
  Task<Result<std::unique_ptr<PeerStream>>> open_stream(PeerId peer, std::vector<std::string> protocols);
  // As above over a connection that is there; not_found otherwise. Never waits: would_block or no_buffers where the
  // connection has no room.
  Result<std::unique_ptr<PeerStream>> open_stream_now(const PeerId& peer, std::string_view protocol);

  // ---- who stays when there are too many ----

  // Connections of the highest sum of values stay. A tag names whoever gave the value; 0 takes it away.
  void tag(const PeerId& peer, std::string_view tag, std::int32_t value);
  void protect(const PeerId& peer, std::string_view tag);
  void unprotect(const PeerId& peer, std::string_view tag);

  // ---- what comes with every node ----

  PeerStore& peers();
  const PeerStore& peers() const;
  // One round trip of /ipfs/ping/1.0.0.
  Task<Result<Duration>> ping(PeerId peer);
  // Asks again what a peer says of itself.
  Task<Result<>> identify(PeerId peer);
  // Tells connected peers what changed, now rather than at the next change by itself (identify/push).
  void push_identify();

  // Takes nothing new, says go-away on every connection, and returns when all are gone, at the latest at `deadline`.
  Task<> close(TimePoint deadline);

 private:
  std::shared_ptr<detail::Swarm> swarm_;
};

}  // namespace ghostnet::libp2p
