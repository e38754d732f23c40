// Dht: Kademlia on a libp2p node (libp2p/specs, kad-dht): finding peers, values and providers.
//
//   Dht dht(node, {.mode = Mode::server});
//   auto found = co_await dht.find_peer(id);          // its addresses
//   co_await dht.put_value(key, value);               // at the k nearest servers
//
// A server answers others and is in their tables; a client only asks. Peers whose identify offers /ipfs/kad/1.0.0 enter
// the routing table when they answer, and leave it when they do not. The table is refreshed, values and provider
// records put here are republished. The node outlives it; dropping it ends all operations with nothing said.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/kademlia/lookup.hpp"
#include "ghostnet/kademlia/message.hpp"
#include "ghostnet/kademlia/record_store.hpp"
#include "ghostnet/kademlia/routing_table.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet::kademlia {

enum class Mode : std::uint8_t { client, server };

// What values under keys of a namespace must be like (kad-dht, "Entry validation"). Pure.
class Validator {
 public:
  virtual bool valid(ByteView key, ByteView value) const = 0;
  // Whether `candidate` is to replace `known`.
  virtual bool better(ByteView key, ByteView candidate, ByteView known) const = 0;

 protected:
  ~Validator() = default;
};

struct DhtOptions {
  Mode mode = Mode::server;
  LookupOptions lookup{};
  RoutingTableOptions table{};
  RecordStoreOptions store{};
  std::size_t quorum = 4;          // values from so many peers end a search for a value; 0: all that there are
  Duration request_timeout = 10s;  // of one question
  Duration query_timeout = 60s;    // of a whole search
  Duration refresh_interval = 10min;
  Duration refresh_query_timeout = 10s;
  std::size_t refresh_below = 5;  // peers in a bucket from which on it needs no refresh
  Duration republish_interval = 22h;
  Duration idle_timeout = 60s;  // of an inbound stream
  std::size_t max_inbound_streams = 512;
  std::size_t max_inbound_streams_per_peer = 16;
  std::size_t max_published = 4096;  // keys put or provided here, to be republished
};

struct SearchStats {
  std::size_t asked = 0;
  std::size_t hops = 0;
};

class Dht final : private libp2p::StreamHandler, private libp2p::NodeObserver {
 public:
  // Without a validator every value is valid, and the first that is met is kept.
  Dht(libp2p::Node& node, const DhtOptions& options, const Validator* validator = nullptr);
  Dht(const Dht&) = delete;
  Dht& operator=(const Dht&) = delete;
  ~Dht();

  // The k nearest servers to a key. Errors: not_found when nobody answered; timed_out.
  Task<Result<std::vector<libp2p::PeerId>>> closest_peers(Bytes key, SearchStats* stats = nullptr);
  // Errors: not_found.
  Task<Result<PeerInfo>> find_peer(libp2p::PeerId peer, SearchStats* stats = nullptr);
  // Errors: invalid_argument (the validator refuses it); not_found when no server took it.
  Task<Result<>> put_value(Bytes key, Bytes value);
  Task<Result<Bytes>> get_value(Bytes key, SearchStats* stats = nullptr);
  // `key` is a multihash. Errors: not_found when no server could be told.
  Task<Result<>> provide(Bytes key);
  // At most `count`; ends early when it has them. Errors: not_found.
  Task<Result<std::vector<PeerInfo>>> find_providers(Bytes key, std::size_t count = 20, SearchStats* stats = nullptr);
  // Asks those of the table that have been silent for long whether they are there, and searches for oneself and for a
  // key in each bucket that holds few peers.
  Task<> refresh();
  // Servers that are known to be there enter the table without having been asked, as if it had been saved and loaded;
  // the first refresh then comes when it is due.
  void fill(std::span<const PeerInfo> servers);

  const RoutingTable& table() const { return table_; }
  const RecordStore& store() const { return store_; }
  Mode mode() const { return options_.mode; }

 private:
  struct Search;
  struct PeerSearch;
  struct ValueSearch;
  struct ProviderSearch;

  // Streams of peers.
  void accept(std::unique_ptr<libp2p::PeerStream> stream) override;
  void identified(const libp2p::PeerId& peer) override;
  void disconnected(const libp2p::PeerId& peer, const Error& why) override;
  Task<> serve(std::unique_ptr<libp2p::PeerStream> stream);
  Task<> answer_all(libp2p::PeerStream& stream);
  // Nothing: the question wants no answer. Errors, malformed, permission, limit: it is refused, and its stream reset.
  Result<std::optional<Message>> answer(const libp2p::PeerId& asker, const Message& question);
  Result<std::optional<Message>> answer_put(const Key& at, const Message& question);
  void take_providers(const libp2p::PeerId& asker, const Key& at, const Message& question);
  std::vector<PeerInfo> closer_to(const Key& at, const libp2p::PeerId& asker);

  // Questions to peers.
  Task<Result<Message>> ask(libp2p::PeerId peer, Message question);
  Task<> tell_alone(libp2p::PeerId peer, Message message);
  Task<Result<Message>> exchange(libp2p::PeerId peer, const Message& question);
  Task<Result<>> search(Search& search, Duration limit);
  Task<> drive(Search& search);
  Task<> ask_one(Search& search, libp2p::PeerId peer);
  Task<std::size_t> tell_closest(const Bytes& key, const Message& message);
  void learn(std::span<const PeerInfo> peers);
  Bytes key_in_bucket(std::size_t bucket);
  PeerInfo about(const libp2p::PeerId& peer);
  void answered(const libp2p::PeerId& peer);
  void take_out(const libp2p::PeerId& peer);
  void entered_table(const libp2p::PeerId& peer);
  void left_table(const libp2p::PeerId& peer);
  // Tells who observes the host of an entry of the table.
  void show_entry(const libp2p::PeerId& peer, bool entered);
  bool valid(ByteView key, ByteView value) const;

  Task<> check(libp2p::PeerId peer);
  Task<> check_silent();
  Task<> search_for_peers();
  Task<> keep_fresh();
  Task<> republish();

  libp2p::Node& node_;
  DhtOptions options_;
  const Validator* validator_;
  RoutingTable table_;
  RecordStore store_;
  Random random_;
  std::map<Bytes, Bytes> published_values_;
  std::set<Bytes> provided_;
  bool filled_ = false;
  std::size_t inbound_ = 0;
  std::map<libp2p::PeerId, std::size_t> inbound_of_;
  Scope scope_;
  std::vector<libp2p::Registration> registrations_;
};

}  // namespace ghostnet::kademlia
