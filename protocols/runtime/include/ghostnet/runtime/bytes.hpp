// Views over bytes, and Bytes: shared, immutable bytes that are sliced and fanned out without copying.
//
// A Bytes is 16 bytes: a pointer, a length and the way back to the block that owns the data. A block is one allocation,
// a 16-byte header and the data behind it; it is freed with its last Bytes, so a small slice keeps the whole block
// alive (`Bytes::copy_of(slice)` lets go of it). To fill a Bytes, write a PacketBuf (packet_buf.hpp) and share it.
//
// Threads: the count of sharers is atomic (increments relaxed, the last decrement ordered), so the copies of a Bytes
// may live on different threads, as with std::shared_ptr; one Bytes object is for one thread at a time. Moves touch no
// count, and the only holder drops without a locked instruction. A copy that is dropped again costs two of those:
// measured 5 ns, where a plain count takes 1 and std::shared_ptr 10. Move where you can, pass a ByteView where nothing
// is kept.
//
// Nothing here fails for reasons of the outside but parse_hex. Slicing out of range is a bug and throws.
#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ghostnet/runtime/result.hpp"

namespace ghostnet {

using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;

class PacketBuf;

// The same memory seen as bytes, or as characters of no particular encoding.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Spans have no comparison of their own. Compares in time that depends on the contents: not for secrets.
bool equal(ByteView a, ByteView b);
std::strong_ordering compare(ByteView a, ByteView b);

// A 64-bit hash that is the same on every machine and in every run, for tables. Not for adversaries: where a peer
// chooses the keys, give a secret seed and bound the table.
std::uint64_t hash_of(ByteView bytes, std::uint64_t seed = 0);

namespace detail {

class PoolCore;

// The header in front of every block of bytes. Exactly one PacketBuf, or `sharers` Bytes, own it.
struct BufferBlock {
  explicit BufferBlock(std::uint32_t capacity) : pool(nullptr), capacity_bytes(capacity), sharers(0) {}

  union {
    PoolCore* pool;          // where it returns to; null: the heap
    BufferBlock* next_idle;  // while it waits in its pool
  };
  std::uint32_t capacity_bytes;
  std::atomic<std::uint32_t> sharers;  // counted only once it belongs to Bytes

  std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  static BufferBlock* of(const std::uint8_t* first_byte) {
    return reinterpret_cast<BufferBlock*>(const_cast<std::uint8_t*>(first_byte)) - 1;  // NOLINT: we made it writable
  }

  // Throws std::length_error beyond kMaxBlockBytes: a size that nobody bounded.
  static BufferBlock* allocate(std::size_t capacity_bytes);
  static void free(BufferBlock* block);
};
static_assert(sizeof(BufferBlock) == 16);

inline constexpr std::size_t kMaxBlockBytes = 0xffff'0000;

}  // namespace detail

class Bytes {
 public:
  Bytes() = default;
  Bytes(const Bytes& other) : data_(other.data_), size_(other.size_), offset_(other.offset_) {
    if (owns()) block()->sharers.fetch_add(1, std::memory_order_relaxed);
  }
  Bytes(Bytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        offset_(std::exchange(other.offset_, kOwnsNothing)) {}
  Bytes& operator=(const Bytes& other) { return *this = Bytes(other); }
  Bytes& operator=(Bytes&& other) noexcept {
    if (this == &other) return *this;
    if (owns()) drop();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    offset_ = std::exchange(other.offset_, kOwnsNothing);
    return *this;
  }
  ~Bytes() {
    if (owns()) drop();
  }

  static Bytes copy_of(ByteView bytes);
  static Bytes copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

  // Takes over what the buffer holds: without copying when it is of the heap, with one copy when it is of a pool, since
  // pools are bounded, belong to one thread, and should not be emptied by a cache of messages. `buffer` is left empty.
  static Bytes from(PacketBuf&& buffer);

  // Owns nothing: for bytes that outlive every use, such as string literals and constants.
  static Bytes from_static(ByteView bytes);
  static Bytes from_static(std::string_view text) { return from_static(as_bytes(text)); }

  ByteView view() const { return {data_, size_}; }
  std::string_view text() const { return as_text(view()); }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::uint8_t* begin() const { return data_; }
  const std::uint8_t* end() const { return data_ + size_; }
  std::uint8_t operator[](std::size_t i) const { return data_[i]; }

  // The `length` bytes from `offset`, or all from there on, sharing the block. Throws std::out_of_range beyond the end.
  Bytes slice(std::size_t offset, std::size_t length) const& {
    check_slice(offset, length);
    return Bytes(*this).narrowed(offset, length);
  }
  Bytes slice(std::size_t offset, std::size_t length) && {
    check_slice(offset, length);
    return std::move(*this).narrowed(offset, length);
  }
  Bytes slice(std::size_t offset) const& { return slice(offset, size_ - checked(offset)); }
  Bytes slice(std::size_t offset) && {
    const std::size_t length = size_ - checked(offset);
    return std::move(*this).slice(offset, length);
  }

  // How many Bytes keep this block alive, 0 when none is needed. Another thread may change it at any moment.
  std::size_t sharers() const { return owns() ? block()->sharers.load(std::memory_order_relaxed) : 0; }

  friend bool operator==(const Bytes& a, const Bytes& b) { return equal(a.view(), b.view()); }
  friend std::strong_ordering operator<=>(const Bytes& a, const Bytes& b) { return compare(a.view(), b.view()); }

 private:
  static constexpr std::uint32_t kOwnsNothing = 0xffff'ffff;

  // Adopts one reference that the caller already counted.
  Bytes(const std::uint8_t* data, std::size_t size, std::uint32_t offset)
      : data_(data), size_(static_cast<std::uint32_t>(size)), offset_(offset) {}

  bool owns() const { return offset_ != kOwnsNothing; }
  detail::BufferBlock* block() const { return detail::BufferBlock::of(data_ - offset_); }

  void drop() {
    // The only holder sees 1, and nobody else can be adding to it: no locked instruction needed.
    detail::BufferBlock* const held = block();
    if (held->sharers.load(std::memory_order_acquire) == 1 ||
        held->sharers.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      detail::BufferBlock::free(held);
    }
  }

  Bytes narrowed(std::size_t offset, std::size_t length) && {
    if (length == 0) return {};
    data_ += offset;
    size_ = static_cast<std::uint32_t>(length);
    if (owns()) offset_ += static_cast<std::uint32_t>(offset);
    return std::move(*this);
  }

  std::size_t checked(std::size_t offset) const {
    check_slice(offset, 0);
    return offset;
  }
  void check_slice(std::size_t offset, std::size_t length) const {
    if (offset > size_ || length > size_ - offset) [[unlikely]]
      throw_bad_slice(offset, length, size_);
  }
  [[noreturn]] static void throw_bad_slice(std::size_t offset, std::size_t length, std::size_t size);

  const std::uint8_t* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t offset_ = kOwnsNothing;  // of data_ from the first byte of its block
};
static_assert(sizeof(Bytes) == 16);

// Lower-case digits, two a byte, nothing between.
std::string to_hex(ByteView bytes);
// 0 to 15, or -1 for what is no digit of either case.
constexpr int hex_digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
// Digits of either case in pairs; white space may stand between pairs, as in the test vectors of RFCs.
Result<Bytes> parse_hex(std::string_view text);

}  // namespace ghostnet
