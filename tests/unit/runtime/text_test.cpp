#include "ghostnet/runtime/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ghostnet::text_test {
namespace {

using namespace std::string_view_literals;  // NOLINT: texts with zero bytes

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

TEST(Text, IsTrimmedOfBlanksAtItsEndsAlone) {
  EXPECT_EQ(trimmed(" \t two words\r"), "two words");
  EXPECT_EQ(trimmed(" \t\r "), "");
  EXPECT_EQ(trimmed("\nline"), "\nline");
}

TEST(Text, IsTakenUpToASeparatorWhichGoesWithIt) {
  std::string_view rest = "a,,b";
  EXPECT_EQ(take_until(rest, ','), "a");
  EXPECT_EQ(take_until(rest, ','), "");
  EXPECT_EQ(rest, "b");
  EXPECT_EQ(take_until(rest, ','), "b");
  EXPECT_TRUE(rest.empty());
  rest = "c,";
  EXPECT_EQ(take_until(rest, ','), "c");
  EXPECT_TRUE(rest.empty());
}

TEST(Utf8, TakesSequencesOfOneToFourBytes) {
  EXPECT_EQ(utf8_sequence_bytes("a\xff"), 1U);
  EXPECT_EQ(utf8_sequence_bytes("\0"sv), 1U);
  EXPECT_EQ(utf8_sequence_bytes("\xc2\x80"), 2U);
  EXPECT_EQ(utf8_sequence_bytes("\xdf\xbf"), 2U);
  EXPECT_EQ(utf8_sequence_bytes("\xe0\xa0\x80"), 3U);
  EXPECT_EQ(utf8_sequence_bytes("\xed\x9f\xbf"), 3U);
  EXPECT_EQ(utf8_sequence_bytes("\xef\xbf\xbf"), 3U);
  EXPECT_EQ(utf8_sequence_bytes("\xf0\x90\x80\x80"), 4U);
  EXPECT_EQ(utf8_sequence_bytes("\xf4\x8f\xbf\xbf"), 4U);
}

TEST(Utf8, RefusesWhatRfc3629Refuses) {
  EXPECT_EQ(utf8_sequence_bytes(""), 0U);
  EXPECT_EQ(utf8_sequence_bytes("\x80"), 0U) << "a continuation alone";
  EXPECT_EQ(utf8_sequence_bytes("\xc3"), 0U) << "cut short";
  EXPECT_EQ(utf8_sequence_bytes("\xc3("), 0U) << "no continuation";
  EXPECT_EQ(utf8_sequence_bytes("\xc1\xbf"), 0U) << "overlong, two bytes";
  EXPECT_EQ(utf8_sequence_bytes("\xe0\x9f\xbf"), 0U) << "overlong, three bytes";
  EXPECT_EQ(utf8_sequence_bytes("\xf0\x8f\xbf\xbf"), 0U) << "overlong, four bytes";
  EXPECT_EQ(utf8_sequence_bytes("\xed\xa0\x80"), 0U) << "a surrogate";
  EXPECT_EQ(utf8_sequence_bytes("\xf4\x90\x80\x80"), 0U) << "beyond U+10FFFF";
  EXPECT_EQ(utf8_sequence_bytes("\xf5\x80\x80\x80"), 0U);
}

TEST(JsonString, QuotesAndEscapes) {
  EXPECT_EQ(json("plain"), R"("plain")");
  EXPECT_EQ(json("say \"hi\" \\ bye"), R"("say \"hi\" \\ bye")");
  EXPECT_EQ(json("a\nb\tc\0d\x7f"sv), R"("a\nb\u0009c\u0000d\u007f")");
  EXPECT_EQ(json("\u00e9\u20ac\U0001F600"), "\"\u00e9\u20ac\U0001F600\"");
}

TEST(JsonString, ReplacesBytesThatAreNotUtf8) { EXPECT_EQ(json("a\xff\xc3"), "\"a\ufffd\ufffd\""); }

TEST(Printable, ShowsControlCharactersAndStrayBytesAsHex) {
  EXPECT_EQ(printable("tab\there\r\n\x7f"), "tab\\x09here\\x0d\\x0a\\x7f");
  EXPECT_EQ(printable("\xc2\x85|\xc2\xa0|\xfe"), "\\xc2\\x85|\xc2\xa0|\\xfe");
  EXPECT_EQ(printable("\u4f60\u597d"), "\u4f60\u597d");
}

}  // namespace
}  // namespace ghostnet::text_test
