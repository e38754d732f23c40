// Memory for coroutine frames and other small, short-lived objects of the runtime.
//
// Free lists by size class, one set per thread, so that taking and returning a frame is a few instructions and
// neighbours in time are neighbours in memory. Blocks may be returned on another thread than the one that took them;
// chunks live as long as the process, which bounds memory by the peak. Under AddressSanitizer every block is a heap
// allocation of its own, so that a use after a drop is seen.
#pragma once

#include <cstddef>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GHOSTNET_FRAME_POOL_OFF 1
#endif
#endif

namespace ghostnet {

class FramePool {
 public:
  static constexpr std::size_t kGranuleBytes = 16;
  static constexpr std::size_t kLargestBytes = 4096;  // larger blocks come from the heap
  static constexpr std::size_t kChunkBytes = 64 * 1024;

  static void* take(std::size_t size_bytes) {
#ifndef GHOSTNET_FRAME_POOL_OFF
    if (size_bytes <= kLargestBytes) {
      FreeBlock*& head = lists_[(size_bytes + kGranuleBytes - 1) / kGranuleBytes];
      if (head == nullptr) [[unlikely]]
        return carve(size_bytes);
      FreeBlock* block = head;
      head = block->next;
      return block;
    }
#endif
    return ::operator new(size_bytes);
  }

  static void give_back(void* block, std::size_t size_bytes) noexcept {
#ifndef GHOSTNET_FRAME_POOL_OFF
    if (size_bytes <= kLargestBytes) {
      FreeBlock*& head = lists_[(size_bytes + kGranuleBytes - 1) / kGranuleBytes];
      head = new (block) FreeBlock{head};
      return;
    }
#endif
    ::operator delete(block, size_bytes);
  }

 private:
  struct FreeBlock {
    FreeBlock* next;
  };

  static void* carve(std::size_t size_bytes);

  static constinit thread_local FreeBlock* lists_[kLargestBytes / kGranuleBytes + 1];
  static constinit thread_local std::byte* chunk_;
  static constinit thread_local std::size_t chunk_left_bytes_;
};

// Base of types whose objects come from the pool.
struct FromFramePool {
  static void* operator new(std::size_t size_bytes) { return FramePool::take(size_bytes); }
  static void operator delete(void* block, std::size_t size_bytes) noexcept { FramePool::give_back(block, size_bytes); }
};

}  // namespace ghostnet
