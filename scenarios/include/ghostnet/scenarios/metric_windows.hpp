// MetricWindows: what a run measured, over the whole of it without its warm-up, and over parts of it.
//
// Cells of metrics only grow or change; so what happened between two instants is the difference of what stood in them
// at each: for counters host by host, for histograms bucket by bucket. Gauges are levels: that of the later instant.
// Min and max of a histogram's difference are those of its buckets (histogram.hpp).
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/scenarios/expectation.hpp"

namespace ghostnet::scenarios {

// What stood in a hub at some instant.
class MetricMark {
 public:
  MetricMark() = default;  // of the beginning: nothing
  explicit MetricMark(const MetricHub& hub);

  // What was measured since: MetricHub::snapshot() for a mark of the beginning.
  std::vector<MetricSnapshot> since(const MetricHub& hub) const;

 private:
  MetricSnapshot later(const MetricHub& hub, MetricSnapshot whole) const;

  using Values = std::vector<std::pair<HostId, std::int64_t>>;  // in order of host; those that are not 0

  std::map<std::string, Values, std::less<>> counters_;
  std::map<std::string, MetricSnapshot, std::less<>> histograms_;
};

class MetricWindows {
 public:
  // The hub outlives it.
  MetricWindows(const MetricHub& hub, Duration warm_up, std::span<const ExpectationRule> rules);

  // When it is to be called next; kNever when there is nothing more.
  TimePoint next() const;
  // At the beginning, and whenever next() has come.
  void pass(TimePoint now);
  // When the run ends, before services stop: gauges are what they are at this moment.
  void note_levels();
  // When services have stopped: closes what is open.
  void finish();

  // Of the whole run, after finish().
  const std::vector<MetricSnapshot>& measured() const { return measured_; }
  ExpectationRule::Verdict judge(const ExpectationRule& rule) const;

 private:
  struct Part {
    ExpectationRule::Window window;
    bool begun = false;
    bool ended = false;
    MetricMark mark;
    std::vector<MetricSnapshot> measured;
  };

  const MetricHub& hub_;
  TimePoint warm_until_;
  bool warm_ = false;
  MetricMark warm_mark_;
  std::vector<Part> parts_;
  std::vector<MetricSnapshot> levels_;
  std::vector<MetricSnapshot> measured_;
};

}  // namespace ghostnet::scenarios
