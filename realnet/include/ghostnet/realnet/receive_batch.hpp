// ReceiveBatch: the buffers that stand ready for input, shared by all sockets of a world.
//
// Nobody knows the size of what comes next: a datagram of a hundred bytes, or sixty-four KiB that the kernel gathered
// (GRO). So each message is scattered: into a small buffer and, behind it, into the rest of a large one. A small
// message fills only the small buffer, which is handed over as it is; of a large one the small part is copied in front
// of the rest. Thus nothing is copied where packets are many, and large buffers are never held by small messages. While
// messages are large, it is the other way round: each goes to a large buffer whole, and a small one is copied out of
// it.
//
// Buffers come from two bounded pools. When the pool has no replacement, the message is dropped and its buffer stays.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::realnet {

struct ReceiveBatchOptions {
  std::size_t small_buffers = 8192;  // in the hands of readers at once
  std::size_t large_buffers = 256;
};

class ReceiveBatch {
 public:
  // Of one call. More would save calls, and no time: what was received is to be in the cache still when it is read.
  static constexpr std::size_t kMessages = 32;
  static constexpr std::size_t kHeadroomBytes = 64;  // in front of what was received, for a header of ours
  static constexpr std::size_t kSmallBytes = 2048;
  static constexpr std::size_t kLargeBytes = 65536;

  // Datagrams that a socket has read before anybody asked for them.
  struct Gathered {
    std::array<ReceivedDatagram, kMessages> datagrams;
    std::size_t first = 0;
    std::size_t count = 0;
  };

  explicit ReceiveBatch(const ReceiveBatchOptions& options);

  // How many messages to ask for at once: fewer while they are large.
  std::size_t at_once() const { return large_ ? kLargeMessages : kMessages; }
  // Receives up to `wanted` messages, at most kMessages. How many, or -errno.
  int receive(int fd, std::size_t wanted);

  // Of the i-th message of the last receive().
  const SocketAddress& from(std::size_t i) const { return slots_[i].from; }
  msghdr& header(std::size_t i) { return headers_[i].msg_hdr; }
  bool truncated(std::size_t i) const { return (headers_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0; }
  std::size_t size(std::size_t i) const { return headers_[i].msg_len; }
  // Hands over its bytes, once; false when the pools have no more buffers.
  bool take(std::size_t i, PacketBuf& out) { return take(i, headers_[i].msg_len, out); }
  // Not wanted.
  void skip(std::size_t i) { prepare(i); }

  // Only sockets that hold something have a Gathered; the one given back last serves the next.
  std::unique_ptr<Gathered> take_gathered();
  void give_back(std::unique_ptr<Gathered> empty) { spare_ = std::move(empty); }

  // For descriptors that are not sockets: where message 0 goes, and its bytes after so many were read.
  std::array<iovec, 2> first_parts();
  bool take(std::size_t i, std::size_t size_bytes, PacketBuf& out);

 private:
  static constexpr std::size_t kControlBytes = 256;
  static constexpr std::size_t kLargeMessages = 2;

  struct Slot {
    PacketBuf small;
    PacketBuf large;
    std::array<iovec, 2> parts;
    bool whole = false;  // all of it goes to the large buffer
    SocketAddress from;
    alignas(cmsghdr) std::array<std::uint8_t, kControlBytes> control;
  };

  void prepare(std::size_t i);
  void set_out(std::size_t i);

  PacketPool small_pool_;
  PacketPool large_pool_;
  std::unique_ptr<Gathered> spare_;
  std::size_t posted_ = 0;
  bool large_ = false;  // the last message was
  std::array<Slot, kMessages> slots_;
  std::array<mmsghdr, kMessages> headers_{};
};

}  // namespace ghostnet::realnet
