// Swarm: what is behind a Node: its listeners, connections, dials, handlers and the protocols that every node speaks.
//
// Use Node. A Swarm is kept by it alone; registrations hold it weakly. Each connection is one coroutine, serve(), which
// owns it from the upgrade to the end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ghostnet/libp2p/connection_manager.hpp"
#include "ghostnet/libp2p/envelope.hpp"
#include "ghostnet/libp2p/identify.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/libp2p/security.hpp"
#include "ghostnet/libp2p/tls_security.hpp"
#include "ghostnet/libp2p/yamux_session.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet::libp2p::detail {

class Swarm final : public std::enable_shared_from_this<Swarm>, private YamuxSession::Acceptor {
 public:
  Swarm(Host& host, KeyPair key, NodeOptions options);
  ~Swarm();

  Host& host;
  const KeyPair key;
  const NodeOptions options;
  NodeMetrics& metrics;
  crypto::HostRandom random;
  PeerStore peers;
  ConnectionManager manager;

  // swarm.cpp: connections
  Task<Result<PeerId>> connect_address(Multiaddr address);
  Task<Result<>> connect_peer(PeerId peer);
  bool is_connected(const PeerId& peer) const { return by_peer_.contains(peer); }
  std::vector<PeerId> connected_peers() const;
  std::vector<ConnectionInfo> connections() const;
  std::size_t connection_count(Direction direction) const;
  const ConnectionInfo* connection(const PeerId& peer) const;
  void disconnect(const PeerId& peer);
  Task<> close(TimePoint deadline);

  // swarm_listen.cpp
  Result<Multiaddr> listen(const Multiaddr& address);
  std::vector<Multiaddr> addresses() const;

  // swarm_streams.cpp
  Result<std::uint64_t> handle(std::string_view protocol, StreamHandler& handler);
  std::uint64_t observe(NodeObserver& observer);
  void end_registration(std::uint64_t id);
  std::vector<std::string_view> protocols() const;
  Task<Result<std::unique_ptr<PeerStream>>> open_stream(PeerId peer, std::vector<std::string> protocols);
  Result<std::unique_ptr<PeerStream>> open_stream_now(const PeerId& peer, std::string_view protocol);

  // swarm_basics.cpp: identify and ping
  Task<Result<Duration>> ping(PeerId peer);
  Task<Result<>> identify(PeerId peer);
  void push_identify();

 private:
  struct Connection {
    std::shared_ptr<const ConnectionInfo> info;
    YamuxSession session;
    Scope scope;              // of what is done for this connection alone
    TimePoint pushes_from{};  // when the peer began to push identify, and
    std::size_t pushes = 0;   // how often it has since then
  };
  // Streams of a protocol that each peer has open, as far as a handler of ours counts them.
  class Counts {
   public:
    explicit Counts(std::size_t max) : max_(max) {}
    // False: the peer has all that it may have.
    bool enter(const PeerId& peer);
    void leave(const PeerId& peer);

   private:
    std::size_t max_;
    std::unordered_map<PeerId, std::size_t> open_;
  };
  // Ends when an attempt succeeds, when all have failed, or when the peer itself connects.
  struct Dialling {
    explicit Dialling(Loop& loop) : done(loop) {}
    Event done;
    Result<> outcome{};
  };
  struct Handler {
    std::uint64_t id;
    std::string_view protocol;
    StreamHandler* handler;
  };
  struct Observing {
    std::uint64_t id;
    NodeObserver* observer;
  };
  // The protocols that come with every node.
  class IdentifyHandler final : public StreamHandler {
   public:
    explicit IdentifyHandler(Swarm& swarm) : swarm_(swarm) {}
    void accept(std::unique_ptr<PeerStream> stream) override;

   private:
    Swarm& swarm_;
  };
  class PushHandler final : public StreamHandler {
   public:
    explicit PushHandler(Swarm& swarm) : swarm_(swarm) {}
    void accept(std::unique_ptr<PeerStream> stream) override;

   private:
    Swarm& swarm_;
  };
  class PingHandler final : public StreamHandler {
   public:
    explicit PingHandler(Swarm& swarm) : swarm_(swarm) {}
    void accept(std::unique_ptr<PeerStream> stream) override;

   private:
    Swarm& swarm_;
  };

  using Upgraded = std::pair<Secured, std::shared_ptr<const ConnectionInfo>>;

