// Which way packets take between routers.
#include "ghostnet/link/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace ghostnet::link::routes_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(Routes, AreThoseOfLeastDelay) {
  //  0 -> 1 -> 3 takes 4 ms, 0 -> 2 -> 3 takes 3 ms, 0 -> 3 takes 5 ms.
  const std::vector<Hop> hops = {
      {.from = 0, .to = 1, .delay = 1ms}, {.from = 1, .to = 3, .delay = 3ms}, {.from = 0, .to = 2, .delay = 2ms},
      {.from = 2, .to = 3, .delay = 1ms}, {.from = 0, .to = 3, .delay = 5ms},
  };
  EXPECT_THAT(hops_towards(3, hops, 4), ElementsAre(2, 1, 3, kNoHop));
}

TEST(Routes, AreFoundInTheDirectionOfTheirHops) {
  const std::vector<Hop> hops = {{.from = 0, .to = 1, .delay = 1ms}, {.from = 1, .to = 2, .delay = 1ms}};
  EXPECT_THAT(hops_towards(2, hops, 3), ElementsAre(0, 1, kNoHop));
  EXPECT_THAT(hops_towards(0, hops, 3), ElementsAre(kNoHop, kNoHop, kNoHop));
}

TEST(Routes, CountANanosecondForAHop) {
  const std::vector<Hop> free = {{.from = 0, .to = 1}, {.from = 1, .to = 2}, {.from = 0, .to = 2}};
  EXPECT_THAT(hops_towards(2, free, 3), ElementsAre(2, 1, kNoHop)) << "fewer hops where no way has a delay";
  const std::vector<Hop> even = {{.from = 0, .to = 1}, {.from = 1, .to = 2}, {.from = 0, .to = 2, .delay = 1ns}};
  EXPECT_THAT(hops_towards(2, even, 3), ElementsAre(0, 1, kNoHop)) << "two hops are as far as one of a nanosecond";
  const std::vector<Hop> longer = {{.from = 0, .to = 1}, {.from = 1, .to = 2}, {.from = 0, .to = 2, .delay = 2ns}};
  EXPECT_THAT(hops_towards(2, longer, 3), ElementsAre(0, 1, kNoHop));
}

// Which of the routers between is nearer to the destination, and which was found first, does not matter.
TEST(Routes, OfEqualWaysTakeTheHopLaidFirst) {
  const std::vector<Hop> near_last = {
      {.from = 0, .to = 1, .delay = 1ms},
      {.from = 1, .to = 3, .delay = 3ms},
      {.from = 0, .to = 2, .delay = 3ms},
      {.from = 2, .to = 3, .delay = 1ms},
  };
  EXPECT_THAT(hops_towards(3, near_last, 4), ElementsAre(0, 1, 3, kNoHop));
  const std::vector<Hop> near_first = {
      {.from = 0, .to = 2, .delay = 3ms},
      {.from = 2, .to = 3, .delay = 1ms},
      {.from = 0, .to = 1, .delay = 1ms},
      {.from = 1, .to = 3, .delay = 3ms},
  };
  EXPECT_THAT(hops_towards(3, near_first, 4), ElementsAre(0, 3, 1, kNoHop));
  const std::vector<Hop> doubled = {{.from = 0, .to = 1, .delay = 2ms}, {.from = 0, .to = 1, .delay = 2ms}};
  EXPECT_THAT(hops_towards(1, doubled, 2), ElementsAre(0, kNoHop));
}

TEST(Routes, AvoidHopsThatAreDown) {
  std::vector<Hop> hops = {{.from = 0, .to = 1, .delay = 1ms}, {.from = 0, .to = 1, .delay = 9ms}};
  hops[0].up = false;
  EXPECT_THAT(hops_towards(1, hops, 2), ElementsAre(1, kNoHop));
  hops[1].up = false;
  EXPECT_THAT(hops_towards(1, hops, 2), ElementsAre(kNoHop, kNoHop));
}

}  // namespace
}  // namespace ghostnet::link::routes_test
