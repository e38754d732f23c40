#include "ghostnet/runtime/stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/support/memory_stream.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::stream_test {
namespace {

using support::MemoryStream;
using support::TestHost;
using support::TestWorld;
using Lines = std::vector<std::string>;

class StreamTest : public testing::Test {
 public:
  void connect(std::size_t buffer_bytes) {
    auto pair = MemoryStream::make_pair(world.courier(), {.client = {}, .server = {}, .buffer_bytes = buffer_bytes});
    left = std::move(pair.first);
    right = std::move(pair.second);
  }

  Task<> write(ByteView bytes) { outcome = co_await left->write(bytes); }
  Task<> write_parts(std::vector<ByteView> parts) { outcome = co_await left->write(parts); }
  Task<> read_all() {
    std::array<std::uint8_t, 5> buffer;
    while (true) {
      Result<std::size_t> got = co_await right->read(buffer);
      if (!got) {
        end = std::string(to_string(got.error().code()));
        co_return;
      }
      if (*got == 0) break;
      text += as_text(ByteView(buffer).first(*got));
    }
    end = "end";
  }

  TestWorld world;
  std::unique_ptr<Stream> left;
  std::unique_ptr<Stream> right;
  std::optional<Result<>> outcome;
  std::string text;
  std::string end;
  Scope scope{world.loop()};
};

TEST_F(StreamTest, AWriteWaitsForRoomAndCompletesWhenAllIsAccepted) {
  connect(8);
  scope.spawn(write(as_bytes("twenty bytes of text")));
  world.run();
  EXPECT_FALSE(outcome);
  scope.spawn(read_all());
  world.run();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(*outcome);
  EXPECT_EQ(text, "twenty bytes of text");
}

TEST_F(StreamTest, GathersAnyNumberOfPartsEmptyOnesIncluded) {
  connect(64);
  std::vector<ByteView> parts;
  std::string expected;
  for (char& c : std::string("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz")) {
    static std::array<std::string, 64> texts;
    std::string& piece = texts[parts.size() / 2];
    piece.assign(parts.size() % 5, c);
    expected += piece;
    parts.push_back(as_bytes(piece));
    parts.push_back(ByteView());
  }
  scope.spawn(write_parts(parts));
  scope.spawn(read_all());
  world.run();
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ(text, expected);
}

TEST_F(StreamTest, AWriteOfNothingCompletesAtOnce) {
  connect(1);
  scope.spawn(write_parts({}));
  world.run();
  EXPECT_TRUE(outcome && *outcome);
  outcome.reset();
  scope.spawn(write_parts({ByteView(), ByteView()}));
  world.run();
  EXPECT_TRUE(outcome && *outcome);
}

TEST_F(StreamTest, ReadingEndsAfterShutdownAndIsResetByAbort) {
  connect(64);
  scope.spawn(read_all());
  scope.spawn(write(as_bytes("last words")));
  world.run();
  ASSERT_TRUE(left->shutdown_send());
  EXPECT_EQ(left->try_write(std::array{as_bytes("more")}).error(), Errc::closed);
  world.run();
  EXPECT_EQ(text, "last words");
  EXPECT_EQ(end, "end");

  connect(64);
  scope.spawn(read_all());
  world.run();
  left->abort();
  world.run();
  EXPECT_EQ(end, "reset");
}

TEST_F(StreamTest, AWriteThatIsDroppedHalfWayAbortsTheStream) {
  connect(4);
  scope.spawn(write(as_bytes("more than fits")));
  world.run();
  scope.drop_all();
  EXPECT_EQ(left->try_write(std::array{as_bytes("x")}).error(), Errc::closed);
  scope.spawn(read_all());
  world.run();
  EXPECT_EQ(end, "reset") << "nobody could say what was sent";
}

TEST_F(StreamTest, AWriteThatFailsSaysWhy) {
  connect(4);
  scope.spawn(write(as_bytes("more than fits")));
  world.run();
  right->abort();
  world.run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error(), Errc::reset);
}

TEST_F(StreamTest, AbortEndsBothOfItsOwnPendingOperations) {
  connect(4);
  std::swap(left, right);
  scope.spawn(read_all());  // of what is now right
  std::swap(left, right);
  auto write_right = [](StreamTest* t) -> Task<> { t->outcome = co_await t->right->write(as_bytes("more than fits")); };
  std::swap(left, right);
  scope.spawn(write_right(this));
  world.run();
  right->abort();
  world.run();
  EXPECT_EQ(end, "closed");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error(), Errc::closed);
}

