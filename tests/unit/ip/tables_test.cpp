// Routes, source addresses, path MTUs, rate limits and memberships: the small engines under the IP layer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/ip/membership.hpp"
#include "ghostnet/ip/path_mtu.hpp"
#include "ghostnet/ip/rate_limit.hpp"
#include "ghostnet/ip/routing_table.hpp"
#include "ghostnet/ip/source_selection.hpp"
#include "ghostnet/runtime/internet_checksum.hpp"

namespace ghostnet::ip::tables_test {
namespace {

constexpr TimePoint kStart{100s};

IpAddress addr(std::string_view text) { return *IpAddress::parse(text); }
IpPrefix net(std::string_view text) { return *IpPrefix::parse(text); }

// ---- routes ----

TEST(RoutingTable, TheLongestPrefixWins) {
  RoutingTable table;
  ASSERT_TRUE(table.add({.destination = net("0.0.0.0/0"), .interface = 2}));
  ASSERT_TRUE(table.add({.destination = net("10.0.0.0/8"), .interface = 3}));
  ASSERT_TRUE(table.add({.destination = net("10.1.0.0/16"), .interface = 4}));
  ASSERT_TRUE(table.add({.destination = net("2001:db8::/32"), .interface = 5}));
  EXPECT_EQ(table.find(addr("10.1.2.3"))->interface, 4u);
  EXPECT_EQ(table.find(addr("10.2.2.3"))->interface, 3u);
  EXPECT_EQ(table.find(addr("192.0.2.1"))->interface, 2u);
  EXPECT_EQ(table.find(addr("2001:db8::1"))->interface, 5u);
  EXPECT_EQ(table.find(addr("2001:db9::1")), nullptr);
  EXPECT_TRUE(table.remove(net("10.1.0.0/16"), 4));
  EXPECT_FALSE(table.remove(net("10.1.0.0/16"), 4));
  EXPECT_EQ(table.find(addr("10.1.2.3"))->interface, 3u);
}

TEST(RoutingTable, AmongEqualsTheLowestMetricOfAUsableInterface) {
  RoutingTable table;
  ASSERT_TRUE(table.add({.destination = net("10.0.0.0/8"), .interface = 3, .metric = 20}));
  ASSERT_TRUE(table.add({.destination = net("10.0.0.0/8"), .interface = 4, .metric = 10}));
  ASSERT_TRUE(table.add({.destination = net("0.0.0.0/0"), .interface = 2}));
  EXPECT_EQ(table.find(addr("10.0.0.1"))->interface, 4u);
  EXPECT_EQ(table.find(addr("10.0.0.1"), [](InterfaceIndex i) { return i != 4; })->interface, 3u);
  EXPECT_EQ(table.find(addr("10.0.0.1"), [](InterfaceIndex i) { return i == 2; })->interface, 2u);
  ASSERT_TRUE(table.add({.destination = net("10.0.0.0/8"), .interface = 3, .metric = 1}));
  EXPECT_EQ(table.routes().size(), 3u) << "the same way once more replaces it";
  EXPECT_EQ(table.find(addr("10.0.0.1"))->interface, 3u);
}

TEST(RoutingTable, AgreesWithASearchThroughAll) {
  Random random = Random::derive(1, 0, "routes");
  RoutingTable table;
  for (int i = 0; i < 500; ++i) {
    const IpAddress address = IpAddress::v4(static_cast<std::uint32_t>(random.next_u64()) & 0x0f0f'0f0f);
    ASSERT_TRUE(table.add({.destination = IpPrefix(address, static_cast<unsigned>(random.below(33))),
                           .interface = static_cast<InterfaceIndex>(2 + random.below(3))}));
  }
  for (int i = 0; i < 5000; ++i) {
    const IpAddress address = IpAddress::v4(static_cast<std::uint32_t>(random.next_u64()) & 0x0f0f'0f0f);
    const Route* const found = table.find(address);
    const auto expected = longest_match(table.routes(), address, &Route::destination);
    ASSERT_EQ(found == nullptr, expected == table.routes().end());
    if (found != nullptr) ASSERT_EQ(found->destination, expected->destination);
  }
}

TEST(RoutingTable, IsBounded) {
  RoutingTable table(1);
  ASSERT_TRUE(table.add({.destination = net("10.0.0.0/8"), .interface = 2}));
  EXPECT_EQ(table.add({.destination = net("11.0.0.0/8"), .interface = 2}).error(), Errc::limit);
}

// ---- RFC 6724 ----

std::optional<IpAddress> select(std::string_view destination, std::vector<SourceCandidate> candidates,
                                InterfaceIndex outgoing = 2) {
  return select_source(addr(destination), outgoing, candidates);
}

TEST(SourceSelection, FollowsTheRulesOfRfc6724) {
  const SourceCandidate global{addr("2001:db8:1::2"), 64, 2};
  const SourceCandidate link_local{addr("fe80::1"), 64, 2};
  // Rule 1: the destination itself. Rule 2: the smallest scope that is large enough (RFC 6724 10.1).
  EXPECT_EQ(select("2001:db8:1::2", {link_local, global}), global.address);
  EXPECT_EQ(select("2001:db8:9::9", {link_local, global}), global.address);
  EXPECT_EQ(select("fe80::9", {global, link_local}), link_local.address);
  EXPECT_EQ(select("ff02::1", {global, link_local}), link_local.address);
  // Rule 5: the interface that it leaves by.
  const SourceCandidate elsewhere{addr("2001:db8:9::1"), 64, 3};
  EXPECT_EQ(select("2001:db8:9::9", {elsewhere, global}), global.address);
  // Rule 6: the label; rule 8: the longest common prefix, within the source's own.
  const SourceCandidate local_unique{addr("fd00::1"), 64, 2};
  EXPECT_EQ(select("fd00:1::1", {global, local_unique}), local_unique.address);
  EXPECT_EQ(select("2001:db8:9::9", {local_unique, global}), global.address);
  const SourceCandidate nearer{addr("2001:db8:9::1"), 64, 2};
  EXPECT_EQ(select("2001:db8:9::9", {global, nearer}), nearer.address);
  EXPECT_EQ(select("10.0.0.1", {global}), std::nullopt);
  EXPECT_EQ(select("10.0.0.1", {{addr("192.168.0.1"), 24, 2}, {addr("10.0.0.9"), 24, 2}}), addr("10.0.0.9"));
}

// ---- path MTU ----

TEST(PathMtu, ReportsOnlyLowerItAndGrowOld) {
  PathMtuCache cache({.lifetime = 10min});
  const IpAddress far = addr("2001:db8::1");
  EXPECT_FALSE(cache.find(kStart, far));
  EXPECT_TRUE(cache.report(kStart, far, 1400));
  EXPECT_FALSE(cache.report(kStart, far, 1450)) << "a report cannot make a path wider";
  EXPECT_TRUE(cache.report(kStart, far, 1300));
  EXPECT_EQ(cache.find(kStart + 9min, far), 1300u);
  EXPECT_FALSE(cache.find(kStart + 10min, far));
}

TEST(PathMtu, LiesAreNotBelieved) {
  PathMtuCache cache;
  EXPECT_FALSE(cache.report(kStart, addr("2001:db8::1"), 1279)) << "RFC 8201 4";
  EXPECT_FALSE(cache.report(kStart, addr("10.0.0.1"), 67)) << "RFC 791 3.2";
  EXPECT_TRUE(cache.report(kStart, addr("10.0.0.1"), 68));
  EXPECT_EQ(cache.find(kStart, addr("10.0.0.1")), 552u);
}

// Less than is believed may be true nevertheless: who hears of it lets routers cut.
TEST(PathMtu, APathThatIsSaidToBeNarrowerThanIsBelievedIsFragile) {
  PathMtuCache cache;
  const IpAddress there = IpAddress::v4(10, 0, 0, 1);
  EXPECT_TRUE(cache.report(TimePoint{1s}, there, 1000));
  EXPECT_FALSE(cache.is_fragile(TimePoint{1s}, there));
  EXPECT_TRUE(cache.report(TimePoint{2s}, there, 300));
  EXPECT_EQ(cache.find(TimePoint{2s}, there), 552u);
  EXPECT_TRUE(cache.is_fragile(TimePoint{2s}, there));
  EXPECT_FALSE(cache.report(TimePoint{3s}, there, 300)) << "nothing new";
  EXPECT_FALSE(cache.is_fragile(TimePoint{2s} + 11min, there)) << "and forgotten like the rest";
}

TEST(PathMtu, IsBoundedAndForgetsWhatIsOldest) {
  PathMtuCache cache({.max_paths = 2});
  EXPECT_TRUE(cache.report(kStart, addr("10.0.0.1"), 1000));
  EXPECT_TRUE(cache.report(kStart + 1s, addr("10.0.0.2"), 1000));
  EXPECT_TRUE(cache.report(kStart + 2s, addr("10.0.0.3"), 1000));
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_FALSE(cache.find(kStart + 3s, addr("10.0.0.1")));
  EXPECT_TRUE(cache.find(kStart + 3s, addr("10.0.0.3")));
}

// ---- rate limits ----

TEST(RateLimit, AllowsABurstAndThenARate) {
  const Rate rate{.per_second = 10, .burst = 3};
  RateLimit limit;
  EXPECT_TRUE(limit.take(kStart, rate));
  EXPECT_TRUE(limit.take(kStart, rate));
  EXPECT_TRUE(limit.take(kStart, rate));
  EXPECT_FALSE(limit.take(kStart, rate));
  EXPECT_FALSE(limit.take(kStart + 99ms, rate));
  EXPECT_TRUE(limit.take(kStart + 100ms, rate));
  EXPECT_FALSE(limit.take(kStart + 100ms, rate));
  int allowed = 0;
  for (int ms = 200; ms < 10'200; ++ms) allowed += limit.take(kStart + ms * 1ms, rate);
  EXPECT_EQ(allowed, 100);
  EXPECT_FALSE(RateLimit().take(kStart, {.per_second = 0}));
}

TEST(RateLimit, ErrorsToOneDestinationLeaveRoomForOthers) {
  ErrorLimit limit({.all = {.per_second = 1000, .burst = 50}, .per_destination = {.per_second = 10, .burst = 6}}, 42);
  int to_one = 0;
  for (int i = 0; i < 1000; ++i) to_one += limit.take(kStart, addr("10.0.0.1"));
  EXPECT_EQ(to_one, 6);
  EXPECT_TRUE(limit.take(kStart, addr("10.0.0.2")));
  int to_all = to_one + 1;
  for (std::uint32_t i = 0; i < 10'000; ++i) to_all += limit.take(kStart, IpAddress::v4(0x0b00'0000 + i));
  EXPECT_LE(to_all, 50);
  EXPECT_GT(to_all, 40);
}

// ---- groups ----

TEST(Membership, ReportsWhatIsJoinedAndLeftTwice) {
  Random random = Random::derive(1, 0, "membership");
  Membership membership;
  const IpAddress group = addr("239.1.2.3");
  ASSERT_TRUE(membership.join(kStart, group));
  ASSERT_TRUE(membership.join(kStart, group)) << "counted, not reported again";
  EXPECT_TRUE(membership.contains(group));
  for (int round = 0; round < 2; ++round) {
    const TimePoint due = membership.next_deadline();
    EXPECT_LE(due, kStart + 1s);
    const auto records = membership.poll(due, IpFamily::v4, random);
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].kind, GroupRecordKind::joined);
    EXPECT_EQ(records[0].group, group);
  }
  EXPECT_EQ(membership.next_deadline(), kNever);
  membership.leave(kStart + 5s, group);
  EXPECT_TRUE(membership.contains(group)) << "the other one stays";
  membership.leave(kStart + 5s, group);
  EXPECT_FALSE(membership.contains(group));
  EXPECT_EQ(membership.poll(kStart + 5s, IpFamily::v6, random).size(), 0u);
  EXPECT_EQ(membership.poll(kStart + 5s, IpFamily::v4, random)[0].kind, GroupRecordKind::left);
  EXPECT_EQ(membership.poll(kStart + 9s, IpFamily::v4, random)[0].kind, GroupRecordKind::left);
  EXPECT_EQ(membership.next_deadline(), kNever);
}

TEST(Membership, AnswersQueriesWithinTheirDelay) {
  Random random = Random::derive(1, 0, "membership");
  Membership membership;
  ASSERT_TRUE(membership.join(kStart, addr("ff05::7")));
  ASSERT_TRUE(membership.join(kStart, kAllNodes)) << "never reported (RFC 9777 6)";
  while (membership.next_deadline() != kNever) {
    static_cast<void>(membership.poll(membership.next_deadline(), IpFamily::v6, random));
  }
  membership.on_query(kStart + 10s, {.group = IpAddress::any(IpFamily::v6), .max_response_delay = 2s}, random);
  const TimePoint due = membership.next_deadline();
  EXPECT_GE(due, kStart + 10s);
  EXPECT_LE(due, kStart + 12s);
  const auto records = membership.poll(due, IpFamily::v6, random);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].kind, GroupRecordKind::is_member);
  membership.on_query(kStart + 20s, {.group = addr("ff05::8"), .max_response_delay = 2s}, random);
  EXPECT_EQ(membership.next_deadline(), kNever) << "not asked about ours";
}

