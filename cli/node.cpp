#include "node.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base64.hpp"
#include "command.hpp"
#include "command_lines.hpp"
#include "exposition.hpp"
#include "ghostnet/gossipsub/pubsub.hpp"
#include "ghostnet/kademlia/dht.hpp"
#include "ghostnet/kademlia/ipns.hpp"
#include "ghostnet/kademlia/namespaces.hpp"
#include "ghostnet/realnet/signals.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "live_node.hpp"
#include "metrics_endpoint.hpp"
#include "pubsub_trace.hpp"

namespace ghostnet::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxCommands = 256;  // under way at once
constexpr Duration kFarewell = 2s;
constexpr Duration kBootstrapInterval = 30s;
constexpr Duration kNameLifetime = 48h;  // of a record of IPNS, as Kubo has it
constexpr Duration kDirectAddressLifetime = 24h * 365;
constexpr Duration kLastAnswers = 10s;  // of commands under way at the end

void say(const json& line) {
  fmt::print("{}\n", line.dump(-1, ' ', false, json::error_handler_t::replace));
  std::fflush(stdout);
}

struct LiveOptions {
  std::optional<kademlia::Mode> dht;
  std::vector<libp2p::Multiaddr> direct;
  bool validate = false;
};

class LiveNode final : private libp2p::NodeObserver, private gossipsub::PubsubHandler {
 public:
  LiveNode(realnet::World& world, realnet::Host& host, libp2p::KeyPair key, libp2p::NodeOptions options,
           const LiveOptions& live, gossipsub::RouterTracer* tracer)
      : world_(world),
        node_(host, std::move(key), std::move(options)),
        observing_(node_.observe(*this)),
        validates_(live.validate),
        pubsub_(node_, {}, {}, *this, tracer, remember(live.direct)),
        validator_(host.clock()),
        all_answered_(host.loop()),
        scope_(host.loop()) {
    all_answered_.set();
    if (live.dht) dht_.emplace(node_, kademlia::DhtOptions{.mode = *live.dht}, &validator_);
  }

  // What Prometheus is told.
  std::string metrics() const {
    Exposition exposition;
    exposition.add(node_.host().metrics().hub());
    const gossipsub::RouterCounters& counters = pubsub_.router().counters();
    exposition.gauge("ghostnet_gossipsub_peers", "peers that speak it",
                     static_cast<std::int64_t>(pubsub_.router().peer_count()));
    exposition.counter("ghostnet_gossipsub_published_total", "messages published here", counters.published);
    exposition.counter("ghostnet_gossipsub_delivered_total", "messages of others accepted", counters.delivered);
    exposition.counter("ghostnet_gossipsub_duplicates_total", "copies of known messages", counters.duplicates);
    exposition.counter("ghostnet_gossipsub_rejected_total", "messages found invalid", counters.rejected);
    exposition.counter("ghostnet_gossipsub_forwarded_total", "copies queued for others", counters.forwarded);
    exposition.counter("ghostnet_gossipsub_dropped_total", "copies and gossip without room", counters.dropped);
    exposition.counter("ghostnet_gossipsub_payload_bytes_total", "of copies sent", counters.payload_bytes);
    exposition.counter("ghostnet_gossipsub_control_bytes_total", "of all else sent", counters.control_bytes);
    return std::move(exposition).take();
  }

  Result<> subscribe(const std::string& topic) { return pubsub_.subscribe(topic); }

  Result<> listen(const std::string& text) {
    const Result<libp2p::Multiaddr> address = libp2p::Multiaddr::parse(text);
    if (!address) return fail(address);
    const Result<libp2p::Multiaddr> at = node_.listen(*address);
    if (!at) return fail(at);
    say({{"event", "listening"}, {"addr", at->with_peer(node_.id()).text()}});
    return {};
  }

  void dial_in_background(const std::string& text) { begin({{"do", "dial"}, {"addr", text}}); }

  void bootstrap(std::vector<libp2p::Multiaddr> addresses) {
    if (!addresses.empty()) scope_.spawn(stay_bootstrapped(std::move(addresses)));
  }

