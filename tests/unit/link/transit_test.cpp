// A drop-tail link in one call a packet: when packets leave and arrive, which are lost, and what chance decides.
#include "ghostnet/link/transit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "fifo_reference.hpp"
#include "ghostnet/link/link_params.hpp"
#include "ghostnet/runtime/random.hpp"

namespace ghostnet::link::transit_test {
namespace {

constexpr TimePoint kStart = from_ns(1'000'000'000);

LinkProfile profile_of(const LinkParams& params) {
  Result<LinkProfile> profile = LinkProfile::make(params);
  if (!profile) ADD_FAILURE() << profile.error().message();
  return std::move(profile).value();
}

Random any_random() { return Random::derive(1, 1, "transit"); }

double binomial_bound(double p, double n) { return 5.0 * std::sqrt(p * (1.0 - p) / n); }

TEST(Transit, StateIsSmall) { EXPECT_LE(sizeof(Transit), 48u); }

TEST(Transit, APacketArrivesAfterItsTransmissionAndTheDelay) {
  const LinkProfile link = profile_of({.rate_bps = 8'000'000, .delay = 30ms});
  Random random = any_random();
  Transit transit;
  const Outcome outcome = transit.admit(kStart, {.size_bytes = 1000}, link, random);
  EXPECT_EQ(outcome.fate, Fate::carried);
  EXPECT_EQ(outcome.departure, kStart + 1ms);
  EXPECT_EQ(outcome.arrival, kStart + 31ms);
  EXPECT_EQ(outcome.duplicate_arrival, kNever);
  EXPECT_EQ(outcome.corrupt_bit, kNoBit);
  EXPECT_FALSE(outcome.ce_marked);
}

TEST(Transit, APacketWaitsForThoseBeforeIt) {
  const LinkProfile link = profile_of({.rate_bps = 8'000'000});
  Random random = any_random();
  Transit transit;
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1000}, link, random).departure, kStart + 1ms);
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 500}, link, random).departure, kStart + 1500us);
  EXPECT_EQ(transit.admit(kStart + 1ms, {.size_bytes = 1000}, link, random).departure, kStart + 2500us);
  EXPECT_EQ(transit.busy_until(), kStart + 2500us);
  EXPECT_EQ(transit.admit(kStart + 10ms, {.size_bytes = 1000}, link, random).departure, kStart + 11ms);
}

TEST(Transit, FrameOverheadTakesTimeAndRoom) {
  const LinkProfile link =
      profile_of({.rate_bps = 8'000'000, .frame_overhead_bytes = 38, .mtu_bytes = 1000, .queue_limit_bytes = 2075});
  Random random = any_random();
  Transit transit;
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1000}, link, random).departure, kStart + 1038us);
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1000}, link, random).fate, Fate::queue_full);
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 999}, link, random).fate, Fate::carried);
}