  Task<Result<Upgraded>> upgrade(std::unique_ptr<Stream> raw, Direction direction, std::optional<PeerId> expected);
  Task<Result<Secured>> secure(std::unique_ptr<Stream> raw, std::string_view protocol, Direction direction,
                               std::optional<PeerId> expected, Agreement agreement);
  Task<Result<PeerId>> dial(Multiaddr address, std::optional<PeerId> expected);
  Task<Result<PeerId>> connect_resolved(Multiaddr address);
  Task<Result<PeerId>> dial_now(Multiaddr address, std::optional<PeerId> expected);
  Task<Result<std::unique_ptr<Stream>>> open_raw(TcpTarget target);
  Task<> dial_peer(PeerId peer, std::shared_ptr<Dialling> dialling);
  Task<Result<PeerId>> dial_unless_done(Multiaddr address, PeerId peer, std::shared_ptr<Dialling> dialling);
  void end_dialling(const PeerId& peer, Result<> outcome);

  Task<> accept_from(Listener& listener);
  Task<> welcome(std::unique_ptr<Stream> raw, IpAddress source);

  Result<> add(Upgraded upgraded);
  Task<> serve(std::unique_ptr<Connection> connection);
  void remove(Connection& connection, const Error& why);
  void trim();
  Task<> trim_later();
  std::size_t inbound_of(const IpAddress& source) const;
  Connection* connection_to(const PeerId& peer) const;
  const std::vector<std::string>& security_ids() const { return security_ids_; }
  const NoiseIdentity& noise_identity();
  const TlsIdentity& tls_identity();

  void inbound(std::unique_ptr<YamuxStream> stream) override;
  Task<> negotiate(std::unique_ptr<YamuxStream> stream);
  const Handler* find_handler(std::string_view protocol) const;
  Result<std::unique_ptr<YamuxStream>> open_lazily(Connection& connection, std::string_view protocol,
                                                   std::vector<std::uint8_t>& lines);
  Task<Result<std::unique_ptr<PeerStream>>> open_and_choose(Connection& connection, std::vector<std::string> protocols);
  // Those of this moment; one that ends its registration meanwhile is not told.
  template <class Tell>
  void tell_observers(Tell tell) {
    const std::vector<Observing> now = observers_;
    for (const Observing& told : now) {
      const auto same = [&told](const Observing& observing) { return observing.id == told.id; };
      if (std::ranges::any_of(observers_, same)) tell(*told.observer);
    }
  }

  Task<> answer_identify(std::unique_ptr<PeerStream> stream);
  Task<> take_push(std::unique_ptr<PeerStream> stream);
  Task<> answer_pings(std::unique_ptr<PeerStream> stream);
  Task<> identify_new(PeerId peer);
  bool may_push(const PeerId& peer);
  Task<> push_to(PeerId peer);
  Task<Result<>> read_identify(Stream& stream, PeerId peer);
  Identify describe_self(const ConnectionInfo* to);
  void note_identify(const PeerId& peer, Identify said);

  std::vector<std::string> security_ids_;
  std::optional<NoiseIdentity> noise_identity_;
  std::optional<TlsIdentity> tls_identity_;
  YamuxBudget budget_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::list<Connection*> connections_;  // in the order in which they were opened
  std::size_t outbound_count_ = 0;      // of them
  std::unordered_map<PeerId, std::vector<Connection*>> by_peer_;
  std::unordered_map<PeerId, std::shared_ptr<Dialling>> dialling_;
  std::size_t pending_inbound_ = 0;
  std::map<IpAddress, std::size_t> pending_of_source_;
  std::map<IpAddress, std::size_t> inbound_of_source_;  // that are open
  bool trims_later_ = false;
  std::size_t pending_dials_ = 0;
  std::uint64_t next_registration_ = 1;
  std::vector<Handler> handlers_;
  std::vector<Observing> observers_;
  std::optional<PeerRecord> record_;  // where we say that we listen, and
  Bytes sealed_record_;               // that we said it
  std::uint64_t record_seq_ = 0;
  Counts pings_;
  Counts identifies_;
  Counts pushes_;
  bool closing_ = false;
  Event quiet_;  // no connection is left
  IdentifyHandler identify_handler_{*this};
  PushHandler push_handler_{*this};
  PingHandler ping_handler_{*this};
  Scope listening_;  // dropped before the listeners, and
  Scope scope_;      // before everything else
};

}  // namespace ghostnet::libp2p::detail