TEST(MembershipWire, QueriesOfAllVersionsAreRead) {
  std::vector<std::uint8_t> igmp{0x11, 20, 0, 0, 239, 1, 2, 3};
  store_be(igmp.data() + 2, internet_checksum(igmp));
  auto query = MembershipQuery::parse(IpFamily::v4, igmp);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->group, addr("239.1.2.3"));
  EXPECT_EQ(query->max_response_delay, 2s);
  igmp[1] ^= 1;
  EXPECT_FALSE(MembershipQuery::parse(IpFamily::v4, igmp)) << "a wrong checksum";
  std::vector<std::uint8_t> igmpv3{0x11, 0x9a, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0};  // (10 | 0x10) << (1 + 3) tenths
  store_be(igmpv3.data() + 2, internet_checksum(igmpv3));
  EXPECT_EQ(MembershipQuery::parse(IpFamily::v4, igmpv3)->max_response_delay, 41600ms);
  std::vector<std::uint8_t> mld(28);
  mld[0] = kMldQueryType;
  mld[4] = 0x27;
  mld[5] = 0x10;
  query = MembershipQuery::parse(IpFamily::v6, mld);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->max_response_delay, 10s);
  EXPECT_TRUE(query->group.is_unspecified());
  EXPECT_FALSE(MembershipQuery::parse(IpFamily::v6, ByteView(mld).first(23)));
}

TEST(MembershipWire, ReportsAreWrittenAsTheRfcsDraw) {
  const GroupRecord record{GroupRecordKind::joined, addr("239.1.2.3")};
  std::vector<std::uint8_t> report(membership_report_bytes(IpFamily::v4, 1));
  emit_membership_report(std::span(&record, 1), addr("10.0.0.1"), kIgmpv3Routers, report);
  EXPECT_TRUE(checksum_holds(report));
  report[2] = report[3] = 0;
  EXPECT_THAT(report, testing::ElementsAre(0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 239, 1, 2, 3));
}

}  // namespace
}  // namespace ghostnet::ip::tables_test
