// Pubsub: gossipsub on a libp2p node: streams to and from every peer that speaks it, around one Router.
//
//   Pubsub pubsub(node, {.topics = ...}, handler);
//   pubsub.subscribe("news");
//   pubsub.publish("news", payload);
//
// Each peer has two streams, one for each direction (libp2p/specs, pubsub/README.md "Stream management"). Frames that
// are ready together leave in one write. A stream that is lost while the connection stays is opened again, after a
// pause that doubles. Connections to peers of a mesh, and to direct peers, are not closed for being too many (as in
// go-libp2p-pubsub). A peer that breaks the protocol or its bounds is not listened to any more and disconnected. The
// node and the handler outlive it; dropping it resets its streams.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/gossipsub/options.hpp"
#include "ghostnet/gossipsub/router.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/turn_end.hpp"

namespace ghostnet::gossipsub {

inline constexpr std::string_view kFloodsubProtocol = "/floodsub/1.0.0";
inline constexpr std::string_view kMeshsubProtocols[] = {"/meshsub/1.2.0", "/meshsub/1.1.0", "/meshsub/1.0.0"};

class PubsubHandler {
 public:
  // A message of a subscribed topic that was accepted; not one of this node's own. May not destroy the Pubsub.
  virtual void received(const Delivery& delivery) = 0;
  // The application's verdict, after the signature was found right. Nothing: it comes later, by Pubsub::conclude();
  // until then the message is neither delivered nor forwarded, and Pubsub keeps its bytes (Delivery::encoded). No more
  // than RouterOptions::max_validating are awaited at once; what comes beyond is not looked at. `message` is good until
  // this returns; `from` is the neighbour that brought it. May not publish, subscribe or conclude.
  virtual std::optional<Verdict> validate(MessageSeq seq, const Message& message, const libp2p::PeerId& from) {
    static_cast<void>(seq);
    static_cast<void>(message);
    static_cast<void>(from);
    return Verdict::accept;
  }
  // A link of the mesh came or went.
  virtual void mesh_changed(std::string_view topic, const libp2p::PeerId& peer, bool grafted) {
    static_cast<void>(topic);
    static_cast<void>(peer);
    static_cast<void>(grafted);
  }
  virtual void peer_subscribed(const libp2p::PeerId& peer, std::string_view topic, bool subscribed) {
    static_cast<void>(topic);
    static_cast<void>(peer);
    static_cast<void>(subscribed);
  }

 protected:
  ~PubsubHandler() = default;
};

// How a message is told from others where its author does not stamp it: the first 20 bytes of the SHA-256 of its
// topic's length and name and its data, as Ethereum's consensus network does it but for the compression.
std::optional<MessageId> content_id(const Message& message);

class Pubsub final : private libp2p::StreamHandler, private libp2p::NodeObserver, private RouterEvents {
 public:
  // Options are valid. The tracer, if there is one, outlives it. With direct peers every message is exchanged outside
  // of the mesh, whatever their score (v1.1 "Explicit Peering Agreements": both sides agree on it); they are dialled at
  // the addresses that the node's peer store has, now and whenever they are not connected.
  Pubsub(libp2p::Node& node, const RouterOptions& options, const ScoreParams& scoring, PubsubHandler& handler,
         RouterTracer* tracer = nullptr, std::vector<libp2p::PeerId> direct_peers = {});
  Pubsub(const Pubsub&) = delete;
  Pubsub& operator=(const Pubsub&) = delete;
  ~Pubsub();

  // Errors: invalid_argument, limit.
  Result<> subscribe(std::string_view topic);
  void unsubscribe(std::string_view topic);
  // Signs by the policy. Errors: those of Router::publish().
  Result<MessageId> publish(std::string_view topic, ByteView data);

  // The verdict that validate() left open. A message that is not awaited any more is passed over.
  void conclude(MessageSeq seq, Verdict verdict) { router_.conclude(host_.now(), seq, verdict); }
  // P5, of a peer that is connected.
  void set_app_score(const libp2p::PeerId& peer, double score);

  // Router::send_as_is().
  bool send_as_is(const libp2p::PeerId& peer, const Rpc& rpc);
  std::optional<MessageId> id_of(const Message& message) const { return router_.id_of(message); }

  const Router& router() const { return router_; }
  std::vector<libp2p::PeerId> mesh(std::string_view topic) const;

 private:
  struct Peer;

  static Router::Config router_config(libp2p::Node& node, const RouterOptions& options, const ScoreParams& scoring,
                                      RouterTracer* tracer, std::span<const libp2p::PeerId> direct_peers);

  void accept(std::unique_ptr<libp2p::PeerStream> stream) override;
  void connected(const libp2p::ConnectionInfo& connection) override;
  void disconnected(const libp2p::PeerId& peer, const Error& why) override;

  const RouterOptions& options() const { return router_.options(); }
  void ready_to_send(PeerHandle peer) override;
  void foresee_sending(PeerHandle peer) override;
  bool authentic(const Message& message) override;
  std::optional<Verdict> validate(MessageSeq seq, const Message& message, PeerHandle source) override;
  void deliver(const Delivery& delivery) override { handler_.received(delivery); }
  void drop(PeerHandle peer, const Error& why) override;
  Bytes signed_record(PeerHandle peer) override;
  void exchanged(std::span<const PeerInfo> peers, PeerHandle from) override;
  void dial_direct(const Bytes& peer_id) override;
  void mesh_changed(std::string_view topic, PeerHandle peer, bool grafted) override;
  void peer_subscribed(PeerHandle peer, std::string_view topic, bool subscribed) override;
  void sets_out(const MessageId& id) override;
  void copy_queued(const MessageId& id, PeerHandle to, std::size_t size_bytes) override;
  void copy_came(const MessageId& id, PeerHandle from) override;
  void show_link(std::string_view topic, const libp2p::PeerId& peer, bool grafted);

  Task<> beat();
  Task<> open(Peer& peer);
  void introduce(Peer& peer, std::unique_ptr<libp2p::PeerStream> stream);
  Task<> reopen(Peer& peer, Errc why);
  void forget(Peer& peer);
  Task<> dial(libp2p::PeerId peer);
  Task<> dial_exchanged(libp2p::PeerId peer);
  Task<> leave(libp2p::PeerId peer);
  void flush();
  Peer* find(const libp2p::PeerId& id) const;
  Peer* find(PeerHandle handle) const;
  bool signature_holds(const Message& message) const;

  libp2p::Node& node_;
  Host& host_;
  PubsubHandler& handler_;
  Router router_;
  std::uint64_t next_seqno_;
  std::size_t exchange_dials_ = 0;  // under way
  std::map<libp2p::PeerId, std::unique_ptr<Peer>> peers_;
  std::vector<Peer*> by_slot_;   // of the router's handles
  std::vector<Peer*> to_flush_;  // the router has something for them
  TurnEnd<Pubsub, &Pubsub::flush> flush_;
  Scope scope_;
  std::vector<libp2p::PeerId> direct_peers_;
  std::vector<libp2p::Registration> registrations_;
};

}  // namespace ghostnet::gossipsub
