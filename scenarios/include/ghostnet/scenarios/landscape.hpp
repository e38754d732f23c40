// Landscape: what of a run's ground is recorded: the wires that the file declares, and of radios where they are and who
// is in whose range.
//
// A wire leads from a host into the network around it (its other end is kNoHost), with its rates, delay and loss as
// fields; one between two routers has no host at either end. Radio links come and go with the positions, which are
// looked at again and again; those of a range that is not declared are not known.
#pragma once

#include <string>
#include <vector>

#include "ghostnet/runtime/result_sink.hpp"
#include "ghostnet/scenarios/scenario.hpp"
#include "ghostnet/scenarios/world.hpp"

namespace ghostnet::scenarios {

class Landscape {
 public:
  static constexpr std::size_t kMaxRadios = 500;  // with more, nobody looks at every pair
  static constexpr double kLeastMove_m = 0.01;

  // Both outlive it.
  Landscape(ResultSink& sink, RunWorld& world, const Scenario& scenario);

  void begin();
  // Whether anything moves that look() would record.
  bool moves() const { return !at_.empty(); }
  void look();

 private:
  void write_wires() const;
  std::string wire_fields(const sim::GroupSpec& group, const std::string& place) const;
  void write_positions(TimePoint now);
  void write_radio_links(TimePoint now);

  ResultSink& sink_;
  RunWorld& world_;
  bool links_wanted_;
  sim::WorldSpec spec_;
  double range_m_ = 0;          // 0: not known
  std::vector<OnPlane> at_;     // by host, as last recorded; empty: nobody has a position that may change
  std::vector<bool> in_range_;  // hosts x hosts, a < b
};

}  // namespace ghostnet::scenarios