TEST(Transit, ALinkWithoutARateNeverQueues) {
  const LinkProfile link = profile_of({.delay = 1ms, .queue_limit_bytes = 1, .queue_limit_packets = 1});
  Random random = any_random();
  Transit transit;
  for (int i = 0; i < 100; ++i) {
    const Outcome outcome = transit.admit(kStart, {.size_bytes = 60'000}, link, random);
    EXPECT_EQ(outcome.departure, kStart);
    EXPECT_EQ(outcome.arrival, kStart + 1ms);
  }
  EXPECT_EQ(transit.queued_bytes(kStart, link), 0u);
}

TEST(Transit, WorksBeforeTheOriginOfTime) {
  const LinkProfile link = profile_of({.rate_bps = 8'000'000});
  Random random = any_random();
  Transit transit;
  const TimePoint early = from_ns(-5'000'000'000);
  EXPECT_EQ(transit.admit(early, {.size_bytes = 1000}, link, random).departure, early + 1ms);
}

// Over any number of packets of any size the link sends exactly its rate: the departure of the last bit is the total
// divided by the rate, to the nanosecond, where rounding each packet would drift.
TEST(Transit, ThroughputIsTheRateToTheNanosecond) {
  for (const std::uint64_t rate_bps : {std::uint64_t{300}, std::uint64_t{56'000}, std::uint64_t{999'999'937},
                                       std::uint64_t{7'000'000'001}, std::uint64_t{400'000'000'000}, kMaxRateBps}) {
    const LinkProfile link = profile_of({.rate_bps = rate_bps});
    Random random = any_random();
    Random sizes = Random::derive(1, rate_bps, "sizes");
    Transit transit;
    std::uint64_t sent_bytes = 0;
    TimePoint now = kStart;
    TimePoint departure = kStart;
    for (int i = 0; i < 100'000; ++i) {
      const auto size = static_cast<std::uint32_t>(sizes.between(1, 1500));
      // Half of the packets find others waiting, half come as the link falls idle.
      if (sizes.chance(Probability::of(0.5))) now = departure;
      departure = transit.admit(now, {.size_bytes = size}, link, random).departure;
      sent_bytes += size;
    }
    const auto exact_ns = static_cast<std::int64_t>(ghostnet::detail::Uint128{sent_bytes} * 8'000'000'000u / rate_bps);
    EXPECT_EQ((departure - kStart).count(), exact_ns) << rate_bps;
  }
}

// Random bursts against a queue that is simulated packet by packet: each is dropped by both or leaves both together.
TEST(Transit, QueuesAndDropsLikeARealQueue) {
  for (const std::uint32_t limit_packets : {0u, 1u, 7u, 40u}) {
    for (const std::uint64_t rate_bps :
         {std::uint64_t{9'600}, std::uint64_t{10'000'019}, std::uint64_t{25'000'000'000}}) {
      const std::uint32_t limit_bytes = 20'000;
      const LinkProfile link =
          profile_of({.rate_bps = rate_bps, .queue_limit_bytes = limit_bytes, .queue_limit_packets = limit_packets});
      FifoReference reference(rate_bps, limit_bytes, limit_packets);
      Random traffic = Random::derive(3, rate_bps, limit_packets);
      Random random = any_random();
      Transit transit;
      TimePoint now = kStart;
      int dropped = 0;
      const Duration packet_time{static_cast<std::int64_t>(750ull * 8'000'000'000 / rate_bps)};
      for (int i = 0; i < 20'000; ++i) {
        if (traffic.chance(Probability::of(0.4))) now += traffic.exponential(packet_time * 2);
        const auto size = static_cast<std::uint32_t>(traffic.between(1, 1500));
        const Outcome outcome = transit.admit(now, {.size_bytes = size}, link, random);
        const TimePoint expected = reference.offer(now, size);
        ASSERT_EQ(outcome.fate == Fate::queue_full, expected == kNever) << "packet " << i;
        if (expected != kNever) {
          ASSERT_EQ(outcome.departure, expected) << "packet " << i;
        }
        dropped += expected == kNever ? 1 : 0;
      }
      EXPECT_GT(dropped, 500);
      EXPECT_LT(dropped, 19'000);
    }
  }
}

TEST(Transit, QueuedBytesFallAsTheyAreSent) {
  const LinkProfile link = profile_of({.rate_bps = 8'000'000});
  Random random = any_random();
  Transit transit;
  EXPECT_EQ(transit.queued_bytes(kStart, link), 0u);
  for (int i = 0; i < 3; ++i) (void)transit.admit(kStart, {.size_bytes = 1000}, link, random);
  EXPECT_EQ(transit.queued_bytes(kStart, link), 3000u);
  EXPECT_EQ(transit.queued_bytes(kStart + 1ns, link), 3000u);
  EXPECT_EQ(transit.queued_bytes(kStart + 1500us, link), 1500u);
  EXPECT_EQ(transit.queued_bytes(kStart + 3ms, link), 0u);
  EXPECT_EQ(transit.queued_bytes(kStart + 1h, link), 0u);
}

TEST(Transit, DropsWhatExceedsTheMtuOrComesWhileDown) {
  Random random = any_random();
  const Random before = random;
  Transit transit;
  const LinkProfile narrow = profile_of({.mtu_bytes = 1500, .loss = Probability::of(0.5)});
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1501}, narrow, random).fate, Fate::too_big);
  const LinkProfile down = profile_of({.up = false, .loss = Probability::of(0.5)});
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1}, down, random).fate, Fate::link_down);
  EXPECT_EQ(random, before) << "a packet that meets no chance makes no draw";
  const LinkProfile wide = profile_of({.mtu_bytes = 1501});
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1501}, wide, random).fate, Fate::carried);
}

