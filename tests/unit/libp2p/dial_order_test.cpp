// The order of attempts, and when each begins.
#include "ghostnet/libp2p/dial_order.hpp"

#include <gtest/gtest.h>

#include <string>

#include "ghostnet/libp2p/staggered.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::libp2p::dial_order_test {
namespace {

std::vector<std::string> ordered(std::initializer_list<const char*> texts) {
  std::vector<Multiaddr> addresses;
  for (const char* text : texts) addresses.push_back(*Multiaddr::parse(text));
  std::vector<std::string> order;
  for (const Multiaddr& address : in_dial_order(std::move(addresses))) order.push_back(address.text());
  return order;
}

TEST(DialOrder, FamiliesTakeTurnsAndEachKeepsItsOrder) {
  EXPECT_EQ(ordered({"/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/1", "/ip4/10.0.0.3/tcp/1", "/ip6/fd00::1/tcp/1",
                     "/ip6/fd00::2/tcp/1"}),
            (std::vector<std::string>{"/ip6/fd00::1/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip6/fd00::2/tcp/1",
                                      "/ip4/10.0.0.2/tcp/1", "/ip4/10.0.0.3/tcp/1"}));
  EXPECT_EQ(ordered({"/dns/a/tcp/1", "/dns6/b/tcp/1", "/dns4/c/tcp/1"}),
            (std::vector<std::string>{"/dns6/b/tcp/1", "/dns/a/tcp/1", "/dns4/c/tcp/1"}));
  EXPECT_TRUE(ordered({}).empty());
}

// An attempt that ends after a while, well or not.
struct Attempt {
  Duration lasts;
  bool succeeds = false;
  std::optional<TimePoint> begun{};
  bool ended = false;
};

Task<Result<int>> make(Clock clock, Attempt& attempt, int value) {
  attempt.begun = clock.now();
  co_await clock.sleep(attempt.lasts);
  attempt.ended = true;
  if (attempt.succeeds) co_return value;
  co_return fail(Errc::refused, "attempt {}", value);
}

class Staggered : public testing::Test {
 protected:
  static Task<> into(Task<Result<int>> task, std::optional<Result<int>>& outcome, Clock clock, TimePoint& at) {
    Result<int> result = co_await std::move(task);
    at = clock.now();
    outcome.emplace(std::move(result));
  }
  // What comes of it, and at_ says when.
  std::optional<Result<int>> run(std::vector<Attempt>& attempts, std::size_t at_once = 8) {
    std::vector<Task<Result<int>>> tasks;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      tasks.push_back(make(clock_, attempts[i], static_cast<int>(i)));
    }
    std::optional<Result<int>> outcome;
    Scope scope(world_.loop());
    begun_ = world_.now();
    scope.spawn(into(first_to_succeed(clock_, std::move(tasks), 250ms, at_once), outcome, clock_, at_));
    world_.run_for(10s);
    return outcome;
  }

  support::TestWorld world_;
  Clock clock_{world_.loop()};
  TimePoint begun_{};
  TimePoint at_{};
};

TEST_F(Staggered, TheNextBeginsAfterAMomentAndTheFirstToSucceedEndsTheOthers) {
  std::vector<Attempt> attempts{{.lasts = 9s}, {.lasts = 300ms, .succeeds = true}, {.lasts = 400ms, .succeeds = true}};
  const auto outcome = run(attempts);
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ(**outcome, 1);
  EXPECT_EQ(at_ - begun_, 550ms);
  EXPECT_EQ(*attempts[1].begun - begun_, 250ms);
  EXPECT_EQ(*attempts[2].begun - begun_, 500ms);
  EXPECT_FALSE(attempts[0].ended || attempts[2].ended);
}

TEST_F(Staggered, AFailureBeginsTheNextAtOnce) {
  std::vector<Attempt> attempts{{.lasts = 10ms}, {.lasts = 10ms}, {.lasts = 10ms, .succeeds = true}, {.lasts = 10ms}};
  const auto outcome = run(attempts);
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ(at_ - begun_, 30ms);
  EXPECT_FALSE(attempts[3].begun);
}

TEST_F(Staggered, NoMoreThanAFewAreUnderWay) {
  std::vector<Attempt> attempts(4, {.lasts = 1s});
  const auto outcome = run(attempts, 2);
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(*attempts[1].begun - begun_, 250ms);
  EXPECT_EQ(*attempts[2].begun - begun_, 1s);
  EXPECT_EQ(*attempts[3].begun - begun_, 1250ms);
}

TEST_F(Staggered, WhereAllFailTheLastErrorIsTold) {
  std::vector<Attempt> attempts{{.lasts = 2s}, {.lasts = 10ms}};
  const auto outcome = run(attempts);
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().message(), "attempt 0");
  std::vector<Attempt> none;
  const auto nothing = run(none);
  ASSERT_TRUE(nothing && !*nothing);
  EXPECT_EQ(nothing->error(), Errc::not_found);
}

}  // namespace
}  // namespace ghostnet::libp2p::dial_order_test
