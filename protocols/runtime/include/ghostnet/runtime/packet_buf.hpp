// PacketBuf: the unique owner of one packet's bytes, with room before and after them; PacketPool: bounded recycling.
//
//     headroom | data ......... | tailroom          one block, `capacity()` bytes
//
// Layers prepend their headers into the headroom, encrypt the data in place and append tags into the tailroom; a
// received packet shrinks from the front as its headers are consumed. Nobody else ever sees the block: to share a
// packet, turn it into Bytes (bytes.hpp), which cannot be written.
//
//     auto packet = pool.take(kHeaderBytes);                   // Result: the pool is bounded
//     packet->append(payload);
//     seal(packet->writable(), packet->append(kTagBytes));     // in place
//     write_header(packet->prepend(kHeaderBytes));
//
// A block is of the heap or of a PacketPool, and returns there when its PacketBuf is dropped. A pool and the dropping
// of its buffers belong to one thread; a buffer of the heap may be dropped anywhere. A pool may be destroyed before its
// buffers: what is still out is then freed as it comes home.
//
// What may fail: only take(), with no_buffers. Asking for more room than there is, or trimming more than there is, is a
// bug of the caller and throws std::length_error; code that does not know the room calls reserve() first.
#pragma once

#if __has_include(<sanitizer/asan_interface.h>)  // comes with the sanitizers' runtime, which few install
#include <sanitizer/asan_interface.h>
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet {

class PacketPool;

namespace detail {

// What outlives a PacketPool while buffers of it are out. Deletes itself with the last of them.
class PoolCore {
 public:
  PoolCore(std::size_t buffer_bytes, std::size_t max_buffers)
      : buffer_bytes_(buffer_bytes), max_buffers_(max_buffers) {}
  PoolCore(const PoolCore&) = delete;
  PoolCore& operator=(const PoolCore&) = delete;

  // Null when max_buffers are out.
  BufferBlock* take() {
    BufferBlock* const block = idle_;
    if (!block) [[unlikely]]
      return take_new();
    idle_ = block->next_idle;
    reveal(block);
    block->pool = this;
    ++outstanding_;
    return block;
  }

  void give_back(BufferBlock* block) {
    --outstanding_;
    if (closed_) [[unlikely]]
      return give_back_closed(block);
    block->next_idle = idle_;
    idle_ = block;
    hide(block);
  }

 private:
  friend class ghostnet::PacketPool;
  ~PoolCore() = default;

  BufferBlock* take_new();
  void give_back_closed(BufferBlock* block);
  void trim();
  void close();
  // Under AddressSanitizer, whoever touches a buffer after giving it back is caught.
#ifdef ASAN_POISON_MEMORY_REGION
  static void hide(BufferBlock* block) { ASAN_POISON_MEMORY_REGION(block->bytes(), block->capacity_bytes); }
  static void reveal(BufferBlock* block) { ASAN_UNPOISON_MEMORY_REGION(block->bytes(), block->capacity_bytes); }
#else
  static void hide(BufferBlock*) {}
  static void reveal(BufferBlock*) {}
#endif

  BufferBlock* idle_ = nullptr;  // last in, first out: the next one taken is the one most likely in cache
  std::size_t outstanding_ = 0;
  std::size_t allocated_ = 0;  // idle and outstanding
  std::size_t buffer_bytes_;
  std::size_t max_buffers_;
  std::uint64_t refused_ = 0;
  bool closed_ = false;
};

}  // namespace detail

class PacketBuf {
 public:
  // Holds nothing and has no room.
  PacketBuf() = default;
  PacketBuf(PacketBuf&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        headroom_(std::exchange(other.headroom_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  PacketBuf& operator=(PacketBuf&& other) noexcept {
    if (this == &other) return *this;
    if (data_) release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    headroom_ = std::exchange(other.headroom_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  ~PacketBuf() {
    if (data_) release();
  }

  // Of the heap: no data yet, so much room before and after it.
  static PacketBuf with_room(std::size_t headroom_bytes, std::size_t tailroom_bytes);
  static PacketBuf copy_of(ByteView bytes, std::size_t headroom_bytes = 0, std::size_t tailroom_bytes = 0);

  ByteView view() const { return {data_, size_}; }
  MutableByteView writable() { return {data_, size_}; }
  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::uint8_t* begin() { return data_; }
  std::uint8_t* end() { return data_ + size_; }
  const std::uint8_t* begin() const { return data_; }
  const std::uint8_t* end() const { return data_ + size_; }

  std::size_t headroom() const { return headroom_; }
  std::size_t tailroom() const { return capacity_ - headroom_ - size_; }
  std::size_t capacity() const { return capacity_; }
  bool is_pooled() const { return data_ && block()->pool; }

  // The unused room after the data, to be filled from outside (a kernel, a cipher) and then claimed with append(n).
  MutableByteView tail() { return {data_ + size_, tailroom()}; }

  // n more bytes before or after the data; what they contain is not defined until they are written.
  MutableByteView prepend(std::size_t n) {
    if (n > headroom_) [[unlikely]]
      throw_no_room("prepend", n, headroom_);
    data_ -= n;
    headroom_ -= static_cast<std::uint32_t>(n);
    size_ += static_cast<std::uint32_t>(n);
    return {data_, n};
  }
  MutableByteView append(std::size_t n) {
    if (n > tailroom()) [[unlikely]]
      throw_no_room("append", n, tailroom());
    std::uint8_t* const added = data_ + size_;
    size_ += static_cast<std::uint32_t>(n);
    return {added, n};
  }

  // The same, copying bytes that are not of this buffer.
  void prepend(ByteView bytes) { copy_into(prepend(bytes.size()), bytes); }
  void append(ByteView bytes) { copy_into(append(bytes.size()), bytes); }

  // Takes n bytes away; they become room.
  void trim_front(std::size_t n) {
    if (n > size_) [[unlikely]]
      throw_no_room("trim_front", n, size_);
    data_ += n;
    headroom_ += static_cast<std::uint32_t>(n);
    size_ -= static_cast<std::uint32_t>(n);
  }
  void trim_back(std::size_t n) {
    if (n > size_) [[unlikely]]
      throw_no_room("trim_back", n, size_);
    size_ -= static_cast<std::uint32_t>(n);
  }

  // Forgets the data and leaves so much headroom.
  void clear(std::size_t headroom_bytes = 0) {
    if (headroom_bytes > capacity_) [[unlikely]]
      throw_no_room("clear", headroom_bytes, capacity_);
    if (!data_) return;
    data_ += static_cast<std::ptrdiff_t>(headroom_bytes) - static_cast<std::ptrdiff_t>(headroom_);
    headroom_ = static_cast<std::uint32_t>(headroom_bytes);
    size_ = 0;
  }

  // Makes at least so much room: where it is there already, free of charge; else by moving the data within the block
  // when that suffices; else into a new block of the heap (a pooled block then returns to its pool).
  void reserve(std::size_t headroom_bytes, std::size_t tailroom_bytes) {
    if (headroom_bytes > headroom() || tailroom_bytes > tailroom()) make_room(headroom_bytes, tailroom_bytes);
  }

  // For networks that keep their own record of a packet in its headroom while it travels: takes the block out of this
  // buffer, which is left empty, and puts it back into one. The caller keeps where the data stood.
  detail::BufferBlock* release_block() {
    detail::BufferBlock* const held = data_ ? block() : nullptr;
    data_ = nullptr;
    size_ = headroom_ = capacity_ = 0;
    return held;
  }
  static PacketBuf adopt(detail::BufferBlock* block, std::size_t headroom_bytes, std::size_t size_bytes) {
    PacketBuf buffer(block, headroom_bytes);
    buffer.size_ = static_cast<std::uint32_t>(size_bytes);
    return buffer;
  }

 private:
  friend class PacketPool;
  friend class Bytes;

  // An empty buffer over the whole of a block, which it now owns.
  PacketBuf(detail::BufferBlock* block, std::size_t headroom_bytes)
      : data_(block->bytes() + headroom_bytes),
        headroom_(static_cast<std::uint32_t>(headroom_bytes)),
        capacity_(block->capacity_bytes) {}

  detail::BufferBlock* block() const { return detail::BufferBlock::of(data_ - headroom_); }

  void release() {
    detail::BufferBlock* const held = block();
    if (held->pool) {
      held->pool->give_back(held);
    } else {
      detail::BufferBlock::free(held);
    }
  }

  static void copy_into(MutableByteView to, ByteView from) {
    if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
  }
  void make_room(std::size_t headroom_bytes, std::size_t tailroom_bytes);
  [[noreturn]] static void throw_no_room(const char* operation, std::size_t wanted, std::size_t available);

  std::uint8_t* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t headroom_ = 0;
  std::uint32_t capacity_ = 0;
};
static_assert(sizeof(PacketBuf) <= 32);

class PacketPool {
 public:
  struct Options {
    std::size_t buffer_bytes = 2048;  // of each buffer, headroom included
    std::size_t max_buffers = 1024;   // that exist at once; allocated when first needed, kept until trim() or the end
  };

  // Throws std::length_error for buffer_bytes beyond what a block can hold (just under 4 GiB).
  explicit PacketPool(Options options);
  PacketPool() : PacketPool(Options{}) {}
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;
  ~PacketPool() { core_->close(); }

  // An empty buffer with exactly this headroom and the rest as tailroom. no_buffers (and refused() counts one) when
  // max_buffers are out; invalid_argument when headroom_bytes exceeds buffer_bytes.
  Result<PacketBuf> take(std::size_t headroom_bytes = 0) {
    if (headroom_bytes > core_->buffer_bytes_) [[unlikely]]
      return fail(Errc::invalid_argument);
    detail::BufferBlock* const block = core_->take();
    if (!block) [[unlikely]]
      return fail(Errc::no_buffers);
    return PacketBuf(block, headroom_bytes);
  }

  // Frees the buffers that wait for use.
  void trim() { core_->trim(); }

  std::size_t buffer_bytes() const { return core_->buffer_bytes_; }
  std::size_t max_buffers() const { return core_->max_buffers_; }
  std::size_t outstanding() const { return core_->outstanding_; }
  std::size_t idle() const { return core_->allocated_ - core_->outstanding_; }
  std::uint64_t refused() const { return core_->refused_; }

 private:
  detail::PoolCore* core_;
};

}  // namespace ghostnet
