// Router: gossipsub without sockets or clock (libp2p/specs, pubsub/gossipsub: v1.0, v1.1, v1.2; floodsub peers are
// served too).
//
// What comes in, comes with the time: peers that came and went, their RPCs, verdicts, deadlines. What goes out waits in
// a bounded queue for each peer, from which its stream is fed by next_frame(); everything else is told through
// RouterEvents, whose functions may not call the router. One router is one node; it is driven by one thread.
//
// Peers are hostile: what one of them can make a router keep, send or compute is bounded by RouterOptions, malformed
// and disallowed input is counted, and with scoring on it is held against the sender.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/gossipsub/message.hpp"
#include "ghostnet/gossipsub/message_table.hpp"
#include "ghostnet/gossipsub/options.hpp"
#include "ghostnet/gossipsub/peer_handle.hpp"
#include "ghostnet/gossipsub/peer_score.hpp"
#include "ghostnet/gossipsub/rpc.hpp"
#include "ghostnet/gossipsub/send_queue.hpp"
#include "ghostnet/gossipsub/tracer.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::gossipsub {

// By what was negotiated: /floodsub/1.0.0, /meshsub/1.0.0, /meshsub/1.1.0, /meshsub/1.2.0.
enum class Version : std::uint8_t { floodsub, v1_0, v1_1, v1_2 };

struct PeerDescription {
  Bytes id;
  Version version = Version::v1_2;
  bool outbound = false;  // we dialled it
  IpAddress address{};    // for P6
};

// v1.1 "Extended Validators".
enum class Verdict : std::uint8_t { accept, ignore, reject };

struct Delivery {
  MessageSeq seq;
  const Message& message;
  Bytes encoded;
  MessageId id;
  PeerHandle source;  // none: published here
  TimePoint first_seen;
};

class RouterEvents {
 public:
  // next_frame() has something for this peer, after it had nothing.
  virtual void ready_to_send(PeerHandle peer) = 0;
  // That is about to happen: for the cache.
  virtual void foresee_sending(PeerHandle peer) { static_cast<void>(peer); }
  // Whether the author's signature is what the policy wants. Asked before a message counts as seen, so that a forgery
  // does not keep out the true one.
  virtual bool authentic(const Message& message) = 0;
  // Nothing: the verdict comes later, by conclude(). Asked for messages of others, in subscribed topics.
  virtual std::optional<Verdict> validate(MessageSeq seq, const Message& message, PeerHandle source) = 0;
  virtual void deliver(const Delivery& delivery) = 0;
  // The peer does not keep to its bounds; its connection is to be closed and remove_peer() to follow.
  virtual void drop(PeerHandle peer, const Error& why) = 0;
  // What a peer signed of its addresses, told to those that are pruned; empty: none is known.
  virtual Bytes signed_record(PeerHandle peer) {
    static_cast<void>(peer);
    return {};
  }
  // Peers that a pruning peer named (v1.1 "Peer Exchange"), where peer exchange is on, the peer was in the mesh, and
  // as far as `from` is trusted.
  virtual void exchanged(std::span<const PeerInfo> peers, PeerHandle from) = 0;
  virtual void dial_direct(const Bytes& peer_id) = 0;
  virtual void mesh_changed(std::string_view topic, PeerHandle peer, bool grafted) = 0;
  virtual void peer_subscribed(PeerHandle peer, std::string_view topic, bool subscribed) = 0;
  // For who looks at the way of messages: one is published here; a copy waits in the queue for a peer; one came from a
  // peer, for the first time or again.
  virtual void sets_out(const MessageId& id) { static_cast<void>(id); }
  virtual void copy_queued(const MessageId& id, PeerHandle to, std::size_t size_bytes) {
    static_cast<void>(id);
    static_cast<void>(to);
    static_cast<void>(size_bytes);
  }
  virtual void copy_came(const MessageId& id, PeerHandle from) {
    static_cast<void>(id);
    static_cast<void>(from);
  }

 protected:
  ~RouterEvents() = default;
};

