// What a peer may do with the frames of a connection that stands: too long ones, windows that nobody gave, streams that
// say nothing, answers that it does not read. It writes yamux by hand; the connection is in plaintext.
#include <gtest/gtest.h>

#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/libp2p/multistream.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/libp2p/protobuf.hpp"
#include "ghostnet/libp2p/security.hpp"
#include "ghostnet/libp2p/yamux_wire.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::libp2p::hostile_frames_test {
namespace {

class HostileFrames : public testing::Test {
 protected:
  HostileFrames() {
    EXPECT_TRUE(node_.listen(*Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")));
    scope_.spawn(join());
    world_.run_for(1s);
    EXPECT_TRUE(stream_);
    EXPECT_EQ(node_.connected_peers().size(), 1u);
  }

  Task<> join() {
    auto raw = co_await attacker_.connect({.peer = Endpoint(IpAddress::v4(10, 0, 0, 1), 4001)});
    std::vector<std::string> securities(1, std::string(kPlaintextId));
    const auto secured_by = co_await propose(**raw, std::move(securities));
    EXPECT_TRUE(secured_by);
    auto secured = co_await secure_with_plaintext(std::move(*raw), key_, std::nullopt);
    EXPECT_TRUE(secured);
    std::vector<std::string> muxers(1, std::string(kYamuxId));
    const auto muxed_by = co_await propose(*secured->stream, std::move(muxers));
    EXPECT_TRUE(muxed_by);
    stream_ = std::move(secured->stream);
  }

  void send(const YamuxHeader& header, ByteView body = {}) {
    const auto encoded = header.encode();
    const std::array<ByteView, 2> parts = {ByteView(encoded), body};
    EXPECT_TRUE(stream_->try_write(parts));
  }
  // A stream of ours that begins with the bytes.
  void open(std::uint32_t id, ByteView body) {
    send({YamuxType::data, yamux_flag::kSyn, id, static_cast<std::uint32_t>(body.size())}, body);
  }
  static std::vector<std::uint8_t> proposal(std::string_view protocol) {
    std::vector<std::uint8_t> lines;
    append_line(lines, kMultistreamId);
    append_line(lines, protocol);
    return lines;
  }
  // The code of the go-away among all that has come; nothing: there was none.
  std::optional<std::uint32_t> gone_away() {
    std::vector<std::uint8_t> all;
    std::array<std::uint8_t, 4096> room;
    for (Result<std::size_t> read = 1; read && *read > 0;) {
      read = stream_->try_read(room);
      if (read) all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*read));
    }
    ByteView rest(all);
    while (rest.size() >= kYamuxHeaderBytes) {
      const auto header = YamuxHeader::parse(rest.first(kYamuxHeaderBytes));
      if (!header) return std::nullopt;
      if (header->type == YamuxType::go_away) return header->length;
      const std::size_t body = header->type == YamuxType::data ? header->length : 0;
      rest = rest.subspan(std::min(rest.size(), kYamuxHeaderBytes + body));
    }
    return std::nullopt;
  }
  bool is_connected() const { return !node_.connected_peers().empty(); }