TEST_F(StreamTest, ReadExactlyCollectsAndReportsWhatIsMissing) {
  connect(64);
  std::array<std::uint8_t, 6> buffer{};
  std::optional<Result<>> got;
  auto collect = [](Stream& from, MutableByteView into, std::optional<Result<>>& out) -> Task<> {
    out = co_await from.read_exactly(into);
  };
  scope.spawn(collect(*right, buffer, got));
  scope.spawn(write(as_bytes("abc")));
  world.run();
  EXPECT_FALSE(got);
  scope.spawn(write(as_bytes("defg")));
  world.run();
  ASSERT_TRUE(got && *got);
  EXPECT_EQ(as_text(buffer), "abcdef");
  got.reset();
  scope.spawn(collect(*right, buffer, got));
  (void)left->shutdown_send();
  world.run();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->error(), Errc::end_of_stream);
  EXPECT_NE(got->error().message().find("5 bytes short of the 6"), std::string_view::npos) << got->error().message();
}

TEST_F(StreamTest, BothOfTwoReadersWokenByASpuriousWakeUpWaitOn) {
  connect(64);
  scope.spawn(read_all());
  world.run();
  std::size_t before = world.resumptions();
  ASSERT_TRUE(left->try_write(std::array{as_bytes("a")}));
  std::array<std::uint8_t, 4> stolen;
  EXPECT_EQ(right->try_read(stolen).value(), 1u) << "somebody else takes it before the reader's turn";
  world.run();
  EXPECT_GT(world.resumptions(), before);
  EXPECT_TRUE(text.empty());
  EXPECT_TRUE(end.empty());
  scope.spawn(write(as_bytes("b")));
  world.run();
  EXPECT_EQ(text, "b");
}

TEST_F(StreamTest, ReadableAndWritableWakeWhenTryingAgainMaySucceed) {
  connect(2);
  Lines lines;
  auto readable = [](Stream& stream, Lines& out) -> Task<> {
    co_await stream.readable();
    out.push_back("readable");
  };
  auto writable = [](Stream& stream, Lines& out) -> Task<> {
    co_await stream.writable();
    out.push_back("writable");
  };
  std::array<std::uint8_t, 4> buffer;
  EXPECT_EQ(right->try_read(buffer).error(), Errc::would_block);
  scope.spawn(readable(*right, lines));
  world.run();
  ASSERT_EQ(left->try_write(std::array{as_bytes("abc")}).value(), 2u);
  EXPECT_EQ(left->try_write(std::array{as_bytes("c")}).error(), Errc::would_block);
  scope.spawn(writable(*left, lines));
  world.run();
  EXPECT_EQ(lines, Lines{"readable"});
  EXPECT_EQ(right->try_read(buffer).value(), 2u);
  world.run();
  EXPECT_EQ(lines, (Lines{"readable", "writable"}));
  scope.spawn(readable(*right, lines));
  world.run();
  scope.drop_all();
  ASSERT_TRUE(left->try_write(std::array{as_bytes("d")}));
  EXPECT_FALSE(world.loop().has_ready()) << "a dropped one waits no more";
}

// ---- listeners, through a host ----

TEST(Listener, AcceptsInOrderRefusesWithoutAndKeepsItsBacklog) {
  TestWorld world;
  TestHost& client = world.add_host("client");
  TestHost& server = world.add_host("server");
  Lines lines;
  auto dial = [](TestHost& from, Endpoint to, Lines& out) -> Task<> {
    auto stream = co_await from.connect({.peer = to, .local = {}, .stream = {}});
    out.push_back(stream ? "connected" : std::string(to_string(stream.error().code())));
    if (stream) co_await from.clock().sleep(1h);
  };
  Scope scope(world.loop());
  scope.spawn(dial(client, server.endpoint(80), lines));
  world.run();
  EXPECT_EQ(lines, Lines{"refused"});
  auto listener = server.listen({.local = server.endpoint(80), .backlog = 2, .stream = {}});
  ASSERT_TRUE(listener);
  EXPECT_EQ(server.listen({.local = server.endpoint(80), .stream = {}}).error(), Errc::address_in_use);
  EXPECT_EQ((*listener)->try_accept().error(), Errc::would_block);
  for (int i = 0; i < 3; ++i) scope.spawn(dial(client, server.endpoint(80), lines));
  world.run_for(1ms);
  EXPECT_EQ(lines, (Lines{"refused", "connected", "connected", "timed_out"}));
  auto first = (*listener)->try_accept();
  auto second = (*listener)->try_accept();
  ASSERT_TRUE(first && second);
  EXPECT_LT((*first)->peer().port(), (*second)->peer().port());
  EXPECT_EQ((*first)->local(), server.endpoint(80));
  scope.drop_all();
}

}  // namespace
}  // namespace ghostnet::stream_test