// Since the beginning.
struct RouterCounters {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;  // accepted messages of others
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;
  std::uint64_t ignored = 0;         // by verdict, of no subscribed topic, or of a peer that sent too many invalid ones
  std::uint64_t throttled = 0;       // not looked at: too many verdicts are awaited
  std::uint64_t malformed = 0;       // RPCs and messages
  std::uint64_t graylisted = 0;      // RPCs of which nothing was taken but subscriptions
  std::uint64_t forwarded = 0;       // copies queued
  std::uint64_t suppressed = 0;      // copies that an IDONTWANT saved
  std::uint64_t dropped = 0;         // copies and gossip that found no room
  std::uint64_t ihave_sent = 0;      // ids
  std::uint64_t iwant_sent = 0;      // ids
  std::uint64_t iwant_served = 0;    // messages
  std::uint64_t idontwant_sent = 0;  // RPCs
  std::uint64_t grafts = 0;          // links made
  std::uint64_t prunes = 0;          // links ended
  std::uint64_t broken_promises = 0;
  std::uint64_t payload_bytes = 0;  // of copies that were handed to streams
  std::uint64_t control_bytes = 0;  // of all else that was
};

class Router {
 public:
  // Ids must be the same at all peers of a topic. Nothing: the message has none, and is malformed.
  using MessageIdOf = std::function<std::optional<MessageId>(const Message&)>;

  struct Config {
    RouterOptions options;
    ScoreParams scoring;
    Bytes own_id;
    MessageIdOf message_id = MessageId::of_origin;
    std::vector<Bytes> direct_peers{};  // v1.1 "Explicit Peering Agreements"
    RouterTracer* tracer = nullptr;     // outlives the router
  };

  // Options are valid; `events` outlives the router. The first heartbeat is at a random instant of the first interval.
  Router(Config config, RouterEvents& events, Random random, TimePoint now);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  ~Router();

  // ---- peers ----

  // Errors: limit.
  Result<PeerHandle> add_peer(TimePoint now, const PeerDescription& peer);
  void remove_peer(TimePoint now, PeerHandle peer);
  // One RPC, without its length, of which nothing is kept as it lies. A peer that is gone is ignored.
  void receive(TimePoint now, PeerHandle peer, ByteView rpc);
  // What the peer is to be sent next.
  std::optional<Frame> next_frame(PeerHandle peer);
  bool has_frames(PeerHandle peer) const;
  // Brings into the cache what receive() from this peer, and next_frame() for it, will touch, one step down the chain
  // of what points to what each time (runtime/foresight.hpp).
  void foresee(PeerHandle peer, unsigned step) const;

  // ---- the application ----

  // Errors: limit; invalid_argument for a topic name that is too long.
  Result<> subscribe(TimePoint now, std::string_view topic);
  void unsubscribe(TimePoint now, std::string_view topic);
  // Takes a message that the policy allows, encoded (NewMessage). Errors: invalid_argument for one that was seen
  // before or is none; message_too_large.
  Result<MessageSeq> publish(TimePoint now, Bytes encoded);
  void conclude(TimePoint now, MessageSeq seq, Verdict verdict);
  void set_app_score(PeerHandle peer, double score);
  // Any RPC, whatever the rules say: for tests and for those who play attackers. False: there is no room, or no peer.
  bool send_as_is(PeerHandle peer, const Rpc& rpc);
  std::optional<MessageId> id_of(const Message& message) const { return message_id_(message); }

  // ---- time ----

  TimePoint next_deadline() const { return std::min(next_heartbeat_, next_decay_); }
  void on_deadline(TimePoint now);

  // ---- what there is to see ----

  const RouterOptions& options() const { return options_; }
  const RouterCounters& counters() const { return counters_; }
  std::vector<PeerHandle> mesh(std::string_view topic) const;
  // Of the meshes of all topics.
  std::vector<std::pair<std::string_view, PeerHandle>> links() const;
  double score(PeerHandle peer) const;
  std::size_t peer_count() const { return peer_count_; }
  bool subscribed(std::string_view topic) const;
  const Bytes& peer_id(PeerHandle peer) const;
  // Of a message that is still known.
  const MessageId& id_of(MessageSeq seq) { return messages_[seq].id; }

 private:
  struct Topic;
  struct Pending;
  struct Peer;
  struct Promise {
    std::uint64_t message_hash;
    PeerHandle peer;
    TimePoint expires;
  };
  enum class Px : bool { no, yes };

