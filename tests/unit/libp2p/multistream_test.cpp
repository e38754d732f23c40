// Multistream-select between two ends of a stream in memory, and lines in any pieces.
#include "ghostnet/libp2p/multistream.hpp"

#include <gtest/gtest.h>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/support/memory_stream.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::libp2p::multistream_test {
namespace {

class Multistream : public testing::Test {
 protected:
  template <class T>
  static Task<> keep(Task<T> task, std::optional<T>& outcome) {
    outcome.emplace(co_await std::move(task));
  }
  support::TestWorld world_;
  support::MemoryStream::Pair ends_ = support::MemoryStream::make_pair(world_.courier());
  Scope scope_{world_.loop()};
  const std::function<bool(std::string_view)> takes_b_ = [](std::string_view id) { return id == "/b"; };
};

TEST_F(Multistream, AgreesOnTheFirstThatBothHave) {
  std::optional<Result<std::size_t>> dialer;
  std::optional<Result<std::string>> listener;
  scope_.spawn(keep(propose(*ends_.first, {"/a", "/b", "/c"}), dialer));
  scope_.spawn(keep(select(*ends_.second, takes_b_), listener));
  world_.run();
  ASSERT_TRUE(dialer && *dialer && listener && *listener);
  EXPECT_EQ(**dialer, 1u);
  EXPECT_EQ(**listener, "/b");
}

TEST_F(Multistream, FailsWhereNothingIsShared) {
  std::optional<Result<std::size_t>> dialer;
  std::optional<Result<std::string>> listener;
  scope_.spawn(keep(propose(*ends_.first, {"/a", "/c"}), dialer));
  scope_.spawn(keep(select(*ends_.second, takes_b_), listener));
  world_.run();
  ASSERT_TRUE(dialer && !*dialer);
  EXPECT_EQ(dialer->error(), Errc::not_supported);
  EXPECT_FALSE(listener) << "the listener waits for a further proposal";
}

TEST_F(Multistream, AnswersADialerThatWaitsForTheHeader) {
  std::optional<Result<std::string>> listener;
  scope_.spawn(keep(select(*ends_.second, takes_b_), listener));
  std::vector<std::uint8_t> line;
  append_line(line, kMultistreamId);
  const ByteView part(line);
  ASSERT_TRUE(ends_.first->try_write(std::span(&part, 1)));
  world_.run();
  std::array<std::uint8_t, 64> room;
  const Result<std::size_t> read = ends_.first->try_read(room);
  ASSERT_TRUE(read);
  EXPECT_EQ(as_text(ByteView(room).first(*read)), "\x13/multistream/1.0.0\n");
}

// The example of the specification: "na" is 03 6e 61 0a.
TEST(LineParser, TakesLinesInAnyPieces) {
  std::vector<std::uint8_t> bytes;
  append_line(bytes, "na");
  EXPECT_EQ(to_hex(bytes), "036e610a");
  const std::string longest(kMaxProtocolIdBytes, 'x');
  append_line(bytes, longest);
  LineParser parser;
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min(parser.wanted(), std::size_t{3});
    const auto line = parser.feed(ByteView(bytes).subspan(at, size));
    ASSERT_TRUE(line) << line.error().message();
    if (*line) lines.push_back(**line);
    at += size;
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"na", longest}));
}

TEST(LineParser, RefusesLinesThatAreNone) {
  for (const char* hex : {"00", "8000", "8102", "ff0f", "ffff", "0261", "026161"}) {
    const Bytes bytes = *parse_hex(hex);
    LineParser parser;
    Result<std::optional<std::string>> line = std::nullopt;
    for (std::uint8_t byte : bytes) {
      line = parser.feed({&byte, 1});
      if (!line) break;
    }
    EXPECT_TRUE(!line || !*line) << hex;
    if (std::string_view(hex) != "0261") EXPECT_FALSE(line) << hex;
  }
}

TEST(LazyProposal, ReadsTheAnswerWhenItComes) {
  LazyProposal proposal("/b");
  EXPECT_EQ(as_text(proposal.lines()), "\x13/multistream/1.0.0\n\x03/b\n");
  const std::vector<std::uint8_t> answer = proposal.lines();
  std::size_t at = 0;
  while (true) {
    const std::size_t size = proposal.wanted();
    const Result<bool> agreed = proposal.feed(ByteView(answer).subspan(at, size));
    ASSERT_TRUE(agreed);
    at += size;
    if (*agreed) break;
  }
  EXPECT_EQ(at, answer.size()) << "nothing beyond the answer is taken";
}

TEST(ProtocolId, IsPlainText) {
  EXPECT_TRUE(is_protocol_id("/a/1.0.0"));
  for (std::string id : {std::string(), std::string("na"), std::string("a\nb"), std::string(256, 'x')}) {
    EXPECT_FALSE(is_protocol_id(id));
  }
}

}  // namespace
}  // namespace ghostnet::libp2p::multistream_test
