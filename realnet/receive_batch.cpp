#include "ghostnet/realnet/receive_batch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ghostnet::realnet {

namespace {

// Beside those in the hands of readers, each message has one that waits for input.
PacketPool::Options pool_of(std::size_t data_bytes, std::size_t buffers) {
  return {.buffer_bytes = ReceiveBatch::kHeadroomBytes + data_bytes, .max_buffers = buffers + ReceiveBatch::kMessages};
}

// A first buffer to wait for input. Of the heap where readers hold more than their share of the pool, because not all
// messages had theirs when they took it: input can always be received, be it to be dropped.
PacketBuf first_buffer(PacketPool& pool, std::size_t data_bytes) {
  if (Result<PacketBuf> buffer = pool.take(ReceiveBatch::kHeadroomBytes)) return std::move(*buffer);
  return PacketBuf::with_room(ReceiveBatch::kHeadroomBytes, data_bytes);
}

}  // namespace

ReceiveBatch::ReceiveBatch(const ReceiveBatchOptions& options)
    : small_pool_(pool_of(kSmallBytes, options.small_buffers)),
      large_pool_(pool_of(kLargeBytes, options.large_buffers)) {}

int ReceiveBatch::receive(int fd, std::size_t wanted) {
  wanted = std::min(wanted, kMessages);
  while (posted_ < wanted) prepare(posted_++);
  int received;
  do {
    received = ::recvmmsg(fd, headers_.data(), static_cast<unsigned>(wanted), MSG_DONTWAIT, nullptr);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return -errno;
  if (received > 0) large_ = headers_[static_cast<std::size_t>(received) - 1].msg_len > kSmallBytes;
  return received;
}

std::unique_ptr<ReceiveBatch::Gathered> ReceiveBatch::take_gathered() {
  return spare_ != nullptr ? std::move(spare_) : std::make_unique<Gathered>();
}

std::array<iovec, 2> ReceiveBatch::first_parts() {
  if (posted_ == 0) prepare(posted_++);
  return slots_[0].parts;
}

bool ReceiveBatch::take(std::size_t i, std::size_t size_bytes, PacketBuf& out) {
  Slot& slot = slots_[i];
  const bool small = size_bytes <= kSmallBytes;
  Result<PacketBuf> fresh = (small ? small_pool_ : large_pool_).take(kHeadroomBytes);
  if (fresh) {
    const bool copied = small && slot.whole;
    out = copied ? std::move(*fresh) : std::exchange(small ? slot.small : slot.large, std::move(*fresh));
    out.append(size_bytes);
    if (copied) std::memcpy(out.data(), slot.large.data(), size_bytes);
    if (!small && !slot.whole) std::memcpy(out.data(), slot.small.data(), kSmallBytes);
  }
  prepare(i);
  return fresh.has_value();
}

void ReceiveBatch::prepare(std::size_t i) {
  Slot& slot = slots_[i];
  if (slot.small.capacity() == 0 || slot.large.capacity() == 0 || slot.whole != large_) set_out(i);
  slot.parts[0].iov_base = slot.small.data();
  slot.parts[1].iov_base = slot.large.data() + slot.parts[0].iov_len;
  // What the kernel wrote over.
  slot.from.set_size(SocketAddress::kCapacity);
  headers_[i].msg_hdr.msg_namelen = SocketAddress::kCapacity;
  headers_[i].msg_hdr.msg_controllen = slot.control.size();
}

// All but what each message changes.
void ReceiveBatch::set_out(std::size_t i) {
  Slot& slot = slots_[i];
  if (slot.small.capacity() == 0) slot.small = first_buffer(small_pool_, kSmallBytes);
  if (slot.large.capacity() == 0) slot.large = first_buffer(large_pool_, kLargeBytes);
  slot.whole = large_;
  slot.parts[0].iov_len = slot.whole ? 0 : kSmallBytes;
  slot.parts[1].iov_len = kLargeBytes - slot.parts[0].iov_len;
  headers_[i].msg_hdr = {.msg_name = slot.from.data(),
                         .msg_namelen = 0,
                         .msg_iov = slot.parts.data() + (slot.whole ? 1 : 0),
                         .msg_iovlen = slot.parts.size() - (slot.whole ? 1 : 0),
                         .msg_control = slot.control.data(),
                         .msg_controllen = 0,
                         .msg_flags = 0};
}

}  // namespace ghostnet::realnet
