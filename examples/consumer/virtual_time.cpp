// Two coroutines that wait for days, in a time line that this program moves by hand: the smallest world there is.
#include <fmt/core.h>

#include <chrono>
#include <string_view>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/loop.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/task.hpp"

namespace {

using namespace ghostnet;

Task<> tick(Clock& clock, std::string_view name, Duration every, int times) {
  for (int i = 0; i < times; ++i) {
    co_await clock.sleep(every);
    fmt::print("{:>3} h  {}\n", std::chrono::duration_cast<std::chrono::hours>(clock.now().time_since_epoch()).count(),
               name);
  }
}

}  // namespace

int main() {
  Loop loop;
  Clock clock(loop);
  Scope scope(loop);
  scope.spawn(tick(clock, "daily", 24h, 2));
  scope.spawn(tick(clock, "each 10 hours", 10h, 5));

  loop.run_ready();
  while (loop.next_deadline() != kNever) {
    loop.set_now(loop.next_deadline());
    loop.fire_due_timers();
    loop.run_ready();
  }
}
