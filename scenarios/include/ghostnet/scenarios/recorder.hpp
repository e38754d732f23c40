// Recorder: what of a run goes into a ResultSink, and when.
//
// Beside the run, its hosts and its outcome these are, at every interval: the sum of each counter and gauge over all
// hosts; what each histogram gained; and values of single hosts. Of those a host has at most kHostSamplesPerSecond,
// shared by its metrics in turn, unless metrics are named (`record: series`): then these are sampled at every interval.
// A host's series begins with its first value that is not zero. What of hosts is seen while it happens (links, packets,
// hops of messages) goes through Sightings, the ground through Landscape, samples of links through LinkMeter.
//
// Reading is all that a recorder does to a world, so a run is the same, to the digest, whether it is recorded or not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/runtime/result_sink.hpp"
#include "ghostnet/scenarios/landscape.hpp"
#include "ghostnet/scenarios/link_meter.hpp"
#include "ghostnet/scenarios/scenario.hpp"
#include "ghostnet/scenarios/sightings.hpp"
#include "ghostnet/scenarios/world.hpp"

namespace ghostnet::scenarios {

struct RunReport;

class Recorder {
 public:
  static constexpr std::int64_t kHostSamplesPerSecond = 2;

  // All outlive it.
  Recorder(ResultSink& sink, RunWorld& world, const Scenario& scenario);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder();

  void begin(const RunInfo& run);
  // The next instant at which sample() wants to be called.
  TimePoint next_sample() const { return std::min(next_sample_, next_look_); }
  void sample();
  // The run is over, and its end begins: what hosts do from now on is not seen.
  void look_away();
  // The host has got other addresses.
  void readdressed(HostId id) { sightings_.learn_addresses(id); }
  void event(std::string_view kind, HostId host, std::string_view text, std::string_view json = {});
  // What became of the run; `outcome` says what the report does not: wall times and memory.
  Result<> finish(const RunReport& report, RunOutcome outcome);

 private:
  // A hub's metrics stand behind those of links.
  static MetricId in_sink(MetricId metric) {
    return MetricId{std::to_underlying(metric) + static_cast<std::uint32_t>(LinkMeter::metrics().size())};
  }
  void declare_metrics();
  void record_totals(const RunReport& report);
  bool has_value(MetricId metric) const;
  void sample_values(std::span<const MetricSnapshot> metrics, TimePoint now);
  void sample_hosts(MetricId metric, TimePoint now);
  std::vector<bool> sampled_by_host(TimePoint now);
  void sample_histograms(std::span<const MetricSnapshot> metrics, TimePoint now);

  ResultSink& sink_;
  RunWorld& world_;
  const RecordOptions& options_;
  Sightings sightings_;
  Landscape landscape_;
  LinkMeter link_meter_;
  bool looks_ = false;
  std::vector<bool> sampled_;  // by host: whether its group is
  TimePoint next_sample_;
  TimePoint next_look_ = kNever;  // at what moves
  TimePoint last_sample_{};
  std::size_t declared_ = 0;
  std::size_t turn_ = 0;      // of the metrics that are sampled in turn
  std::int64_t owed_ns_ = 0;  // time since the last turn that was taken
  std::vector<bool> moved_;   // by metric: whether it was ever more than nought; before that it takes no turn
  std::vector<std::vector<bool>> begun_;  // by metric, by host: whether its series has begun
  std::vector<Histogram> known_;          // by metric: as it was at the last sample
  std::vector<Sample> samples_;
};

}  // namespace ghostnet::scenarios
