// The link that holds its packets: the same as Transit where it is drop-tail, and a queue like any other where it is
// not.
#include "ghostnet/link/link_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::link::link_model_test {
namespace {

constexpr TimePoint kStart = from_ns(1'000'000'000);

std::shared_ptr<const LinkProfile> profile_of(const LinkParams& params) {
  Result<LinkProfile> profile = LinkProfile::make(params);
  if (!profile) ADD_FAILURE() << profile.error().message();
  return std::make_shared<const LinkProfile>(std::move(profile).value());
}

Random any_random() { return Random::derive(1, 1, "model"); }

// A packet that cannot be copied by accident and that knows how many of its kind live.
class Parcel {
 public:
  Parcel(int number, int* living) : number_(number), living_(living) { ++*living_; }
  Parcel(Parcel&& other) noexcept : number_(other.number_), living_(std::exchange(other.living_, nullptr)) {}
  Parcel& operator=(Parcel&& other) noexcept {
    std::swap(number_, other.number_);
    std::swap(living_, other.living_);
    return *this;
  }
  ~Parcel() {
    if (living_ != nullptr) --*living_;
  }

  int number() const { return number_; }
  Parcel copy() const { return Parcel{number_, living_}; }

 private:
  int number_;
  int* living_;
};

using ParcelLink = LinkModel<Parcel, decltype([](const Parcel& parcel) { return parcel.copy(); })>;
using IntLink = LinkModel<int>;

LinkParams busy_link(Discipline discipline) {
  LinkParams params{.rate_bps = 10'000'000, .delay = 20ms, .discipline = discipline};
  params.frame_overhead_bytes = 38;
  params.mtu_bytes = 1400;
  params.jitter = 3ms;
  params.loss = Probability::of(0.02);
  params.corrupt = Probability::of(0.02);
  params.duplicate = Probability::of(0.02);
  params.reorder = Probability::of(0.02);
  params.queue_limit_bytes = 30'000;
  return params;
}

// Random traffic: bursts of packets of any size, some beyond the MTU, at about the rate of 10 Mbit/s.
struct Offer {
  TimePoint at;
  PacketInfo info;
};

std::vector<Offer> random_offers(int count) {
  Random random = Random::derive(5, 5, "offers");
  std::vector<Offer> offers;
  TimePoint now = kStart;
  for (int i = 0; i < count; ++i) {
    if (random.chance(Probability::of(0.3))) now += random.exponential(Duration{1800us});
    offers.push_back({now,
                      {.size_bytes = static_cast<std::uint32_t>(random.between(1, 1410)),
                       .ecn_capable = random.chance(Probability::of(0.5)),
                       .flow_hash = static_cast<std::uint32_t>(random.below(20))}});
  }
  return offers;
}

struct Seen {
  TimePoint arrival;
  int number;
  std::uint32_t corrupt_bit;
  bool ce_marked;
  bool duplicate;
  bool operator==(const Seen&) const = default;
};

// Drop-tail gives the fabric's fast path and the live world the same link: outcomes, arrivals and the very draws.
TEST(LinkModel, DropTailIsTransit) {
  LinkParams plain{.rate_bps = 10'000'000, .delay = 20ms, .loss = Probability::of(0.05), .queue_limit_bytes = 20'000};
  LinkParams packets = busy_link(Discipline::drop_tail);
  packets.queue_limit_packets = 12;
  LinkParams marking = busy_link(Discipline::drop_tail);
  marking.ecn_threshold_bytes = 8'000;
  LinkParams reordering = busy_link(Discipline::drop_tail);
  reordering.jitter_may_reorder = true;
  for (const LinkParams& params : {plain, packets, marking, reordering}) {
    const auto profile = profile_of(params);
    Random transit_random = any_random();
    Random model_random = any_random();
    Transit transit;
    IntLink model{profile};
    std::vector<Seen> expected;
    std::vector<Seen> delivered;
    std::map<Fate, std::uint64_t> fates;
    const std::vector<Offer> offers = random_offers(50'000);
    for (int i = 0; i < static_cast<int>(offers.size()); ++i) {
      const Offer& offer = offers[static_cast<std::size_t>(i)];
      const Outcome outcome = transit.admit(offer.at, offer.info, *profile, transit_random);
      ++fates[outcome.fate];
      if (outcome.fate == Fate::carried) {
        expected.push_back({outcome.arrival, i, outcome.corrupt_bit, outcome.ce_marked, false});
        if (outcome.duplicate_arrival != kNever) {
          expected.push_back({outcome.duplicate_arrival, i, outcome.corrupt_bit, outcome.ce_marked, true});
        }
      }
      ASSERT_EQ(model.enqueue(offer.at, i, offer.info, model_random), outcome.fate);
      ASSERT_EQ(model_random, transit_random);
      ASSERT_EQ(model.queued_bytes(offer.at), transit.queued_bytes(offer.at, *profile));
      while (const auto d = model.poll(offer.at, model_random)) {
        delivered.push_back({d->arrival, d->packet, d->corrupt_bit, d->ce_marked, d->duplicate});
      }
    }
    while (const auto d = model.poll(kNever, model_random)) {
      delivered.push_back({d->arrival, d->packet, d->corrupt_bit, d->ce_marked, d->duplicate});
    }
    std::ranges::sort(expected, {}, [](const Seen& s) { return std::tuple(s.arrival, s.number, s.duplicate); });
    EXPECT_EQ(delivered, expected);
    EXPECT_GT(fates[Fate::queue_full], 100u) << "the traffic should have filled the queue";
    EXPECT_GT(fates[Fate::lost], 100u);
    for (const auto& [fate, count] : fates) EXPECT_EQ(model.counters().of(fate), count) << to_string(fate);
  }
}

TEST(LinkModel, EveryPacketIsAccountedForAndDestroyed) {
  for (const Discipline discipline : {Discipline::drop_tail, Discipline::codel, Discipline::fq_codel}) {
    LinkParams params = busy_link(discipline);
    params.queue_limit_packets = 25;
    params.codel = {.target = 1ms, .interval = 20ms};
    int living = 0;
    Random random = any_random();
    {
      ParcelLink link{profile_of(params)};
      std::uint64_t delivered = 0;
      std::uint64_t copies = 0;
      const std::vector<Offer> offers = random_offers(30'000);
      for (int i = 0; i < static_cast<int>(offers.size()); ++i) {
        const Offer& offer = offers[static_cast<std::size_t>(i)];
        (void)link.enqueue(offer.at, Parcel{i, &living}, offer.info, random);
        ASSERT_EQ(living, static_cast<int>(link.held_packets()));
        while (const auto d = link.poll(offer.at, random)) {
          ++delivered;
          copies += d->duplicate ? 1 : 0;
        }
      }
      while (const auto d = link.poll(kNever, random)) {
        ++delivered;
        copies += d->duplicate ? 1 : 0;
      }
      const LinkCounters& counters = link.counters();
      std::uint64_t decided = 0;
      for (const std::uint64_t count : counters.fates) decided += count;
      EXPECT_EQ(counters.offered, 30'000u);
      EXPECT_EQ(decided, 30'000u);
      EXPECT_EQ(counters.delivered, delivered);
      EXPECT_EQ(delivered, counters.of(Fate::carried) + counters.duplicated);
      EXPECT_EQ(copies, counters.duplicated);
      EXPECT_GT(counters.duplicated, 100u);
      EXPECT_GT(counters.of(Fate::queue_full), 100u);
      EXPECT_EQ(counters.of(Fate::codel) > 0, discipline != Discipline::drop_tail);
      EXPECT_EQ(link.held_packets(), 0u);
      EXPECT_EQ(living, 0);
    }
    {
      ParcelLink link{profile_of(params)};
      for (int i = 0; i < 100; ++i) (void)link.enqueue(kStart, Parcel{i, &living}, {.size_bytes = 1000}, random);
      EXPECT_GT(living, 0);
    }
    EXPECT_EQ(living, 0) << "a link takes its packets with it";
  }
}

// A driver that wakes late sees the arrivals late but unchanged: the wire kept its own time.
TEST(LinkModel, LatePollsDoNotDrift) {
  for (const Discipline discipline : {Discipline::codel, Discipline::fq_codel}) {
    const auto profile = profile_of(busy_link(discipline));
    const auto arrivals_with = [&](Duration lateness) {
      Random random = any_random();
      IntLink link{profile};
      std::vector<Seen> seen;
      const auto collect = [&](TimePoint now) {
        while (const auto d = link.poll(now, random)) {
          seen.push_back({d->arrival, d->packet, d->corrupt_bit, d->ce_marked, d->duplicate});
        }
      };
      int number = 0;
      for (const Offer& offer : random_offers(20'000)) {
        while (link.next_deadline() <= offer.at - lateness) collect(link.next_deadline() + lateness);
        (void)link.enqueue(offer.at, number++, offer.info, random);
      }
      collect(kNever);
      return seen;
    };
    const std::vector<Seen> punctual = arrivals_with(0ns);
    EXPECT_GT(punctual.size(), 10'000u);
    EXPECT_EQ(arrivals_with(1us), punctual);
    EXPECT_EQ(arrivals_with(7ms), punctual);
    EXPECT_EQ(arrivals_with(10s), punctual);
  }
}

// Following next_deadline() alone delivers every packet at its arrival, not a nanosecond later.
TEST(LinkModel, DeadlinesArePunctual) {
  for (const Discipline discipline : {Discipline::drop_tail, Discipline::codel, Discipline::fq_codel}) {
    for (const bool may_reorder : {false, true}) {
      LinkParams params = busy_link(discipline);
      params.jitter_may_reorder = may_reorder;
      params.delay = 500us;  // so short that often nothing is on the wire but what is being sent
      Random random = any_random();
      IntLink link{profile_of(params)};
      EXPECT_EQ(link.next_deadline(), kNever);
      int delivered = 0;
      const auto run_until = [&](TimePoint end) {
        while (link.next_deadline() <= end && link.next_deadline() != kNever) {
          const TimePoint now = link.next_deadline();
          while (const auto d = link.poll(now, random)) {
            ASSERT_EQ(d->arrival, now);
            ++delivered;
          }
          ASSERT_GT(link.next_deadline(), now) << "a deadline that was served must pass";
        }
      };
      for (const Offer& offer : random_offers(20'000)) {
        run_until(offer.at - 1ns);
        (void)link.enqueue(offer.at, 0, offer.info, random);
        ASSERT_GE(link.next_deadline(), offer.at) << "nothing is left undone that was due";
      }
      run_until(kNever);
      EXPECT_EQ(link.held_packets(), 0u);
      EXPECT_GT(delivered, 5'000);
    }
  }
}

TEST(LinkModel, CodelAndFqCodelSendAtTheRate) {
  for (const Discipline discipline : {Discipline::codel, Discipline::fq_codel}) {
    LinkParams params{.rate_bps = 999'983, .discipline = discipline, .queue_limit_bytes = 1'000'000};
    params.codel = {.target = 24h, .interval = 24h};
    Random random = any_random();
    IntLink link{profile_of(params)};
    for (int i = 0; i < 1000; ++i) (void)link.enqueue(kStart, i, {.size_bytes = 999}, random);
    std::uint64_t sent_bytes = 0;
    while (const auto d = link.poll(kNever, random)) {
      sent_bytes += 999;
      ASSERT_EQ((d->arrival - kStart).count(), static_cast<std::int64_t>(sent_bytes * 8'000'000'000 / 999'983));
    }
    EXPECT_EQ(sent_bytes, 999'000u);
  }
}

TEST(LinkModel, EveryQueueHasItsBounds) {
  for (const Discipline discipline : {Discipline::codel, Discipline::fq_codel}) {
    LinkParams params{.rate_bps = 8'000, .discipline = discipline, .queue_limit_bytes = 10'000};
    Random random = any_random();
    IntLink in_bytes{profile_of(params)};
    for (int i = 0; i < 1000; ++i) {
      (void)in_bytes.enqueue(kStart, i, {.size_bytes = 900, .flow_hash = static_cast<std::uint32_t>(i)}, random);
      ASSERT_LE(in_bytes.queued_bytes(kStart), 10'000u);
    }
    EXPECT_EQ(in_bytes.queued_bytes(kStart), 9'900u);

    params.queue_limit_packets = 5;
    IntLink in_packets{profile_of(params)};
    std::uint32_t most = 0;
    for (int i = 0; i < 100; ++i) {
      (void)in_packets.enqueue(kStart, i, {.size_bytes = 100}, random);
      most = std::max(most, in_packets.held_packets());
    }
    EXPECT_EQ(most, 6u) << "five that wait and the one being sent";
    EXPECT_EQ(in_packets.counters().of(Fate::queue_full), 100u - in_packets.held_packets());
  }
  Random random = any_random();
  IntLink held{profile_of({.delay = 1s, .in_flight_limit_packets = 10})};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(held.enqueue(kStart, i, {.size_bytes = 100}, random), Fate::carried);
  EXPECT_EQ(held.enqueue(kStart, 10, {.size_bytes = 100}, random), Fate::in_flight_full);
  EXPECT_TRUE(held.poll(kStart + 1s, random).has_value());
  EXPECT_EQ(held.enqueue(kStart + 1s, 11, {.size_bytes = 100}, random), Fate::carried);
}

TEST(LinkModel, AShorterDelayDoesNotReorder) {
  for (const Discipline discipline : {Discipline::drop_tail, Discipline::codel, Discipline::fq_codel}) {
    LinkParams params{.rate_bps = 8'000'000, .delay = 100ms, .discipline = discipline};
    Random random = any_random();
    IntLink link{profile_of(params)};
    for (int i = 0; i < 3; ++i) (void)link.enqueue(kStart, i, {.size_bytes = 1000}, random);
    params.delay = 1ms;
    ASSERT_TRUE(link.change_profile(kStart + 1500us, profile_of(params), random));
    for (int i = 3; i < 6; ++i) (void)link.enqueue(kStart + 2ms, i, {.size_bytes = 1000}, random);
    std::vector<int> order;
    while (const auto d = link.poll(kNever, random)) order.push_back(d->packet);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
  }
}

TEST(LinkModel, WhatIsQueuedKeepsItsSizeWhenTheRateChanges) {
  for (const Discipline discipline : {Discipline::drop_tail, Discipline::codel, Discipline::fq_codel}) {
    LinkParams params{.rate_bps = 8'000'000, .discipline = discipline};
    Random random = any_random();
    IntLink link{profile_of(params)};
    for (int i = 0; i < 10; ++i) (void)link.enqueue(kStart, i, {.size_bytes = 1000}, random);
    const std::uint64_t before = link.queued_bytes(kStart);
    EXPECT_EQ(before, discipline == Discipline::drop_tail ? 10'000u : 9'000u)
        << "CoDel does not count what is being sent";
    params.rate_bps = 800'000;
    ASSERT_TRUE(link.change_profile(kStart, profile_of(params), random));
    EXPECT_EQ(link.queued_bytes(kStart), before);
  }
}

TEST(LinkModel, CodelSendsWhatIsQueuedAtTheNewRate) {
  LinkParams params{.rate_bps = 8'000'000, .discipline = Discipline::codel};
  Random random = any_random();
  IntLink link{profile_of(params)};
  for (int i = 0; i < 4; ++i) (void)link.enqueue(kStart, i, {.size_bytes = 1000}, random);
  params.rate_bps = 800'000;
  ASSERT_TRUE(link.change_profile(kStart + 500us, profile_of(params), random));
  std::vector<Duration> arrivals;
  while (const auto d = link.poll(kNever, random)) arrivals.push_back(d->arrival - kStart);
  EXPECT_EQ(arrivals, (std::vector<Duration>{1ms, 11ms, 21ms, 31ms}));
}

TEST(LinkModel, ALinkThatIsDownDeliversWhatItTook) {
  LinkParams params{.rate_bps = 8'000'000, .delay = 10ms};
  Random random = any_random();
  IntLink link{profile_of(params)};
  for (int i = 0; i < 3; ++i) (void)link.enqueue(kStart, i, {.size_bytes = 1000}, random);
  params.up = false;
  ASSERT_TRUE(link.change_profile(kStart, profile_of(params), random));
  EXPECT_EQ(link.enqueue(kStart, 3, {.size_bytes = 1000}, random), Fate::link_down);
  int delivered = 0;
  while (link.poll(kNever, random)) ++delivered;
  EXPECT_EQ(delivered, 3);
}

TEST(LinkModel, RefusesAnotherDisciplineWhileInUse) {
  Random random = any_random();
  IntLink link{profile_of({.rate_bps = 8'000'000})};
  const Result<> refused = link.change_profile(kStart, profile_of({.discipline = Discipline::codel}), random);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
  EXPECT_EQ(link.profile().rate_bps(), 8'000'000u);
}

}  // namespace
}  // namespace ghostnet::link::link_model_test
