#include "ghostnet/runtime/bytes.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <stdexcept>

#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet {

bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

std::strong_ordering compare(ByteView a, ByteView b) {
  const std::size_t common = std::min(a.size(), b.size());
  if (common != 0) {
    if (const int order = std::memcmp(a.data(), b.data(), common); order != 0) return order <=> 0;
  }
  return a.size() <=> b.size();
}

std::uint64_t hash_of(ByteView bytes, std::uint64_t seed) {
  constexpr std::uint64_t kStep = 0x9e37'79b9'7f4a'7c15;
  constexpr std::uint64_t kMix = 0xd6e8'feb8'6659'fd93;
  std::uint64_t hash = seed ^ bytes.size() * kMix;
  const auto absorb = [&hash](std::uint64_t word) { hash = std::rotl((hash ^ word) * kStep, 29); };
  while (bytes.size() >= 8) {
    absorb(load_le<std::uint64_t>(bytes.data()));
    bytes = bytes.subspan(8);
  }
  std::uint64_t last = 0;
  for (const std::uint8_t byte : bytes) last = last << 8 | byte;
  absorb(last);
  hash = (hash ^ hash >> 32) * kMix;
  hash = (hash ^ hash >> 29) * kStep;
  return hash ^ hash >> 32;
}

namespace detail {

BufferBlock* BufferBlock::allocate(std::size_t capacity_bytes) {
  if (capacity_bytes > kMaxBlockBytes) throw std::length_error(fmt::format("a buffer of {} bytes", capacity_bytes));
  void* const memory = ::operator new(sizeof(BufferBlock) + capacity_bytes);
  return new (memory) BufferBlock(static_cast<std::uint32_t>(capacity_bytes));
}

void BufferBlock::free(BufferBlock* block) {
  const std::size_t bytes = sizeof(BufferBlock) + block->capacity_bytes;
  block->~BufferBlock();
  ::operator delete(block, bytes);
}

}  // namespace detail

Bytes Bytes::copy_of(ByteView bytes) {
  if (bytes.empty()) return {};
  detail::BufferBlock* const block = detail::BufferBlock::allocate(bytes.size());
  block->sharers.store(1, std::memory_order_relaxed);
  std::memcpy(block->bytes(), bytes.data(), bytes.size());
  return {block->bytes(), bytes.size(), 0};
}

Bytes Bytes::from(PacketBuf&& buffer) {
  PacketBuf taken = std::move(buffer);
  if (taken.empty() || taken.is_pooled()) return copy_of(taken.view());
  taken.block()->sharers.store(1, std::memory_order_relaxed);
  Bytes shared(taken.data_, taken.size_, taken.headroom_);
  taken.data_ = nullptr;  // disowns the block
  return shared;
}

Bytes Bytes::from_static(ByteView bytes) {
  if (bytes.size() > detail::kMaxBlockBytes) throw std::length_error(fmt::format("{} bytes", bytes.size()));
  return {bytes.data(), bytes.size(), kOwnsNothing};
}

void Bytes::throw_bad_slice(std::size_t offset, std::size_t length, std::size_t size) {
  throw std::out_of_range(fmt::format("a slice of {} bytes at {} of {}", length, offset, size));
}

std::string to_hex(ByteView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

Result<Bytes> parse_hex(std::string_view text) {
  PacketBuf out = PacketBuf::with_room(0, text.size() / 2);
  for (std::size_t i = 0; i < text.size();) {
    if (is_space(text[i])) {
      ++i;
      continue;
    }
    const int high = hex_digit_value(text[i]);
    const int low = i + 1 < text.size() ? hex_digit_value(text[i + 1]) : -1;
    if (high < 0 || low < 0)
      return fail(Errc::malformed, "hexadecimal text: expected a pair of digits at offset {}", i);
    out.append(1)[0] = static_cast<std::uint8_t>(high << 4 | low);
    i += 2;
  }
  return Bytes::from(std::move(out));
}

}  // namespace ghostnet