  // router.cpp
  Peer* find(PeerHandle handle) const;
  std::uint64_t key_of(const Bytes& peer_id) const { return hash_of(peer_id.view(), messages_.secret()); }
  Topic* find_topic(std::string_view name) const;
  Result<Topic*> topic(std::string_view name);
  void announce(Peer& peer, std::span<const SubOpts> subscriptions);
  void on_subscriptions(Peer& peer, const Rpc& rpc);
  void join_mesh(TimePoint now, Topic& topic);
  void leave_topic(Topic& topic, Peer& peer);
  bool send(Peer& peer, SendQueue::Class of, Frame frame, MessageSeq message = SendQueue::kNoMessage);
  bool may_mesh(const Topic& topic, const Peer& peer, TimePoint now) const;
  double score_of(const Peer& peer) const;
  template <class Wanted>
  std::vector<Peer*> choose(const Topic& topic, std::size_t count, Wanted wanted);

  // router_messages.cpp
  void on_message(TimePoint now, Peer& source, ByteView encoded);
  bool allowed(const Message& message) const;
  void on_duplicate(TimePoint now, MessageSeq seq, Peer& source);
  void accept(MessageSeq seq);
  void refuse(MessageSeq seq);
  bool may_validate(std::size_t size) const;
  void forward(MessageSeq seq, const Topic& topic, const Message& message);
  void spread(TimePoint now, MessageSeq seq, Topic& topic);
  void give(Peer& peer, SendQueue::Class of, const Frame& frame, MessageSeq seq, std::uint64_t hash);
  void foresee_spreading(const Topic& topic) const;
  void trace(const TraceEvent& event) const {
    if (tracer_ != nullptr) [[unlikely]]
      tracer_->trace(event);
  }
  void tell_unwanted(const Topic& topic, const Peer& source, const MessageId& id);

  // router_control.cpp
  void on_graft(TimePoint now, Peer& peer, std::string_view topic);
  void on_prune(TimePoint now, Peer& peer, const Rpc& rpc, const Prune& prune);
  void on_ihave(TimePoint now, Peer& peer, const Rpc& rpc);
  void on_iwant(Peer& peer, const Rpc& rpc);
  void on_idontwant(Peer& peer, const Rpc& rpc);
  void graft(TimePoint now, Topic& topic, Peer& peer);
  void prune(TimePoint now, Topic& topic, Peer& peer, Px px, Duration backoff);
  void refuse_graft(TimePoint now, Topic& topic, Peer& peer, Px px);
  void queue_prune(Topic& topic, Peer& peer, Px px, Duration backoff);
  void remove_from_mesh(Topic& topic, Peer& peer);
  void add_backoff(TimePoint now, Topic& topic, const Peer& peer, Duration backoff);
  Pending& pending(Peer& peer);
  void flush(Peer& peer);
  void flush_all();
  Frame gossip_frame(Topic& topic);

  // router_heartbeat.cpp
  void heartbeat(TimePoint now);
  void reset_peers();
  void break_promises(TimePoint now);
  void maintain_mesh(TimePoint now, Topic& topic);
  void shrink_mesh(TimePoint now, Topic& topic);
  void graft_opportunistically(TimePoint now, Topic& topic);
  void maintain_fanout(TimePoint now, Topic& topic);
  void emit_gossip(Topic& topic, const std::vector<Peer*>& except);

  std::shared_ptr<const Rules> rules_;
  const RouterOptions& options_;  // of the rules
  const ScoreParams& scoring_;
  RouterEvents& events_;
  // What every message touches comes first.
  MessageTable messages_;
  std::vector<std::unique_ptr<Peer>> peers_;    // by slot
  std::vector<std::uint16_t> generations_;      // the same
  std::vector<std::unique_ptr<Topic>> topics_;  // by number
  mutable Topic* latest_topic_ = nullptr;       // that was looked for
  RouterTracer* tracer_;
  std::uint64_t ticks_ = 0;
  RouterCounters counters_;
  MessageIdOf message_id_;
  Random random_;
  PeerScores scores_;
  std::vector<Promise> promises_;
  std::size_t peer_count_ = 0;
  TimePoint next_heartbeat_;
  TimePoint next_decay_ = kNever;
  Bytes own_id_;
  std::vector<Bytes> direct_peers_;
  std::map<std::string_view, Topic*> topics_by_name_;
};

}  // namespace ghostnet::gossipsub
