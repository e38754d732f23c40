#include "ghostnet/runtime/internet_checksum.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::internet_checksum_test {
namespace {

// Word by word, as RFC 1071 1 defines it.
std::uint16_t sum_by_definition(ByteView bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const std::uint32_t low = i + 1 < bytes.size() ? bytes[i + 1] : 0;
    sum += std::uint32_t{bytes[i]} << 8 | low;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(sum);
}

TEST(InternetChecksum, SumsTheExampleOfRfc1071) {
  const std::array<std::uint8_t, 8> bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(ones_sum(bytes), 0xddf2);
  EXPECT_EQ(internet_checksum(bytes), 0x220d);
}

TEST(InternetChecksum, AgreesWithTheDefinitionForEveryLengthAndAlignment) {
  Random random = Random::derive(1, 0, "checksum");
  std::vector<std::uint8_t> bytes(3000);
  random.fill(bytes);
  for (std::size_t at = 0; at < 9; ++at) {
    for (std::size_t length = 0; length < 200; ++length) {
      const ByteView view = ByteView(bytes).subspan(at, length);
      ASSERT_EQ(ones_sum(view), sum_by_definition(view)) << at << " " << length;
    }
  }
  EXPECT_EQ(ones_sum(bytes), sum_by_definition(bytes));
}

TEST(InternetChecksum, CarriesOfALongRunOfOnesAreNotLost) {
  const std::vector<std::uint8_t> ones(65535, 0xff);
  EXPECT_EQ(ones_sum(ones), sum_by_definition(ones));
}

TEST(InternetChecksum, PartsAddUp) {
  const std::array<std::uint8_t, 7> bytes{1, 2, 3, 4, 0xff, 0xfe, 9};
  const ByteView view(bytes);
  EXPECT_EQ(ones_sum(view.subspan(4), ones_sum(view.first(4))), ones_sum(view));
}

TEST(InternetChecksum, PseudoHeadersAreThoseOfTheRfcs) {
  const std::array<std::uint8_t, 12> v4{10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 0, 20};
  EXPECT_EQ(pseudo_header_sum(IpAddress::v4(10, 0, 0, 1), IpAddress::v4(10, 0, 0, 2), 17, 20), ones_sum(v4));

  const IpAddress source = IpAddress::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 1}, 7);  // a zone is not part of the packet
  const IpAddress destination = IpAddress::v6({0xff02, 0, 0, 0, 0, 0, 0, 0xfffe});
  std::vector<std::uint8_t> v6;
  for (const IpAddress& address : {source, destination}) {
    for (const std::uint8_t byte : address.v6_bytes()) v6.push_back(byte);
  }
  v6.insert(v6.end(), {0, 1, 0x11, 0x70, 0, 0, 0, 6});
  EXPECT_EQ(pseudo_header_sum(source, destination, 6, 70'000), ones_sum(v6));
}

TEST(InternetChecksum, OneChangedWordUpdatesIt) {
  // RFC 1624 4: the old header's checksum is 0xdd2f, a word changes from 0x5555 to 0x3285.
  EXPECT_EQ(updated_checksum(0xdd2f, 0x5555, 0x3285), 0x0000);

  std::array<std::uint8_t, 20> header{0x45, 0, 0, 84, 0x1c, 0x46, 0x40, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
  store_be(header.data() + 10, internet_checksum(header));
  EXPECT_TRUE(checksum_holds(header));
  const auto old_word = load_be<std::uint16_t>(header.data() + 8);
  header[8] = 63;
  store_be(header.data() + 10, updated_checksum(load_be<std::uint16_t>(header.data() + 10), old_word,
                                                load_be<std::uint16_t>(header.data() + 8)));
  EXPECT_TRUE(checksum_holds(header));
  header[3] ^= 1;
  EXPECT_FALSE(checksum_holds(header));
}

}  // namespace
}  // namespace ghostnet::internet_checksum_test
