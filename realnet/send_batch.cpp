#include "ghostnet/realnet/send_batch.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

namespace ghostnet::realnet {

namespace {

// Appends control messages to a header, in a buffer that is known to hold them.
class ControlWriter {
 public:
  explicit ControlWriter(std::uint8_t* buffer) : at_(buffer) {}

  template <class T>
  void put(int level, int type, const T& value) {
    auto* header = reinterpret_cast<cmsghdr*>(at_);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    at_ += CMSG_SPACE(sizeof value);
  }
  std::uint8_t* at() const { return at_; }

 private:
  std::uint8_t* at_;
};

void put_v4(ControlWriter& control, const Datagram& datagram) {
  if (!datagram.local.is_unspecified() || datagram.interface != 0) {
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(datagram.interface);
    info.ipi_spec_dst.s_addr = htonl(datagram.local.unmapped().v4_value());
    control.put(SOL_IP, IP_PKTINFO, info);
  }
  if (datagram.hop_limit != 0) control.put(SOL_IP, IP_TTL, int{datagram.hop_limit});
  if (datagram.ecn != Ecn::not_ect) control.put(SOL_IP, IP_TOS, static_cast<int>(datagram.ecn));
}

void put_v6(ControlWriter& control, const Datagram& datagram) {
  if (!datagram.local.is_unspecified() || datagram.interface != 0) {
    in6_pktinfo info{};
    info.ipi6_ifindex = datagram.interface;
    const auto bytes = datagram.local.is_unspecified() ? std::array<std::uint8_t, 16>{} : datagram.local.v6_bytes();
    std::memcpy(&info.ipi6_addr, bytes.data(), bytes.size());
    control.put(SOL_IPV6, IPV6_PKTINFO, info);
  }
  if (datagram.hop_limit != 0) control.put(SOL_IPV6, IPV6_HOPLIMIT, int{datagram.hop_limit});
  if (datagram.ecn != Ecn::not_ect) control.put(SOL_IPV6, IPV6_TCLASS, static_cast<int>(datagram.ecn));
}

}  // namespace

void SendBatch::add(std::span<const Datagram> run, std::uint16_t segment_bytes, Families families) {
  Slot& slot = begin(run[0], families);
  slot.covers = static_cast<std::uint16_t>(run.size());
  slot.segment_bytes = segment_bytes;
  for (const Datagram& datagram : run) add_part(slot, datagram.payload);
  add_control(slot, run[0], families.peer);
  ++messages_;
}

void SendBatch::add_piece(const Datagram& like, ByteView piece, Families families) {
  Slot& slot = begin(like, families);
  slot.covers = 0;
  slot.segment_bytes = 0;
  add_part(slot, piece);
  add_control(slot, like, families.peer);
  ++messages_;
}

SendBatch::Slot& SendBatch::begin(const Datagram& like, Families families) {
  Slot& slot = slots_[messages_];
  slot.bytes = 0;
  msghdr& header = headers_[messages_].msg_hdr;
  header = {.msg_name = nullptr,
            .msg_namelen = 0,
            .msg_iov = &iovecs_[parts_],
            .msg_iovlen = 0,
            .msg_control = nullptr,
            .msg_controllen = 0,
            .msg_flags = 0};
  if (like.peer.port() != 0) {
    slot.peer = SocketAddress(like.peer, families.socket);
    header.msg_name = slot.peer.data();
    header.msg_namelen = slot.peer.size();
  }
  return slot;
}

// Whoever fills one buffer with many datagrams pays for one part.
void SendBatch::add_part(Slot& slot, ByteView bytes) {
  msghdr& header = headers_[messages_].msg_hdr;
  if (header.msg_iovlen != 0) {
    iovec& last = iovecs_[parts_ - 1];
    if (static_cast<const std::uint8_t*>(last.iov_base) + last.iov_len == bytes.data()) {
      last.iov_len += bytes.size();
      slot.bytes += bytes.size();
      return;
    }
  }
  iovecs_[parts_++] = {.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = bytes.size()};
  ++header.msg_iovlen;
  slot.bytes += bytes.size();
}

void SendBatch::add_control(Slot& slot, const Datagram& like, IpFamily peer) {
  ControlWriter control(slot.control.data());
  peer == IpFamily::v4 ? put_v4(control, like) : put_v6(control, like);
  if (slot.segment_bytes != 0) control.put(SOL_UDP, UDP_SEGMENT, slot.segment_bytes);
  if (control.at() == slot.control.data()) return;
  msghdr& header = headers_[messages_].msg_hdr;
  header.msg_control = slot.control.data();
  header.msg_controllen = static_cast<std::size_t>(control.at() - slot.control.data());
}

int SendBatch::send(int fd) {
  int sent;
  do {
    if (messages_ == 1) {
      sent = ::sendmsg(fd, &headers_[0].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 1;
    } else {
      sent = ::sendmmsg(fd, headers_.data(), static_cast<unsigned>(messages_), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

}  // namespace ghostnet::realnet
