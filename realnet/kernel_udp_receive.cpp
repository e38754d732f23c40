#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "ghostnet/realnet/kernel_udp_socket.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

template <class T>
T value_of(const cmsghdr* header) {
  T value;
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

void read_control(msghdr& message, ReceivedDatagram& out) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_IP) {
      switch (header->cmsg_type) {
        case IP_TOS: out.ecn = static_cast<Ecn>(value_of<std::uint8_t>(header) & 3); break;
        case IP_TTL: out.hop_limit = static_cast<std::uint8_t>(value_of<int>(header)); break;
        case IP_PKTINFO: {
          const auto info = value_of<in_pktinfo>(header);
          out.local = IpAddress::v4(ntohl(info.ipi_addr.s_addr));
          out.interface = static_cast<InterfaceIndex>(info.ipi_ifindex);
          break;
        }
        default: break;
      }
    } else if (header->cmsg_level == SOL_IPV6) {
      switch (header->cmsg_type) {
        case IPV6_TCLASS: out.ecn = static_cast<Ecn>(value_of<int>(header) & 3); break;
        case IPV6_HOPLIMIT: out.hop_limit = static_cast<std::uint8_t>(value_of<int>(header)); break;
        case IPV6_PKTINFO: {
          const auto info = value_of<in6_pktinfo>(header);
          out.interface = info.ipi6_ifindex;
          const bool scoped = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&info.ipi6_addr);
          out.local = SocketAddress::ip_address(info.ipi6_addr, scoped ? info.ipi6_ifindex : 0);
          break;
        }
        default: break;
      }
    } else if (header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO) {
      out.segment_bytes = static_cast<std::uint16_t>(value_of<int>(header));
    }
  }
}

std::size_t segments_of(const ReceivedDatagram& datagram) {
  if (datagram.segment_bytes == 0) return 1;
  return (datagram.data.size() + datagram.segment_bytes - 1) / datagram.segment_bytes;
}

}  // namespace

bool KernelUdpSocket::poll_readable() {
  if (error_ != Errc::would_block || gathered_ != nullptr) return true;
  if (!readable_) return false;
  gathered_ = world_.receive_batch().take_gathered();
  gathered_->first = 0;
  gathered_->count = receive(gathered_->datagrams);
  if (gathered_->count == 0) world_.receive_batch().give_back(std::move(gathered_));
  return gathered_ != nullptr || error_ != Errc::would_block;
}

Result<std::size_t> KernelUdpSocket::try_recv(std::span<ReceivedDatagram> batch) {
  std::size_t filled = take_gathered(batch);
  if (filled == 0 && error_ == Errc::would_block) filled = receive(batch);
  if (filled != 0) return filled;
  return fail(std::exchange(error_, Errc::would_block));
}

std::size_t KernelUdpSocket::take_gathered(std::span<ReceivedDatagram> out) {
  if (gathered_ == nullptr) return 0;
  const std::size_t taken = std::min(out.size(), gathered_->count);
  const auto from = gathered_->datagrams.begin() + static_cast<std::ptrdiff_t>(gathered_->first);
  std::move(from, from + static_cast<std::ptrdiff_t>(taken), out.begin());
  gathered_->first += taken;
  gathered_->count -= taken;
  if (gathered_->count == 0) world_.receive_batch().give_back(std::move(gathered_));
  return taken;
}

// Straight from the kernel into `out`, until some came, none is left, or this turn's share of calls is used up.
std::size_t KernelUdpSocket::receive(std::span<ReceivedDatagram> out) {
  ReceiveBatch& messages = world_.receive_batch();
  std::size_t filled = 0;
  while (readable_ && filled == 0 && !out.empty() && world_.poller().admit(*this)) {
    const std::size_t wanted = std::min(out.size(), messages.at_once());
    const int received = messages.receive(fd_.get(), wanted);
    if (received < 0) {
      readable_ = received != -EAGAIN;
      if (readable_) error_ = errc_from_errno(-received);
      break;
    }
    const auto count = static_cast<std::size_t>(received);
    for (std::size_t i = 0; i < count; ++i) {
      if (convert(i, out[filled])) ++filled;
    }
    readable_ = count == wanted;  // what comes later is a new event
  }
  return filled;
}

bool KernelUdpSocket::convert(std::size_t message, ReceivedDatagram& out) {
  ReceiveBatch& messages = world_.receive_batch();
  out.peer = messages.from(message).endpoint();
  if (peer_.port() != 0 && out.peer != peer_) {  // it came before the socket was connected
    messages.skip(message);
    return false;
  }
  out.local = received_at_;
  out.interface = 0;
  out.ecn = Ecn::not_ect;
  out.segment_bytes = 0;
  read_control(messages.header(message), out);
  if (messages.truncated(message)) {
    messages.skip(message);
    ++dropped_;
    return false;
  }
  if (!messages.take(message, out.data)) {
    ++dropped_;
    return false;
  }
  out.received_at = world_.loop().now();
  if (out.segment_bytes >= out.data.size()) out.segment_bytes = 0;
  received_ += segments_of(out);
  return true;
}

}  // namespace ghostnet::realnet
