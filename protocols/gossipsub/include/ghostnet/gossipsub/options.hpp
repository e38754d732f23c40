// The parameters of a gossipsub router, by the names of the specifications (libp2p/specs, pubsub/gossipsub, v1.0 to
// v1.2). Defaults are those of the specifications, and of go-libp2p-pubsub where the specifications leave them open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::gossipsub {

// pubsub/README.md, "Signature Policy Options". The two lax ones are legacy and not offered.
enum class SignaturePolicy : std::uint8_t {
  strict_sign,     // from, seqno and signature must be there, and the signature must be right
  strict_no_sign,  // none of them may be there
};

struct RouterOptions {
  SignaturePolicy signature_policy = SignaturePolicy::strict_sign;

  // Mesh (v1.0 "Parameters", v1.1 "Overview of New Parameters").
  std::uint32_t d = 6;
  std::uint32_t d_low = 5;
  std::uint32_t d_high = 12;
  std::uint32_t d_lazy = 6;
  std::uint32_t d_score = 4;
  std::uint32_t d_out = 2;
  Duration heartbeat = 1s;
  Duration fanout_ttl = 60s;
  Duration prune_backoff = 60s;
  Duration unsubscribe_backoff = 10s;
  bool flood_publish = true;

  // Gossip.
  Probability gossip_factor = Probability::ratio(1, 4);
  std::uint32_t history_length = 5;  // heartbeats that a message can be asked for
  std::uint32_t history_gossip = 3;  // heartbeats that it is told of
  Duration seen_ttl = 120s;
  Duration iwant_followup = 3s;
  std::uint32_t gossip_retransmission = 3;  // times that one peer can ask for one message
  std::uint32_t max_ihave_ids = 5000;       // of one peer, between two heartbeats
  std::uint32_t max_ihave_messages = 10;    // the same

  // Peer exchange and opportunistic grafting (v1.1).
  bool peer_exchange = false;
  std::uint32_t prune_peers = 16;
  Duration graft_flood_threshold = 10s;
  std::uint32_t opportunistic_graft_ticks = 60;
  std::uint32_t opportunistic_graft_peers = 2;
  std::uint32_t direct_connect_ticks = 300;

  // IDONTWANT (v1.2).
  DataSize idontwant_threshold = DataSize::kib(1);
  std::uint32_t idontwant_heartbeats = 3;     // after which an IDONTWANT is forgotten
  std::uint32_t max_idontwant_messages = 10;  // of one peer, between two heartbeats
  std::uint32_t max_idontwant_ids = 1000;     // the same

  // Bounds.
  DataSize max_message = DataSize::mib(1);
  std::uint32_t max_peers = 10'000;
  std::uint32_t max_seen = 1'000'000;
  std::uint32_t max_topics = 1024;  // that we subscribe or publish to
  std::uint32_t max_topics_of_peer = 256;
  DataSize max_queue = DataSize::mib(4);  // to one peer
  std::uint32_t max_queue_frames = 4096;  // the same
  std::uint32_t max_promises = 10'000;    // IWANTs whose answers are awaited
  // Bytes of messages that are kept: for whoever asks for them, of which the oldest go first, and of those whose
  // verdict is awaited.
  DataSize max_history = DataSize::mib(64);
  std::uint32_t max_validating = 1024;      // whose verdict is awaited; more are ignored, and may come again
  std::uint32_t max_invalid_messages = 64;  // of one peer, between two heartbeats; then it is not heard until then
  std::uint32_t max_subscription_changes = 1024;  // of one peer, between two heartbeats; beyond it, it is dropped

  Result<> validate() const;
  friend bool operator==(const RouterOptions&, const RouterOptions&) = default;

