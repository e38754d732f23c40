// The bound on the buffers of all connections of a stack together (ledger.hpp): peers that want to fill its memory, and
// what becomes of the others meanwhile.
#include <gtest/gtest.h>

#include "net.hpp"

namespace ghostnet::tcp::memory_test {
namespace {

constexpr std::uint64_t kBoundBytes = 2 << 20;
constexpr std::uint32_t kStrangers = 200;
constexpr std::uint16_t kPort = 7;

Task<> accept_all(Listener& listener, std::vector<std::unique_ptr<Stream>>& streams) {
  while (true) {
    Result<std::unique_ptr<Stream>> stream = co_await listener.accept();
    if (!stream) co_return;
    streams.push_back(std::move(*stream));
  }
}

Task<> send_all(Stack& stack, Endpoint peer, std::size_t bytes, bool& sent) {
  Result<std::unique_ptr<Stream>> stream = co_await stack.connect({.peer = peer});
  if (!stream) co_return;
  const std::vector<std::uint8_t> data(bytes, 'h');
  const Result<> written = co_await (*stream)->write(data);
  (void)(*stream)->shutdown_send();
  sent = written.has_value();
}

Task<> read_all(Stream& stream, std::size_t& received_bytes) {
  std::vector<std::uint8_t> buffer(16 * 1024);
  while (true) {
    const Result<std::size_t> got = co_await stream.read(buffer);
    if (!got || *got == 0) co_return;
    received_bytes += *got;
  }
}

Task<> write_all(Stream& stream, std::size_t bytes) {
  const std::vector<std::uint8_t> data(bytes, 'w');
  (void)co_await stream.write(data);
}

// Somebody who opens connections and then sends what suits him.
class TcpMemory : public testing::Test {
 protected:
  struct Stranger {
    Endpoint at;
    SeqNumber next;          // of his
    SeqNumber acknowledged;  // of the server's
  };

  TcpMemory() { server.host.scope().spawn(accept_all(*listener, accepted)); }
  ~TcpMemory() override {
    server.host.scope().drop_all();
    accepted.clear();
  }