TEST(Transit, MarksEcnCapablePacketsThatFindAThresholdQueued) {
  const LinkProfile link = profile_of({.rate_bps = 8'000'000, .ecn_threshold_bytes = 2000});
  Random random = any_random();
  Transit transit;
  const PacketInfo capable{.size_bytes = 1000, .ecn_capable = true};
  EXPECT_FALSE(transit.admit(kStart, capable, link, random).ce_marked);
  EXPECT_FALSE(transit.admit(kStart, capable, link, random).ce_marked);
  EXPECT_TRUE(transit.admit(kStart, capable, link, random).ce_marked);
  EXPECT_FALSE(transit.admit(kStart, {.size_bytes = 1000}, link, random).ce_marked);
  EXPECT_FALSE(transit.admit(kStart + 3ms, capable, link, random).ce_marked);
}

TEST(Transit, LosesTheGivenShareAndLostPacketsTakeTheirTime) {
  for (const double p : {0.001, 0.1, 0.9}) {
    const LinkProfile link = profile_of({.rate_bps = 8'000'000, .loss = Probability::of(p)});
    Random random = any_random();
    Transit transit;
    constexpr int kPackets = 200'000;
    int lost = 0;
    for (int i = 0; i < kPackets; ++i) {
      const TimePoint now = kStart + i * 1ms;
      const Outcome outcome = transit.admit(now, {.size_bytes = 1000}, link, random);
      lost += outcome.fate == Fate::lost ? 1 : 0;
      ASSERT_EQ(transit.busy_until(), now + 1ms);
      ASSERT_EQ(outcome.departure, now + 1ms);
    }
    EXPECT_NEAR(lost / double{kPackets}, p, binomial_bound(p, kPackets));
  }
}

TEST(Transit, BurstsHaveTheirLengthAndTheirShare) {
  // Of all packets 0.01 / (0.01 + 0.2) meet the bad state, in runs of 1 / 0.2 = 5 packets.
  const LinkProfile link =
      profile_of({.burst_loss = {.enter_bad = Probability::of(0.01), .leave_bad = Probability::of(0.2)}});
  Random random = any_random();
  Transit transit;
  constexpr int kPackets = 1'000'000;
  int lost = 0;
  int bursts = 0;
  bool in_burst = false;
  for (int i = 0; i < kPackets; ++i) {
    const bool is_lost = transit.admit(kStart, {.size_bytes = 100}, link, random).fate == Fate::lost;
    lost += is_lost ? 1 : 0;
    bursts += is_lost && !in_burst ? 1 : 0;
    in_burst = is_lost;
  }
  EXPECT_NEAR(lost / double{kPackets}, 0.01 / 0.21, 0.002);
  EXPECT_NEAR(lost / static_cast<double>(bursts), 5.0, 5.0 * std::sqrt(20.0 / bursts));
}

TEST(Transit, BothStatesOfBurstLossHaveTheirOwnLoss) {
  const LinkProfile link = profile_of({.burst_loss = {.enter_bad = Probability::of(0.02),
                                                      .leave_bad = Probability::of(0.02),
                                                      .loss_in_good = Probability::of(0.01),
                                                      .loss_in_bad = Probability::of(0.5)}});
  Random random = any_random();
  Transit transit;
  constexpr int kPackets = 1'000'000;
  int lost = 0;
  for (int i = 0; i < kPackets; ++i) lost += transit.admit(kStart, {.size_bytes = 1}, link, random).fate == Fate::lost;
  EXPECT_NEAR(lost / double{kPackets}, (0.01 + 0.5) / 2, 0.01);
}