  // Until a signal.
  Task<> run_alone(realnet::Signals& signals) {
    co_await signals.received();
    co_await node_.close(node_.host().now() + kFarewell);
  }

  // Until `quit`, the end of standard input, or a signal; but for a signal, what is under way is answered first.
  Task<> run(realnet::Signals& signals) {
    CommandLines commands(world_);
    while (true) {
      auto first = co_await first_of(commands.next(), signals.received());
      if (first.index() == 1) break;
      std::optional<Result<std::string>> line = std::get<0>(std::move(first));
      if (line) commands.taken();
      if (!line || !follow(std::move(*line))) {
        co_await first_of(all_answered_, signals.received(), node_.host().clock().sleep(kLastAnswers));
        break;
      }
    }
    co_await node_.close(node_.host().now() + kFarewell);
  }

 private:
  // The direct peers, whose addresses the peer store has from here on.
  std::vector<libp2p::PeerId> remember(const std::vector<libp2p::Multiaddr>& direct) {
    std::vector<libp2p::PeerId> peers;
    for (const libp2p::Multiaddr& address : direct) {
      peers.push_back(*address.peer());  // was looked at
      node_.peers().pin(peers.back());
      node_.peers().add_addresses(peers.back(), std::span(&address, 1), node_.host().now(), kDirectAddressLifetime);
    }
    return peers;
  }

  Task<> stay_bootstrapped(std::vector<libp2p::Multiaddr> addresses) {
    for (bool first = true;; first = false) {
      if (node_.connections().empty()) {
        for (const libp2p::Multiaddr& address : addresses) scope_.spawn(dial_bootstrap(address, first));
      }
      co_await node_.host().clock().sleep(kBootstrapInterval);
    }
  }
  Task<> dial_bootstrap(libp2p::Multiaddr address, bool tell) {
    const Result<libp2p::PeerId> peer = co_await node_.connect(std::move(address));
    if (!peer && tell) say({{"event", "error"}, {"what", peer.error().message()}});
  }

  void connected(const libp2p::ConnectionInfo& info) override {
    say({{"event", "connected"},
         {"peer", info.peer.text()},
         {"addr", info.remote_address.text()},
         {"direction", libp2p::to_string(info.direction)},
         {"security", info.security},
         {"muxer", info.muxer}});
  }
  void disconnected(const libp2p::PeerId& peer, const Error& why) override {
    say({{"event", "disconnected"}, {"peer", peer.text()}, {"why", why.message()}});
  }

  void received(const gossipsub::Delivery& delivery) override {
    const auto author = libp2p::PeerId::from_bytes(delivery.message.from.value_or(ByteView()));
    const auto neighbour = libp2p::PeerId::from_bytes(pubsub_.router().peer_id(delivery.source).view());
    say({{"event", "message"},
         {"topic", delivery.message.topic},
         {"from", author ? author->text() : ""},
         {"id", to_hex(delivery.id.view())},
         {"data", encode_base64(delivery.message.data)},
         {"received_from", neighbour ? neighbour->text() : ""}});
  }
  std::optional<gossipsub::Verdict> validate(gossipsub::MessageSeq seq, const gossipsub::Message& message,
                                             const libp2p::PeerId& from) override {
    if (!validates_) return gossipsub::Verdict::accept;
    const auto author = libp2p::PeerId::from_bytes(message.from.value_or(ByteView()));
    say({{"event", "validate"},
         {"seq", seq},
         {"topic", message.topic},
         {"from", author ? author->text() : ""},
         {"data", encode_base64(message.data)},
         {"received_from", from.text()}});
    return std::nullopt;
  }
  void peer_subscribed(const libp2p::PeerId& peer, std::string_view topic, bool subscribed) override {
    say({{"event", subscribed ? "subscribed" : "unsubscribed"}, {"peer", peer.text()}, {"topic", topic}});
  }
  // The mesh is told in a turn of its own, since the router is at work when it changes.
  void mesh_changed(std::string_view topic, const libp2p::PeerId& peer, bool grafted) override {
    static_cast<void>(peer);
    static_cast<void>(grafted);
    scope_.spawn(tell_mesh(std::string(topic)));
  }
  Task<> tell_mesh(std::string topic) {
    json peers = json::array();
    for (const libp2p::PeerId& peer : pubsub_.mesh(topic)) peers.push_back(peer.text());
    say({{"event", "mesh"}, {"topic", topic}, {"peers", std::move(peers)}});
    co_return;
  }

