// TlsStream over streams in memory: handshakes, bytes of any size in any pieces, ends, tampering, and what is refused.
#include "ghostnet/tls/tls_stream.hpp"

#include <gtest/gtest.h>

#include "foreign_tls.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/support/memory_stream.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::tls::tls_stream_test {
namespace {

using Handshake = Result<std::unique_ptr<TlsStream>>;

constexpr WallTime kNow = WallTime{} + 24h * 365 * 30;

Identity make_identity(crypto::SecureRandom& random) {
  CertificateKey key = CertificateKey::generate(random);
  return Identity::self_signed(std::move(key),
                               {.organization = "test", .not_before = kNow - 1h, .not_after = kNow + 1h}, random);
}

std::vector<std::uint8_t> pattern(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
  return bytes;
}

Task<> write_all(Stream& stream, std::vector<std::uint8_t> bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const std::size_t size = std::min(piece, bytes.size() - at);
    const std::array<ByteView, 3> parts = {ByteView(bytes).subspan(at, size / 3), ByteView(),
                                           ByteView(bytes).subspan(at + size / 3, size - size / 3)};
    const Result<> written = co_await stream.write(parts);
    EXPECT_TRUE(written) << written.error().message();
  }
  EXPECT_TRUE(stream.shutdown_send());
}

Task<> read_all(Stream& stream, std::size_t piece, std::vector<std::uint8_t>& all, std::optional<Error>& error) {
  std::vector<std::uint8_t> room(piece);
  while (true) {
    const Result<std::size_t> read = co_await stream.read(room);
    if (!read) error = read.error();
    if (!read || *read == 0) co_return;
    all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*read));
  }
}

Task<> shake(Host& host, std::unique_ptr<Stream> lower, HandshakeConfig config, std::optional<Handshake>& outcome) {
  outcome = co_await TlsStream::handshake(host, std::move(lower), std::move(config));
}

class TlsStreams : public testing::Test {
 protected:
  HandshakeConfig config(Role role, std::vector<std::string> protocols = {"a"}) {
    return {.role = role,
            .identity = identity_,
            .application_protocols = std::move(protocols),
            .judge = [](const PeerCertificate& shown) { return shown.check_self_signed(kNow); }};
  }
  void shake_hands(HandshakeConfig client, HandshakeConfig server, std::size_t buffer_bytes = 64 * 1024) {
    auto [near, far] = support::MemoryStream::make_pair(world_.courier(), {.buffer_bytes = buffer_bytes});
    raw_client_ = near.get();
    raw_server_ = far.get();
    client_.reset();
    server_.reset();
    scope_.spawn(shake(host_, std::move(near), std::move(client), client_));
    scope_.spawn(shake(host_, std::move(far), std::move(server), server_));
    world_.run();
    EXPECT_TRUE(scope_.empty());
  }
  void join(std::size_t buffer_bytes = 64 * 1024) {
    shake_hands(config(Role::client), config(Role::server), buffer_bytes);
    ASSERT_TRUE(*client_) << client_->error().message();
    ASSERT_TRUE(*server_) << server_->error().message();
  }
  TlsStream& client() { return ***client_; }
  TlsStream& server() { return ***server_; }

  support::TestWorld world_{{.latency = 1ms}};
  support::TestHost& host_ = world_.add_host();
  crypto::SystemRandom random_;
  Identity identity_ = make_identity(random_);
  support::MemoryStream* raw_client_ = nullptr;
  support::MemoryStream* raw_server_ = nullptr;
  std::optional<Handshake> client_;
  std::optional<Handshake> server_;
  Scope scope_{world_.loop()};
};

