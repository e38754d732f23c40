// GossipsubService: gossipsub as scenarios start it: topics are joined, messages are published and measured.
//
//   protocols: { libp2p: { peers: 6 }, gossipsub: { topics: [news], d: 8 } }
//   workload:  [ publish: { from: publishers, topic: news, size: 1 KiB, rate: 0.1 /s } ]
//
// A published message carries its publisher, a number and the instant of its publishing in its first bytes, so that
// each receiver knows how long it took. Its payload is otherwise of no meaning.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/gossipsub/options.hpp"
#include "ghostnet/gossipsub/pubsub.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet::gossipsub {

template <std::size_t kFirst, std::size_t kSecond>
constexpr auto joined(const OptionDesc (&first)[kFirst], const OptionDesc (&second)[kSecond]) {
  std::array<OptionDesc, kFirst + kSecond> all{};
  std::ranges::copy(first, all.begin());
  std::ranges::copy(second, all.begin() + kFirst);
  return all;
}

struct GossipsubOptions : RouterOptions {
  std::vector<std::string> topics{};
  bool scoring = false;
  double mesh_deliveries_weight = 0;
  double mesh_deliveries_threshold = 100;
  double mesh_deliveries_decay = 0.97;
  Duration mesh_deliveries_window = 10ms;
  Duration mesh_deliveries_activation = 30s;
  double invalid_deliveries_weight = -99;
  double ip_colocation_weight = 0;
  double behaviour_penalty_weight = -10;

  // Of these options, the others as ScoreParams has them.
  ScoreParams score_params() const;
  Result<> validate() const;

  static constexpr OptionDesc kOwnOptions[] = {
      option<&GossipsubOptions::topics>("topics", "joined at the start"),
      option<&GossipsubOptions::scoring>("scoring", "score peers (v1.1), with the thresholds of docs/gossipsub.md"),
      option<&GossipsubOptions::mesh_deliveries_weight>("mesh_deliveries_weight", "of P3; 0: off"),
      option<&GossipsubOptions::mesh_deliveries_threshold>("mesh_deliveries_threshold", "of P3"),
      option<&GossipsubOptions::mesh_deliveries_decay>("mesh_deliveries_decay",
                                                       "of P3: what is left of the count after a second"),
      option<&GossipsubOptions::mesh_deliveries_window>(
          "mesh_deliveries_window", "of P3: copies that come so soon after the first count too", in(0ms, 10s)),
      option<&GossipsubOptions::mesh_deliveries_activation>(
          "mesh_deliveries_activation", "of P3: how long a peer is in the mesh before it counts", in(1s, 1h)),
      option<&GossipsubOptions::invalid_deliveries_weight>("invalid_deliveries_weight", "of P4; 0: off"),
      option<&GossipsubOptions::ip_colocation_weight>("ip_colocation_weight", "of P6; 0: off"),
      option<&GossipsubOptions::behaviour_penalty_weight>("behaviour_penalty_weight", "of P7; 0: off"),
  };
  static constexpr auto kOptions = joined(RouterOptions::kOptions, kOwnOptions);
};

struct PublishRequest {
  static constexpr DataSize kMinSize{24};  // publisher, number, instant

  std::string topic;
  DataSize size = DataSize::kib(1);

  static constexpr OptionDesc kOptions[] = {
      option<&PublishRequest::topic>("topic", "where to publish"),
      option<&PublishRequest::size>("size", "of the message's data", in(kMinSize, DataSize::mib(16))),
  };
};

struct TopicRequest {
  std::string topic;
  Duration hold{};

  static constexpr OptionDesc kOptions[] = {
      option<&TopicRequest::topic>("topic", "which"),
      option<&TopicRequest::hold>("for", "undone after so long; 0: never", in(0s, 24h)),
  };
};

struct GossipsubMetrics {
  Counter published;
  Counter expected;
  Counter delivered;
  Counter duplicates;
  Counter rejected;
  Counter sent_copies;
  Counter suppressed;
  Counter dropped;
  Counter payload_bytes;
  Counter control_bytes;
  Counter ihave_ids;
  Counter iwant_ids;
  Counter iwant_served;
  Counter idontwant;
  Counter grafts;
  Counter prunes;
  HistogramRef delivery_latency;
  HistogramRef mesh_degree;

  static constexpr std::string_view kFamily = "gossipsub";
  static constexpr FamilyMetric<GossipsubMetrics> kMetrics[] = {
      {&GossipsubMetrics::published, "published", "messages", "messages published here"},
      {&GossipsubMetrics::expected, "expected", "deliveries",
       "for each message published here: the other hosts that run gossipsub, whether they were up or not"},
      {&GossipsubMetrics::delivered, "delivered", "deliveries", "messages of others accepted here, each once"},
      {&GossipsubMetrics::duplicates, "duplicates", "copies", "copies received of messages that were here already"},
      {&GossipsubMetrics::rejected, "rejected", "messages", "messages that policy or signature forbade"},
      {&GossipsubMetrics::sent_copies, "sent_copies", "copies", "copies of messages queued to peers"},
      {&GossipsubMetrics::suppressed, "suppressed", "copies", "copies that an IDONTWANT saved"},
      {&GossipsubMetrics::dropped, "dropped", "frames", "copies and gossip for which a peer's queue had no room"},
      {&GossipsubMetrics::payload_bytes, "payload_bytes", "bytes", "handed to streams: copies of messages"},
      {&GossipsubMetrics::control_bytes, "control_bytes", "bytes", "handed to streams: all else"},
      {&GossipsubMetrics::ihave_ids, "ihave_ids", "ids", "ids of messages told by IHAVE"},
      {&GossipsubMetrics::iwant_ids, "iwant_ids", "ids", "ids of messages asked for by IWANT"},
      {&GossipsubMetrics::iwant_served, "iwant_served", "messages", "messages sent because they were asked for"},
      {&GossipsubMetrics::idontwant, "idontwant", "RPCs", "IDONTWANTs sent"},
      {&GossipsubMetrics::grafts, "grafts", "links", "links of meshes made"},
      {&GossipsubMetrics::prunes, "prunes", "links", "links of meshes ended"},
      {&GossipsubMetrics::delivery_latency, "delivery_latency", "ns", "from publishing to acceptance here"},
      {&GossipsubMetrics::mesh_degree, "mesh_degree", "peers", "peers in the mesh of a topic, each second"},
  };
};

class GossipsubService final : public Service, private PubsubHandler {
 public:
  using Options = GossipsubOptions;
  using Metrics = GossipsubMetrics;

  // Errors: invalid_argument where libp2p does not run beside it; those of Pubsub::subscribe().
  static Result<std::unique_ptr<GossipsubService>> start(const ServiceContext& context,
                                                         const GossipsubOptions& options);

  Pubsub& pubsub() { return pubsub_; }

  Task<Result<>> publish(const PublishRequest& request);
  Task<Result<>> join(const TopicRequest& request);
  Task<Result<>> leave(const TopicRequest& request);
  Task<> stop(TimePoint deadline) override;

 private:
  GossipsubService(const ServiceContext& context, libp2p::Node& node, const GossipsubOptions& options);

  void received(const Delivery& delivery) override;
  Task<> measure();
  void count();

  Host& host_;
  std::uint64_t others_;
  std::uint64_t number_ = 0;
  std::vector<std::string> topics_;
  GossipsubMetrics& metrics_;
  RouterCounters counted_;  // what is in the metrics already
  Pubsub pubsub_;
  Scope scope_;
};

ServiceDescriptor service();

}  // namespace ghostnet::gossipsub
