// Timeline: one Loop on ns-3's virtual time.
//
// ns-3 owns virtual time; the timers of our hosts and the packets of the fabric live in our own queues, and the
// Timeline keeps exactly one ns-3 event for all of them, at their head. When it fires, the Timeline runs its own queue
// ahead up to the next event of ns-3 (nothing in ns-3 can happen earlier), so that a fabric-only run costs ns-3 two
// events in all. Our instants come before ns-3's where both are equal, which is the tie rule of every run.
//
// The ns3 carrier needs Simulator::Now() to be right while our code runs, because it calls ns-3's stack: it asks for
// lock step, and then every instant of ours is an ns-3 event of its own. Code of ours that ns-3 calls (a socket's
// receive callback) enters through in_ns3_event().
//
// ns-3's simulator is one to a process, and so is a Timeline: constructing a second one while one lives throws.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "ghostnet/runtime/loop.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::sim {

// A queue of instants besides the loop's timers: the packets of the fabric.
class InstantSource {
 public:
  // No instant is earlier than this; CalendarQueue's kNone when there is none.
  virtual std::int64_t lower_bound_ns() = 0;
  // Runs everything of this source and of the loop's timers, in order of time, up to and including limit_ns, or until
  // `stop` is set. Each instant is one turn of the loop.
  virtual void run(Loop& loop, std::int64_t limit_ns, const bool& stop) = 0;

 protected:
  ~InstantSource() = default;
};

class Timeline {
 public:
  struct Options {
    bool lock_step = false;  // one ns-3 event per instant of ours
    Duration wall_epoch{};   // civil time at the start of the run, since 1970
  };

  explicit Timeline(Options options);
  Timeline() : Timeline(Options{}) {}
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;
  ~Timeline();

  Loop& loop() { return loop_; }
  TimePoint now() const { return loop_.now(); }

  // At most one; null takes it away. The source outlives its use here.
  void set_source(InstantSource* source) { source_ = source; }

  // Runs virtual time up to and including `end`, or until stop(). Can be called again with a later end.
  void run_until(TimePoint end);
  // Ends run_until() after the turn under way.
  void stop();
  bool stopped() const { return stopped_; }

  // Code of ours that ns-3 calls: brings the loop's time up to date, runs `body` and then what it made ready.
  template <class Body>
  void in_ns3_event(Body body) {
    bool outermost = enter();
    body();
    if (outermost) leave();
  }

  // For callbacks deep in ns-3's stack that only make something ready: asks for a turn at this instant, once ns-3 has
  // come back out of the event it is in. So no code of ours runs on top of a half-updated state machine of ns-3's.
  void request_turn();
  // For ns-3's event queue, between two events.
  void run_requested_turn();

  // Runs `body` at `at`, in a turn of its own. For the world itself (faults, progress), not for hosts.
  void at(TimePoint at, std::function<void()> body);

  // Turns run so far, and events that ns-3 executed.
  std::uint64_t turns() const { return turns_; }
  void count_turns(std::uint64_t turns) { turns_ += turns; }
  std::uint64_t ns3_events() const;

 private:
  struct Ns3;  // what needs ns-3's headers

  bool enter();
  void leave();
  void pulse();
  void arm_pulse();
  void run_own(std::int64_t limit_ns);
  std::int64_t own_lower_bound_ns();

  Options options_;
  Loop loop_;
  InstantSource* source_ = nullptr;
  std::unique_ptr<Ns3> ns3_;
  std::int64_t pulse_at_ns_;
  std::uint64_t turns_ = 0;
  bool in_turn_ = false;
  bool stopped_ = false;
};

// The instants of a loop's timers alone, up to and including limit_ns: what a Timeline without a source runs.
// Returns the number of turns.
std::uint64_t run_timers(Loop& loop, std::int64_t limit_ns, const bool& stop);

}  // namespace ghostnet::sim
