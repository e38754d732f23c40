// KademliaService: the DHT as scenarios start it: lookups are made and measured.
//
//   protocols: { libp2p: { peers: 3 }, kademlia: { mode: server } }
//   workload:  [ dht_lookup: { from: clients, rate: 1 /s } ]
//
// Content is one of a number of keys that all hosts know (`keys`), so that what some put or provide others can find.
#pragma once

#include <cstdint>
#include <memory>

#include "ghostnet/kademlia/dht.hpp"
#include "ghostnet/kademlia/known_servers.hpp"
#include "ghostnet/libp2p/service.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet::kademlia {

// How a routing table comes about: by searches from the first connections on, or, in a simulation, out of the
// directory (known_servers.hpp), as if it had been refreshed for long.
enum class TableFrom : std::uint8_t { searches, directory };

struct KademliaOptions {
  Mode mode = Mode::server;
  std::uint32_t k = 20;
  std::uint32_t alpha = 10;
  std::uint32_t beta = 3;
  std::uint32_t paths = 1;
  TableFrom table = TableFrom::searches;
  Duration refresh = 10min;
  Duration request_timeout = 10s;

  static constexpr OptionDesc kOptions[] = {
      option<&KademliaOptions::mode>("mode", "server: answers others; client: only asks"),
      option<&KademliaOptions::k>("k", "peers of a bucket, and peers that a record is kept at", in(1, 1000),
                                  unit("peers")),
      option<&KademliaOptions::alpha>("alpha", "questions of one search under way at once", in(1, 1000)),
      option<&KademliaOptions::beta>("beta",
                                     "when so many of the nearest have answered, the rest of the k are asked at once",
                                     in(1, 1000), unit("peers")),
      option<&KademliaOptions::paths>("paths", "disjoint paths of a search", in(1, 32)),
      option<&KademliaOptions::table>("table",
                                      "searches: filled by searching from the first connections on; directory: full "
                                      "from the start, of servers by chance, as after long refreshing"),
      option<&KademliaOptions::refresh>("refresh", "how often the routing table is refreshed", in(1s, 24h)),
      option<&KademliaOptions::request_timeout>("request_timeout", "of one question", in(10ms, 10min)),
  };
};

struct LookupRequest {
  static constexpr std::span<const OptionDesc> kOptions{};
};

struct ContentRequest {
  std::uint32_t keys = 100;

  static constexpr OptionDesc kOptions[] = {
      option<&ContentRequest::keys>("keys", "one of so many keys, by chance", in(1, 1'000'000), unit("keys")),
  };
};

struct KademliaMetrics {
  Counter lookups;
  Counter lookups_failed;
  Counter puts;
  Counter puts_failed;
  Counter gets;
  Counter gets_failed;
  Counter finds;
  Counter finds_failed;
  Counter finds_connected;
  Gauge table_size;
  HistogramRef lookup_time;
  HistogramRef get_time;
  HistogramRef find_time;
  HistogramRef find_hops;
  HistogramRef hops;
  HistogramRef asked;

  static constexpr std::string_view kFamily = "kademlia";
  static constexpr FamilyMetric<KademliaMetrics> kMetrics[] = {
      {&KademliaMetrics::lookups, "lookups", "lookups", "searches for the peers nearest to a key"},
      {&KademliaMetrics::lookups_failed, "lookups_failed", "lookups", "of these, those that nobody answered in time"},
      {&KademliaMetrics::puts, "puts", "operations", "values put and keys provided"},
      {&KademliaMetrics::puts_failed, "puts_failed", "operations", "of these, those that no server took"},
      {&KademliaMetrics::gets, "gets", "operations", "values and providers searched for"},
      {&KademliaMetrics::gets_failed, "gets_failed", "operations", "of these, those that found nothing"},
      {&KademliaMetrics::finds, "finds", "operations", "peers searched for by their id"},
      {&KademliaMetrics::finds_failed, "finds_failed", "operations", "of these, those that nobody named"},
      {&KademliaMetrics::finds_connected, "finds_connected", "operations",
       "of these, those of a connected peer: nobody was asked, and they have no time and no hops"},
      {&KademliaMetrics::table_size, "table_size", "peers", "peers in the routing table"},
      {&KademliaMetrics::lookup_time, "lookup_time", "ns", "of lookups that were answered"},
      {&KademliaMetrics::get_time, "get_time", "ns", "of searches that found something"},
      {&KademliaMetrics::find_time, "find_time", "ns", "until a peer's addresses were told"},
      {&KademliaMetrics::find_hops, "find_hops", "hops",
       "how far whoever told them was heard of; from the own table: 1"},
      {&KademliaMetrics::hops, "hops", "hops",
       "of lookups: how far the nearest peer was heard of; from the own table: 1"},
      {&KademliaMetrics::asked, "asked", "peers", "of lookups: peers asked"},
  };
};

class KademliaService final : public Service {
 public:
  using Options = KademliaOptions;
  using Metrics = KademliaMetrics;

  // Errors: invalid_argument where libp2p does not run beside it, or has identities that nobody knows though the table
  // is to be filled out of the directory.
  static Result<std::unique_ptr<KademliaService>> start(const ServiceContext& context, const KademliaOptions& options);

  Dht& dht() { return dht_; }

  Task<Result<>> lookup(const LookupRequest& request);
  // Errors: not_supported where identities are not of the hosts' numbers; those of Dht::find_peer().
  Task<Result<>> find_peer(Peer peer, const LookupRequest& request);
  Task<Result<>> put(const ContentRequest& request);
  Task<Result<>> get(const ContentRequest& request);
  Task<Result<>> provide(const ContentRequest& request);
  Task<Result<>> find(const ContentRequest& request);
  Task<> stop(TimePoint deadline) override;

 private:
  KademliaService(Host& host, libp2p::Libp2pService& libp2p, const KademliaOptions& options);

  Result<> fill_table(const Directory* directory, std::size_t bucket_size);
  Task<> measure();
  Bytes content_key(const ContentRequest& request);

  Host& host_;
  libp2p::Libp2pService& libp2p_;
  KademliaMetrics& metrics_;
  Random random_;
  std::shared_ptr<const KnownServers> known_;  // held so that it is made once
  Dht dht_;
  Scope scope_;
};

ServiceDescriptor service();

}  // namespace ghostnet::kademlia

template <>
inline constexpr ghostnet::OptionChoice<ghostnet::kademlia::TableFrom>
    ghostnet::kChoices<ghostnet::kademlia::TableFrom>[] = {{ghostnet::kademlia::TableFrom::searches, "searches"},
                                                           {ghostnet::kademlia::TableFrom::directory, "directory"}};
template <>
inline constexpr ghostnet::OptionChoice<ghostnet::kademlia::Mode> ghostnet::kChoices<ghostnet::kademlia::Mode>[] = {
    {ghostnet::kademlia::Mode::client, "client"}, {ghostnet::kademlia::Mode::server, "server"}};