  support::TestWorld world_;
  support::TestHost& victim_ = world_.add_host("victim");
  support::TestHost& attacker_ = world_.add_host("attacker");
  crypto::HostRandom random_{attacker_};
  KeyPair key_ = KeyPair::generate_ed25519(random_);
  Node node_{victim_, KeyPair::generate_ed25519(random_), {.security = {Security::plaintext}, .identify = false}};
  std::unique_ptr<Stream> stream_;
  Scope scope_{world_.loop()};
};

constexpr auto kProtocolError = static_cast<std::uint32_t>(YamuxGoAway::protocol_error);

TEST_F(HostileFrames, AFrameBeyondTheWindowEndsTheConnectionByItsHeader) {
  open(1, proposal("/ipfs/ping/1.0.0"));
  send({YamuxType::data, 0, 1, kYamuxInitialWindowBytes + 1});
  world_.run_for(100ms);
  EXPECT_FALSE(is_connected());
  EXPECT_EQ(gone_away(), kProtocolError);
  EXPECT_EQ(node_.metrics().violations.value(), 1u);
}

TEST_F(HostileFrames, AWindowBeyondItsLargestEndsTheConnection) {
  open(1, proposal("/ipfs/ping/1.0.0"));
  send({YamuxType::window_update, 0, 1, 0xffff'ffff});
  world_.run_for(100ms);
  EXPECT_FALSE(is_connected());
  EXPECT_EQ(gone_away(), kProtocolError);
}

TEST_F(HostileFrames, AHeaderThatIsNoneEndsTheConnection) {
  const std::array<std::uint8_t, kYamuxHeaderBytes> version_7 = {7};
  const ByteView part(version_7);
  ASSERT_TRUE(stream_->try_write(std::span(&part, 1)));
  world_.run_for(100ms);
  EXPECT_FALSE(is_connected());
  EXPECT_EQ(gone_away(), kProtocolError);
}

TEST_F(HostileFrames, AStreamWhoseProtocolNeverComesIsResetInTime) {
  const std::vector<std::uint8_t> lines = proposal("/ipfs/ping/1.0.0");
  open(1, {});
  open(3, ByteView(lines).first(1));
  open(5, ByteView(lines).first(lines.size() - 1));
  world_.run_for(node_.options().negotiation_timeout - 1ms);
  EXPECT_EQ(node_.metrics().streams.value(), 3);
  world_.run_for(2ms);
  EXPECT_EQ(node_.metrics().streams.value(), 0);
  EXPECT_TRUE(is_connected());
}

TEST_F(HostileFrames, AByteNowAndThenDoesNotKeepAStreamOpen) {
  const std::vector<std::uint8_t> lines = proposal("/ipfs/id/push/1.0.0");
  open(1, lines);
  const std::vector<std::uint8_t> length = {0x80, 0x20};  // a message of 4096 bytes is said to come
  send({YamuxType::data, 0, 1, 2}, length);
  const std::vector<std::uint8_t> byte(1, 0x0a);
  for (int second = 0; second < 29; ++second) {
    world_.run_for(1s);
    send({YamuxType::data, 0, 1, 1}, byte);
  }
  EXPECT_EQ(node_.metrics().streams.value(), 1);
  world_.run_for(2s);
  EXPECT_EQ(node_.metrics().streams.value(), 0);
}

TEST_F(HostileFrames, StreamsBeyondTheBoundAreResetAndTheOthersStay) {
  std::vector<std::uint8_t> lines;  // and never what is wanted
  append_line(lines, kMultistreamId);
  const std::uint32_t bound = node_.options().yamux.max_inbound_streams;
  for (std::uint32_t i = 0; i < bound + 100; ++i) {
    open(2 * i + 1, lines);
    world_.run_ready();
  }
  EXPECT_EQ(node_.metrics().streams.value(), bound);
  EXPECT_TRUE(is_connected());
}

// Each asks for an answer that is longer than the question, and nothing is read.
TEST_F(HostileFrames, AnswersThatNobodyReadsHoldLittleAndNotForLong) {
  const std::vector<std::uint8_t> lines = proposal("/ipfs/id/1.0.0");
  for (std::uint32_t i = 0; i < 20'000 && is_connected(); ++i) {
    const YamuxHeader header{YamuxType::data, yamux_flag::kSyn, 2 * i + 1, static_cast<std::uint32_t>(lines.size())};
    const auto encoded = header.encode();
    std::vector<std::uint8_t> whole(encoded.begin(), encoded.end());
    append(whole, lines);
    const ByteView part(whole);
    if (const auto written = stream_->try_write(std::span(&part, 1)); !written || *written < whole.size()) break;
    world_.run_ready();
  }
  EXPECT_LE(node_.metrics().streams.value(), node_.options().yamux.max_inbound_streams);
  world_.run_for(45s);  // identify's patience, or the ping that nobody answers
  EXPECT_EQ(node_.metrics().streams.value(), 0);
  EXPECT_FALSE(is_connected());
}

}  // namespace
}  // namespace ghostnet::libp2p::hostile_frames_test