  static std::string text_of(const json& command, const char* field) {
    const auto found = command.find(field);
    return found != command.end() && found->is_string() ? found->get<std::string>() : std::string();
  }

  static void answer(const json& command, const Result<>& outcome, json more) {
    json line = more.is_object() ? std::move(more) : json::object();
    if (const auto id = command.find("id"); id != command.end()) line["id"] = *id;
    line["ok"] = outcome.has_value();
    if (!outcome) line["error"] = outcome.error().message();
    if (!outcome && !command.contains("id")) {
      line = {{"event", "error"}, {"what", outcome.error().message()}};
    } else if (!command.contains("id")) {
      return;
    }
    say(line);
  }

  // False: that was the last one.
  bool follow(Result<std::string> line) {
    if (line && line->empty()) return true;
    Result<json> command = line ? parse_command(*line) : Result<json>(fail(line));
    if (!command) {
      say({{"event", "error"}, {"what", command.error().message()}});
    } else if (text_of(*command, "do") == "quit") {
      answer(*command, Result<>(), {});
      return false;
    } else if (under_way_ >= kMaxCommands) {
      answer(*command, fail(Errc::limit, "{} commands are under way", kMaxCommands), {});
    } else {
      begin(std::move(*command));
    }
    return true;
  }

  void begin(json command) {
    ++under_way_;
    all_answered_.reset();
    scope_.spawn(perform(std::move(command)));
  }

  Task<> perform(json command) {
    json more = json::object();
    const Result<> outcome = co_await perform_one(command, more);
    answer(command, outcome, std::move(more));
    if (--under_way_ == 0) all_answered_.set();
  }

  Task<Result<>> perform_one(const json& command, json& more) {
    const std::string what = text_of(command, "do");
    if (what == "dial") {
      if (text_of(command, "addr").empty()) co_return fail(Errc::invalid_argument, "dial needs an \"addr\"");
      const Result<libp2p::Multiaddr> address = libp2p::Multiaddr::parse(text_of(command, "addr"));
      if (!address) co_return fail(address);
      const Result<libp2p::PeerId> peer = co_await node_.connect(*address);
      if (!peer) co_return fail(peer);
      more["peer"] = peer->text();
      co_return Result<>();
    }
    if (what == "peers") {
      more["peers"] = json::array();
      for (const libp2p::PeerId& peer : node_.connected_peers()) more["peers"].push_back(peer.text());
      co_return Result<>();
    }
    if (what == "self") co_return describe_self(more);
    if (what == "verdict") co_return conclude(command);
    if (what == "publish" || what == "subscribe" || what == "unsubscribe") co_return pubsub(what, command, more);
    if (what.starts_with("dht_")) co_return co_await dht(what, command, more);
    if (what == "name_publish" || what == "name_resolve") co_return co_await name(what, command, more);
    if (what != "ping" && what != "identify" && what != "disconnect") {
      co_return fail(Errc::not_supported,
                     "no command \"{}\": there are dial, disconnect, ping, identify, peers, self, publish, subscribe, "
                     "unsubscribe, verdict, dht_put, dht_get, dht_provide, dht_providers, dht_find_peer, name_publish, "
                     "name_resolve and quit",
                     what);
    }
    if (text_of(command, "peer").empty()) co_return fail(Errc::invalid_argument, "{} needs a \"peer\"", what);
    const Result<libp2p::PeerId> peer = libp2p::PeerId::parse(text_of(command, "peer"));
    if (!peer) co_return fail(peer);
    if (what == "identify") co_return co_await identify(*peer, more);
    if (what == "disconnect") {
      if (!node_.is_connected(*peer)) co_return fail(Errc::not_found, "{} is not connected", peer->text());
      node_.disconnect(*peer);
      co_return Result<>();
    }
    const Result<Duration> rtt = co_await node_.ping(*peer);
    if (!rtt) co_return fail(rtt);
    more["rtt_ns"] = rtt->count();
    co_return Result<>();
  }

