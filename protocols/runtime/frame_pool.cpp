#include "ghostnet/runtime/frame_pool.hpp"

#include <mutex>  // tidy: allow thread, the list of chunks is the one thing that threads share
#include <vector>

namespace ghostnet {

constinit thread_local FramePool::FreeBlock* FramePool::lists_[kLargestBytes / kGranuleBytes + 1] = {};
constinit thread_local std::byte* FramePool::chunk_ = nullptr;
constinit thread_local std::size_t FramePool::chunk_left_bytes_ = 0;

namespace {

// Chunks stay reachable after the thread that asked for them has gone: a block may outlive its thread.
void keep_chunk(std::byte* chunk) {
  // tidy: allow thread, taken once for each chunk
  static std::mutex mutex;
  static auto* chunks = new std::vector<std::byte*>;
  std::lock_guard lock(mutex);
  chunks->push_back(chunk);
}

}  // namespace

void* FramePool::carve(std::size_t size_bytes) {
  std::size_t rounded_bytes = (size_bytes + kGranuleBytes - 1) / kGranuleBytes * kGranuleBytes;
  if (chunk_left_bytes_ < rounded_bytes) {
    // The tail of the old chunk is not lost: it joins the list of its own size.
    if (chunk_left_bytes_ != 0) give_back(chunk_, chunk_left_bytes_);
    chunk_ = static_cast<std::byte*>(::operator new(kChunkBytes));
    chunk_left_bytes_ = kChunkBytes;
    keep_chunk(chunk_);
  }
  void* block = chunk_;
  chunk_ += rounded_bytes;
  chunk_left_bytes_ -= rounded_bytes;
  return block;
}

}  // namespace ghostnet
