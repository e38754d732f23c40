// NoiseStream over a stream in memory: bytes of any size in any pieces, back-pressure, ends, and bytes that were
// changed.
#include "ghostnet/noise/noise_stream.hpp"

#include <gtest/gtest.h>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/support/memory_stream.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::noise::noise_stream_test {
namespace {

Transport transport(std::uint8_t send, std::uint8_t receive) {
  const auto key = [](std::uint8_t first) {
    std::vector<std::uint8_t> bytes(32);
    bytes[0] = first;
    return CipherState(crypto::AeadKind::chacha20_poly1305, bytes);
  };
  return {key(send), key(receive)};
}

std::vector<std::uint8_t> pattern(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
  return bytes;
}

Task<> write_all(Stream& stream, std::vector<std::uint8_t> bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const std::size_t size = std::min(piece, bytes.size() - at);
    const std::array<ByteView, 2> parts = {ByteView(bytes).subspan(at, size / 3),
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

class NoiseStreams : public testing::Test {
 protected:
  void join(std::size_t buffer_bytes) {
    auto [client, server] = support::MemoryStream::make_pair(world_.courier(), {.buffer_bytes = buffer_bytes});
    raw_client_ = client.get();
    raw_server_ = server.get();
    client_ = std::make_unique<NoiseStream>(host_, std::move(client), transport(1, 2));
    server_ = std::make_unique<NoiseStream>(host_, std::move(server), transport(2, 1));
  }

  support::TestWorld world_{{.latency = 1ms}};
  support::TestHost& host_ = world_.add_host();
  support::MemoryStream* raw_client_ = nullptr;
  support::MemoryStream* raw_server_ = nullptr;
  std::unique_ptr<NoiseStream> client_;
  std::unique_ptr<NoiseStream> server_;
};

TEST_F(NoiseStreams, CarryBytesOfAnySizeInAnyPieces) {
  for (std::size_t buffer_bytes : {100u, 4096u, 200'000u}) {
    for (std::size_t write_bytes : {7u, 1000u, 65'519u, 65'520u, 300'000u}) {
      for (std::size_t read_bytes : {13u, 70'000u}) {
        join(buffer_bytes);
        const std::vector<std::uint8_t> sent = pattern(write_bytes < 100 ? 5'000 : 300'000);
        std::vector<std::uint8_t> received;
        std::optional<Error> error;
        Scope scope(world_.loop());
        scope.spawn(write_all(*client_, sent, write_bytes));
        scope.spawn(read_all(*server_, read_bytes, received, error));
        world_.run();
        EXPECT_TRUE(scope.empty());
        EXPECT_FALSE(error);
        EXPECT_TRUE(received == sent) << buffer_bytes << ' ' << write_bytes << ' ' << read_bytes;
      }
    }
  }
}

// A reader with a large buffer gets all messages that have come at once; what was changed is told after what was not.
TEST_F(NoiseStreams, SeveralMessagesAreOpenedInOneReadAndAChangedOneAfterThem) {
  join(100'000);
  const std::array<std::vector<std::uint8_t>, 3> sent = {pattern(10), pattern(2000), pattern(30)};
  for (const auto& message : sent) {
    const ByteView part(message);
    ASSERT_EQ(*client_->try_write(std::span(&part, 1)), message.size());
  }
  const std::vector<std::uint8_t> changed = {0, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
  const ByteView part(changed);
  ASSERT_EQ(*raw_client_->try_write(std::span(&part, 1)), changed.size());
  world_.run();
  std::vector<std::uint8_t> room(8192);
  const Result<std::size_t> read = server_->try_read(room);
  ASSERT_TRUE(read);
  std::vector<std::uint8_t> expected;
  for (const auto& message : sent) expected.insert(expected.end(), message.begin(), message.end());
  room.resize(*read);
  EXPECT_TRUE(room == expected);
  room.resize(8192);
  EXPECT_EQ(server_->try_read(room).error(), Errc::malformed);
}

TEST_F(NoiseStreams, WhatWasAcceptedArrivesAfterTheStreamIsGone) {
  join(1000);
  const std::vector<std::uint8_t> sent = pattern(50'000);
  const ByteView part(sent);
  ASSERT_EQ(*client_->try_write(std::span(&part, 1)), sent.size());
  ASSERT_TRUE(client_->shutdown_send());
  client_.reset();
  std::vector<std::uint8_t> received;
  std::optional<Error> error;
  Scope scope(world_.loop());
  scope.spawn(read_all(*server_, 5000, received, error));
  world_.run();
  EXPECT_FALSE(error);
  EXPECT_TRUE(received == sent);
}

TEST_F(NoiseStreams, DroppingAnUnfinishedOneResetsTheOther) {
  join(1000);
  std::vector<std::uint8_t> received;
  std::optional<Error> error;
  Scope scope(world_.loop());
  scope.spawn(read_all(*server_, 5000, received, error));
  world_.run();
  client_.reset();
  world_.run();
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, Errc::reset);
}

TEST_F(NoiseStreams, AChangedByteEndsReadingForGood) {
  auto [client, server] = support::MemoryStream::make_pair(world_.courier());
  NoiseStream reader(host_, std::move(server), transport(2, 1));
  std::vector<std::uint8_t> message(kLengthBytes + 3 + kTagBytes);
  message[1] = 3 + kTagBytes;
  CipherState cipher = std::move(transport(1, 2).send);
  ASSERT_TRUE(cipher.encrypt({}, as_bytes("abc"), message.data() + kLengthBytes));
  std::vector<std::uint8_t> both = message;
  message[4] ^= 1;
  both.insert(both.end(), message.begin(), message.end());
  const ByteView part(both);
  ASSERT_TRUE(client->try_write(std::span(&part, 1)));
  world_.run();
  std::array<std::uint8_t, 10> room;
  EXPECT_EQ(*reader.try_read(room), 3u);
  EXPECT_EQ(reader.try_read(room).error(), Errc::malformed);
  EXPECT_EQ(reader.try_read(room).error(), Errc::malformed);
}

TEST_F(NoiseStreams, AnEndWithinAMessageIsNotAnEnd) {
  auto [client, server] = support::MemoryStream::make_pair(world_.courier());
  NoiseStream reader(host_, std::move(server), transport(2, 1));
  const std::array<std::uint8_t, 3> start = {0, 40, 1};
  const ByteView part(start);
  ASSERT_TRUE(client->try_write(std::span(&part, 1)));
  ASSERT_TRUE(client->shutdown_send());
  world_.run();
  std::array<std::uint8_t, 10> room;
  EXPECT_EQ(reader.try_read(room).error(), Errc::malformed);
  EXPECT_EQ(reader.try_read(room).error(), Errc::malformed);
}

TEST_F(NoiseStreams, AMessageWithoutRoomForItsTagIsRefused) {
  auto [client, server] = support::MemoryStream::make_pair(world_.courier());
  NoiseStream reader(host_, std::move(server), transport(2, 1));
  const std::array<std::uint8_t, 2> start = {0, 15};
  const ByteView part(start);
  ASSERT_TRUE(client->try_write(std::span(&part, 1)));
  world_.run();
  std::array<std::uint8_t, 10> room;
  EXPECT_EQ(reader.try_read(room).error(), Errc::malformed);
}

TEST_F(NoiseStreams, AbortTellsBothSides) {
  join(1000);
  client_->abort();
  std::array<std::uint8_t, 10> room;
  const ByteView part(room);
  EXPECT_EQ(client_->try_read(room).error(), Errc::closed);
  EXPECT_EQ(client_->try_write(std::span(&part, 1)).error(), Errc::closed);
  world_.run();
  EXPECT_EQ(server_->try_read(room).error(), Errc::reset);
}

}  // namespace
}  // namespace ghostnet::noise::noise_stream_test
