// Messages of DNS: literal bytes of a question and of answers, and what is refused.
#include "ghostnet/dns/message.hpp"

#include <gtest/gtest.h>

namespace ghostnet::dns::message_test {
namespace {

constexpr std::uint16_t kId = 0xbeef;
// beef, recursion desired; one question, one additional record: a.bc TXT IN; OPT of 1232 bytes.
constexpr std::string_view kQuestion =
    "beef 0100 0001 0000 0000 0001  0161 026263 00 0010 0001  00 0029 04d0 0000 0000 0000";
// An answer's header and question, with so many records to come.
std::string answer_head(int records) {
  return fmt::format("beef 8180 0001 {:04x} 0000 0000  0161 026263 00 0010 0001 ", records);
}

Result<TextAnswer> parse(const std::string& hex, std::string_view name = "a.bc") {
  return parse_text_answer(parse_hex(hex)->view(), kId, name);
}

TEST(DnsQuestion, IsAsTheRfcsSay) {
  const auto question = encode_text_question(kId, "A.bc.");
  ASSERT_TRUE(question);
  EXPECT_EQ(to_hex(*question), to_hex(parse_hex(kQuestion)->view()));
}

TEST(DnsQuestion, RefusesNamesThatAreNone) {
  for (const std::string& name : {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
                                  std::string(64, 'x'), std::string("a..")}) {
    EXPECT_EQ(encode_text_question(kId, name).error(), Errc::invalid_argument) << name;
  }
  std::string longest;
  for (int i = 0; i < 127; ++i) longest += i == 0 ? "a" : ".a";
  EXPECT_TRUE(encode_text_question(kId, longest));
  EXPECT_FALSE(encode_text_question(kId, longest + ".a"));
}

TEST(DnsAnswer, TextsAreJoinedFromTheirStrings) {
  const auto answer = parse(answer_head(2) + "c00c 0010 0001 00000e10 0006 02 6869 02 2121" +  // "hi" "!!"
                            "c00c 0010 0001 00000e10 0001 00");                                // ""
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->code, ResponseCode::ok);
  EXPECT_FALSE(answer->truncated);
  EXPECT_EQ(answer->texts, (std::vector<std::string>{"hi!!", ""}));
}

TEST(DnsAnswer, FollowsAliasesAndIgnoresOthersRecords) {
  const auto answer = parse(answer_head(3) + "c00c 0005 0001 00000000 0004 0178 c00e" +  // a.bc is x.bc
                            "0179 c00e 0010 0001 00000000 0002 01 79" +                  // of y.bc
                            "0158 c00e 0010 0001 00000000 0002 01 78");                  // of X.bc
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->texts, std::vector<std::string>{"x"});
}

TEST(DnsAnswer, SaysWhatTheServerSaid) {
  const auto none = parse("beef 8183 0001 0000 0000 0000  0161 026263 00 0010 0001");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->code, ResponseCode::no_such_name);
  const auto cut = parse("beef 8380 0001 0005 0000 0000  0161 026263 00 0010 0001");
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->truncated);
}

TEST(DnsAnswer, OfAnotherQuestionIsRefused) {
  EXPECT_EQ(parse(answer_head(0), "a.bd").error(), Errc::protocol);
  EXPECT_TRUE(parse(answer_head(0), "A.BC"));
  EXPECT_EQ(parse("beee 8180 0001 0000 0000 0000  0161 026263 00 0010 0001").error(), Errc::protocol);
  EXPECT_EQ(parse("beef 0100 0001 0000 0000 0000  0161 026263 00 0010 0001").error(), Errc::protocol) << "a question";
}

TEST(DnsAnswer, PointersComeToAnEnd) {
  EXPECT_FALSE(parse("beef 8180 0001 0000 0000 0000  c00c 0010 0001")) << "to itself";
  EXPECT_FALSE(parse("beef 8180 0001 0000 0000 0000  c00e c00c 0010 0001")) << "forwards";
  EXPECT_EQ(parse(answer_head(1) + "0179 c01a 0010 0001 00000000 0002 01 79").error(), Errc::malformed) << "a loop";
}

TEST(DnsAnswer, CutAnywhereIsRefused) {
  const std::string whole = answer_head(1) + "c00c 0010 0001 00000e10 0003 02 6869";
  const Bytes bytes = *parse_hex(whole);
  ASSERT_TRUE(parse_text_answer(bytes.view(), kId, "a.bc"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_text_answer(bytes.view().first(size), kId, "a.bc")) << size;
  }
  EXPECT_EQ(parse(answer_head(1) + "c00c 0010 0001 00000e10 0003 03 6869").error(), Errc::malformed);
  EXPECT_EQ(parse(answer_head(1) + "c00c 0010 0001 00000e10 0000").error(), Errc::malformed) << "no string at all";
}

TEST(DnsAnswer, EndlessAliasesAreRefused) {
  std::string hex = answer_head(20);
  for (int i = 0; i < 20; ++i) hex += "c00c 0005 0001 00000000 0002 c00c";
  EXPECT_EQ(parse(hex).error(), Errc::limit);
}

}  // namespace
}  // namespace ghostnet::dns::message_test
