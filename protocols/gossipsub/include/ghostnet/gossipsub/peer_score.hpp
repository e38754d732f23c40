// PeerScores: what a router thinks of its peers (gossipsub v1.1 "Peer Scoring": P1 to P7).
//
// Scores outlive connections by retain_score, so that nobody sheds a bad one by coming again. All of it is arithmetic
// of IEEE 754 basic operations, the same on every machine. Where scoring is off every score is 0 and nothing is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "ghostnet/gossipsub/options.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::gossipsub {

class PeerScores {
 public:
  using Slot = std::uint32_t;
  using TopicId = std::uint32_t;
  static constexpr Slot kNone = 0xffff'ffff;

  // The parameters outlive it.
  explicit PeerScores(const ScoreParams& params) : params_(params) {}
  explicit PeerScores(ScoreParams&&) = delete;  // they are kept by reference

  bool enabled() const { return params_.enabled; }
  const ScoreParams& params() const { return params_; }

  // Topics that have parameters of their own are known by their names; without a name a topic has those of every topic.
  void name_topic(TopicId topic, std::string_view name);
  const TopicScoreParams& topic_params(TopicId topic) const {
    return topic < topic_params_.size() ? *topic_params_[topic] : params_.topic;
  }

  // Peers of one IPv4 address, or of one /64 of IPv6, share P6 (libp2p/source.hpp).
  Slot connect(const Bytes& peer_id, const IpAddress& address);
  void disconnect(Slot slot, TimePoint now);

  double score(Slot slot) const;

  void grafted(Slot slot, TopicId topic, TimePoint now);
  void pruned(Slot slot, TopicId topic);
  // The first to bring a message that was accepted.
  void first_delivery(Slot slot, TopicId topic);
  // Brought it a little later than the first, `late` after it was accepted; only what lies within the window counts.
  void near_first_delivery(Slot slot, TopicId topic, Duration late);
  void invalid_delivery(Slot slot, TopicId topic);
  void penalize(Slot slot, double amount);
  void set_app_specific(Slot slot, double score);

  // Multiplies the counters by their decays; called every decay_interval. Forgets scores that were kept long enough.
  void decay(TimePoint now);

  std::size_t size() const { return by_id_.size(); }

 private:
  struct TopicStats {
    TopicId topic = 0;
    bool in_mesh = false;
    bool deliveries_active = false;  // in the mesh for longer than the activation
    TimePoint grafted_at{};
    Duration mesh_time{};
    double first_message_deliveries = 0;
    double mesh_message_deliveries = 0;
    double mesh_failure_penalty = 0;
    double invalid_message_deliveries = 0;
  };
  struct Record {
    Bytes peer_id{};
    IpAddress source{};
    bool connected = false;
    TimePoint expires{};
    double behaviour_penalty = 0;
    double app_specific = 0;
    std::vector<TopicStats> topics{};
  };

  TopicStats& stats(Slot slot, TopicId topic);
  double topic_score(const TopicStats& stats) const;
  double delivery_deficit(const TopicStats& stats) const;
  void count_mesh_delivery(TopicStats& stats);
  void forget(Slot slot);
  void forget_oldest();
  void leave_source(const Record& record);

  const ScoreParams& params_;
  std::vector<Record> records_;
  std::vector<Slot> free_;
  std::map<Bytes, Slot> by_id_;
  std::map<IpAddress, std::uint32_t> peers_of_source_;
  std::vector<const TopicScoreParams*> topic_params_;  // by topic, into params_
  std::size_t retained_ = 0;
};

}  // namespace ghostnet::gossipsub