TEST(Transit, CorruptsOneUniformlyChosenBit) {
  const LinkProfile link = profile_of({.corrupt = Probability::of(0.2)});
  Random random = any_random();
  Transit transit;
  constexpr int kPackets = 100'000;
  std::vector<int> hits(16);
  int corrupted = 0;
  for (int i = 0; i < kPackets; ++i) {
    const Outcome outcome = transit.admit(kStart, {.size_bytes = 2}, link, random);
    if (outcome.corrupt_bit == kNoBit) continue;
    ASSERT_LT(outcome.corrupt_bit, 16u);
    ++hits[outcome.corrupt_bit];
    ++corrupted;
  }
  EXPECT_NEAR(corrupted / double{kPackets}, 0.2, binomial_bound(0.2, kPackets));
  for (const int count : hits)
    EXPECT_NEAR(count / static_cast<double>(corrupted), 1.0 / 16, binomial_bound(1.0 / 16, corrupted));
}

TEST(Transit, AnEmptyPacketHasNoBitToCorrupt) {
  const LinkProfile link = profile_of({.corrupt = Probability::always()});
  Random random = any_random();
  Transit transit;
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 0}, link, random).corrupt_bit, kNoBit);
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1}, link, random).corrupt_bit / 8, 0u);
}

TEST(Transit, DuplicatesTheGivenShare) {
  const LinkProfile link = profile_of({.delay = 5ms, .duplicate = Probability::of(0.1)});
  Random random = any_random();
  Transit transit;
  constexpr int kPackets = 100'000;
  int duplicated = 0;
  for (int i = 0; i < kPackets; ++i) {
    const Outcome outcome = transit.admit(kStart, {.size_bytes = 2}, link, random);
    if (outcome.duplicate_arrival == kNever) continue;
    ++duplicated;
    ASSERT_EQ(outcome.duplicate_arrival, kStart + 5ms);
  }
  EXPECT_NEAR(duplicated / double{kPackets}, 0.1, binomial_bound(0.1, kPackets));
}

// Sends packets 1 ms apart and hands their outcomes to `check`.
void send_spaced(const LinkProfile& link, int packets, const std::function<void(TimePoint, const Outcome&)>& check) {
  Random random = any_random();
  Transit transit;
  for (int i = 0; i < packets; ++i) {
    const TimePoint now = kStart + i * 1ms;
    check(now, transit.admit(now, {.size_bytes = 100}, link, random));
  }
}

TEST(Transit, JitterKeepsOrderUnlessToldOtherwise) {
  for (const JitterShape shape : {JitterShape::uniform, JitterShape::normal, JitterShape::exponential}) {
    for (const bool may_reorder : {false, true}) {
      const LinkProfile link =
          profile_of({.delay = 20ms, .jitter = 10ms, .jitter_shape = shape, .jitter_may_reorder = may_reorder});
      TimePoint latest = TimePoint::min();
      int overtaking = 0;
      send_spaced(link, 10'000, [&](TimePoint now, const Outcome& outcome) {
        ASSERT_GE(outcome.arrival, now) << "no packet arrives before it has left";
        overtaking += outcome.arrival < latest ? 1 : 0;
        latest = std::max(latest, outcome.arrival);
      });
      EXPECT_EQ(overtaking > 0, may_reorder);
    }
  }
}

TEST(Transit, JitterHasItsShape) {
  struct Expected {
    JitterShape shape;
    double mean_ms;
    double deviation_ms;
  };
  for (const Expected expected :
       {Expected{JitterShape::uniform, 100.0, 5.0 / std::sqrt(3.0)}, Expected{JitterShape::normal, 100.0, 5.0},
        Expected{JitterShape::exponential, 105.0, 5.0}}) {
    const LinkProfile link =
        profile_of({.delay = 100ms, .jitter = 5ms, .jitter_shape = expected.shape, .jitter_may_reorder = true});
    constexpr int kPackets = 100'000;
    double sum = 0;
    double squares = 0;
    send_spaced(link, kPackets, [&](TimePoint now, const Outcome& outcome) {
      const double ms = static_cast<double>((outcome.arrival - now).count()) / 1e6;
      sum += ms;
      squares += ms * ms;
    });
    const double mean = sum / kPackets;
    EXPECT_NEAR(mean, expected.mean_ms, 5.0 * 5.0 / std::sqrt(kPackets));
    EXPECT_NEAR(std::sqrt(squares / kPackets - mean * mean), expected.deviation_ms, 0.1);
  }
}

