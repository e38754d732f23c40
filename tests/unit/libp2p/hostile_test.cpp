// What peers may do to a node, and how soon it is over: silence, garbage, endless lines, stolen identities, floods of
// connections and streams.
#include <gtest/gtest.h>

#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/libp2p/multistream.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/libp2p/protobuf.hpp"
#include "ghostnet/libp2p/security.hpp"
#include "ghostnet/libp2p/tls_security.hpp"
#include "ghostnet/libp2p/yamux_wire.hpp"
#include "ghostnet/noise/noise_stream.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::libp2p::hostile_test {
namespace {

// How a stream ended, seen from the attacker, and when.
struct End {
  std::optional<TimePoint> at;
  std::optional<Error> error;
};

Task<> read_to_end(Stream& stream, const Clock& clock, End& end) {
  std::array<std::uint8_t, 1024> room;
  while (true) {
    const Result<std::size_t> read = co_await stream.read(room);
    if (read && *read > 0) continue;
    end.at = clock.now();
    if (!read) end.error = read.error();
    co_return;
  }
}

class HostileNode : public testing::Test {
 protected:
  HostileNode() { static_cast<void>(*node_.listen(*Multiaddr::parse("/ip4/10.0.0.1/tcp/4001"))); }

  static Task<> connect_into(Host& host, std::uint16_t port, std::unique_ptr<Stream>& stream) {
    Result<std::unique_ptr<Stream>> connected =
        co_await host.connect({.peer = Endpoint(IpAddress::v4(10, 0, 0, 1), port)});
    if (connected) stream = std::move(*connected);
  }
  static Task<> connect_attacker(Node& node, PeerId peer) {
    static_cast<void>(co_await node.connect(Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")->with_peer(peer)));
  }
  std::unique_ptr<Stream> connect(std::uint16_t port = 4001) { return connect(attacker_, port); }
  std::unique_ptr<Stream> connect(support::TestHost& from, std::uint16_t port = 4001) {
    std::unique_ptr<Stream> stream;
    from.scope().spawn(connect_into(from, port, stream));
    world_.run_for(0ns);
    EXPECT_TRUE(stream);
    return stream;
  }
  // Sends the bytes and waits for what becomes of the stream.
  End after(ByteView bytes, Duration limit = 60s, std::uint16_t port = 4001) {
    const std::unique_ptr<Stream> stream = connect(port);
    static_cast<void>(stream->try_write(std::span(&bytes, 1)));
    End end;
    Scope scope(world_.loop());
    const TimePoint begun = world_.now();
    scope.spawn(read_to_end(*stream, attacker_.clock(), end));
    world_.run_for(limit);
    if (end.at) end.at = TimePoint{} + (*end.at - begun);
    return end;
  }

  support::TestWorld world_;
  support::TestHost& victim_ = world_.add_host("victim");
  support::TestHost& attacker_ = world_.add_host("attacker");
  crypto::HostRandom random_{victim_};
  Node node_{victim_, KeyPair::generate_ed25519(random_)};
  Node attacking_{attacker_, KeyPair::generate_ed25519(random_)};
};

TEST_F(HostileNode, SilenceIsCutOffAfterTheUpgradeTimeout) {
  const End end = after({});
  ASSERT_TRUE(end.at);
  EXPECT_EQ(*end.at, TimePoint{} + node_.options().upgrade_timeout);
  EXPECT_EQ(node_.metrics().upgrades_failed.value(), 1u);
}

TEST_F(HostileNode, ASlowSenderIsCutOffAllTheSame) {
  const std::unique_ptr<Stream> stream = connect();
  End end;
  Scope scope(world_.loop());
  scope.spawn(read_to_end(*stream, attacker_.clock(), end));
  std::vector<std::uint8_t> line;
  append_line(line, kMultistreamId);
  for (std::size_t i = 0; i < line.size() && !end.at; ++i) {
    const ByteView byte(&line[i], 1);
    static_cast<void>(stream->try_write(std::span(&byte, 1)));
    world_.run_for(1s);
  }
  ASSERT_TRUE(end.at);
  EXPECT_EQ(*end.at, TimePoint{} + node_.options().upgrade_timeout);
}

TEST_F(HostileNode, GarbageIsCutOffAtOnce) {
  for (const char* hex : {"00", "8000", "ffffffffffffffffff7f", "ff0f41", "132f6d756c746973747265616d2f322e302e300a"}) {
    const Bytes bytes = *parse_hex(hex);
    const End end = after(bytes.view(), 1s);
    EXPECT_TRUE(end.at) << hex;
  }
}

TEST_F(HostileNode, EndlessProposalsAreCutOff) {
  std::vector<std::uint8_t> lines;
  append_line(lines, kMultistreamId);
  for (int i = 0; i < 100; ++i) append_line(lines, "/nothing/" + std::to_string(i));
  const End end = after(lines, 1s);
  EXPECT_TRUE(end.at);
}

TEST_F(HostileNode, NoiseMessagesThatAreNoneAreCutOff) {
  std::vector<std::uint8_t> bytes;
  append_line(bytes, kMultistreamId);
  append_line(bytes, kNoiseId);
  std::vector<std::uint8_t> with_length = bytes;
  with_length.insert(with_length.end(), {0x00, 0x05, 1, 2, 3, 4, 5});
  EXPECT_TRUE(after(with_length, 1s).at);
  std::vector<std::uint8_t> zero_key = bytes;
  zero_key.insert(zero_key.end(), {0x00, 0x20});
  zero_key.resize(zero_key.size() + 32);
  EXPECT_TRUE(after(zero_key, 1s).at) << "a public key of small order";
}

// The first steps are right, and then nothing more comes.
TEST_F(HostileNode, SilenceWithinAHandshakeIsCutOffAllTheSame) {
  Node both(victim_, KeyPair::generate_ed25519(random_), {.security = {Security::tls, Security::noise}});
  ASSERT_TRUE(both.listen(*Multiaddr::parse("/ip4/10.0.0.1/tcp/4002")));
  const Bytes half_a_record = *parse_hex("1603010200 010001fc0303");  // of TLS: a ClientHello of 512 bytes begins
  const Bytes half_a_message = *parse_hex("0020 0102030405");         // of Noise: 32 bytes are said to come
  for (const auto& [id, begun] : {std::pair(kTlsId, half_a_record), std::pair(kNoiseId, half_a_message)}) {
    for (std::size_t size : {std::size_t{0}, begun.size()}) {
      std::vector<std::uint8_t> bytes;
      append_line(bytes, kMultistreamId);
      append_line(bytes, id);
      append(bytes, begun.view().first(size));
      const End end = after(bytes, 60s, 4002);
      ASSERT_TRUE(end.at) << id << ' ' << size;
      EXPECT_EQ(*end.at, TimePoint{} + both.options().upgrade_timeout) << id << ' ' << size;
    }
  }
}

TEST_F(HostileNode, TlsThatIsNoneIsCutOffAtOnce) {
  Node tls(victim_, KeyPair::generate_ed25519(random_), {.security = {Security::tls}});
  ASSERT_TRUE(tls.listen(*Multiaddr::parse("/ip4/10.0.0.1/tcp/4002")));
  for (const char* hex : {"0000000000", "160301ffff00", "1603010004 02000000", "474554202f20485454502f312e310d0a"}) {
    std::vector<std::uint8_t> bytes;
    append_line(bytes, kMultistreamId);
    append_line(bytes, kTlsId);
    append(bytes, parse_hex(hex)->view());
    EXPECT_TRUE(after(bytes, 1s, 4002).at) << hex;
  }
}

TEST_F(HostileNode, ConnectionsBeyondThePendingOnesAreDropped) {
  std::vector<std::unique_ptr<Stream>> streams;
  const std::size_t of_each = node_.options().max_pending_inbound_per_address;
  const std::size_t hosts = node_.options().max_pending_inbound / of_each;
  for (std::size_t host = 0; host < hosts; ++host) {
    support::TestHost& from = world_.add_host();
    for (std::size_t i = 0; i < of_each; ++i) streams.push_back(connect(from));
  }
  for (std::size_t i = 0; i < 5; ++i) streams.push_back(connect(attacker_));
  world_.run_for(1s);
  EXPECT_EQ(node_.metrics().refused.value(), 5u);
  world_.run_for(30s);
  EXPECT_EQ(node_.metrics().upgrades_failed.value(), node_.options().max_pending_inbound);
}

TEST_F(HostileNode, OneAddressDoesNotKeepOthersOut) {
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::size_t i = 0; i < 100; ++i) streams.push_back(connect(attacker_));
  world_.run_for(1s);
  EXPECT_EQ(node_.metrics().refused.value(), 100 - node_.options().max_pending_inbound_per_address);
  support::TestHost& honest = world_.add_host("honest");
  Node other(honest, KeyPair::generate_ed25519(random_));
  Scope scope(world_.loop());
  scope.spawn(connect_attacker(other, node_.id()));
  world_.run_for(1s);
  EXPECT_TRUE(other.is_connected(node_.id()));
}

// The handshake of Noise is right, and what it says is a lie.
class Impostor : public HostileNode {
 protected:
  Task<> attack(std::vector<std::uint8_t> payload, End& end) {
    Result<std::unique_ptr<Stream>> raw =
        co_await attacker_.connect({.peer = Endpoint(IpAddress::v4(10, 0, 0, 1), 4001)});
    std::vector<std::string> proposals(1, std::string(kNoiseId));
    const auto agreed = co_await propose(**raw, std::move(proposals));
    EXPECT_TRUE(agreed);
    noise::HandshakeConfig config{.protocol = *noise::Protocol::parse("Noise_XX_25519_ChaChaPoly_SHA256")};
    config.s = static_key_.copy();
    auto handshake = noise::HandshakeState::begin(std::move(config), random_);
    std::vector<std::uint8_t> message;
    EXPECT_TRUE(handshake->write_message({}, message));
    static_cast<void>(co_await noise::write_framed(**raw, message));
    const auto answer = co_await noise::read_framed(**raw);
    std::vector<std::uint8_t> theirs;
    EXPECT_TRUE(handshake->read_message(*answer, theirs));
    message.clear();
    EXPECT_TRUE(handshake->write_message(payload, message));
    static_cast<void>(co_await noise::write_framed(**raw, message));
    co_await read_to_end(**raw, attacker_.clock(), end);
  }
  std::vector<std::uint8_t> payload_of(ByteView key, ByteView signature) {
    std::vector<std::uint8_t> payload;
    ProtobufWriter out(payload);
    out.bytes(1, key);
    out.bytes(2, signature);
    return payload;
  }
  std::vector<std::uint8_t> sign(const KeyPair& key, ByteView static_key) {
    std::vector<std::uint8_t> bytes;
    append(bytes, as_bytes("noise-libp2p-static-key:"));
    append(bytes, static_key);
    return key.sign(bytes, random_);
  }
  crypto::DhKeyPair static_key_ = crypto::DhKeyPair::generate(crypto::CurveKind::x25519, random_);
  crypto::DhKeyPair other_key_ = crypto::DhKeyPair::generate(crypto::CurveKind::x25519, random_);
  KeyPair mine_ = KeyPair::generate_ed25519(random_);
  KeyPair stolen_ = KeyPair::generate_ed25519(random_);
};

TEST_F(Impostor, IsCutOffAndNeverConnected) {
  const std::vector<std::uint8_t> key = stolen_.public_key().encode();
  const std::vector<std::uint8_t> lies[] = {
      payload_of(key, sign(mine_, static_key_.public_key())),   // another's key, my signature
      payload_of(key, sign(stolen_, other_key_.public_key())),  // another's key and its signature of another session
      payload_of(key, {}),
      payload_of({}, {}),
      {},
      {0xff, 0xff}};
  for (const auto& lie : lies) {
    End end;
    Scope scope(world_.loop());
    scope.spawn(attack(lie, end));
    world_.run_for(1s);
    EXPECT_TRUE(end.at) << to_hex(lie);
    EXPECT_TRUE(node_.connected_peers().empty());
  }
  EXPECT_EQ(node_.metrics().accepted.value(), 0u);
}

// From here on the attacker is a peer like any other, and misuses its streams.
class HostilePeer : public HostileNode {
 protected:
  HostilePeer() {
    Scope scope(world_.loop());
    scope.spawn(connect_attacker(attacking_, node_.id()));
    world_.run_for(1s);
    EXPECT_TRUE(attacking_.is_connected(node_.id()));
  }
};

TEST_F(HostilePeer, UnknownProtocolsCostNothingButAnAnswer) {
  for (int i = 0; i < 2000; ++i) {
    static_cast<void>(attacking_.open_stream_now(node_.id(), "/nothing/here"));
    world_.run_ready();
  }
  world_.run_for(1s);
  EXPECT_EQ(node_.metrics().streams.value(), 0);
  EXPECT_TRUE(node_.is_connected(attacking_.id()));
}

// Writes more than the connection takes at once, and opens another stream behind it.
Task<> open_behind(Node& node, PeerId peer, std::vector<std::unique_ptr<PeerStream>>& held, Result<>& opened) {
  auto busy = node.open_stream_now(peer, "/ipfs/ping/1.0.0");
  const std::vector<std::uint8_t> much(200'000, 0x5a);
  const ByteView part(much);
  EXPECT_TRUE((*busy)->try_write(std::span(&part, 1)));
  while ((*busy)->try_write(std::span(&part, 1))) {
  }
  EXPECT_FALSE(node.open_stream_now(peer, "/ipfs/ping/1.0.0")) << "there is no room";
  held.push_back(std::move(*busy));
  auto another = co_await node.open_stream(peer, "/ipfs/ping/1.0.0");
  if (another) {
    held.push_back(std::move(*another));
    opened = {};
  } else {
    opened = fail(another);
  }
}

TEST_F(HostilePeer, AStreamBehindAFullConnectionWaitsForRoom) {
  std::vector<std::unique_ptr<PeerStream>> held;
  Result<> opened = fail(Errc::timed_out);
  Scope scope(world_.loop());
  scope.spawn(open_behind(attacking_, node_.id(), held, opened));
  world_.run_for(5s);
  EXPECT_TRUE(opened) << opened.error().message();
}

TEST_F(HostilePeer, AFloodOfStreamsStopsAtTheBound) {
  std::vector<std::unique_ptr<PeerStream>> held;
  while (true) {
    auto stream = attacking_.open_stream_now(node_.id(), "/ipfs/id/push/1.0.0");
    if (!stream) break;
    held.push_back(std::move(*stream));
    world_.run_ready();
  }
  EXPECT_LE(held.size(), node_.options().yamux.max_inbound_streams);
  EXPECT_GT(held.size(), 100u);
  held.clear();
  world_.run_for(20s);
  EXPECT_EQ(node_.metrics().streams.value(), 0);
}

// Opened and reset at once, over and over.
TEST_F(HostilePeer, AFloodOfResetsLeavesNothingBehind) {
  for (int i = 0; i < 20'000; ++i) {
    const auto stream = attacking_.open_stream_now(node_.id(), "/ipfs/ping/1.0.0");
    if (!stream) break;
    const ByteView byte = as_bytes("x");
    static_cast<void>((*stream)->try_write(std::span(&byte, 1)));  // and dropped
    if (i % 100 == 0) world_.run_for(10ms);
  }
  world_.run_for(20s);
  EXPECT_EQ(node_.metrics().streams.value(), 0);
  EXPECT_EQ(node_.connected_peers().size(), attacking_.connected_peers().size());
}

TEST_F(HostilePeer, PingStreamsBeyondTwoAreReset) {
  std::vector<std::unique_ptr<PeerStream>> held;
  for (int i = 0; i < 5; ++i) {
    held.push_back(std::move(*attacking_.open_stream_now(node_.id(), "/ipfs/ping/1.0.0")));
    world_.run_for(10ms);
  }
  std::array<std::uint8_t, 1> room;
  int alive = 0;
  for (const auto& stream : held) {
    const Result<std::size_t> read = stream->try_read(room);
    alive += !read && read.error() == Errc::would_block ? 1 : 0;
  }
  EXPECT_EQ(alive, 2);
}

TEST_F(HostilePeer, AnIdentifyMessageBeyondItsSizeIsRefused) {
  auto stream = *attacking_.open_stream_now(node_.id(), "/ipfs/id/push/1.0.0");
  const std::vector<std::uint8_t> huge = {0xff, 0xff, 0xff, 0x7f, 1, 2, 3};
  const ByteView part(huge);
  ASSERT_TRUE(stream->try_write(std::span(&part, 1)));
  world_.run_for(1s);
  std::array<std::uint8_t, 1> room;
  EXPECT_TRUE(stream->try_read(room).has_value() || stream->try_read(room).error() == Errc::reset);
  EXPECT_TRUE(node_.is_connected(attacking_.id()));
  EXPECT_EQ(node_.metrics().streams.value(), 0);
}

}  // namespace
}  // namespace ghostnet::libp2p::hostile_test
