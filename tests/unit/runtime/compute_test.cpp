#include "ghostnet/runtime/compute.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "ghostnet/support/test_world.hpp"

namespace ghostnet::compute_test {
namespace {

using support::TestHost;
using support::TestWorld;

class ComputeTest : public testing::Test {
 public:
  TestWorld world;
  TestHost& host = world.add_host();
  std::string log;
};

TEST_F(ComputeTest, GivesTheOutcomeAfterTheTimeThatTheWorkTakes) {
  auto main = [](ComputeTest* t) -> Task<> {
    int sum = co_await t->host.compute({.other = 5ms}, [a = 2, b = 3] { return a + b; });
    EXPECT_EQ(sum, 5);
    EXPECT_EQ(t->world.now(), TimePoint{5ms});
    auto box = std::make_unique<int>(7);
    std::unique_ptr<int> moved =
        co_await t->host.compute({}, [held = std::move(box)]() mutable { return std::move(held); });
    EXPECT_EQ(*moved, 7);
    co_await t->host.compute({.other = 1ms}, [t] { t->log += "void"; });
  };
  host.scope().spawn(main(this));
  world.run();
  EXPECT_EQ(log, "void");
  EXPECT_TRUE(world.failures().empty());
}

TEST_F(ComputeTest, RethrowsWhatTheFunctionThrew) {
  auto main = [](ComputeTest* t) -> Task<> {
    try {
      co_await t->host.compute({}, []() -> int { throw std::runtime_error("bad input"); });
    } catch (const std::runtime_error& error) {
      t->log = error.what();
    }
  };
  host.scope().spawn(main(this));
  world.run();
  EXPECT_EQ(log, "bad input");
}

TEST_F(ComputeTest, DroppedAbandonsTheOutcomeAndReleasesWhatTheFunctionHeld) {
  auto held = std::make_shared<int>(1);
  auto main = [](ComputeTest* t, std::shared_ptr<int> value) -> Task<> {
    co_await t->host.compute({.other = 5ms}, [value] { return value; });
    t->log = "not reached";
  };
  Scope scope(world.loop());
  scope.spawn(main(this, held));
  world.run_ready();
  scope.drop_all();
  world.run();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(log.empty());
}

// Counts where its copies die: a function is released where it ran, not where its outcome is taken.
TEST_F(ComputeTest, TheFunctionIsGoneWhenTheOutcomeIsThere) {
  auto held = std::make_shared<int>(1);
  ComputeJobOf job(world.loop(), CpuWork{}, [held] { return *held + 1; });
  EXPECT_EQ(held.use_count(), 2);
  job.execute();
  EXPECT_EQ(held.use_count(), 1);
  job.finish();
  EXPECT_TRUE(job.finished().is_set());
  EXPECT_EQ(job.take(), 2);
}

}  // namespace
}  // namespace ghostnet::compute_test
