#include "ghostnet/kademlia/dht.hpp"

#include <algorithm>
#include <utility>

#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/runtime/wire.hpp"
#include "search.hpp"

namespace ghostnet::kademlia {
namespace {

// How long addresses that others told of are believed.
constexpr Duration kHeardAddressLifetime = 30min;

constexpr std::string_view kConnectionTag = "kbucket";
constexpr std::size_t kProtectedBuckets = 2;
constexpr std::int32_t kWorthOfTablePeer = 5;

// Errors that say nothing of the peer: it is this node that could not ask.
bool is_our_own(Errc why) {
  return why == Errc::limit || why == Errc::no_buffers || why == Errc::would_block || why == Errc::busy;
}

// A value that is not taken resets the stream.
bool is_refusal(MessageType asked, Errc why) { return asked == MessageType::put_value && why == Errc::reset; }

// A key is hashed where it is asked for, so one for a bucket is found by trying; each try hits bucket n with 1 in
// 2^(n + 1). For hashes that begin with any of these bits, some 36,000 tries serve all nodes.
constexpr std::size_t kBeginningBits = 12;

Bytes numbered_key(std::uint32_t number) {
  std::array<std::uint8_t, 34> key{0x12, 0x20};  // a SHA-256 multihash, as go-libp2p-kad-dht sends
  store_be<std::uint32_t>(key.data() + 2, number);
  return Bytes::copy_of(key);
}

std::size_t beginning_of(const Key& key) { return key.words()[0] >> (64 - kBeginningBits); }

// For each beginning of a hash the least number whose key has it.
const std::vector<std::uint32_t>& numbers_by_beginning() {
  static const std::vector<std::uint32_t> table = [] {
    constexpr std::uint32_t kNone = 0xffff'ffff;
    std::vector<std::uint32_t> numbers(std::size_t{1} << kBeginningBits, kNone);
    std::size_t missing = numbers.size();
    for (std::uint32_t number = 0; missing > 0; ++number) {
      std::uint32_t& place = numbers[beginning_of(Key::of(numbered_key(number).view()))];
      if (place != kNone) continue;
      place = number;
      --missing;
    }
    return numbers;
  }();
  return table;
}

}  // namespace

Dht::Dht(libp2p::Node& node, const DhtOptions& options, const Validator* validator)
    : node_(node),
      options_(options),
      validator_(validator),
      table_(node.id(), options.table),
      store_(Key::of(node.id()), options.store),
      random_(Random::from_state(node.host().random().next_u64(), node.host().random().next_u64() | 1)),
      scope_(node.host().loop()) {
  if (options_.mode == Mode::server) {
    if (auto registered = node_.handle(kProtocol, *this)) registrations_.push_back(std::move(*registered));
  }
  registrations_.push_back(node_.observe(*this));
  for (const libp2p::PeerId& peer : node_.connected_peers()) identified(peer);
  scope_.spawn(keep_fresh());
  scope_.spawn(republish());
}

Dht::~Dht() {
  for (std::size_t n = 0; n < table_.bucket_count(); ++n) {
    for (const RoutingTable::Entry& entry : table_.bucket(n)) left_table(entry.peer);
  }
}

// Servers say so by the protocols that they offer (kad-dht, "Client and server mode").
void Dht::identified(const libp2p::PeerId& peer) {
  if (!node_.peers().supports(peer, kProtocol)) {
    take_out(peer);
    return;
  }
  if (const libp2p::ConnectionInfo* connection = node_.connection(peer)) {
    if (table_.add(peer, connection->remote.address(), node_.host().now())) entered_table(peer);
  }
}

// Who answers before it has said what it speaks stays as it is: identify is under way.
void Dht::answered(const libp2p::PeerId& peer) {
  const libp2p::PeerAbout* const about = node_.peers().find(peer);
  if (about != nullptr && !about->protocols.empty()) identified(peer);
}

void Dht::fill(std::span<const PeerInfo> servers) {
  filled_ = true;
  for (const PeerInfo& server : servers) {
    if (server.addresses.empty()) continue;
    const Result<libp2p::TcpTarget> target = libp2p::tcp_target(server.addresses.front());
    const TimePoint now = node_.host().now();
    if (!target || !table_.add(server.id, target->address, now)) continue;
    entered_table(server.id);
    node_.peers().add_addresses(server.id, server.addresses, now, libp2p::PeerStore::kProvidedAddress);
  }
}

// Without a farewell: it crashed, or it cannot be reached from here. A search would find out at the cost of waiting.
void Dht::disconnected(const libp2p::PeerId& peer, const Error& why) {
  if (why != Errc::closed && table_.contains(peer)) scope_.spawn(check(peer));
}

void Dht::take_out(const libp2p::PeerId& peer) {
  const RoutingTable::Removal removal = table_.remove(peer);
  if (removal.removed) left_table(peer);
  if (removal.replacement) entered_table(*removal.replacement);
}

// Where the peers of the table can be reached is not forgotten for want of room, and connections to them stay when
// others go: a search begins at them. Those of the first buckets, of which half or a quarter of all keys are sought,
// stay in any case (as go-libp2p-kad-dht has it).
void Dht::entered_table(const libp2p::PeerId& peer) {
  node_.peers().pin(peer);
  if (table_.bucket_of(Key::of(peer)) < kProtectedBuckets) {
    node_.protect(peer, kConnectionTag);
  } else {
    node_.tag(peer, kConnectionTag, kWorthOfTablePeer);
  }
  show_entry(peer, true);
}

void Dht::left_table(const libp2p::PeerId& peer) {
  node_.peers().unpin(peer);
  node_.unprotect(peer, kConnectionTag);
  node_.tag(peer, kConnectionTag, 0);
  show_entry(peer, false);
}

void Dht::show_entry(const libp2p::PeerId& peer, bool entered) {
  Observer* const observer = node_.host().observer();
  if (observer == nullptr) return;
  const HostId other = observer->host_named(peer.bytes());
  const auto bucket = static_cast<std::int32_t>(table_.bucket_of(Key::of(peer)));
  const LinkName name{.kind = "dht", .mutual = false, .bucket = bucket};
  if (entered) {
    observer->link_up(node_.host().id(), other, name);
  } else {
    observer->link_down(node_.host().id(), other, name);
  }
}

PeerInfo Dht::about(const libp2p::PeerId& peer) {
  return {.id = peer,
          .addresses = node_.peers().addresses(peer, node_.host().now()),
          .connection = node_.is_connected(peer) ? ConnectionType::connected : ConnectionType::not_connected};
}

// Of who is connected others have nothing to tell.
void Dht::learn(std::span<const PeerInfo> peers) {
  for (const PeerInfo& peer : peers) {
    if (peer.id == node_.id() || peer.addresses.empty() || node_.is_connected(peer.id)) continue;
    node_.peers().add_addresses(peer.id, peer.addresses, node_.host().now(), kHeardAddressLifetime,
                                libp2p::Told::by_others);
  }
}

bool Dht::valid(ByteView key, ByteView value) const { return validator_ == nullptr || validator_->valid(key, value); }

// ---- searching ----

Task<Result<Message>> Dht::exchange(libp2p::PeerId peer, const Message& question) {
  auto stream = co_await node_.open_stream(peer, kProtocol);
  if (!stream) co_return fail(stream);
  const std::vector<std::uint8_t> bytes = question.encode();
  if (auto sent = co_await libp2p::write_message(**stream, bytes); !sent) co_return fail(sent);
  if (auto ended = (*stream)->shutdown_send(); !ended) co_return fail(ended);
  if (question.type == MessageType::add_provider) co_return Message{};  // is not answered
  auto answer = co_await libp2p::read_message(**stream, Message::kMaxBytes);
  if (!answer) co_return fail(answer);
  co_return Message::parse(answer->view());
}

// A peer that answers is good for the table; one that does not is taken out of it, unless it only refused a value.
Task<Result<Message>> Dht::ask(libp2p::PeerId peer, Message question) {
  auto answer = co_await with_timeout(node_.host().clock(), options_.request_timeout, exchange(peer, question));
  if (answer) {
    learn(answer->closer);
    learn(answer->providers);
    answered(peer);
  } else if (!is_our_own(answer.error().code()) && !is_refusal(question.type, answer.error().code())) {
    take_out(peer);
  }
  co_return answer;
}

Task<> Dht::ask_one(Search& search, libp2p::PeerId peer) {
  const auto answer = co_await ask(peer, search.question);
  if (answer) {
    std::vector<libp2p::PeerId> closer;
    for (const PeerInfo& info : answer->closer) closer.push_back(info.id);
    search.lookup.answered(peer, closer);
    search.heard(peer, *answer);
  } else {
    search.lookup.failed(peer);
  }
  search.changed.set();
}

Task<> Dht::drive(Search& search) {
  while (!search.satisfied) {
    while (const auto peer = search.lookup.next()) search.under_way.spawn(ask_one(search, *peer));
    if (search.lookup.finished()) break;
    search.changed.reset();
    co_await search.changed;
  }
  search.under_way.drop_all();
}

Task<Result<>> Dht::search(Search& search, Duration limit) {
  co_await first_of(drive(search), node_.host().clock().sleep(limit));
  search.under_way.drop_all();
  if (search.stats != nullptr) *search.stats = {.asked = search.lookup.asked(), .hops = search.lookup.hops()};
  if (search.satisfied || !search.lookup.closest().empty()) co_return Result<>();
  co_return fail(Errc::not_found, "DHT: nobody answered; {} peers were asked", search.lookup.asked());
}

Task<Result<std::vector<libp2p::PeerId>>> Dht::closest_peers(Bytes key, SearchStats* stats) {
  Search search(*this, {.type = MessageType::find_node, .key = key}, stats);
  if (auto done = co_await this->search(search, options_.query_timeout); !done) co_return fail(done);
  co_return search.lookup.closest();
}

Task<Result<PeerInfo>> Dht::find_peer(libp2p::PeerId peer, SearchStats* stats) {
  if (node_.is_connected(peer)) co_return about(peer);
  PeerSearch search(*this, peer, stats);
  const Result<> done = co_await this->search(search, options_.query_timeout);
  if (search.found) co_return std::move(*search.found);
  if (!done) co_return fail(done);
  co_return fail(Errc::not_found, "DHT: peer {} is not known to those nearest to it", peer.text());
}

Task<std::size_t> Dht::tell_closest(const Bytes& key, const Message& message) {
  const auto closest = co_await closest_peers(key);
  if (!closest) co_return 0;
  std::vector<Task<Result<Message>>> tellings;
  for (const libp2p::PeerId& peer : *closest) tellings.push_back(ask(peer, message));
  const std::vector<Result<Message>> told = co_await all_of(std::move(tellings));
  co_return static_cast<std::size_t>(std::ranges::count_if(told, [](const auto& one) { return one.has_value(); }));
}

Task<Result<>> Dht::put_value(Bytes key, Bytes value) {
  if (!valid(key.view(), value.view())) {
    co_return fail(Errc::invalid_argument, "DHT: the validator refuses this value for its key");
  }
  if (published_values_.size() < options_.max_published) published_values_.insert_or_assign(key, value);
  const Message message{.type = MessageType::put_value, .key = key, .record = Record{.key = key, .value = value}};
  const std::size_t told = co_await tell_closest(key, message);
  if (told == 0) co_return fail(Errc::not_found, "DHT: no server took the value");
  co_return Result<>();
}

Task<Result<Bytes>> Dht::get_value(Bytes key, SearchStats* stats) {
  ValueSearch search(*this, key, stats);
  if (const Record* own = store_.get(Key::of(key.view()), node_.host().now())) search.best = own->value;
  const Result<> done = co_await this->search(search, options_.query_timeout);
  if (!search.best) {
    if (!done) co_return fail(done);
    co_return fail(Errc::not_found, "DHT: those nearest to the key have no value for it");
  }
  // kad-dht, "Value retrieval": who had a worse value is told the best one.
  const Message correction{
      .type = MessageType::put_value, .key = key, .record = Record{.key = key, .value = *search.best}};
  for (const libp2p::PeerId& peer : search.outdated) scope_.spawn(tell_alone(peer, correction));
  co_return *search.best;
}

Task<> Dht::tell_alone(libp2p::PeerId peer, Message message) {
  const auto told = co_await ask(peer, std::move(message));
  if (!told) node_.host().log().debug("DHT: {}", told.error().message());
}

Task<Result<>> Dht::provide(Bytes key) {
  if (provided_.size() < options_.max_published) provided_.insert(key);
  const Message message{
      .type = MessageType::add_provider, .key = key, .providers = {{.id = node_.id(), .addresses = node_.addresses()}}};
  store_.add_provider(Key::of(key.view()), message.providers[0], node_.host().now());
  const std::size_t told = co_await tell_closest(key, message);
  if (told == 0) co_return fail(Errc::not_found, "DHT: no server could be told");
  co_return Result<>();
}

Task<Result<std::vector<PeerInfo>>> Dht::find_providers(Bytes key, std::size_t count, SearchStats* stats) {
  ProviderSearch search(*this, key, count, stats);
  search.add(store_.providers(Key::of(key.view()), node_.host().now()));
  const Result<> done = co_await this->search(search, options_.query_timeout);
  if (!search.found.empty()) co_return std::move(search.found);
  if (!done) co_return fail(done);
  co_return fail(Errc::not_found, "DHT: nobody is known to provide the key");
}

// ---- upkeep ----

// Whoever does not answer is taken out by ask().
Task<> Dht::check(libp2p::PeerId peer) {
  const Message question{.type = MessageType::find_node, .key = Bytes::copy_of(node_.id().bytes())};
  static_cast<void>(co_await ask(peer, question));
}

Task<> Dht::check_silent() {
  constexpr int kSilentIntervals = 2;
  const TimePoint now = node_.host().now();
  if (now - TimePoint{} < kSilentIntervals * options_.refresh_interval) co_return;
  const std::vector<libp2p::PeerId> silent = table_.silent_since(now - kSilentIntervals * options_.refresh_interval);
  for (std::size_t i = 0; i < silent.size();) {
    std::vector<Task<>> together;
    while (i < silent.size() && together.size() < options_.lookup.alpha) together.push_back(check(silent[i++]));
    co_await all_of(std::move(together));
  }
}

Task<> Dht::refresh() {
  co_await check_silent();
  co_await search_for_peers();
}

Task<> Dht::search_for_peers() {
  std::vector<Bytes> keys{Bytes::copy_of(node_.id().bytes())};
  Search own(*this, {.type = MessageType::find_node, .key = keys[0]}, nullptr);
  if (auto done = co_await search(own, options_.refresh_query_timeout); !done) co_return;
  // Whoever is nearer than the nearest k was met by the search for oneself; of the buckets before them those that hold
  // enough peers need no search of their own: every search dials a few dozen peers, and each of these is a handshake.
  constexpr std::size_t kMaxRefreshedBuckets = 15;
  const std::vector<libp2p::PeerId> nearest = own.lookup.closest();
  const std::size_t met = nearest.empty() ? 0 : table_.bucket_of(Key::of(nearest.back()));
  for (std::size_t bucket = 0; bucket < std::min(met, kMaxRefreshedBuckets); ++bucket) {
    const std::size_t held = bucket < table_.bucket_count() ? table_.bucket(bucket).size() : 0;
    if (held >= options_.refresh_below) continue;
    const Bytes key = key_in_bucket(bucket);
    Search other(*this, {.type = MessageType::find_node, .key = key}, nullptr);
    const Result<> done = co_await search(other, options_.refresh_query_timeout);
    if (!done) co_return;
  }
}

Bytes Dht::key_in_bucket(std::size_t bucket) {
  if (bucket < kBeginningBits) {
    return numbered_key(numbers_by_beginning()[beginning_of(table_.random_key_in(bucket, random_))]);
  }
  std::array<std::uint8_t, 34> key{0x12, 0x20};
  const std::size_t tries = std::size_t{64} << std::min<std::size_t>(bucket, 15);
  for (std::size_t i = 0; i < tries; ++i) {
    random_.fill(std::span(key).subspan(2));
    if (table_.bucket_of(Key::of(key)) == bucket) break;
  }
  return Bytes::copy_of(key);
}

Task<> Dht::keep_fresh() {
  const Clock& clock = node_.host().clock();
  while (true) {
    // Until somebody is known there is nobody to ask.
    while (table_.size() == 0) co_await clock.sleep(1s);
    if (!std::exchange(filled_, false)) co_await refresh();
    store_.expire(node_.host().now());
    co_await clock.sleep(random_.between(options_.refresh_interval * 9 / 10, options_.refresh_interval));
  }
}

Task<> Dht::republish() {
  while (true) {
    co_await node_.host().clock().sleep(options_.republish_interval);
    const auto values = published_values_;
    for (const auto& [key, value] : values) {
      const Result<> put = co_await put_value(key, value);
      if (!put) node_.host().log().debug("{}", put.error().message());
    }
    const auto provided = provided_;
    for (const Bytes& key : provided) {
      const Result<> told = co_await provide(key);
      if (!told) node_.host().log().debug("{}", told.error().message());
    }
  }
}

}  // namespace ghostnet::kademlia