  Result<> describe_self(json& more) {
    more["peer"] = node_.id().text();
    more["addrs"] = json::array();
    for (const libp2p::Multiaddr& address : node_.addresses()) {
      more["addrs"].push_back(address.with_peer(node_.id()).text());
    }
    more["protocols"] = node_.protocols();
    return {};
  }

  // What a `validate` event left open.
  Result<> conclude(const json& command) {
    const auto seq = command.find("seq");
    if (seq == command.end() || !seq->is_number_unsigned()) {
      return fail(Errc::invalid_argument, "verdict needs the \"seq\" of a validate event");
    }
    using gossipsub::Verdict;
    const std::string verdict = text_of(command, "verdict");
    if (verdict != "accept" && verdict != "ignore" && verdict != "reject") {
      return fail(Errc::invalid_argument, "\"verdict\" is accept, ignore or reject");
    }
    pubsub_.conclude(seq->get<std::uint64_t>(), verdict == "accept"   ? Verdict::accept
                                                : verdict == "ignore" ? Verdict::ignore
                                                                      : Verdict::reject);
    return {};
  }

  Result<> pubsub(const std::string& what, const json& command, json& more) {
    const std::string topic = text_of(command, "topic");
    if (topic.empty()) return fail(Errc::invalid_argument, "{} needs a \"topic\"", what);
    if (what == "subscribe") return pubsub_.subscribe(topic);
    if (what == "unsubscribe") {
      pubsub_.unsubscribe(topic);
      return {};
    }
    const auto data = decode_base64(text_of(command, "data"));
    if (!data) return fail(Errc::invalid_argument, "\"data\" is no base64 (RFC 4648 4)");
    const auto id = pubsub_.publish(topic, *data);
    if (!id) return fail(id);
    more["message_id"] = to_hex(id->view());
    return {};
  }

  // Keys, values and the multihashes that stand for content are base64.
  Task<Result<>> dht(std::string what, const json& command, json& more) {
    if (!dht_) co_return fail(Errc::not_supported, "{}: the node runs with --dht off", what);
    if (what == "dht_find_peer") {
      const Result<libp2p::PeerId> peer = libp2p::PeerId::parse(text_of(command, "peer"));
      if (!peer) co_return fail(peer);
      const auto found = co_await dht_->find_peer(*peer);
      if (!found) co_return fail(found);
      more["addrs"] = json::array();
      for (const libp2p::Multiaddr& address : found->addresses) more["addrs"].push_back(address.text());
      co_return Result<>();
    }
    const bool content = what == "dht_provide" || what == "dht_providers";
    const std::string field = content ? "cid" : "key";
    const auto key = decode_base64(text_of(command, field.c_str()));
    if (!key || key->empty()) co_return fail(Errc::invalid_argument, "{} needs \"{}\" in base64", what, field);
    const Bytes name = Bytes::copy_of(*key);
    if (what == "dht_provide") co_return co_await dht_->provide(name);
    if (what == "dht_providers") {
      const auto providers = co_await dht_->find_providers(name);
      if (!providers) co_return fail(providers);
      more["providers"] = json::array();
      for (const kademlia::PeerInfo& provider : *providers) more["providers"].push_back(provider.id.text());
      co_return Result<>();
    }
    if (what == "dht_put") {
      const auto value = decode_base64(text_of(command, "value"));
      if (!value) co_return fail(Errc::invalid_argument, "\"value\" is no base64 (RFC 4648 4)");
      co_return co_await dht_->put_value(name, Bytes::copy_of(*value));
    }
    if (what != "dht_get") co_return fail(Errc::not_supported, "no command \"{}\"", what);
    const auto value = co_await dht_->get_value(name);
    if (!value) co_return fail(value);
    more["value"] = encode_base64(value->view());
    co_return Result<>();
  }

