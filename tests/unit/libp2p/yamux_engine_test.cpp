// Yamux engines in pairs, on a clock that is moved by hand; and one engine against bytes that no peer should send.
#include "ghostnet/libp2p/yamux_engine.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ghostnet::libp2p::yamux_engine_test {
namespace {

class TestStream final : public YamuxStreamState {
 public:
  void became_readable() override { ++readable; }
  void became_writable() override { ++writable; }
  int readable = 0;
  int writable = 0;

  Result<std::size_t> write(std::string_view text) {
    const ByteView part = as_bytes(text);
    return put(std::span(&part, 1));
  }
  std::string read(TimePoint now = {}, std::size_t at_most = 1 << 20) {
    std::vector<std::uint8_t> buffer(at_most);
    const Result<std::size_t> taken = take(buffer, now);
    return taken ? std::string(as_text(ByteView(buffer).first(*taken))) : std::string(to_string(taken.error().code()));
  }
};

class TestDriver final : public YamuxEngine::Driver {
 public:
  YamuxStreamState* accept_stream() override {
    if (refuse) return nullptr;
    accepted.push_back(std::make_unique<TestStream>());
    return accepted.back().get();
  }
  void has_output() override { ++outputs; }
  std::size_t send_now(std::span<const ByteView> parts) override {
    std::size_t sent = 0;
    for (ByteView part : parts) {
      const ByteView taken = part.first(std::min(part.size(), room_now - sent));
      sent_now.insert(sent_now.end(), taken.begin(), taken.end());
      sent += taken.size();
    }
    return sent;
  }
  std::size_t room_now = 0;
  std::vector<std::uint8_t> sent_now;
  std::vector<std::unique_ptr<TestStream>> accepted;
  bool refuse = false;
  int outputs = 0;
};

class YamuxPair : public testing::Test {
 protected:
  // Hands over what both have to say, until neither has more.
  Result<> exchange() {
    while (!client_.output().empty() || !server_.output().empty()) {
      if (Result<> moved = move(client_, server_); !moved) return moved;
      if (Result<> moved = move(server_, client_); !moved) return moved;
    }
    return {};
  }
  Result<> move(YamuxEngine& from, YamuxEngine& to) {
    const std::vector<std::uint8_t> bytes(from.output().begin(), from.output().end());
    from.sent(bytes.size());
    return to.receive(bytes, now_);
  }

  TimePoint now_{};
  YamuxOptions options_{};
  TestDriver client_driver_;
  TestDriver server_driver_;
  YamuxEngine client_{YamuxEngine::Side::client, options_, client_driver_, now_};
  YamuxEngine server_{YamuxEngine::Side::server, options_, server_driver_, now_};
};

TEST_F(YamuxPair, WhatWasSaidBeforeTheEndIsReadAlsoWhenTheStreamIsDropped) {
  auto stream = std::make_unique<TestStream>();
  ASSERT_TRUE(client_.open(*stream));
  ASSERT_EQ(*stream->write("last words"), 10u);
  ASSERT_TRUE(stream->finish());
  stream.reset();
  ASSERT_TRUE(exchange());
  ASSERT_EQ(server_driver_.accepted.size(), 1u);
  TestStream& other = *server_driver_.accepted[0];
  EXPECT_EQ(other.read(), "last words");
  EXPECT_EQ(other.read(), "");
  ASSERT_TRUE(other.write("nobody hears this"));
  ASSERT_TRUE(other.finish());
  ASSERT_TRUE(exchange());
  EXPECT_EQ(client_.streams(), 0u);
}

TEST_F(YamuxPair, AWriterGoesOnWhenTheOtherEndIsDroppedBehindItsEnd) {
  TestStream stream;
  ASSERT_TRUE(client_.open(stream));
  ASSERT_TRUE(stream.write("a question"));
  ASSERT_TRUE(exchange());
  ASSERT_TRUE(server_driver_.accepted[0]->write("an answer"));
  ASSERT_TRUE(server_driver_.accepted[0]->finish());
  server_driver_.accepted.clear();  // before the rest of the question has come
  const std::string piece(32 * 1024, 'x');
  std::size_t written = 0;
  while (written < 800'000) {
    const Result<std::size_t> more = stream.write(piece);
    ASSERT_TRUE(more) << "stuck after " << written;
    written += *more;
    ASSERT_TRUE(exchange());
  }
  EXPECT_EQ(stream.read(), "an answer") << "it is not taken back by a reset";
  ASSERT_TRUE(stream.finish());
  ASSERT_TRUE(exchange());
  EXPECT_FALSE(stream.write("x"));
}

TEST_F(YamuxPair, WhatIsThrownAwayOfADroppedStreamIsBounded) {
  TestStream stream;
  ASSERT_TRUE(client_.open(stream));
  ASSERT_TRUE(stream.write("x"));
  ASSERT_TRUE(exchange());
  ASSERT_TRUE(server_driver_.accepted[0]->finish());
  server_driver_.accepted.clear();
  const std::string piece(64 * 1024, 'x');
  std::size_t written = 0;
  Result<std::size_t> more = 0;
  while (written < 4'000'000 && (more = stream.write(piece))) {
    written += *more;
    ASSERT_TRUE(exchange());
  }
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error(), Errc::reset);
  EXPECT_LE(written, options_.max_drained_bytes + 2 * piece.size());
}

