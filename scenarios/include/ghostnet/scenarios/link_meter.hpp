// LinkMeter: samples of the connections and wires of the hosts that a scenario's `record:` names.
//
// What several connections of two hosts have, is added up; of their round trips the longest counts. A wire leads from a
// host into the network around it, or from there to the host (kNoHost is the other end).
#pragma once

#include <map>
#include <span>
#include <utility>
#include <vector>

#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/scenarios/scenario.hpp"
#include "ghostnet/scenarios/world.hpp"

namespace ghostnet::scenarios {

class LinkMeter {
 public:
  static constexpr std::uint64_t kMaxSamples = 2'000'000;

  // What it measures; the ids of these metrics are their places here.
  static std::span<const MetricInfo> metrics();

  // All outlive it; `names` says whose an address is.
  LinkMeter(ResultSink& sink, RunWorld& world, const RecordOptions& options, const Observer& names);

  void begin();
  void sample();

 private:
  void sample_connections(HostId id, TimePoint now);
  void sample_wires(HostId id, TimePoint now);

  ResultSink& sink_;
  RunWorld& world_;
  const Observer& names_;
  std::vector<HostId> with_connections_;
  std::vector<HostId> with_wires_;
  std::map<std::pair<HostId, bool>, std::uint64_t> sent_bytes_;  // by host and direction, at the last sample
  TimePoint last_sample_{};
  std::uint64_t written_ = 0;
  std::vector<LinkSample> samples_;
};

}  // namespace ghostnet::scenarios
