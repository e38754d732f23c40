#include "ghostnet/runtime/packet_buf.hpp"

#include <stdexcept>

namespace ghostnet {

namespace detail {

BufferBlock* PoolCore::take_new() {
  if (allocated_ == max_buffers_) {
    ++refused_;
    return nullptr;
  }
  BufferBlock* const block = BufferBlock::allocate(buffer_bytes_);
  block->pool = this;
  ++allocated_;
  ++outstanding_;
  return block;
}

void PoolCore::give_back_closed(BufferBlock* block) {
  BufferBlock::free(block);
  if (outstanding_ == 0) delete this;
}

void PoolCore::trim() {
  while (BufferBlock* const block = idle_) {
    idle_ = block->next_idle;
    reveal(block);
    BufferBlock::free(block);
    --allocated_;
  }
}

void PoolCore::close() {
  trim();
  closed_ = true;
  if (outstanding_ == 0) delete this;
}

}  // namespace detail

namespace {

// Room is asked for in sizes that a sum must not wrap.
std::size_t total_bytes(std::size_t headroom_bytes, std::size_t size_bytes, std::size_t tailroom_bytes) {
  if (headroom_bytes > detail::kMaxBlockBytes || tailroom_bytes > detail::kMaxBlockBytes) {
    throw std::length_error(
        fmt::format("a buffer with {} bytes of headroom and {} of tailroom", headroom_bytes, tailroom_bytes));
  }
  return headroom_bytes + size_bytes + tailroom_bytes;
}

}  // namespace

PacketBuf PacketBuf::with_room(std::size_t headroom_bytes, std::size_t tailroom_bytes) {
  return {detail::BufferBlock::allocate(total_bytes(headroom_bytes, 0, tailroom_bytes)), headroom_bytes};
}

PacketBuf PacketBuf::copy_of(ByteView bytes, std::size_t headroom_bytes, std::size_t tailroom_bytes) {
  PacketBuf copy(detail::BufferBlock::allocate(total_bytes(headroom_bytes, bytes.size(), tailroom_bytes)),
                 headroom_bytes);
  copy.append(bytes);
  return copy;
}

void PacketBuf::make_room(std::size_t headroom_bytes, std::size_t tailroom_bytes) {
  const std::size_t needed = total_bytes(headroom_bytes, size_, tailroom_bytes);
  if (needed > capacity_) {
    *this = copy_of(view(), headroom_bytes, tailroom_bytes);
    return;
  }
  std::uint8_t* const to = block()->bytes() + headroom_bytes;
  std::memmove(to, data_, size_);
  data_ = to;
  headroom_ = static_cast<std::uint32_t>(headroom_bytes);
}

void PacketBuf::throw_no_room(const char* operation, std::size_t wanted, std::size_t available) {
  throw std::length_error(fmt::format("PacketBuf::{}: {} bytes wanted, {} there", operation, wanted, available));
}

PacketPool::PacketPool(Options options) {
  if (options.buffer_bytes > detail::kMaxBlockBytes) {
    throw std::length_error(fmt::format("a pool of buffers of {} bytes", options.buffer_bytes));
  }
  core_ = new detail::PoolCore(options.buffer_bytes, options.max_buffers);
}

}  // namespace ghostnet
