// AttackService: peers that do a gossipsub network harm, as scenarios start them beside honest ones.
//
//   protocols:
//     libp2p:        { on: honest, peers: 5 }
//     gossipsub:     { on: honest, topics: [news], scoring: true }
//     gossip_attack: { on: sybils, topics: [news] }
//   workload:
//     - attack_dial:  { from: sybils, to: honest, rate: 1 /s, stop: 10 s }     an eclipse, where `to` is few hosts
//     - attack_spam:  { from: sybils, rate: 1 /s, start: 30 s, topic: news }   invalid messages
//     - attack_iwant: { from: sybils, rate: 1 /s, start: 30 s }                asks everybody for all that it heard of
//     - attack_ihave: { from: sybils, rate: 1 /s, start: 30 s, topic: news }   tells of messages that are not there
//     - attack_graft: { from: sybils, rate: 1 /s, start: 30 s, topic: news }   grafts whoever has pruned it
//     - attack_censor: { from: sybils, to: victims, rate: 1 /s }               passes on nothing of these authors
//
// An attacker is a libp2p node of its own with a gossipsub that grafts as many peers as it can. From `swallow_after` on
// it forwards nothing of what it is sent (with a time later than 0 it is the covert flash, which earns a good name
// first); of authors that it censors it forwards nothing at any time. The attacks are those of "GossipSub:
// Attack-Resilient Message Propagation" (Vyzovitis et al., 2020) and of gossipsub v1.1, "Spam Protection Measures". Its
// nodes are no members of the honest hosts' directory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/crypto/shared_results.hpp"
#include "ghostnet/gossipsub/pubsub.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/libp2p/service.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet::gossipsub {

struct AttackOptions {
  std::vector<std::string> topics{};
  libp2p::Security security = libp2p::Security::noise;
  bool share_crypto = false;
  std::uint16_t port = 4001;
  SignaturePolicy signature_policy = SignaturePolicy::strict_sign;
  Duration swallow_after{};
  std::uint32_t grafts = 64;

  Result<> validate() const;

  static constexpr OptionDesc kOptions[] = {
      option<&AttackOptions::topics>("topics", "joined at the start"),
      option<&AttackOptions::security>("security", "as the honest hosts have it"),
      option<&AttackOptions::share_crypto>("share_crypto", "as the honest hosts have it"),
      option<&AttackOptions::port>("port", "TCP port that the honest hosts listen on", in(1, 65535)),
      option<&AttackOptions::signature_policy>("signature_policy", "as the honest hosts have it"),
      option<&AttackOptions::swallow_after>("swallow_after", "from when on it forwards nothing", in(0s, 24h)),
      option<&AttackOptions::grafts>("grafts", "peers that it aims to have in its meshes", in(1, 256), unit("peers")),
  };
};

struct AttackTopicRequest {
  std::string topic;

  static constexpr OptionDesc kOptions[] = {option<&AttackTopicRequest::topic>("topic", "which")};
};

struct AttackSpamRequest {
  std::string topic;
  DataSize size{256};

  static constexpr OptionDesc kOptions[] = {
      option<&AttackSpamRequest::topic>("topic", "which"),
      option<&AttackSpamRequest::size>("size", "of the data", in(DataSize{64}, DataSize::mib(1))),
  };
};

struct AttackRequest {
  static constexpr std::span<const OptionDesc> kOptions{};
};

struct AttackMetrics {
  Counter swallowed;
  Counter spam;
  Counter iwant_ids;
  Counter ihave_ids;
  Counter grafts;
  HistogramRef mesh_degree;

  static constexpr std::string_view kFamily = "gossip_attack";
  static constexpr FamilyMetric<AttackMetrics> kMetrics[] = {
      {&AttackMetrics::swallowed, "swallowed", "messages", "messages received by attackers and not forwarded"},
      {&AttackMetrics::spam, "spam", "messages", "invalid messages sent, each to one peer"},
      {&AttackMetrics::iwant_ids, "iwant_ids", "ids", "ids asked for, again and again"},
      {&AttackMetrics::ihave_ids, "ihave_ids", "ids", "ids told of messages that are not there"},
      {&AttackMetrics::grafts, "grafts", "RPCs", "GRAFTs sent whether they were allowed or not"},
      {&AttackMetrics::mesh_degree, "mesh_degree", "peers",
       "peers in an attacker's mesh of a topic as it sees it, each second"},
  };
};

class AttackService final : public Service, private PubsubHandler {
 public:
  using Options = AttackOptions;
  using Metrics = AttackMetrics;

  // Errors: those of Node::listen() and Pubsub::subscribe().
  static Result<std::unique_ptr<AttackService>> start(const ServiceContext& context, const AttackOptions& options);

  Task<Result<>> dial(Peer peer, const AttackRequest& request);
  Task<Result<>> spam(const AttackSpamRequest& request);
  Task<Result<>> iwant(const AttackRequest& request);
  Task<Result<>> ihave(const AttackTopicRequest& request);
  Task<Result<>> graft(const AttackTopicRequest& request);
  Task<Result<>> censor(Peer author, const AttackRequest& request);
  Task<> stop(TimePoint deadline) override;

 private:
  AttackService(const ServiceContext& context, const AttackOptions& options);

  void received(const Delivery& delivery) override;
  std::optional<Verdict> validate(MessageSeq seq, const Message& message, const libp2p::PeerId& from) override;
  Task<> measure();
  void remember(const Message& message);
  bool swallows(const Message& message) const;
  Task<Result<libp2p::PeerId>> reach(Endpoint endpoint);

  Host& host_;
  AttackOptions options_;
  AttackMetrics& metrics_;
  std::shared_ptr<crypto::SharedResults> shared_results_;
  TimePoint swallows_from_;
  Random random_;
  std::vector<MessageId> heard_;  // the last ones, for IWANTs
  std::size_t next_heard_ = 0;
  std::vector<libp2p::PeerId> censored_;
  libp2p::Node node_;
  Pubsub pubsub_;
  Scope scope_;
};

ServiceDescriptor attack_service();

}  // namespace ghostnet::gossipsub
