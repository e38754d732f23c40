// ByteRing: the memory behind a send or receive queue: a circle of bytes that grows when it must and holds no memory
// while it is empty. Offsets count from the first byte of the queue. Its owner knows how much is in use and bounds it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/frame_pool.hpp"

namespace ghostnet::tcp {

class ByteRing {
 public:
  ByteRing() = default;
  ByteRing(const ByteRing&) = delete;
  ByteRing& operator=(const ByteRing&) = delete;
  ~ByteRing() { release(); }

  std::uint32_t capacity_bytes() const { return capacity_; }

  // Makes room for `wanted_bytes` in all; the first `used_bytes` are kept.
  void grow(std::uint32_t wanted_bytes, std::uint32_t used_bytes) {
    if (wanted_bytes > capacity_) move_to(capacity_for(wanted_bytes), used_bytes);
  }
  // By how much that makes it larger.
  std::uint32_t growth_bytes(std::uint32_t wanted_bytes) const {
    return wanted_bytes <= capacity_ ? 0 : capacity_for(wanted_bytes) - capacity_;
  }
  // Gives back what the first `used_bytes` do not need.
  void shrink(std::uint32_t used_bytes) {
    if (used_bytes == 0) return release();
    if (capacity_for(used_bytes) < capacity_) move_to(capacity_for(used_bytes), used_bytes);
  }
  void release() {
    if (data_ != nullptr) FramePool::give_back(data_, capacity_);
    data_ = nullptr;
    capacity_ = head_ = 0;
  }

  // There is room for them.
  void write(std::uint32_t offset_bytes, ByteView bytes) {
    for (MutableByteView part : parts(offset_bytes, static_cast<std::uint32_t>(bytes.size()))) {
      if (part.empty()) continue;
      std::memcpy(part.data(), bytes.data(), part.size());
      bytes = bytes.subspan(part.size());
    }
  }
  std::array<ByteView, 2> view(std::uint32_t offset_bytes, std::uint32_t length_bytes) const {
    auto [first, second] = parts(offset_bytes, length_bytes);
    return {first, second};
  }
  // Takes bytes away from the front.
  void drop_front(std::uint32_t length_bytes) { head_ = (head_ + length_bytes) & (capacity_ - 1); }

 private:
  static constexpr std::uint32_t kLeastBytes = 64;

  static std::uint32_t capacity_for(std::uint32_t bytes) {
    return std::bit_ceil(bytes < kLeastBytes ? kLeastBytes : bytes);
  }

  void move_to(std::uint32_t capacity, std::uint32_t used_bytes) {
    auto* data = static_cast<std::uint8_t*>(FramePool::take(capacity));
    std::uint8_t* to = data;
    for (ByteView part : view(0, used_bytes)) {
      if (!part.empty()) std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    release();
    data_ = data;
    capacity_ = capacity;
  }

  std::array<MutableByteView, 2> parts(std::uint32_t offset_bytes, std::uint32_t length_bytes) const {
    if (length_bytes == 0) return {};
    std::uint32_t at = (head_ + offset_bytes) & (capacity_ - 1);
    std::uint32_t first_bytes = length_bytes < capacity_ - at ? length_bytes : capacity_ - at;
    return {MutableByteView(data_ + at, first_bytes), MutableByteView(data_, length_bytes - first_bytes)};
  }

  std::uint8_t* data_ = nullptr;
  std::uint32_t capacity_ = 0;  // a power of two, or none
  std::uint32_t head_ = 0;
};

}  // namespace ghostnet::tcp
