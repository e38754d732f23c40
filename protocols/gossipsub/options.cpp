#include "ghostnet/gossipsub/options.hpp"

#include <string_view>
#include <utility>

namespace ghostnet::gossipsub {
namespace {

Result<> hold(bool constraint, std::string_view wanted) {
  if (constraint) return {};
  return fail(Errc::invalid_argument, "gossipsub: {}", wanted);
}

// A decay factor lies strictly between 0 and 1.
bool is_factor(double decay) { return decay > 0 && decay < 1; }

struct Constraint {
  bool kept;
  std::string_view wanted;
};

template <std::size_t N>
Result<> hold_all(const Constraint (&constraints)[N]) {
  for (const Constraint& constraint : constraints) {
    if (auto held = hold(constraint.kept, constraint.wanted); !held) return held;
  }
  return {};
}

}  // namespace

Result<> RouterOptions::validate() const {
  return hold_all({
      {d_low <= d && d <= d_high, "d_low <= d <= d_high is wanted"},
      {d_score <= d_high, "d_score may not be above d_high"},
      // v1.1 "Outbound Mesh Quotas".
      {d_out == 0 || (d_out < d_low && d_out <= d / 2), "d_out must be below d_low and at most d / 2"},
      {history_gossip <= history_length, "history_gossip may not be above history_length"},
      {heartbeat * history_length <= seen_ttl, "seen_ttl must cover history_length heartbeats"},
  });
}

Result<> TopicScoreParams::validate() const {
  return hold_all({
      {topic_weight >= 0, "topic_weight may not be negative"},
      {time_in_mesh_weight >= 0, "time_in_mesh_weight may not be negative"},
      {time_in_mesh_quantum > Duration(), "time_in_mesh_quantum must be positive"},
      {first_message_deliveries_weight >= 0, "first_message_deliveries_weight may not be negative"},
      {is_factor(first_message_deliveries_decay), "first_message_deliveries_decay must be between 0 and 1"},
      {mesh_message_deliveries_weight <= 0, "mesh_message_deliveries_weight may not be positive"},
      {is_factor(mesh_message_deliveries_decay), "mesh_message_deliveries_decay must be between 0 and 1"},
      {mesh_message_deliveries_cap >= mesh_message_deliveries_threshold,
       "mesh_message_deliveries_cap may not be below mesh_message_deliveries_threshold"},
      {mesh_failure_penalty_weight <= 0, "mesh_failure_penalty_weight may not be positive"},
      {is_factor(mesh_failure_penalty_decay), "mesh_failure_penalty_decay must be between 0 and 1"},
      {invalid_message_deliveries_weight <= 0, "invalid_message_deliveries_weight may not be positive"},
      {is_factor(invalid_message_deliveries_decay), "invalid_message_deliveries_decay must be between 0 and 1"},
  });
}

Result<> ScoreParams::validate() const {
  if (auto valid = topic.validate(); !valid) return valid;
  for (const NamedTopicScore& named : topics) {
    if (auto valid = named.params.validate(); !valid) return fail(valid.error().while_doing("topic " + named.name));
  }
  return hold_all({
      {gossip_threshold <= 0, "gossip_threshold may not be positive"},
      {publish_threshold <= gossip_threshold, "publish_threshold may not be above gossip_threshold"},
      {graylist_threshold <= publish_threshold, "graylist_threshold may not be above publish_threshold"},
      {accept_px_threshold >= 0, "accept_px_threshold may not be negative"},
      {opportunistic_graft_threshold >= 0, "opportunistic_graft_threshold may not be negative"},
      {topic_score_cap >= 0, "topic_score_cap may not be negative"},
      {app_specific_weight >= 0, "app_specific_weight may not be negative"},
      {ip_colocation_factor_weight <= 0, "ip_colocation_factor_weight may not be positive"},
      {ip_colocation_factor_threshold >= 1, "ip_colocation_factor_threshold must be at least 1"},
      {behaviour_penalty_weight <= 0, "behaviour_penalty_weight may not be positive"},
      {behaviour_penalty_threshold >= 0, "behaviour_penalty_threshold may not be negative"},
      {is_factor(behaviour_penalty_decay), "behaviour_penalty_decay must be between 0 and 1"},
      {decay_to_zero > 0 && decay_to_zero < 1, "decay_to_zero must be between 0 and 1"},
  });
}

std::shared_ptr<const Rules> Rules::shared(const RouterOptions& options, const ScoreParams& scoring) {
  thread_local std::weak_ptr<const Rules> latest;
  Rules rules{.options = options, .scoring = scoring};
  std::shared_ptr<const Rules> known = latest.lock();
  if (known && *known == rules) return known;
  known = std::make_shared<const Rules>(std::move(rules));
  latest = known;
  return known;
}

}  // namespace ghostnet::gossipsub
