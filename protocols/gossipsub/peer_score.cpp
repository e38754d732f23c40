#include "ghostnet/gossipsub/peer_score.hpp"

#include <algorithm>
#include <cassert>

#include "ghostnet/libp2p/source.hpp"

namespace ghostnet::gossipsub {

void PeerScores::name_topic(TopicId topic, std::string_view name) {
  if (!enabled() || params_.topics.empty()) return;
  if (topic_params_.size() <= topic) topic_params_.resize(topic + std::size_t{1}, &params_.topic);
  const auto named = std::ranges::find(params_.topics, name, &NamedTopicScore::name);
  if (named != params_.topics.end()) topic_params_[topic] = &named->params;
}

PeerScores::Slot PeerScores::connect(const Bytes& peer_id, const IpAddress& address) {
  if (!enabled()) return kNone;
  const IpAddress source = libp2p::source_of(address);
  Slot slot;
  if (const auto known = by_id_.find(peer_id); known != by_id_.end()) {
    slot = known->second;
    if (records_[slot].connected) {
      leave_source(records_[slot]);
    } else {
      --retained_;
    }
  } else {
    if (free_.empty()) {
      free_.push_back(static_cast<Slot>(records_.size()));
      records_.emplace_back();
    }
    slot = free_.back();
    free_.pop_back();
    by_id_.emplace(peer_id, slot);
    records_[slot] = {.peer_id = peer_id, .source = {}, .topics = {}};
  }
  records_[slot].connected = true;
  records_[slot].source = source;
  ++peers_of_source_[source];
  return slot;
}

void PeerScores::disconnect(Slot slot, TimePoint now) {
  if (slot == kNone) return;
  Record& record = records_[slot];
  assert(record.connected);
  leave_source(record);
  record.connected = false;
  ++retained_;
  // A good score is not kept, so that leaving and coming again earns nothing; what was failed in the mesh is.
  if (score(slot) > 0) return forget(slot);
  for (TopicStats& topic : record.topics) {
    topic.first_message_deliveries = 0;
    if (topic.in_mesh) topic.mesh_failure_penalty += delivery_deficit(topic);
    topic.in_mesh = false;
  }
  record.expires = saturating_add(now, params_.retain_score);
  if (retained_ > params_.max_retained) forget_oldest();
}

void PeerScores::leave_source(const Record& record) {
  const auto peers = peers_of_source_.find(record.source);
  assert(peers != peers_of_source_.end());
  if (--peers->second == 0) peers_of_source_.erase(peers);
}

void PeerScores::forget(Slot slot) {
  --retained_;
  by_id_.erase(records_[slot].peer_id);
  records_[slot] = {};
  free_.push_back(slot);
}

void PeerScores::forget_oldest() {
  Slot oldest = kNone;
  for (Slot slot = 0; slot < records_.size(); ++slot) {
    const Record& record = records_[slot];
    if (record.connected || record.peer_id.empty()) continue;
    if (oldest == kNone || record.expires < records_[oldest].expires) oldest = slot;
  }
  if (oldest != kNone) forget(oldest);
}

double PeerScores::score(Slot slot) const {
  if (slot == kNone) return 0;
  const Record& record = records_[slot];
  double total = 0;
  for (const TopicStats& topic : record.topics) {
    total += topic_params(topic.topic).topic_weight * topic_score(topic);
  }
  if (params_.topic_score_cap > 0) total = std::min(total, params_.topic_score_cap);
  total += record.app_specific * params_.app_specific_weight;

  if (params_.ip_colocation_factor_weight != 0 && record.connected) {
    const double peers = peers_of_source_.at(record.source);
    const double surplus = peers - params_.ip_colocation_factor_threshold;
    if (surplus > 0) total += surplus * surplus * params_.ip_colocation_factor_weight;
  }
  const double broken = record.behaviour_penalty - params_.behaviour_penalty_threshold;
  if (broken > 0) total += broken * broken * params_.behaviour_penalty_weight;
  return total;
}

double PeerScores::topic_score(const TopicStats& stats) const {
  const TopicScoreParams& params = topic_params(stats.topic);
  double score = 0;
  if (stats.in_mesh) {
    const auto quanta = static_cast<double>(stats.mesh_time / params.time_in_mesh_quantum);
    score += std::min(quanta, params.time_in_mesh_cap) * params.time_in_mesh_weight;
  }
  score += stats.first_message_deliveries * params.first_message_deliveries_weight;
  score += delivery_deficit(stats) * params.mesh_message_deliveries_weight;
  score += stats.mesh_failure_penalty * params.mesh_failure_penalty_weight;
  score +=
      stats.invalid_message_deliveries * stats.invalid_message_deliveries * params.invalid_message_deliveries_weight;
  return score;
}

// P3: the square of what is missing.
double PeerScores::delivery_deficit(const TopicStats& stats) const {
  const double missing = topic_params(stats.topic).mesh_message_deliveries_threshold - stats.mesh_message_deliveries;
  return stats.in_mesh && stats.deliveries_active && missing > 0 ? missing * missing : 0;
}

PeerScores::TopicStats& PeerScores::stats(Slot slot, TopicId topic) {
  std::vector<TopicStats>& all = records_[slot].topics;
  for (TopicStats& stats : all) {
    if (stats.topic == topic) return stats;
  }
  return all.emplace_back(TopicStats{.topic = topic});
}

void PeerScores::grafted(Slot slot, TopicId topic, TimePoint now) {
  if (slot == kNone) return;
  TopicStats& stats = this->stats(slot, topic);
  stats.in_mesh = true;
  stats.deliveries_active = false;
  stats.grafted_at = now;
  stats.mesh_time = {};
}

void PeerScores::pruned(Slot slot, TopicId topic) {
  if (slot == kNone) return;
  TopicStats& stats = this->stats(slot, topic);
  stats.mesh_failure_penalty += delivery_deficit(stats);  // P3b
  stats.in_mesh = false;
}

void PeerScores::first_delivery(Slot slot, TopicId topic) {
  if (slot == kNone) return;
  TopicStats& stats = this->stats(slot, topic);
  stats.first_message_deliveries =
      std::min(stats.first_message_deliveries + 1, topic_params(topic).first_message_deliveries_cap);
  count_mesh_delivery(stats);
}

void PeerScores::near_first_delivery(Slot slot, TopicId topic, Duration late) {
  if (slot == kNone || late > topic_params(topic).mesh_message_deliveries_window) return;
  count_mesh_delivery(stats(slot, topic));
}

void PeerScores::count_mesh_delivery(TopicStats& stats) {
  if (!stats.in_mesh) return;
  stats.mesh_message_deliveries =
      std::min(stats.mesh_message_deliveries + 1, topic_params(stats.topic).mesh_message_deliveries_cap);
}

void PeerScores::invalid_delivery(Slot slot, TopicId topic) {
  if (slot == kNone) return;
  stats(slot, topic).invalid_message_deliveries += 1;
}

void PeerScores::penalize(Slot slot, double amount) {
  if (slot == kNone) return;
  records_[slot].behaviour_penalty += amount;
}

void PeerScores::set_app_specific(Slot slot, double score) {
  if (slot == kNone) return;
  records_[slot].app_specific = score;
}

void PeerScores::decay(TimePoint now) {
  const auto fade = [this](double& counter, double factor) {
    counter *= factor;
    if (counter < params_.decay_to_zero) counter = 0;
  };
  for (Slot slot = 0; slot < records_.size(); ++slot) {
    Record& record = records_[slot];
    if (record.peer_id.empty()) continue;
    if (!record.connected) {
      if (now > record.expires) forget(slot);
      continue;  // what is retained does not decay, or leaving would wash it clean
    }
    for (TopicStats& stats : record.topics) {
      const TopicScoreParams& topic = topic_params(stats.topic);
      fade(stats.first_message_deliveries, topic.first_message_deliveries_decay);
      fade(stats.mesh_message_deliveries, topic.mesh_message_deliveries_decay);
      fade(stats.mesh_failure_penalty, topic.mesh_failure_penalty_decay);
      fade(stats.invalid_message_deliveries, topic.invalid_message_deliveries_decay);
      if (!stats.in_mesh) continue;
      stats.mesh_time = now - stats.grafted_at;
      stats.deliveries_active = stats.mesh_time > topic.mesh_message_deliveries_activation;
    }
    fade(record.behaviour_penalty, params_.behaviour_penalty_decay);
  }
}

}  // namespace ghostnet::gossipsub
