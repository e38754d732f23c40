// Bytes that arrive in any order.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ghostnet/runtime/random.hpp"
#include "ghostnet/tcp/receive_queue.hpp"
#include "ghostnet/tcp/scoreboard.hpp"

namespace ghostnet::tcp::receive_queue_test {
namespace {

std::string read_all(ReceiveQueue& queue) {
  std::vector<std::uint8_t> buffer(queue.readable_bytes());
  queue.read(buffer);
  return std::string(as_text(buffer));
}

TEST(TcpReceiveQueue, PutsAnyOrderInOrder) {
  constexpr std::size_t kBytes = 5000;
  std::vector<std::uint8_t> data(kBytes);
  for (std::size_t i = 0; i < kBytes; ++i) data[i] = static_cast<std::uint8_t>(i * 31 >> 3);
  Random random = Random::derive(3, 0, "queue");
  for (int run = 0; run < 200; ++run) {
    ReceiveQueue queue;
    SeqNumber start(static_cast<std::uint32_t>(random.next_u64()));
    queue.start_at(start);
    std::vector<bool> given(kBytes);
    std::vector<std::uint8_t> got;
    while (got.size() < kBytes) {
      // Half of the pieces fill the first hole, so that it ends.
      auto at = static_cast<std::size_t>(random.below(kBytes));
      if (random.below(2) == 0) at = bytes_between(start, queue.next());
      std::size_t size = std::min<std::size_t>(1 + random.below(400), kBytes - at);
      for (std::size_t i = at; i < at + size; ++i) given[i] = true;
      queue.put(start + static_cast<std::uint32_t>(at), ByteView(data).subspan(at, size));
      std::size_t in_order = 0;
      while (in_order < kBytes && given[in_order]) ++in_order;
      ASSERT_EQ(bytes_between(start, queue.next()), in_order);
      std::array<SackBlock, 4> blocks;
      std::size_t count = queue.sacks(blocks.data(), blocks.size());
      for (std::size_t i = 0; i < count; ++i) {
        for (SeqNumber s = blocks[i].left; s != blocks[i].right; s += 1) ASSERT_TRUE(given[bytes_between(start, s)]);
        ASSERT_GT(blocks[i].left, queue.next());
        if (bytes_between(start, blocks[i].right) < kBytes) ASSERT_FALSE(given[bytes_between(start, blocks[i].right)]);
      }
      if (random.below(3) == 0) {
        std::vector<std::uint8_t> part(random.below(600) + 1);
        part.resize(queue.read(part));
        got.insert(got.end(), part.begin(), part.end());
      }
    }
    ASSERT_EQ(got, data);
    ASSERT_FALSE(queue.has_gaps());
  }
}

TEST(TcpReceiveQueue, TellsWhatItHeardOfLastFirst) {
  ReceiveQueue queue;
  queue.start_at(SeqNumber(0));
  std::uint8_t bytes[10] = {};
  for (std::uint32_t at : {100u, 300u, 500u, 700u, 900u, 305u}) queue.put(SeqNumber(at), bytes);
  std::array<SackBlock, 3> blocks;
  ASSERT_EQ(queue.sacks(blocks.data(), 3), 3u);
  EXPECT_EQ(blocks[0], (SackBlock{SeqNumber(300), SeqNumber(315)}));
  EXPECT_EQ(blocks[1], (SackBlock{SeqNumber(900), SeqNumber(910)}));
  EXPECT_EQ(blocks[2], (SackBlock{SeqNumber(700), SeqNumber(710)}));
}

TEST(TcpReceiveQueue, RepeatsTheRangesBeforeTheLast) {  // RFC 2018 4
  ReceiveQueue queue;
  queue.start_at(SeqNumber(0));
  const std::vector<std::uint8_t> byte(1);
  for (std::uint32_t at : {10u, 20u, 30u, 40u, 50u, 51u, 52u, 53u, 54u}) queue.put(SeqNumber(at), byte);
  std::array<SackBlock, 4> blocks;
  ASSERT_EQ(queue.sacks(blocks.data(), 3), 3u);
  EXPECT_EQ(blocks[0].left, SeqNumber(50));
  EXPECT_EQ(blocks[1].left, SeqNumber(40));
  EXPECT_EQ(blocks[2].left, SeqNumber(30));
}

TEST(TcpReceiveQueue, KeepsABoundedNumberOfRanges) {
  ReceiveQueue queue;
  queue.start_at(SeqNumber(0));
  std::uint8_t byte[1] = {'x'};
  for (std::uint32_t i = 0; i < 4 * ReceiveQueue::kMaxRanges; ++i) queue.put(SeqNumber(2 * i + 1), byte);
  std::uint8_t first[1] = {'a'};
  queue.put(SeqNumber(0), first);
  EXPECT_EQ(read_all(queue), "ax");
}

TEST(TcpScoreboard, FindsSplitsAndForgets) {
  Scoreboard board;
  for (std::uint32_t i = 0; i < 100; ++i) {
    board.push_back({.start = SeqNumber(0xffff'ff00) + 10 * i, .length = 10, .fin = i == 99});
  }
  for (int i = 0; i < 30; ++i) board.pop_front();
  EXPECT_EQ(board.find(SeqNumber(0xffff'ff00) + 305), 0u);
  EXPECT_EQ(board.find(SeqNumber(0xffff'ff00) + 310), 1u);
  EXPECT_EQ(board.find(SeqNumber(0xffff'ff00) + 5000), board.size());
  board.split(69, 4);
  EXPECT_EQ(board.size(), 71u);
  EXPECT_EQ(board[69].length, 4u);
  EXPECT_FALSE(board[69].fin);
  EXPECT_TRUE(board[70].fin);
  EXPECT_EQ(board[70].start, board[69].end());
  EXPECT_EQ(board[68].end(), board[69].start);
}

}  // namespace
}  // namespace ghostnet::tcp::receive_queue_test
