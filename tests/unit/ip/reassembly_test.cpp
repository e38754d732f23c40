#include "ghostnet/ip/reassembly.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "ghostnet/ip/cutting.hpp"
#include "ghostnet/runtime/random.hpp"

namespace ghostnet::ip::reassembly_test {
namespace {

using Verdict = Reassembler::Verdict;

constexpr TimePoint kStart{1s};

IpPacket packet_of(IpFamily family, std::size_t payload_bytes, Ecn ecn = Ecn::not_ect) {
  Header header;
  header.source = family == IpFamily::v4 ? IpAddress::v4(10, 0, 0, 1) : IpAddress::v6({0xfd00, 0, 0, 0, 0, 0, 0, 1});
  header.destination =
      family == IpFamily::v4 ? IpAddress::v4(10, 0, 0, 2) : IpAddress::v6({0xfd00, 0, 0, 0, 0, 0, 0, 2});
  header.protocol = kUdp;
  header.traffic_class = static_cast<std::uint8_t>(ecn);
  header.total_bytes = static_cast<std::uint32_t>(header_bytes_of(family) + payload_bytes);
  IpPacket packet;
  packet.data = PacketBuf::with_room(0, header.total_bytes);
  emit(header, packet.data.append(header_bytes_of(family)));
  const MutableByteView payload = packet.data.append(payload_bytes);
  std::iota(payload.begin(), payload.end(), std::uint8_t{0});
  return packet;
}

std::vector<IpPacket> cut(const IpPacket& packet, std::size_t mtu_bytes, std::uint32_t identification = 7) {
  std::vector<IpPacket> fragments;
  EXPECT_TRUE(cut_fragments(copy_of(packet), *parse(packet.data.view()), mtu_bytes, identification, fragments));
  return fragments;
}

Reassembler::Outcome add(Reassembler& reassembler, const IpPacket& fragment, TimePoint now = kStart) {
  const auto header = parse(fragment.data.view());
  EXPECT_TRUE(header);
  EXPECT_TRUE(header->is_fragment());
  return reassembler.add(now, *header, copy_of(fragment));
}

// A fragment of IPv4 with so many bytes of payload at an offset.
IpPacket piece(std::size_t offset_bytes, std::size_t bytes, bool more, std::uint32_t identification = 7) {
  IpPacket packet = packet_of(IpFamily::v4, bytes);
  Header header = *parse(packet.data.view());
  header.fragment_offset_bytes = static_cast<std::uint16_t>(offset_bytes);
  header.more_fragments = more;
  header.identification = identification;
  emit(header, packet.data.writable());
  return packet;
}

class Reassembly : public testing::TestWithParam<IpFamily> {};
INSTANTIATE_TEST_SUITE_P(Family, Reassembly, testing::Values(IpFamily::v4, IpFamily::v6),
                         [](const auto& info) { return info.param == IpFamily::v4 ? "v4" : "v6"; });

TEST_P(Reassembly, GivesBackWhatWasCutInEveryOrder) {
  const IpPacket whole = packet_of(GetParam(), 3000);
  std::vector<IpPacket> fragments = cut(whole, 1280);
  ASSERT_EQ(fragments.size(), 3u);
  std::vector<std::size_t> order{0, 1, 2};
  do {
    Reassembler reassembler;
    EXPECT_EQ(add(reassembler, fragments[order[0]]).verdict, Verdict::kept);
    EXPECT_EQ(add(reassembler, fragments[order[1]]).verdict, Verdict::kept);
    const Reassembler::Outcome done = add(reassembler, fragments[order[2]]);
    ASSERT_EQ(done.verdict, Verdict::complete);
    const auto header = parse(done.whole.data.view());
    ASSERT_TRUE(header);
    EXPECT_FALSE(header->is_fragment());
    EXPECT_EQ(header->protocol, kUdp);
    EXPECT_TRUE(equal(done.whole.data.view().subspan(header->transport_at),
                      whole.data.view().subspan(header_bytes_of(GetParam()))));
    EXPECT_EQ(reassembler.datagrams(), 0u);
    EXPECT_EQ(reassembler.held_bytes(), 0u);
    EXPECT_EQ(reassembler.next_deadline(), kNever);
  } while (std::ranges::next_permutation(order).found);
}

TEST_P(Reassembly, FragmentsFitTheMtuAndAllButTheLastAreMultiplesOfEight) {
  for (const std::size_t mtu_bytes : {68u, 101u, 576u, 1280u, 1500u}) {
    const std::vector<IpPacket> fragments = cut(packet_of(GetParam(), 5000), mtu_bytes);
    for (const IpPacket& fragment : fragments) {
      EXPECT_LE(fragment.data.size(), mtu_bytes);
      const auto header = parse(fragment.data.view());
      ASSERT_TRUE(header);
      EXPECT_EQ(header->more_fragments, &fragment != &fragments.back());
      if (header->more_fragments) EXPECT_EQ(header->payload_bytes() % 8, 0u);
    }
  }
}

TEST_P(Reassembly, TheSameFragmentOnceMoreIsHarmless) {
  Reassembler reassembler;
  const std::vector<IpPacket> fragments = cut(packet_of(GetParam(), 2000), 1280);
  EXPECT_EQ(add(reassembler, fragments[0]).verdict, Verdict::kept);
  EXPECT_EQ(add(reassembler, fragments[0]).verdict, Verdict::duplicate);
  EXPECT_EQ(add(reassembler, fragments[1]).verdict, Verdict::complete);
}

TEST_P(Reassembly, CongestionOnAnyFragmentIsCongestionOnTheWhole) {  // RFC 3168 5.3
  Reassembler reassembler;
  std::vector<IpPacket> fragments = cut(packet_of(GetParam(), 2000, Ecn::ect0), 1280);
  set_ecn(fragments[1].data.writable(), Ecn::ce);
  add(reassembler, fragments[0]);
  const Reassembler::Outcome done = add(reassembler, fragments[1]);
  ASSERT_EQ(done.verdict, Verdict::complete);
  EXPECT_EQ(parse(done.whole.data.view())->ecn(), Ecn::ce);
}

TEST_P(Reassembly, OverlapsMakeTheDatagramWorthless) {  // RFC 5722 4
  Reassembler reassembler;
  const std::vector<IpPacket> coarse = cut(packet_of(GetParam(), 3000), 1280);
  const std::vector<IpPacket> fine = cut(packet_of(GetParam(), 3000), 700);
  EXPECT_EQ(add(reassembler, coarse[0]).verdict, Verdict::kept);
  EXPECT_EQ(add(reassembler, fine[1]).verdict, Verdict::overlap);
  EXPECT_EQ(reassembler.held_bytes(), 0u);
  // What still comes of it is refused, so that no half of it ever completes.
  for (const IpPacket& fragment : coarse) EXPECT_EQ(add(reassembler, fragment).verdict, Verdict::refused);
}

TEST(ReassemblyLimits, LengthsThatNoFragmentHasAreRefused) {
  Reassembler reassembler;
  EXPECT_EQ(add(reassembler, piece(0, 12, true)).verdict, Verdict::malformed) << "not a multiple of eight";
  EXPECT_EQ(add(reassembler, piece(8, 0, true)).verdict, Verdict::malformed) << "nothing";
  EXPECT_EQ(add(reassembler, piece(65'528, 100, false)).verdict, Verdict::malformed) << "beyond 65535";
  EXPECT_EQ(reassembler.datagrams(), 0u);
}

TEST(ReassemblyLimits, TwoEndsAreAnOverlap) {
  Reassembler reassembler;
  EXPECT_EQ(add(reassembler, piece(80, 8, false)).verdict, Verdict::kept);
  EXPECT_EQ(add(reassembler, piece(160, 8, false)).verdict, Verdict::overlap);
  Reassembler other;
  EXPECT_EQ(add(other, piece(160, 8, true)).verdict, Verdict::kept);
  EXPECT_EQ(add(other, piece(80, 8, false)).verdict, Verdict::overlap) << "an end before what is there";
}

TEST(ReassemblyLimits, ADatagramThatIsNeverWholeExpires) {  // RFC 1122 3.3.2, RFC 8200 4.5
  Reassembler reassembler({.timeout = 60s});
  add(reassembler, piece(0, 80, true, 1));
  add(reassembler, piece(80, 8, false, 2), kStart + 1s);
  EXPECT_EQ(reassembler.next_deadline(), kStart + 60s);
  EXPECT_FALSE(reassembler.expire(kStart + 59s));
  const auto first = reassembler.expire(kStart + 60s);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->front.empty()) << "its sender is told, since the first fragment came";
  EXPECT_FALSE(reassembler.expire(kStart + 60s));
  const auto second = reassembler.expire(kStart + 61s);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->front.empty());
  EXPECT_EQ(reassembler.held_bytes(), 0u);
}

TEST(ReassemblyLimits, TheOldestMakesRoom) {
  Reassembler reassembler({.max_datagrams = 2});
  add(reassembler, piece(0, 80, true, 1));
  add(reassembler, piece(0, 80, true, 2));
  add(reassembler, piece(0, 80, true, 3));
  EXPECT_EQ(reassembler.datagrams(), 2u);
  EXPECT_EQ(add(reassembler, piece(80, 8, false, 3)).verdict, Verdict::complete);
  EXPECT_EQ(add(reassembler, piece(80, 8, false, 1)).verdict, Verdict::kept) << "its beginning is gone";
}

TEST(ReassemblyLimits, AFloodOfFragmentsHoldsNoMoreThanTheBound) {
  constexpr std::size_t kMaxBytes = 64 * 1024;
  Reassembler reassembler({.max_datagrams = 10'000, .max_bytes = kMaxBytes});
  Random random = Random::derive(1, 0, "flood");
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    add(reassembler, piece(8 * random.below(1000), 8, true, static_cast<std::uint32_t>(random.below(5000))));
    ASSERT_LE(reassembler.held_bytes(), kMaxBytes);
  }
}

TEST(ReassemblyLimits, ManySmallFragmentsAreRefused) {
  Reassembler reassembler({.max_fragments = 16});
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(add(reassembler, piece(16 * i, 8, true)).verdict, Verdict::kept);
  EXPECT_EQ(add(reassembler, piece(16 * 16, 8, true)).verdict, Verdict::refused);
  EXPECT_EQ(add(reassembler, piece(16 * 17, 8, true)).verdict, Verdict::refused);
  EXPECT_EQ(reassembler.held_bytes(), 0u);
}

}  // namespace
}  // namespace ghostnet::ip::reassembly_test
