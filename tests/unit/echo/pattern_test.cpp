#include "ghostnet/echo/pattern.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ghostnet::echo::pattern_test {
namespace {

std::vector<std::uint8_t> pattern_of(std::uint64_t seed, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  Pattern(seed).fill(bytes);
  return bytes;
}

TEST(Pattern, IsTheSameForTheSameSeedOnly) {
  EXPECT_EQ(pattern_of(1, 100), pattern_of(1, 100));
  EXPECT_NE(pattern_of(1, 100), pattern_of(2, 100));
  EXPECT_NE(pattern_of(0, 100), std::vector<std::uint8_t>(100)) << "the seed 0 must not give zeros";
}

TEST(Pattern, DoesNotDependOnHowItIsCutIntoPieces) {
  const std::vector<std::uint8_t> whole = pattern_of(7, 64);
  std::vector<std::uint8_t> pieces(64);
  Pattern pattern(7);
  for (std::size_t at = 0, n = 1; at < 64; at += n, n = std::min<std::size_t>(n + 2, 64 - at)) {
    pattern.fill(MutableByteView(pieces).subspan(at, n));
  }
  EXPECT_EQ(pieces, whole);
}

TEST(Pattern, MatchesWhatItFilledAndNothingElse) {
  std::vector<std::uint8_t> bytes = pattern_of(7, 37);
  EXPECT_TRUE(Pattern(7).matches(bytes));
  Pattern in_two(7);
  EXPECT_TRUE(in_two.matches(ByteView(bytes).first(11)));
  EXPECT_TRUE(in_two.matches(ByteView(bytes).subspan(11)));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 1;
    EXPECT_FALSE(Pattern(7).matches(bytes)) << "byte " << i;
    bytes[i] ^= 1;
  }
  EXPECT_TRUE(Pattern(7).matches({}));
}

}  // namespace
}  // namespace ghostnet::echo::pattern_test
