// Dropping at every point: runs a scenario again and again, each time dropping one of its scopes a little later.
//
//   struct Handover {                                    // one run: built, run to rest, checked, destroyed
//     explicit Handover(DropRun& run) : channel(run.world().loop(), 2) {
//       run.victim("sender").spawn(send(channel, run.alive()));
//       run.victim("receiver").spawn(receive(channel, run.alive()));
//     }
//     void finished(DropRun& run) { EXPECT_EQ(...); }    // at rest; run.dropped() says whom, if anybody
//     Channel<int> channel;
//   };
//   EXPECT_GT(drop_everywhere<Handover>().drops, 100u);
//
// The first run drops nobody and counts resumptions. Then every scope made with victim() is dropped after exactly k
// resumptions, for every k, from outside; and at each run.visit() that the scenario's tasks make, from within the code
// that runs. After a drop the harness checks that what was alive() in that scope is gone; at the end, that the world
// comes to rest, that no task failed, that those who never are victims (witness()) have finished, that no waiter, timer
// or parcel is left when the scenario is gone, and that nothing leaked where the build can tell. What is touched after
// it was freed, the sanitizers report.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::support {

// Held by a task of a victim as long as its frame lives.
class Alive {
 public:
  explicit Alive(int& count) : count_(&count) { ++*count_; }
  Alive(Alive&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  ~Alive() {
    if (count_ != nullptr) --*count_;
  }

 private:
  int* count_;
};

// Where the drop happens: after so many resumptions, or at that visit.
struct DropPoint {
  std::size_t victim = 0;
  std::optional<std::size_t> resumptions;
  std::optional<std::size_t> visit;
};

class DropRun {
 public:
  DropRun(const TestWorldOptions& options, std::optional<DropPoint> point);

  TestWorld& world() { return world_; }

  // A scope that is dropped in some runs. Made while the scenario is built, in the same order in every run.
  Scope& victim(std::string name);
  // A token of the victim made last.
  Alive alive() { return Alive(victims_.back().alive); }
  // Tasks that nobody drops, and that have finished when the world is at rest.
  Scope& witness() { return witness_; }
  // A place in running code at which a victim may be dropped.
  void visit();

  // Whom this run dropped; nothing before, and nothing in the first run.
  std::optional<std::string_view> dropped() const;
  bool dropped(std::string_view name) const { return dropped() == name; }

  // ---- for drop_everywhere ----

  // Runs to rest, dropping on the way.
  void run();
  // Drops every scope; then nothing may be left that waits.
  void close();
  void check_nothing_left();

  std::size_t victims() const { return victims_.size(); }
  std::size_t resumptions() const { return resumptions_; }
  std::size_t visits() const { return visits_; }
  std::string describe() const;

 private:
  struct Victim {
    explicit Victim(std::string n, Loop& loop) : name(std::move(n)), scope(loop) {}
    std::string name;
    int alive = 0;
    Scope scope;
  };

  void drop();
  void check_dropped();

  TestWorld world_;
  std::optional<DropPoint> point_;
  std::deque<Victim> victims_;
  Scope witness_;
  std::size_t resumptions_ = 0;
  std::size_t visits_ = 0;
  bool dropped_ = false;
};

struct DropReport {
  std::size_t drops = 0;
  std::size_t resumptions = 0;  // of the run without a drop
};

// Leaks of this process so far, where the build has LeakSanitizer; reported on stderr.
bool leaked();

namespace detail {

template <class Scenario>
void run_once(DropRun& run) {
  SCOPED_TRACE(run.describe());
  {
    Scenario scenario(run);
    run.run();
    if constexpr (requires { scenario.finished(run); }) scenario.finished(run);
    run.close();
  }
  run.check_nothing_left();
}

}  // namespace detail

template <class Scenario>
DropReport drop_everywhere(const TestWorldOptions& options = {}) {
  DropReport report;
  DropRun first(options, std::nullopt);
  detail::run_once<Scenario>(first);
  report.resumptions = first.resumptions();
  auto drop_at = [&](const DropPoint& point) {
    if (testing::Test::HasFailure()) return;  // one is enough
    DropRun run(options, point);
    detail::run_once<Scenario>(run);
    EXPECT_TRUE(run.dropped()) << run.describe() << ": the scenario does not repeat";
    ++report.drops;
  };
  for (std::size_t victim = 0; victim < first.victims(); ++victim) {
    for (std::size_t k = 0; k <= first.resumptions(); ++k) drop_at({.victim = victim, .resumptions = k, .visit = {}});
    for (std::size_t v = 0; v < first.visits(); ++v) drop_at({.victim = victim, .resumptions = {}, .visit = v});
  }
  EXPECT_FALSE(leaked());
  return report;
}

}  // namespace ghostnet::support