TEST(Transit, HoldsBackTheGivenShareAndLetsOthersPass) {
  const LinkProfile link = profile_of({.delay = 20ms, .reorder = Probability::of(0.05), .reorder_delay = 7500us});
  constexpr int kPackets = 100'000;
  int held_back = 0;
  send_spaced(link, kPackets, [&](TimePoint now, const Outcome& outcome) {
    const Duration delay = outcome.arrival - now;
    ASSERT_TRUE(delay == 20ms || delay == 27500us);
    held_back += delay == 27500us ? 1 : 0;
  });
  EXPECT_NEAR(held_back / double{kPackets}, 0.05, binomial_bound(0.05, kPackets));
}

// The order of draws that docs/link-model.md promises, each as a draw from a copy of the stream.
TEST(Transit, DrawsInTheDocumentedOrder) {
  const LinkParams params{.delay = 50ms,
                          .jitter = 5ms,
                          .jitter_may_reorder = true,
                          .burst_loss = {.enter_bad = Probability::of(0.3),
                                         .leave_bad = Probability::of(0.4),
                                         .loss_in_good = Probability::of(0.1),
                                         .loss_in_bad = Probability::of(0.6)},
                          .corrupt = Probability::of(0.3),
                          .duplicate = Probability::of(0.3),
                          .reorder = Probability::of(0.3),
                          .reorder_delay = 10ms};
  const LinkProfile link = profile_of(params);
  Random random = any_random();
  Transit transit;
  Random draws = random;
  bool bad = false;
  for (int i = 0; i < 2000; ++i) {
    const TimePoint now = kStart + i * 1s;
    const Outcome outcome = transit.admit(now, {.size_bytes = 100}, link, random);
    bad = bad ? !draws.chance(Probability::of(0.4)) : draws.chance(Probability::of(0.3));
    const bool lost = draws.chance(Probability::of(bad ? 0.6 : 0.1));
    ASSERT_EQ(outcome.fate == Fate::lost, lost);
    if (!lost) {
      const bool corrupted = draws.chance(Probability::of(0.3));
      ASSERT_EQ(outcome.corrupt_bit, corrupted ? draws.below(800) : kNoBit);
      const bool duplicated = draws.chance(Probability::of(0.3));
      const bool held_back = draws.chance(Probability::of(0.3));
      const Duration jitter = draws.between(-5ms, 5ms);
      ASSERT_EQ(outcome.arrival, now + 50ms + jitter + (held_back ? 10ms : 0ms));
      ASSERT_EQ(outcome.duplicate_arrival, duplicated ? now + 50ms + draws.between(-5ms, 5ms) : kNever);
    }
    ASSERT_EQ(random, draws);
  }
}

TEST(Transit, FeaturesThatAreOffDrawNothing) {
  const LinkProfile link = profile_of({.rate_bps = 8'000'000, .delay = 10ms, .jitter_shape = JitterShape::normal});
  Random random = any_random();
  const Random before = random;
  Transit transit;
  for (int i = 0; i < 1000; ++i) (void)transit.admit(kStart, {.size_bytes = 1000, .ecn_capable = true}, link, random);
  EXPECT_EQ(random, before);
}

TEST(Transit, AShorterDelayDoesNotReorder) {
  const LinkProfile slow = profile_of({.delay = 100ms});
  const LinkProfile fast = profile_of({.delay = 10ms});
  Random random = any_random();
  Transit transit;
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1}, slow, random).arrival, kStart + 100ms);
  transit.profile_changed(kStart + 1ms, slow, fast);
  EXPECT_EQ(transit.admit(kStart + 1ms, {.size_bytes = 1}, fast, random).arrival, kStart + 100ms);
  EXPECT_EQ(transit.admit(kStart + 95ms, {.size_bytes = 1}, fast, random).arrival, kStart + 105ms);
}