  std::vector<Stranger> open(std::uint32_t count) {
    std::vector<Stranger> strangers;
    for (std::uint32_t i = 0; i < count; ++i) {
      net.stray.clear();
      Stranger stranger{.at = Endpoint(IpAddress::v4(0x0b00'0000 + i), 1000), .next = SeqNumber(5000)};
      SegmentHeader syn;
      syn.flags = kSyn;
      syn.sequence = stranger.next;
      syn.mss = 1460;
      syn.window = 65'535;
      net.forge(server, stranger.at, server.at(kPort), syn);
      if (net.stray.empty()) break;
      stranger.next += 1;
      stranger.acknowledged = net.stray[0].header.sequence + 1;
      say(stranger, 0, {});
      strangers.push_back(stranger);
    }
    net.world.run_for(10ms);
    net.stray.clear();
    EXPECT_EQ(accepted.size(), count);
    return strangers;
  }
  void say(const Stranger& stranger, std::uint32_t offset_bytes, std::string_view payload) {
    SegmentHeader header;
    header.flags = kAck;
    header.sequence = stranger.next + offset_bytes;
    header.acknowledgment = stranger.acknowledged;
    header.window = 65'535;
    net.forge(server, stranger.at, server.at(kPort), header, payload);
  }
  std::uint64_t held_bytes() const { return server.stack.buffered_bytes(); }
  const TcpMetrics& metrics() const { return server.stack.metrics(); }

  Net net{{.max_buffer_bytes = kBoundBytes}};
  Node& server = net.add();
  Node& client = net.add();
  std::unique_ptr<Listener> listener = *server.stack.listen({.local = server.at(kPort), .backlog = 1000});
  std::vector<std::unique_ptr<Stream>> accepted;
};

// One byte at the far end of a window takes as much memory as all of it.
TEST_F(TcpMemory, EarlyBytesOnManyConnectionsDoNotFillIt) {
  const std::vector<Stranger> strangers = open(kStrangers);
  for (const Stranger& stranger : strangers) {
    say(stranger, 60'000, "x");
    ASSERT_LE(held_bytes(), kBoundBytes);
  }
  EXPECT_GT(metrics().refused.value(), 0u);
  EXPECT_GT(metrics().pruned_bytes.value(), kBoundBytes / 2);
  EXPECT_EQ(metrics().buffered_bytes.value(), static_cast<std::int64_t>(held_bytes()));
  EXPECT_EQ(server.stack.connections(), kStrangers) << "none is ended for it";
}

// RFC 2018 8: what was thrown away is sent again, as it was never acknowledged but selectively.
TEST_F(TcpMemory, AnHonestTransferIsWholeBesideThem) {
  const std::vector<Stranger> strangers = open(kStrangers);
  bool sent = false;
  std::size_t received_bytes = 0;
  std::uint32_t count = 0;
  net.lose = [&](const OutSegment& segment) { return segment.payload_bytes != 0 && ++count % 50 == 7; };
  client.host.scope().spawn(send_all(client.stack, server.at(kPort), 1'000'000, sent));
  net.world.run_for(50ms);
  ASSERT_EQ(accepted.size(), kStrangers + 1);
  server.host.scope().spawn(read_all(*accepted.back(), received_bytes));
  for (int i = 0; i < 600; ++i) {
    for (const Stranger& stranger : strangers) say(stranger, 60'000, "x");
    net.world.run_for(100ms);
    ASSERT_LE(held_bytes(), kBoundBytes + 64 * 1024);
  }
  EXPECT_TRUE(sent);
  EXPECT_EQ(received_bytes, 1'000'000u);
}

TEST_F(TcpMemory, DataThatNobodyReadsDoesNotFillIt) {
  std::vector<Stranger> strangers = open(kStrangers);
  const std::string segment(1460, 'x');
  for (int round = 0; round < 40; ++round) {
    for (Stranger& stranger : strangers) {
      say(stranger, 0, segment);
      stranger.next += 1460;
    }
    net.world.run_for(10ms);
    // One segment each may lie beyond the bound.
    ASSERT_LE(held_bytes(), kBoundBytes + kStrangers * 2048);
  }
  EXPECT_GT(held_bytes(), kBoundBytes / 2) << "what the bound allows is used";
  EXPECT_GT(metrics().refused.value(), 0u);
  // Whoever reads makes room again.
  std::vector<std::size_t> received_bytes(accepted.size());
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    server.host.scope().spawn(read_all(*accepted[i], received_bytes[i]));
  }
  net.world.run_for(1s);
  EXPECT_EQ(held_bytes(), 0u);
  for (const std::size_t bytes : received_bytes) EXPECT_GE(bytes, 1460u) << "each had room for a segment";
}

// Peers that ask for much and acknowledge nothing (sockstress).
TEST_F(TcpMemory, WritersToSilentPeersDoNotFillIt) {
  open(kStrangers);
  for (auto& stream : accepted) server.host.scope().spawn(write_all(*stream, 1'000'000));
  net.world.run_for(5s);
  EXPECT_LE(held_bytes(), kBoundBytes + kStrangers * 4096);
  EXPECT_GT(held_bytes(), kBoundBytes / 2);
}

// Above three quarters of the bound what is offered is little, but enough to go on.
TEST_F(TcpMemory, WindowsStaySmallUnderPressure) {
  for (const Stranger& stranger : open(26)) say(stranger, 60'000, "x");
  ASSERT_EQ(metrics().refused.value(), 0u);
  ASSERT_GT(held_bytes(), kBoundBytes / 4 * 3);
  bool sent = false;
  std::size_t received_bytes = 0;
  client.host.scope().spawn(send_all(client.stack, server.at(kPort), 1'000'000, sent));
  net.world.run_for(20ms);
  ASSERT_EQ(accepted.size(), 27u);
  server.host.scope().spawn(read_all(*accepted.back(), received_bytes));
  std::uint32_t most_bytes = 0;
  while (received_bytes < 1'000'000 && net.world.now() < TimePoint(60s)) {
    net.world.run_for(3ms);
    const auto status = server.stack.status(accepted.back()->local(), accepted.back()->peer());
    if (status && received_bytes > 200'000) most_bytes = std::max(most_bytes, status->receive_window_bytes);
  }
  EXPECT_EQ(received_bytes, 1'000'000u);
  EXPECT_GT(most_bytes, 0u);
  EXPECT_LE(most_bytes, 4u * 1460);
}

}  // namespace
}  // namespace ghostnet::tcp::memory_test