  // IPNS: what this node's name, or another's, stands for. Its sequence is the time, so that the latest wins.
  Task<Result<>> name(std::string what, const json& command, json& more) {
    if (what == "name_resolve" && text_of(command, "peer").empty()) {
      co_return fail(Errc::invalid_argument, "name_resolve needs a \"peer\"");
    }
    if (!dht_) co_return fail(Errc::not_supported, "{}: the node runs with --dht off", what);
    if (what == "name_publish") {
      const std::string path = text_of(command, "path");
      if (!path.starts_with('/')) co_return fail(Errc::invalid_argument, "name_publish needs a \"path\"");
      const WallTime now = node_.host().clock().wall_now();
      const kademlia::IpnsRecord record{.value = path,
                                        .sequence = static_cast<std::uint64_t>(
                                            std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()),
                                        .valid_until = now + kNameLifetime};
      const std::vector<std::uint8_t> key = kademlia::IpnsRecord::key_of(node_.id());
      const std::vector<std::uint8_t> value = record.seal(node_.key(), node_.secure_random());
      co_return co_await dht_->put_value(Bytes::copy_of(key), Bytes::copy_of(value));
    }
    const Result<libp2p::PeerId> peer = libp2p::PeerId::parse(text_of(command, "peer"));
    if (!peer) co_return fail(peer);
    const std::vector<std::uint8_t> key = kademlia::IpnsRecord::key_of(*peer);
    const Result<Bytes> value = co_await dht_->get_value(Bytes::copy_of(key));
    if (!value) co_return fail(value);
    const Result<kademlia::IpnsRecord> record = kademlia::IpnsRecord::open(*peer, value->view());
    if (!record) co_return fail(record);
    more["path"] = record->value;
    more["sequence"] = record->sequence;
    more["valid_until"] = kademlia::rfc3339_text(record->valid_until);
    co_return Result<>();
  }

  Task<Result<>> identify(libp2p::PeerId peer, json& more) {
    if (Result<> asked = co_await node_.identify(peer); !asked) co_return asked;
    const libp2p::PeerAbout* const about = node_.peers().find(peer);
    if (about == nullptr) co_return fail(Errc::no_buffers, "there is no room to remember what the peer said");
    more["agent"] = about->agent;
    more["protocol_version"] = about->protocol_version;
    more["protocols"] = about->protocols;
    more["observed_addr"] = about->observed.text();
    more["signed_record"] = !about->signed_record.empty();
    more["addrs"] = json::array();
    for (const libp2p::Multiaddr& address : node_.peers().addresses(peer, node_.host().now())) {
      more["addrs"].push_back(address.text());
    }
    co_return Result<>();
  }

  realnet::World& world_;
  libp2p::Node node_;
  libp2p::Registration observing_;
  bool validates_;
  gossipsub::Pubsub pubsub_;
  kademlia::NamespaceValidator validator_;
  std::optional<kademlia::Dht> dht_;
  std::size_t under_way_ = 0;  // commands
  Event all_answered_;
  Scope scope_;
};

Result<std::optional<kademlia::Mode>> dht_mode(const std::string& name) {
  if (name == "off") return std::nullopt;
  if (name == "client") return kademlia::Mode::client;
  if (name == "server") return kademlia::Mode::server;
  return fail(Errc::invalid_argument, "--dht {}: expected client, server or off", name);
}

Result<libp2p::NodeOptions> options_of(const NodeCommand& command) {
  Result<std::vector<libp2p::Security>> security = security_of(command.security);
  if (!security) return fail(security);
  Result<dns::ResolverOptions> dns = dns_of(command.dns);
  if (!dns) return fail(dns);
  libp2p::NodeOptions options{.security = std::move(*security), .dns = std::move(*dns)};
  for (const std::string& rule : command.allow) {
    if (Result<> said = options.gate.allow(rule); !said) return fail(said.error().while_doing("--allow"));
  }
  for (const std::string& rule : command.deny) {
    if (Result<> said = options.gate.deny(rule); !said) return fail(said.error().while_doing("--deny"));
  }
  return options;
}