  static constexpr OptionDesc kOptions[] = {
      option<&RouterOptions::signature_policy>("signature_policy", "whether messages name and prove their author"),
      option<&RouterOptions::d>("d", "peers that a mesh aims at", in(0, 256)),
      option<&RouterOptions::d_low>("d_low", "peers below which a mesh grafts", in(0, 256)),
      option<&RouterOptions::d_high>("d_high", "peers above which a mesh prunes", in(0, 256)),
      option<&RouterOptions::d_lazy>("d_lazy", "peers that gossip is told to, at least", in(0, 256)),
      option<&RouterOptions::d_score>("d_score", "peers that pruning keeps for their score", in(0, 256)),
      option<&RouterOptions::d_out>("d_out", "outbound connections that a mesh keeps", in(0, 256)),
      option<&RouterOptions::heartbeat>("heartbeat", "between two rounds of maintenance", in(10ms, 1h)),
      option<&RouterOptions::fanout_ttl>("fanout_ttl", "how long peers of a topic without subscription are kept",
                                         in(1ms, 24h)),
      option<&RouterOptions::prune_backoff>("prune_backoff", "how long a pruned peer may not graft", in(1s, 24h)),
      option<&RouterOptions::unsubscribe_backoff>("unsubscribe_backoff", "the same after unsubscribing", in(1s, 24h)),
      option<&RouterOptions::flood_publish>("flood_publish", "own messages go to all peers of the topic"),
      option<&RouterOptions::gossip_factor>("gossip_factor", "share of the peers that gossip is told to"),
      option<&RouterOptions::history_length>("history_length", "heartbeats that a message can be asked for",
                                             in(1, 255)),
      option<&RouterOptions::history_gossip>("history_gossip", "heartbeats that gossip tells of a message", in(1, 255)),
      option<&RouterOptions::seen_ttl>("seen_ttl", "how long a message is known again", in(1s, 24h)),
      option<&RouterOptions::iwant_followup>("iwant_followup", "how long a peer may take to send what it told of",
                                             in(1ms, 1h)),
      option<&RouterOptions::gossip_retransmission>("gossip_retransmission",
                                                    "times that one peer can ask for one message", in(1, 255)),
      option<&RouterOptions::peer_exchange>("peer_exchange", "name other peers to those that are pruned"),
      option<&RouterOptions::idontwant_threshold>("idontwant_threshold",
                                                  "size from which on peers are told that a message is there"),
      option<&RouterOptions::max_message>("max_message", "size of the largest message",
                                          in(DataSize{1}, DataSize::mib(64))),
      option<&RouterOptions::max_queue>("max_queue", "what may wait to be sent to one peer",
                                        in(DataSize::kib(1), DataSize::mib(1024))),
      option<&RouterOptions::max_history>("max_history", "messages kept for whoever asks for them, and to be validated",
                                          in(DataSize::kib(64), DataSize::mib(65'536))),
  };
};

// v1.1 "Topic Parameter Calculation and Decay". A weight of 0 switches its parameter off.
struct TopicScoreParams {
  double topic_weight = 1;
  double time_in_mesh_weight = 0.0027;  // P1
  Duration time_in_mesh_quantum = 1s;
  double time_in_mesh_cap = 3600;
  double first_message_deliveries_weight = 0.664;  // P2
  double first_message_deliveries_decay = 0.9916;
  double first_message_deliveries_cap = 1500;
  double mesh_message_deliveries_weight = 0;  // P3
  double mesh_message_deliveries_decay = 0.97;
  double mesh_message_deliveries_cap = 400;
  double mesh_message_deliveries_threshold = 100;
  Duration mesh_message_deliveries_window = 10ms;
  Duration mesh_message_deliveries_activation = 30s;
  double mesh_failure_penalty_weight = 0;  // P3b
  double mesh_failure_penalty_decay = 0.997;
  double invalid_message_deliveries_weight = -99;  // P4
  double invalid_message_deliveries_decay = 0.9994;

  // Errors: invalid_argument, with the constraint of the specification that is not kept.
  Result<> validate() const;
  friend bool operator==(const TopicScoreParams&, const TopicScoreParams&) = default;
};

// Parameters of one topic by its name, in place of those of every topic.
struct NamedTopicScore {
  std::string name;
  TopicScoreParams params;
  friend bool operator==(const NamedTopicScore&, const NamedTopicScore&) = default;
};

// v1.1 "Peer Scoring": parameters and thresholds.
struct ScoreParams {
  bool enabled = false;
  double gossip_threshold = -10;
  double publish_threshold = -50;
  double graylist_threshold = -80;
  double accept_px_threshold = 10;
  double opportunistic_graft_threshold = 5;
  double topic_score_cap = 0;              // of the sum over topics; 0: none
  double app_specific_weight = 1;          // P5
  double ip_colocation_factor_weight = 0;  // P6
  std::uint32_t ip_colocation_factor_threshold = 10;
  double behaviour_penalty_weight = -10;  // P7
  double behaviour_penalty_threshold = 0;
  double behaviour_penalty_decay = 0.986;
  Duration decay_interval = 1s;
  double decay_to_zero = 0.01;
  Duration retain_score = 3600s;
  std::uint32_t max_retained = 10'000;  // scores of peers that left

  TopicScoreParams topic{};               // of every topic
  std::vector<NamedTopicScore> topics{};  // but for these

  Result<> validate() const;
  friend bool operator==(const ScoreParams&, const ScoreParams&) = default;

  static constexpr OptionDesc kOptions[] = {
      option<&ScoreParams::enabled>("enabled", "whether peers are scored"),
      option<&ScoreParams::gossip_threshold>("gossip_threshold", "score below which no gossip is exchanged"),
      option<&ScoreParams::publish_threshold>("publish_threshold", "score below which own messages are not sent"),
      option<&ScoreParams::graylist_threshold>("graylist_threshold",
                                               "score below which nothing but subscriptions is accepted"),
      option<&ScoreParams::accept_px_threshold>("accept_px_threshold", "score from which on peers are taken over"),
      option<&ScoreParams::opportunistic_graft_threshold>(
          "opportunistic_graft_threshold", "median score of a mesh below which better peers are grafted"),
      option<&ScoreParams::topic_score_cap>("topic_score_cap", "the most that all topics add; 0: no bound"),
      option<&ScoreParams::app_specific_weight>("app_specific_weight", "of P5, the application's score"),
      option<&ScoreParams::ip_colocation_factor_weight>("ip_colocation_factor_weight", "of P6, peers of one address"),
      option<&ScoreParams::ip_colocation_factor_threshold>("ip_colocation_factor_threshold",
                                                           "peers of one address that are not punished"),
      option<&ScoreParams::behaviour_penalty_weight>("behaviour_penalty_weight", "of P7, broken rules"),
      option<&ScoreParams::behaviour_penalty_threshold>("behaviour_penalty_threshold",
                                                        "broken rules that are not punished"),
      option<&ScoreParams::behaviour_penalty_decay>("behaviour_penalty_decay", "of P7, each decay_interval"),
      option<&ScoreParams::decay_interval>("decay_interval", "between two decays of all counters", in(10ms, 1h)),
      option<&ScoreParams::decay_to_zero>("decay_to_zero", "below which a counter is zero"),
      option<&ScoreParams::retain_score>("retain_score", "how long the score of a peer that left is kept", in(0s, 24h)),
  };
};

// What a router goes by. Routers of one thread that go by the same share it: where there are thousands, it then stays
// in the cache.
struct Rules {
  RouterOptions options;
  ScoreParams scoring;

  static std::shared_ptr<const Rules> shared(const RouterOptions& options, const ScoreParams& scoring);
  friend bool operator==(const Rules&, const Rules&) = default;
};

}  // namespace ghostnet::gossipsub

template <>
inline constexpr ghostnet::OptionChoice<ghostnet::gossipsub::SignaturePolicy>
    ghostnet::kChoices<ghostnet::gossipsub::SignaturePolicy>[] = {
        {ghostnet::gossipsub::SignaturePolicy::strict_sign, "strict_sign"},
        {ghostnet::gossipsub::SignaturePolicy::strict_no_sign, "strict_no_sign"}};
