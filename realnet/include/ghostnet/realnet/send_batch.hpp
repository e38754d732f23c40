// SendBatch: the message headers of one sendmmsg call, shared by all sockets of a world.
//
// A message is one datagram, or a run of datagrams of one size to one peer that the kernel is asked to cut apart again
// (UDP_SEGMENT, GSO): one pass through the stack for all of them.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::realnet {

// The families of the socket and of the peer: an IPv6 socket also reaches IPv4 peers, in its own form of address.
struct Families {
  IpFamily socket;
  IpFamily peer;
};

class SendBatch {
 public:
  static constexpr std::size_t kMessages = 64;
  static constexpr std::size_t kParts = 1024;

  void clear() { messages_ = parts_ = 0; }
  std::size_t size() const { return messages_; }
  bool has_room(std::size_t parts) const { return messages_ < kMessages && parts_ + parts <= kParts; }

  // A message out of consecutive datagrams, with the headers of the first. segment_bytes 0: it is one datagram.
  void add(std::span<const Datagram> run, std::uint16_t segment_bytes, Families families);
  // A message out of a piece of one datagram's payload.
  void add_piece(const Datagram& like, ByteView piece, Families families);

  // How many datagrams of the caller's batch message i stands for.
  std::size_t covers(std::size_t i) const { return slots_[i].covers; }
  bool segmented(std::size_t i) const { return slots_[i].segment_bytes != 0; }
  std::size_t segment_bytes(std::size_t i) const { return slots_[i].segment_bytes; }
  std::size_t bytes(std::size_t i) const { return slots_[i].bytes; }

  // How many messages went, or -errno of the first.
  int send(int fd);

 private:
  static constexpr std::size_t kControlBytes = 128;

  struct Slot {
    SocketAddress peer;
    std::size_t bytes = 0;
    std::uint16_t covers = 0;
    std::uint16_t segment_bytes = 0;
    alignas(cmsghdr) std::array<std::uint8_t, kControlBytes> control;
  };

  Slot& begin(const Datagram& like, Families families);
  void add_part(Slot& slot, ByteView bytes);
  void add_control(Slot& slot, const Datagram& like, IpFamily peer);

  std::size_t messages_ = 0;
  std::size_t parts_ = 0;
  std::array<iovec, kParts> iovecs_;
  std::array<Slot, kMessages> slots_;
  std::array<mmsghdr, kMessages> headers_{};
};

}  // namespace ghostnet::realnet