Result<std::unique_ptr<MetricsEndpoint>> open_metrics(Host& host, const std::string& at, const LiveNode& node) {
  const Result<Endpoint> endpoint = Endpoint::parse(at);
  if (!endpoint) return fail(Errc::invalid_argument, "--metrics {}: expected ADDRESS:PORT, as in 127.0.0.1:9100", at);
  auto opened = MetricsEndpoint::open(host, *endpoint, [&node] { return node.metrics(); });
  if (!opened) return fail(opened.error().while_doing("--metrics"));
  say({{"event", "metrics"}, {"url", fmt::format("http://{}/metrics", (*opened)->local().to_string())}});
  return opened;
}

// Errors: invalid_argument, malformed.
Result<LiveOptions> live_options_of(const NodeCommand& command) {
  const auto dht = dht_mode(command.dht);
  if (!dht) return fail(dht);
  LiveOptions options{.dht = *dht, .direct = {}, .validate = command.validate};
  if (command.validate && command.no_commands) {
    return fail(Errc::invalid_argument, "--validate: verdicts are commands, which --no-commands does not read");
  }
  for (const std::string& text : command.direct) {
    const auto address = libp2p::Multiaddr::parse(text);
    if (!address) return fail(address.error().while_doing("--direct"));
    if (!address->peer()) return fail(Errc::invalid_argument, "--direct {}: expected /p2p/PEER at its end", text);
    options.direct.push_back(*address);
  }
  return options;
}

}  // namespace

int node(const NodeCommand& command) {
  const auto refuse = [](int code, const Error& error) {
    fmt::print(stderr, "ghostnet: {}\n", error.message());
    return code;
  };
  Result<libp2p::NodeOptions> options = options_of(command);
  if (!options) return refuse(kBadInput, options.error());
  for (const std::string& address : command.peers) {
    if (const auto parsed = libp2p::Multiaddr::parse(address); !parsed) {
      return refuse(kBadInput, parsed.error().while_doing("--peer"));
    }
  }
  const Result<LiveOptions> live_options = live_options_of(command);
  if (!live_options) return refuse(kBadInput, live_options.error());
  Result<std::vector<libp2p::Multiaddr>> bootstrap = bootstrap_list(command.bootstrap_file);
  if (!bootstrap) return refuse(kBadInput, bootstrap.error());
  auto world = realnet::World::create();
  if (!world) return refuse(kInternal, world.error());
  auto signals = realnet::Signals::watch(**world);
  if (!signals) return refuse(kInternal, signals.error());
  realnet::Host host(**world, {.name = "node"});
  crypto::HostRandom random(host);
  Result<libp2p::KeyPair> key = load_or_make_key(command.key_file, random);
  if (!key) return refuse(kBadInput, key.error());

  std::unique_ptr<PubsubTrace> trace;
  if (!command.trace.empty()) {
    auto created = PubsubTrace::create(command.trace, key->peer_id(), host.clock());
    if (!created) return refuse(kBadInput, created.error());
    trace = std::move(*created);
  }
  LiveNode live(**world, host, std::move(*key), std::move(*options), *live_options, trace.get());
  std::unique_ptr<MetricsEndpoint> metrics;
  if (!command.metrics.empty()) {
    auto opened = open_metrics(host, command.metrics, live);
    if (!opened) return refuse(kBadInput, opened.error());
    metrics = std::move(*opened);
  }
  for (const std::string& address : command.listen) {
    if (Result<> listening = live.listen(address); !listening) return refuse(kBadInput, listening.error());
  }
  for (const std::string& topic : command.topics) {
    if (Result<> joined = live.subscribe(topic); !joined) return refuse(kBadInput, joined.error());
  }
  for (const std::string& address : command.peers) live.dial_in_background(address);
  live.bootstrap(std::move(*bootstrap));
  (*world)->run(command.no_commands ? live.run_alone(**signals) : live.run(**signals));
  return (*signals)->which() != 0 ? kInterrupted : kOk;
}

}  // namespace ghostnet::cli
