#include "ghostnet/beacon/audience.hpp"

#include <gtest/gtest.h>

namespace ghostnet::beacon::audience_test {
namespace {

using Heard = Audience::Heard;
using Kind = Audience::Heard::Kind;

const Endpoint kAnna(IpAddress::v4(10, 0, 0, 1), 7011);
const Endpoint kBert(IpAddress::v4(10, 0, 0, 2), 7011);

TEST(BeaconAudience, GapsAreWhatWasMissed) {
  Audience audience(10);
  EXPECT_EQ(audience.on_beacon(kAnna, {.epoch = 1, .sequence = 5}), (Heard{Kind::fresh, 0}))
      << "what came before one began to listen is not missed";
  EXPECT_EQ(audience.on_beacon(kAnna, {.epoch = 1, .sequence = 6}), (Heard{Kind::next, 0}));
  EXPECT_EQ(audience.on_beacon(kAnna, {.epoch = 1, .sequence = 9}), (Heard{Kind::next, 2}));
  EXPECT_EQ(audience.on_beacon(kAnna, {.epoch = 1, .sequence = 7}), (Heard{Kind::late, 0}));
  EXPECT_EQ(audience.on_beacon(kAnna, {.epoch = 1, .sequence = 9}), (Heard{Kind::late, 0}));
}

TEST(BeaconAudience, SendersAndEpochsAreApart) {
  Audience audience(10);
  audience.on_beacon(kAnna, {.epoch = 1, .sequence = 100});
  EXPECT_EQ(audience.on_beacon(kBert, {.epoch = 1, .sequence = 0}), (Heard{Kind::fresh, 0}));
  EXPECT_EQ(audience.on_beacon(kAnna, {.epoch = 2, .sequence = 0}), (Heard{Kind::fresh, 0})) << "it started anew";
  EXPECT_EQ(audience.on_beacon(kAnna, {.epoch = 2, .sequence = UINT64_MAX}), (Heard{Kind::next, UINT64_MAX - 1}));
  EXPECT_EQ(audience.senders(), 2U);
}

TEST(BeaconAudience, IsBounded) {
  Audience audience(1);
  audience.on_beacon(kAnna, {.epoch = 1, .sequence = 0});
  EXPECT_EQ(audience.on_beacon(kBert, {.epoch = 1, .sequence = 0}), (Heard{Kind::ignored, 0}));
  EXPECT_EQ(audience.on_beacon(kAnna, {.epoch = 1, .sequence = 1}), (Heard{Kind::next, 0}));
  EXPECT_EQ(audience.senders(), 1U);
}

}  // namespace
}  // namespace ghostnet::beacon::audience_test