TEST_F(YamuxPair, DroppedStreamsThatArePouredIntoAreBounded) {
  options_.max_drained_streams = 2;
  std::vector<std::unique_ptr<TestStream>> streams;
  for (int i = 0; i < 3; ++i) {
    streams.push_back(std::make_unique<TestStream>());
    ASSERT_TRUE(client_.open(*streams.back()));
    ASSERT_TRUE(streams.back()->write("x"));
  }
  ASSERT_TRUE(exchange());
  for (const auto& stream : server_driver_.accepted) ASSERT_TRUE(stream->finish());
  server_driver_.accepted.clear();
  ASSERT_TRUE(exchange());
  EXPECT_EQ(streams[0]->read(), "reset") << "the oldest makes room";
  EXPECT_EQ(streams[1]->read(), "");
  EXPECT_EQ(streams[2]->read(), "");
}

TEST_F(YamuxPair, LongFramesLeaveAtOnceAndWholeWhateverTheConnectionTakes) {
  const std::string text(20'000, 'y');
  for (std::size_t room : {0u, 1u, 11u, 12u, 13u, 19'999u, 20'011u, 20'012u, 100'000u}) {
    client_driver_.room_now = room;
    client_driver_.sent_now.clear();
    TestStream stream;
    ASSERT_TRUE(client_.open(stream));
    const std::array<ByteView, 3> parts = {as_bytes(text).first(7), ByteView(), as_bytes(text).subspan(7)};
    ASSERT_EQ(*stream.put(parts), text.size());
    EXPECT_EQ(client_driver_.sent_now.size(), std::min<std::size_t>(room, 20'012));
    EXPECT_EQ(client_.output().size(), 20'012 - client_driver_.sent_now.size());
    ASSERT_TRUE(server_.receive(client_driver_.sent_now, now_));
    ASSERT_TRUE(exchange());
    EXPECT_EQ(server_driver_.accepted.back()->read(), text) << room;
    server_driver_.accepted.clear();
    ASSERT_TRUE(exchange());
  }
}

TEST_F(YamuxPair, FirstBytesOpenTheStream) {
  TestStream stream;
  ASSERT_TRUE(client_.open(stream));
  EXPECT_TRUE(client_.output().empty()) << "a stream that has nothing to say is not announced";
  ASSERT_EQ(*stream.write("ab"), 2u);
  EXPECT_EQ(to_hex(client_.output()),
            "0000"
            "0001"
            "00000001"
            "00000002"
            "6162");
  ASSERT_TRUE(exchange());
  ASSERT_EQ(server_driver_.accepted.size(), 1u);
  TestStream& other = *server_driver_.accepted[0];
  EXPECT_EQ(other.id(), 1u);
  EXPECT_EQ(other.read(), "ab");
  EXPECT_EQ(other.read(), "would_block");
  ASSERT_TRUE(other.write("c"));
  EXPECT_EQ(to_hex(server_.output()),
            "0000"
            "0002"
            "00000001"
            "00000001"
            "63");
  ASSERT_TRUE(exchange());
  EXPECT_EQ(stream.read(), "c");
}

TEST_F(YamuxPair, AStreamThatListensFirstIsAnnouncedByAWindowUpdate) {
  TestStream stream;
  ASSERT_TRUE(server_.open(stream));
  EXPECT_EQ(stream.read(), "would_block");
  EXPECT_EQ(to_hex(server_.output()),
            "0001"
            "0001"
            "00000002"
            "00000000");
  ASSERT_TRUE(exchange());
  EXPECT_EQ(client_driver_.accepted.size(), 1u);
}

TEST_F(YamuxPair, HalfCloseLetsTheOtherDirectionGoOn) {
  TestStream stream;
  ASSERT_TRUE(client_.open(stream));
  ASSERT_TRUE(stream.write("question"));
  ASSERT_TRUE(stream.finish());
  EXPECT_EQ(stream.write("more").error(), Errc::closed);
  ASSERT_TRUE(exchange());
  TestStream& other = *server_driver_.accepted[0];
  EXPECT_EQ(other.read(), "question");
  EXPECT_EQ(other.read(), "");
  ASSERT_TRUE(other.write("answer"));
  ASSERT_TRUE(other.finish());
  ASSERT_TRUE(exchange());
  EXPECT_EQ(stream.read(), "answer");
  EXPECT_EQ(stream.read(), "");
  server_driver_.accepted.clear();
  EXPECT_TRUE(server_.output().empty()) << "what has ended both ways needs no reset";
}

TEST_F(YamuxPair, DroppingAnUnfinishedStreamResetsIt) {
  auto stream = std::make_unique<TestStream>();
  ASSERT_TRUE(client_.open(*stream));
  ASSERT_TRUE(stream->write("x"));
  ASSERT_TRUE(exchange());
  TestStream& other = *server_driver_.accepted[0];
  stream.reset();
  ASSERT_TRUE(exchange());
  EXPECT_EQ(other.read(), "reset");
  EXPECT_EQ(other.write("y").error(), Errc::reset);
  EXPECT_EQ(client_.streams(), 0u);
  server_driver_.accepted.clear();
  EXPECT_EQ(server_.streams(), 0u);
}

TEST_F(YamuxPair, AWriterWaitsForTheWindow) {
  TestStream stream;
  ASSERT_TRUE(client_.open(stream));
  const std::string chunk(32 * 1024, 'x');
  std::size_t sent = 0;
  while (true) {
    const Result<std::size_t> put = stream.write(chunk);
    if (!put) break;
    sent += *put;
    ASSERT_TRUE(exchange());
  }
  EXPECT_EQ(sent, kYamuxInitialWindowBytes);
  TestStream& other = *server_driver_.accepted[0];
  EXPECT_EQ(other.read(now_, 100'000).size(), 100'000u);
  ASSERT_TRUE(exchange());
  EXPECT_FALSE(stream.write("y")) << "less than half a window was read: nothing is given back yet";
  EXPECT_EQ(other.read(now_, 50'000).size(), 50'000u);
  const int writable = stream.writable;
  ASSERT_TRUE(exchange());
  EXPECT_GT(stream.writable, writable);
  EXPECT_TRUE(stream.write("y"));
}

TEST_F(YamuxPair, TheWindowGrowsForAReaderFasterThanFourRoundTrips) {
  TestStream stream;
  ASSERT_TRUE(client_.open(stream));
  const std::string chunk(64 * 1024, 'x');
  ASSERT_TRUE(stream.write(chunk));
  ASSERT_TRUE(exchange());
  TestStream& other = *server_driver_.accepted[0];
  for (int round = 0; round < 200; ++round) {
    while (stream.write(chunk)) ASSERT_TRUE(move(client_, server_));
    now_ += 10ms;
    other.read(now_, options_.max_window_bytes);
    ASSERT_TRUE(move(server_, client_));
    now_ += 5ms;
    ASSERT_TRUE(move(client_, server_));
  }
  EXPECT_EQ(other.window_bytes(), options_.max_window_bytes);
  EXPECT_TRUE(server_.rtt());
}

TEST_F(YamuxPair, WritersWaitForRoomOnTheConnection) {
  TestStream first;
  TestStream second;
  ASSERT_TRUE(client_.open(first));
  ASSERT_TRUE(client_.open(second));
  const std::string chunk(64 * 1024, 'x');
  while (first.write(chunk)) {
  }
  EXPECT_LE(client_.output().size(), options_.max_send_bytes);
  EXPECT_EQ(second.write("y").error(), Errc::would_block);
  ASSERT_TRUE(exchange());
  EXPECT_GT(second.writable, 0);
  EXPECT_TRUE(second.write("y"));
}

TEST_F(YamuxPair, PingsAreAnsweredAndSilenceEndsTheSession) {
  EXPECT_EQ(client_.next_deadline(), now_ + options_.keepalive_interval);
  now_ += options_.keepalive_interval;
  ASSERT_TRUE(client_.on_time(now_));
  now_ += 50ms;
  ASSERT_TRUE(exchange());
  EXPECT_EQ(client_.rtt(), Duration(50ms));
  now_ = client_.next_deadline();
  ASSERT_TRUE(client_.on_time(now_));
  TestStream stream;
  ASSERT_TRUE(client_.open(stream));
  now_ = client_.next_deadline();
  EXPECT_EQ(client_.on_time(now_).error(), Errc::timed_out);
  EXPECT_EQ(stream.write("x").error(), Errc::timed_out);
  EXPECT_EQ(client_.next_deadline(), kNever);
}

TEST_F(YamuxPair, RefusedStreamsAreReset) {
  server_driver_.refuse = true;
  TestStream stream;
  ASSERT_TRUE(client_.open(stream));
  ASSERT_TRUE(stream.write("x"));
  ASSERT_TRUE(exchange());
  EXPECT_EQ(stream.read(), "reset");
}

TEST_F(YamuxPair, AfterGoAwayNothingIsOpened) {
  TestStream before;
  ASSERT_TRUE(client_.open(before));
  ASSERT_TRUE(before.write("x"));
  ASSERT_TRUE(exchange());
  server_.go_away(YamuxGoAway::normal);
  ASSERT_TRUE(exchange());
  EXPECT_TRUE(client_.peer_gone_away());
  TestStream after;
  EXPECT_EQ(client_.open(after).error(), Errc::closed);
  TestStream ours;
  EXPECT_EQ(server_.open(ours).error(), Errc::closed);
  EXPECT_TRUE(before.write("y")) << "streams that are open go on";
}

TEST_F(YamuxPair, StreamsOutliveTheirSession) {
  TestStream stream;
  {
    TestDriver driver;
    YamuxEngine engine(YamuxEngine::Side::client, options_, driver, now_);
    ASSERT_TRUE(engine.open(stream));
    ASSERT_TRUE(stream.write("x"));
  }
  EXPECT_EQ(stream.read(), "closed");
  EXPECT_EQ(stream.write("x").error(), Errc::closed);
}

// ---- against a hostile peer ----

class YamuxVictim : public testing::Test {
 protected:
  Result<> frame(YamuxType type, std::uint16_t flags, std::uint32_t id, std::uint32_t length, std::size_t body = 0) {
    const auto header = YamuxHeader{type, flags, id, length}.encode();
    if (Result<> taken = engine_.receive(header, now_); !taken) return taken;
    return body > 0 ? engine_.receive(std::vector<std::uint8_t>(body), now_) : Result<>();
  }

  TimePoint now_{};
  YamuxOptions options_{.max_receive_bytes = 1 << 20, .max_inbound_streams = 8};
  TestDriver driver_;
  YamuxEngine engine_{YamuxEngine::Side::server, options_, driver_, now_};
};

TEST_F(YamuxVictim, BytesBeyondTheWindowEndTheSession) {
  ASSERT_TRUE(frame(YamuxType::data, yamux_flag::kSyn, 1, kYamuxInitialWindowBytes, kYamuxInitialWindowBytes));
  EXPECT_EQ(frame(YamuxType::data, 0, 1, 1).error(), Errc::protocol);
  EXPECT_EQ(driver_.accepted[0]->write("x").error(), Errc::protocol);
  const ByteView output = engine_.output();
  EXPECT_EQ(to_hex(output.last(kYamuxHeaderBytes)),
            "0003"
            "0000"
            "00000000"
            "00000001")
      << "go-away: protocol error";
  EXPECT_EQ(frame(YamuxType::ping, yamux_flag::kSyn, 0, 1).error(), Errc::closed);
}

TEST_F(YamuxVictim, BytesBeyondTheWindowOfADroppedStreamEndTheSession) {
  ASSERT_TRUE(frame(YamuxType::data, yamux_flag::kSyn, 1, 0));
  ASSERT_TRUE(driver_.accepted[0]->finish());
  driver_.accepted.clear();
  EXPECT_EQ(frame(YamuxType::data, 0, 1, kYamuxInitialWindowBytes + 1).error(), Errc::protocol);
}

TEST_F(YamuxVictim, AHugeFrameIsRefusedByItsHeader) {
  ASSERT_TRUE(frame(YamuxType::data, yamux_flag::kSyn, 1, 0));
  EXPECT_EQ(frame(YamuxType::data, 0, 1, 0xffff'ffff).error(), Errc::protocol);
}

TEST_F(YamuxVictim, MemoryForReadersIsBounded) {
  Result<> taken;
  for (std::uint32_t id = 1; taken && id < 20; id += 2) {
    taken = frame(YamuxType::data, yamux_flag::kSyn, id, kYamuxInitialWindowBytes, kYamuxInitialWindowBytes);
  }
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error(), Errc::limit);
}

// Several sessions of one node: what they hold together is bounded, and who holds little is not the one to suffer.
TEST_F(YamuxVictim, MemoryOfAllSessionsIsBounded) {
  YamuxBudget budget{.max_receive_bytes = 3 * kYamuxInitialWindowBytes, .max_inbound_streams = 100};
  const auto fill = [this](YamuxEngine& engine, std::uint32_t id, std::uint32_t bytes) {
    const auto header = YamuxHeader{YamuxType::data, yamux_flag::kSyn, id, bytes}.encode();
    if (Result<> taken = engine.receive(header, now_); !taken) return taken;
    return engine.receive(std::vector<std::uint8_t>(bytes), now_);
  };
  YamuxEngine first(YamuxEngine::Side::server, options_, driver_, now_, &budget);
  YamuxEngine second(YamuxEngine::Side::server, options_, driver_, now_, &budget);
  YamuxEngine modest(YamuxEngine::Side::server, options_, driver_, now_, &budget);
  ASSERT_TRUE(fill(first, 1, kYamuxInitialWindowBytes));
  ASSERT_TRUE(fill(first, 3, kYamuxInitialWindowBytes));
  ASSERT_TRUE(fill(second, 1, kYamuxInitialWindowBytes));
  EXPECT_TRUE(fill(modest, 1, 1000)) << "beyond the bound of all, within what each may have";
  EXPECT_EQ(fill(second, 3, 1000).error(), Errc::limit);
  EXPECT_EQ(budget.held_bytes, 2 * kYamuxInitialWindowBytes + 1000) << "what the ended one held is free again";
  EXPECT_EQ(budget.inbound_streams, 3u);
  driver_.accepted.clear();
  EXPECT_EQ(budget.held_bytes, 0u);
  EXPECT_EQ(budget.inbound_streams, 0u);
}

TEST_F(YamuxVictim, StreamsOfAllSessionsAreBounded) {
  YamuxBudget budget{.max_receive_bytes = 1 << 20, .max_inbound_streams = 3};
  YamuxEngine first(YamuxEngine::Side::server, options_, driver_, now_, &budget);
  YamuxEngine second(YamuxEngine::Side::server, options_, driver_, now_, &budget);
  for (YamuxEngine* engine : {&first, &second}) {
    for (std::uint32_t id = 1; id < 6; id += 2) {
      ASSERT_TRUE(engine->receive(YamuxHeader{YamuxType::window_update, yamux_flag::kSyn, id, 0}.encode(), now_));
    }
  }
  EXPECT_EQ(driver_.accepted.size(), 3u);
  EXPECT_EQ(second.output().size(), 3 * kYamuxHeaderBytes) << "three resets";
  first.end(Errc::closed);
  EXPECT_EQ(budget.inbound_streams, 0u);
}

TEST_F(YamuxVictim, StreamsBeyondTheBoundAreReset) {
  for (std::uint32_t id = 1; id < 40; id += 2) ASSERT_TRUE(frame(YamuxType::window_update, yamux_flag::kSyn, id, 0));
  EXPECT_EQ(driver_.accepted.size(), options_.max_inbound_streams);
  EXPECT_EQ(engine_.output().size(), (20 - options_.max_inbound_streams) * kYamuxHeaderBytes);
}

TEST_F(YamuxVictim, AnswersThatNobodyReadsEndTheSession) {
  Result<> taken;
  int pings = 0;
  for (; taken && pings < 100'000; ++pings) taken = frame(YamuxType::ping, yamux_flag::kSyn, 0, 1);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error(), Errc::limit);
  EXPECT_LT(pings, 20'000);
}

TEST_F(YamuxVictim, NonsenseEndsTheSession) {
  const auto violates = [this](YamuxType type, std::uint16_t flags, std::uint32_t id, std::uint32_t length) {
    TestDriver driver;
    YamuxEngine engine(YamuxEngine::Side::server, options_, driver, now_);
    EXPECT_TRUE(engine.receive(YamuxHeader{YamuxType::data, yamux_flag::kSyn, 1, 0}.encode(), now_));
    const Result<> taken = engine.receive(YamuxHeader{type, flags, id, length}.encode(), now_);
    return taken ? Errc::internal : taken.error().code();
  };
  EXPECT_EQ(violates(YamuxType::data, 0, 3, 0), Errc::protocol) << "never opened";
  EXPECT_EQ(violates(YamuxType::data, 0, 2, 0), Errc::protocol) << "ours, never opened";
  EXPECT_EQ(violates(YamuxType::data, yamux_flag::kSyn, 2, 0), Errc::protocol) << "an id of ours";
  EXPECT_EQ(violates(YamuxType::data, yamux_flag::kSyn, 1, 0), Errc::protocol) << "opened twice";
  EXPECT_EQ(violates(YamuxType::window_update, 0, 1, 0xffff'ffff), Errc::protocol) << "a window that overflows";
  EXPECT_EQ(violates(YamuxType::data, 0, 0, 0), Errc::malformed) << "data of the session";
  EXPECT_EQ(violates(YamuxType::ping, yamux_flag::kSyn, 1, 0), Errc::malformed) << "a ping of a stream";
  EXPECT_EQ(violates(static_cast<YamuxType>(4), 0, 1, 0), Errc::malformed);
  EXPECT_FALSE(YamuxHeader::parse(parse_hex("010000000000000100000000").value().view())) << "version 1";
}

TEST_F(YamuxVictim, DataAfterItsEndEndsTheSession) {
  ASSERT_TRUE(frame(YamuxType::data, yamux_flag::kSyn | yamux_flag::kFin, 1, 0));
  EXPECT_EQ(frame(YamuxType::data, 0, 1, 1).error(), Errc::protocol);
}

TEST_F(YamuxVictim, FramesOfStreamsThatAreGoneAreSkipped) {
  ASSERT_TRUE(frame(YamuxType::data, yamux_flag::kSyn, 1, 0));
  driver_.accepted.clear();
  ASSERT_TRUE(frame(YamuxType::data, 0, 1, 5000, 5000));
  ASSERT_TRUE(frame(YamuxType::data, yamux_flag::kSyn, 3, 2, 2));
  EXPECT_EQ(driver_.accepted[0]->read(), std::string(2, '\0'));
}

TEST_F(YamuxVictim, FramesMayComeByteByByte) {
  std::vector<std::uint8_t> bytes;
  const auto header = YamuxHeader{YamuxType::data, yamux_flag::kSyn | yamux_flag::kFin, 1, 3}.encode();
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), {'a', 'b', 'c'});
  for (std::uint8_t byte : bytes) ASSERT_TRUE(engine_.receive({&byte, 1}, now_));
  EXPECT_EQ(driver_.accepted[0]->read(), "abc");
  EXPECT_EQ(driver_.accepted[0]->read(), "");
}

}  // namespace
}  // namespace ghostnet::libp2p::yamux_engine_test
