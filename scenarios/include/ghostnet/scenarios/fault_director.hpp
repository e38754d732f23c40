// FaultDirector: lets the faults of a scenario happen in a world, each in its time, and undoes them.
//
// Faults may overlap: a host is down as long as any of them holds it down, its links are what all of them together
// leave of them, partitions cut whatever one of them cuts. Every choice (who is struck, when one leaves) is drawn from
// the scenario's seed and the fault's place in the file, so that a fault more or less changes no other.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/scenarios/scenario.hpp"
#include "ghostnet/scenarios/world.hpp"

namespace ghostnet::scenarios {

class FaultDirector {
 public:
  // What is done with hosts; the runner's.
  class Stage {
   public:
    virtual void crash(HostId id) = 0;
    virtual void restart(HostId id) = 0;
    // It has got other addresses.
    virtual void readdressed(HostId id) = 0;
    // A world refused what a fault wanted: the run cannot go on.
    virtual void fail(Error error) = 0;
    // For the record: "crash", "fault_begins", "link_down", ...; kNoHost: of the world; json: more fields, or empty.
    virtual void happened(std::string_view kind, HostId id, std::string_view text, std::string_view json) = 0;

   protected:
    ~Stage() = default;
  };

  // All outlive it.
  FaultDirector(const Scenario& scenario, RunWorld& world, Stage& stage);

  // Whether the world can do all that the scenario wants. Errors: not_supported, with the place in the file and the
  // way out.
  Result<> check() const;
  // When the next fault begins of those that have not; kNever: there is none.
  TimePoint next_beginning() const;
  // Lets those begin whose time has come.
  void begin_due();
  // No more of it; what is broken stays so.
  void stop() { tasks_.close(); }

 private:
  struct Active {
    bool on = false;
    std::vector<HostId> hosts;  // struck, in order
  };

  Task<> carry_out(std::size_t index);
  void begin(std::size_t index);
  void end(std::size_t index);
  void visit_hosts(std::size_t index, bool begins);
  Task<> churn(std::size_t index, HostId id, Churn options, TimePoint until);
  Task<> flap(HostId id, Duration down, Duration up, TimePoint until);

  std::vector<HostId> choose(const Selection& selection, std::size_t index) const;
  TimePoint at(Duration since_start) const { return began_ + since_start; }
  void take_down(HostId id);
  void bring_up(HostId id);
  void set_link_down(HostId id, bool down);
  void set_links(HostId id);
  void set_clock(HostId id);
  void set_cpu(HostId id);
  void set_partitions();
  void expect_done(const Result<>& done, std::string_view what);

  const Scenario::Group& group_of(HostId id) const;
  // visit(const T&) over the effects of a kind that strike the host at this moment, in order of the file.
  template <class T, class Visit>
  void for_each_active(HostId id, Visit&& visit) const;

  const Scenario& scenario_;
  RunWorld& world_;
  Stage& stage_;
  std::vector<bool> begun_;                     // by fault
  std::vector<Active> active_;                  // by fault
  std::vector<std::uint16_t> holds_down_;       // by host: how many faults hold it down
  std::vector<std::uint16_t> holds_link_down_;  // likewise its first link
  Clock clock_;
  TimePoint began_{};
  Scope tasks_;
};

}  // namespace ghostnet::scenarios
