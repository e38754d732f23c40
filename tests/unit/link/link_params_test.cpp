// What a user may say about a link, and what they are told when they may not.
#include "ghostnet/link/link_params.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::link::link_params_test {
namespace {

using testing::HasSubstr;

std::string refusal_of(const std::function<void(LinkParams&)>& change) {
  LinkParams params{.rate_bps = 1'000'000, .delay = 10ms};
  change(params);
  const Result<LinkProfile> profile = LinkProfile::make(params);
  if (profile) return "accepted";
  EXPECT_EQ(profile.error().code(), Errc::invalid_argument);
  return std::string(profile.error().message());
}

TEST(LinkParams, DefaultsAreAPerfectLink) {
  const LinkProfile profile = LinkProfile::make({}).value();
  EXPECT_TRUE(profile.up());
  EXPECT_EQ(profile.rate_bps(), 0u);
  EXPECT_EQ(profile.delay(), 0ns);
  EXPECT_EQ(profile.mtu_bytes(), kMaxPacketBytes);
}

TEST(LinkParams, RefusalsSayWhatToWriteInstead) {
  EXPECT_EQ(refusal_of([](LinkParams& p) { p.rate_bps = 10'000'000'000'001; }),
            "rate_bps is 10000000000001: give at most 10000000000000, or 0 for a link without a rate");
  EXPECT_EQ(refusal_of([](LinkParams& p) { p.delay = -1ms; }), "delay is -1 ms: give 0 s to 86400 s");
  EXPECT_EQ(refusal_of([](LinkParams& p) { p.jitter = 25h; }), "jitter is 90000 s: give 0 s to 86400 s");
  EXPECT_EQ(refusal_of([](LinkParams& p) { p.queue_limit_bytes = 0; }), "queue_limit_bytes is 0: give 1 to 1073741824");
  EXPECT_THAT(refusal_of([](LinkParams& p) {
                p.mtu_bytes = 1500;
                p.frame_overhead_bytes = 38;
                p.queue_limit_bytes = 1537;
              }),
              HasSubstr("would never pass; give at least 1538"));
  EXPECT_THAT(refusal_of([](LinkParams& p) { p.queue_limit_bytes = kMaxQueueBytes, p.rate_bps = 1; }),
              HasSubstr("over a century"));
}

TEST(LinkParams, RefusesParametersThatContradictEachOther) {
  EXPECT_THAT(refusal_of([](LinkParams& p) {
                p.loss = Probability::of(0.1);
                p.burst_loss.enter_bad = Probability::of(0.1);
              }),
              HasSubstr("burst_loss.loss_in_good"));
  EXPECT_THAT(refusal_of([](LinkParams& p) {
                p.burst_loss.enter_bad = Probability::of(0.1);
                p.burst_loss.leave_bad = Probability::never();
              }),
              HasSubstr("would never end"));
  EXPECT_THAT(refusal_of([](LinkParams& p) { p.jitter_may_reorder = true; }), HasSubstr("without jitter does nothing"));
  EXPECT_THAT(refusal_of([](LinkParams& p) {
                p.reorder = Probability::of(0.1);
                p.reorder_delay = 0ms;
              }),
              HasSubstr("reorder_delay is 0"));
  EXPECT_THAT(refusal_of([](LinkParams& p) {
                p.discipline = Discipline::codel;
                p.ecn_threshold_bytes = 1000;
              }),
              HasSubstr("drop_tail only"));
  EXPECT_THAT(refusal_of([](LinkParams& p) {
                p.discipline = Discipline::codel;
                p.codel = {.target = 100ms, .interval = 5ms};
              }),
              HasSubstr("codel.interval 5 ms is below codel.target 100 ms"));
  EXPECT_THAT(refusal_of([](LinkParams& p) {
                p.discipline = Discipline::fq_codel;
                p.fq_flows = 0;
              }),
              HasSubstr("fq_flows is 0"));
}

TEST(LinkParams, AcceptsTheSlowestAndTheFastest) {
  EXPECT_EQ(refusal_of([](LinkParams& p) { p.rate_bps = 1; }), "accepted");
  EXPECT_EQ(refusal_of([](LinkParams& p) { p.rate_bps = kMaxRateBps, p.queue_limit_bytes = kMaxQueueBytes; }),
            "accepted");
}

// The multiplication by an inverse is a division, for any rate and any amount of work.
TEST(LinkProfile, TimeOfIsAnExactDivision) {
  Random random = Random::derive(1, 1, "division");
  const auto check = [](std::uint64_t rate_bps, std::uint64_t work) {
    const LinkProfile profile = LinkProfile::make({.rate_bps = rate_bps, .queue_limit_bytes = 1}).value();
    const LinkProfile::Quotient quotient = profile.time_of(work);
    ASSERT_EQ(quotient.ns, work / rate_bps) << work << " / " << rate_bps;
    ASSERT_EQ(quotient.rest, work % rate_bps) << work << " / " << rate_bps;
  };
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t rate_bps = random.below(kMaxRateBps >> random.below(43)) + 1;
    const std::uint64_t work = random.next_u64() >> (1 + random.below(62));
    check(rate_bps, work);
    check(rate_bps, work / rate_bps * rate_bps);
    if (work >= rate_bps) check(rate_bps, work / rate_bps * rate_bps - 1);
  }
  for (const std::uint64_t rate_bps : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{1} << 40, kMaxRateBps}) {
    check(rate_bps, 0);
    check(rate_bps, (std::uint64_t{1} << 63) - 1);
  }
}

}  // namespace
}  // namespace ghostnet::link::link_params_test
