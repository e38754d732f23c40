// One test, every world: a test of a protocol states its expectations once and is run in memory, in the fabric, in ns-3
// and on real sockets.
//
//   class EchoEverywhere : public worlds::TestInEveryWorld {};
//   GHOSTNET_IN_EVERY_WORLD(EchoEverywhere);
//   TEST_P(EchoEverywhere, AnswersComeBack) {
//     Host& server = add_host();
//     Host& client = add_host();
//     ...
//     EXPECT_TRUE(finish(client, ask(client, address_of(server))));
//   }
//
// Nothing here may assert on wall time; limits only end a test that hangs.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/runtime/host.hpp"

namespace ghostnet::worlds {

class WorldUnderTest {
 public:
  virtual ~WorldUnderTest() = default;

  static constexpr std::size_t kMaxHosts = 4;

  // Hosts reach each other over IPv4, without loss. They live as long as the world.
  virtual Host& add_host() = 0;
  virtual IpAddress address_of(const Host& host) const = 0;
  // Lets the world run until done() holds; false when it did not within `limit` of the world's time.
  virtual bool run_until(const std::function<bool()>& done, Duration limit) = 0;
};

struct WorldKind {
  std::string name;
  std::function<std::unique_ptr<WorldUnderTest>()> make;

  friend void PrintTo(const WorldKind& kind, std::ostream* out) { *out << kind.name; }
};

// Those of this build.
std::vector<WorldKind> every_world();

class TestInEveryWorld : public testing::TestWithParam<WorldKind> {
 protected:
  static constexpr Duration kLimit = 60s;

  Host& add_host() { return world_->add_host(); }
  IpAddress address_of(const Host& host) const { return world_->address_of(host); }
  bool run_until(const std::function<bool()>& done, Duration limit = kLimit) { return world_->run_until(done, limit); }

  // Runs a task on a host to its end and returns its outcome; nothing when it did not end within the limit.
  template <class T>
  std::optional<T> finish(Host& host, Task<T> task, Duration limit = kLimit);

 private:
  template <class T>
  static Task<> keep_outcome(Task<T> task, std::optional<T>& outcome) {
    outcome.emplace(co_await std::move(task));
  }

  std::unique_ptr<WorldUnderTest> world_ = GetParam().make();
};

template <class T>
std::optional<T> TestInEveryWorld::finish(Host& host, Task<T> task, Duration limit) {
  std::optional<T> outcome;
  Scope scope(host.loop());
  scope.spawn(keep_outcome(std::move(task), outcome));
  run_until([&outcome] { return outcome.has_value(); }, limit);
  return outcome;
}

}  // namespace ghostnet::worlds

#define GHOSTNET_IN_EVERY_WORLD(suite)                                                         \
  INSTANTIATE_TEST_SUITE_P(World, suite, testing::ValuesIn(::ghostnet::worlds::every_world()), \
                           [](const auto& info) { return info.param.name; })