TEST(Transit, AnotherRateHoldsForThePacketsAdmittedUnderIt) {
  const LinkProfile before = profile_of({.rate_bps = 8'000'000});
  const LinkProfile after = profile_of({.rate_bps = 80'000'000});
  Random random = any_random();
  Transit transit;
  for (int i = 0; i < 10; ++i) (void)transit.admit(kStart, {.size_bytes = 1000}, before, random);
  transit.profile_changed(kStart + 4ms, before, after);
  EXPECT_EQ(transit.admit(kStart + 4ms, {.size_bytes = 1000}, after, random).departure, kStart + 10ms + 100us);
  transit.profile_changed(kStart + 5ms, after, before);
  EXPECT_EQ(transit.admit(kStart + 5ms, {.size_bytes = 1000}, before, random).departure, kStart + 10ms + 1100us);
}

TEST(Transit, ThePartOfANanosecondLeftOverIsOfTheOldRate) {
  // A byte at this rate leaves 999 999 999 of 7 000 000 001 parts of a nanosecond, which would be a second at 1 bit/s.
  const LinkProfile before = profile_of({.rate_bps = 7'000'000'001});
  const LinkProfile after = profile_of({.rate_bps = 1});
  Random random = any_random();
  Transit transit;
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1}, before, random).departure, kStart + 1ns);
  transit.profile_changed(kStart, before, after);
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1}, after, random).departure, kStart + 1ns + 8s);
}

// A tenfold rate does not make ten times the bytes out of what is queued, nor a tenth of it a tenth.
TEST(Transit, WhatIsQueuedKeepsItsSizeWhenTheRateChanges) {
  for (const std::uint64_t other_rate : {std::uint64_t{80'000'000}, std::uint64_t{800'000}}) {
    const LinkProfile before = profile_of({.rate_bps = 8'000'000, .queue_limit_bytes = 12'000});
    const LinkProfile after = profile_of({.rate_bps = other_rate, .queue_limit_bytes = 12'000});
    Random random = any_random();
    Transit transit;
    for (int i = 0; i < 10; ++i) (void)transit.admit(kStart, {.size_bytes = 1000}, before, random);
    EXPECT_EQ(transit.queued_bytes(kStart, before), 10'000u);
    transit.profile_changed(kStart, before, after);
    EXPECT_EQ(transit.queued_bytes(kStart, after), 10'000u);
    EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1000}, after, random).fate, Fate::carried);
    EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1001}, after, random).fate, Fate::queue_full);
    EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1000}, after, random).fate, Fate::carried);
    EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1}, after, random).fate, Fate::queue_full);
    EXPECT_EQ(transit.queued_bytes(kStart + 5ms, after), 7'000u);
    EXPECT_EQ(transit.queued_bytes(kStart + 10ms, after), 2'000u);
    EXPECT_EQ(transit.queued_bytes(kStart + 100ms, after), 0u);
  }
}

TEST(Transit, AChangedProfileMayLimitInPackets) {
  const LinkProfile before = profile_of({.rate_bps = 8'000'000, .queue_limit_packets = 3});
  const LinkProfile after = profile_of({.rate_bps = 16'000'000, .queue_limit_packets = 4});
  Random random = any_random();
  Transit transit;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1000}, before, random).fate, Fate::carried);
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1000}, before, random).fate, Fate::queue_full);
  transit.profile_changed(kStart, before, after);
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1000}, after, random).fate, Fate::carried);
  EXPECT_EQ(transit.admit(kStart, {.size_bytes = 1000}, after, random).fate, Fate::queue_full);
  EXPECT_EQ(transit.admit(kStart + 1ms, {.size_bytes = 1000}, after, random).fate, Fate::carried);
}

TEST(Transit, LosingItsRateKeepsOrder) {
  const LinkProfile before = profile_of({.rate_bps = 8'000'000});
  const LinkProfile after = profile_of({});
  Random random = any_random();
  Transit transit;
  for (int i = 0; i < 10; ++i) (void)transit.admit(kStart, {.size_bytes = 1000}, before, random);
  transit.profile_changed(kStart, before, after);
  EXPECT_EQ(transit.admit(kStart + 1ms, {.size_bytes = 1000}, after, random).departure, kStart + 10ms);
  EXPECT_EQ(transit.admit(kStart + 11ms, {.size_bytes = 1000}, after, random).departure, kStart + 11ms);
}

}  // namespace
}  // namespace ghostnet::link::transit_test