TEST_F(TlsStreams, CarryBytesOfAnySizeInAnyPieces) {
  for (std::size_t buffer_bytes : {100u, 4096u, 200'000u}) {
    for (std::size_t write_bytes : {7u, 1000u, 16'384u, 16'385u, 300'000u}) {
      for (std::size_t read_bytes : {13u, 70'000u}) {
        join(buffer_bytes);
        const std::vector<std::uint8_t> sent = pattern(write_bytes < 100 ? 5'000 : 300'000);
        std::vector<std::uint8_t> received;
        std::optional<Error> error;
        scope_.spawn(write_all(client(), sent, write_bytes));
        scope_.spawn(read_all(server(), read_bytes, received, error));
        world_.run();
        EXPECT_TRUE(scope_.empty());
        EXPECT_FALSE(error);
        EXPECT_TRUE(received == sent) << buffer_bytes << ' ' << write_bytes << ' ' << read_bytes;
      }
    }
  }
}

TEST_F(TlsStreams, WhatWasAcceptedArrivesAfterTheStreamIsGone) {
  join(3000);
  const std::vector<std::uint8_t> sent = pattern(50'000);
  const ByteView view = sent;
  const Result<std::size_t> written = client().try_write(std::span(&view, 1));
  ASSERT_TRUE(written);
  EXPECT_EQ(*written, sent.size());
  EXPECT_TRUE(client().shutdown_send());
  client_.reset();
  std::vector<std::uint8_t> received;
  std::optional<Error> error;
  scope_.spawn(read_all(server(), 1000, received, error));
  world_.run();
  EXPECT_TRUE(received == sent);
  EXPECT_FALSE(error);
}

TEST_F(TlsStreams, BothWaysAtOnceAndHalfClosed) {
  join(1000);
  const std::vector<std::uint8_t> sent = pattern(100'000);
  std::vector<std::uint8_t> received[2];
  std::optional<Error> errors[2];
  scope_.spawn(write_all(client(), pattern(100), 100));  // ends long before what comes back
  scope_.spawn(write_all(server(), sent, 5000));
  scope_.spawn(read_all(client(), 4000, received[0], errors[0]));
  scope_.spawn(read_all(server(), 4000, received[1], errors[1]));
  world_.run();
  EXPECT_TRUE(scope_.empty());
  EXPECT_TRUE(received[0] == sent);
  EXPECT_EQ(received[1].size(), 100u);
  EXPECT_FALSE(errors[0] || errors[1]);
}

TEST_F(TlsStreams, AgreeOnTheFirstOfTheClientsProtocols) {
  shake_hands(config(Role::client, {"x", "b", "a"}), config(Role::server, {"a", "b"}));
  ASSERT_TRUE(*client_ && *server_);
  EXPECT_EQ(client().application_protocol(), "b");
  EXPECT_EQ(server().application_protocol(), "b");
  EXPECT_EQ(client().cipher(), "TLS_AES_128_GCM_SHA256");
  shake_hands(config(Role::client, {"x"}), config(Role::server, {"a", "b"}));
  EXPECT_EQ(client_->error(), Errc::protocol);
  EXPECT_EQ(server_->error(), Errc::protocol);
}

TEST_F(TlsStreams, WhatTheClientRefusesIsOverAtOnce) {
  HandshakeConfig strict = config(Role::client);
  strict.judge = [](const PeerCertificate&) -> Result<> { return fail(Errc::permission, "not him"); };
  shake_hands(std::move(strict), config(Role::server));
  EXPECT_EQ(client_->error(), Errc::permission);
  EXPECT_EQ(server_->error(), Errc::protocol) << "an alert";
  EXPECT_NE(server_->error().message().find("bad certificate"), std::string::npos) << server_->error().message();
}

TEST_F(TlsStreams, WhatTheServerRefusesTheClientReads) {
  HandshakeConfig strict = config(Role::server);
  strict.judge = [](const PeerCertificate&) -> Result<> { return fail(Errc::permission, "not her"); };
  shake_hands(config(Role::client), std::move(strict));
  EXPECT_EQ(server_->error(), Errc::permission);
  ASSERT_TRUE(*client_) << "the client is done before it is judged";
  std::vector<std::uint8_t> received;
  std::optional<Error> error;
  scope_.spawn(read_all(client(), 100, received, error));
  world_.run();
  EXPECT_TRUE(received.empty());
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, Errc::protocol) << error->message();
}

TEST_F(TlsStreams, AnEndWithoutFarewellIsNoEnd) {
  join();
  ASSERT_TRUE(raw_client_->shutdown_send());
  std::vector<std::uint8_t> received;
  std::optional<Error> error;
  scope_.spawn(read_all(server(), 100, received, error));
  world_.run();
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, Errc::malformed) << error->message();
}

TEST_F(TlsStreams, NothingIsReadAfterARecordThatWasMadeUp) {
  join();
  const std::uint8_t record[] = {0x17, 0x03, 0x03, 0x00, 0x20, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
                                 15,   16,   17,   18,   19,   20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
  const ByteView view = record;
  ASSERT_TRUE(raw_client_->try_write(std::span(&view, 1)));
  std::vector<std::uint8_t> received;
  std::optional<Error> error;
  scope_.spawn(read_all(server(), 100, received, error));
  world_.run();
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, Errc::protocol);
  EXPECT_EQ(server().try_read(MutableByteView(received)).error(), Errc::protocol);
}

TEST_F(TlsStreams, AnAbortIsSeenByTheOtherSide) {
  join();
  client().abort();
  EXPECT_EQ(client().try_write({}).error(), Errc::closed);
  std::vector<std::uint8_t> received;
  std::optional<Error> error;
  scope_.spawn(read_all(server(), 100, received, error));
  world_.run();
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, Errc::reset);
}

// ---- others than we ----

class ForeignClients : public TlsStreams {
 protected:
  // What becomes of the server when this client comes.
  Error meet(ForeignTls& client) {
    auto [near, far] = support::MemoryStream::make_pair(world_.courier());
    server_.reset();
    Scope scope(world_.loop());
    scope.spawn(shake(host_, std::move(far), config(Role::server), server_));
    scope.spawn(client.run(*near));
    world_.run();
    EXPECT_TRUE(server_);
    return server_ && !*server_ ? server_->error() : Error(Errc::would_block);
  }
};

TEST_F(ForeignClients, AreTakenWhenTheyDoAllRight) {
  ForeignTls client({.certificates = 1});
  EXPECT_EQ(meet(client), Errc::would_block);
  EXPECT_TRUE(client.done());
}

TEST_F(ForeignClients, AreRefusedWithoutACertificate) {
  ForeignTls client({.certificates = 0});
  const Error why = meet(client);
  EXPECT_EQ(why, Errc::protocol) << why.message();
  EXPECT_NE(why.message().find("peer did not return a certificate"), std::string::npos) << why.message();
}

TEST_F(ForeignClients, AreRefusedWithAChain) {
  ForeignTls client({.certificates = 2});
  const Error why = meet(client);
  EXPECT_EQ(why, Errc::protocol) << why.message();
  EXPECT_NE(why.message().find("chain"), std::string::npos) << why.message();
}

TEST_F(ForeignClients, AreRefusedWithAnOlderTls) {
  ForeignTls client({.certificates = 1, .newest_version = TLS1_2_VERSION});
  const Error why = meet(client);
  EXPECT_EQ(why, Errc::protocol) << why.message();
  EXPECT_EQ(to_hex(client.received()), "15030300020246") << "the alert protocol_version (RFC 8446 6.2)";
}

TEST_F(ForeignClients, AreRefusedWithMoreThanAnybodyShows) {
  ForeignTls client({.certificates = 1, .extension_bytes = 20'000});
  EXPECT_EQ(meet(client), Errc::protocol);
}

class KeyUpdates : public ForeignClients {
 protected:
  // How the server's reading ends when this client, once taken, sends so many, each with so many bytes behind it.
  std::optional<Error> flood(int updates, std::size_t data_bytes, std::size_t buffer_bytes = 64 * 1024) {
    ForeignTls client({.certificates = 1});
    auto [near, far] = support::MemoryStream::make_pair(world_.courier(), {.buffer_bytes = buffer_bytes});
    Scope scope(world_.loop());
    scope.spawn(shake(host_, std::move(far), config(Role::server), server_));
    scope.spawn(client.run(*near));
    world_.run();
    EXPECT_TRUE(server_ && *server_);
    std::optional<Error> error;
    scope.spawn(read_all(server(), 1000, received_, error));
    scope.spawn(client.flood(*near, updates, data_bytes));
    world_.run();
    flooded_ = client.flooded();
    return error;
  }
  std::vector<std::uint8_t> received_;
  int flooded_ = 0;
};

TEST_F(KeyUpdates, BetweenDataAreFollowed) {
  EXPECT_FALSE(flood(100, 10));
  EXPECT_EQ(flooded_, 100);
  EXPECT_EQ(received_.size(), 1000u);
}

TEST_F(KeyUpdates, AFloodOfThemIsCutOff) {
  const std::optional<Error> error = flood(100'000, 0);
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, Errc::limit);
  EXPECT_LT(flooded_, 10'000);
}

TEST_F(KeyUpdates, AnswersToThemThatNobodyReadsAreBounded) {
  const std::optional<Error> error = flood(100'000, 1, 8 * 1024);
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, Errc::limit);
}

// ---- the same again ----

Task<> relay(Stream& from, Stream& to, std::vector<std::uint8_t>& log) {
  std::array<std::uint8_t, 4096> room;
  while (true) {
    const Result<std::size_t> read = co_await from.read(room);
    if (!read || *read == 0) co_return;
    log.insert(log.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*read));
    const Result<> written = co_await to.write(ByteView(room).first(*read));
    if (!written) co_return;
  }
}

std::vector<std::uint8_t> everything_on_the_wire() {
  support::TestWorld world({.latency = 1ms});
  support::TestHost& host = world.add_host();
  crypto::HostRandom random(host);
  const Identity identity = make_identity(random);
  std::vector<std::uint8_t> log;
  auto [client, near] = support::MemoryStream::make_pair(world.courier());
  auto [far, server] = support::MemoryStream::make_pair(world.courier());
  std::optional<Handshake> outcomes[2];
  Scope scope(world.loop());
  for (Role role : {Role::client, Role::server}) {
    HandshakeConfig config{.role = role, .identity = identity, .application_protocols = {"a"}, .judge = {}};
    config.judge = [](const PeerCertificate&) { return Result<>(); };
    std::unique_ptr<Stream> lower = role == Role::client ? std::move(client) : std::move(server);
    scope.spawn(shake(host, std::move(lower), std::move(config), outcomes[static_cast<int>(role)]));
  }
  scope.spawn(relay(*near, *far, log));
  scope.spawn(relay(*far, *near, log));
  world.run();
  EXPECT_TRUE(outcomes[0] && *outcomes[0] && outcomes[1] && *outcomes[1]);
  const ByteView hello = as_bytes("hello");
  EXPECT_TRUE((**outcomes[0])->try_write(std::span(&hello, 1)));
  world.run();
  return log;
}

TEST(TlsHandshake, IsTheSameWhenTheHostsDrawTheSame) {
  const std::vector<std::uint8_t> once = everything_on_the_wire();
  EXPECT_GT(once.size(), 1000u);
  EXPECT_TRUE(everything_on_the_wire() == once);
}

}  // namespace
}  // namespace ghostnet::tls::tls_stream_test
