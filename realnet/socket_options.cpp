#include "ghostnet/realnet/socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "ghostnet/realnet/socket_address.hpp"

// Linux 4.20; the C library's headers lag behind.
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

namespace ghostnet::realnet {

namespace {

int seconds(Duration duration) {
  const auto rounded = std::chrono::ceil<std::chrono::seconds>(duration).count();
  return static_cast<int>(std::clamp<std::int64_t>(rounded, 1, 32767));
}

struct Wanted {
  int level;
  int name;
  int value;
};

// What comes with each datagram, and how groups behave, for IPv4 datagrams. IPv6 sockets that carry IPv4 want it, too.
void set_v4_details(int fd, const UdpOptions& options) {
  for (const Wanted& wanted :
       {Wanted{SOL_IP, IP_RECVTOS, options.header_fields}, Wanted{SOL_IP, IP_RECVTTL, options.header_fields},
        Wanted{SOL_IP, IP_TTL, std::max<int>(options.hop_limit, 1)},
        Wanted{SOL_IP, IP_MULTICAST_TTL, options.multicast_hop_limit},
        Wanted{SOL_IP, IP_MULTICAST_LOOP, options.multicast_loop}, Wanted{SOL_IP, IP_MULTICAST_ALL, 0}}) {
    set_option(fd, wanted.level, wanted.name, wanted.value);
  }
}

void set_v6_details(int fd, const UdpOptions& options) {
  for (const Wanted& wanted :
       {Wanted{SOL_IPV6, IPV6_RECVTCLASS, options.header_fields},
        Wanted{SOL_IPV6, IPV6_RECVHOPLIMIT, options.header_fields},
        Wanted{SOL_IPV6, IPV6_UNICAST_HOPS, std::max<int>(options.hop_limit, 1)},
        Wanted{SOL_IPV6, IPV6_MULTICAST_HOPS, options.multicast_hop_limit},
        Wanted{SOL_IPV6, IPV6_MULTICAST_LOOP, options.multicast_loop}, Wanted{SOL_IPV6, IPV6_MULTICAST_ALL, 0}}) {
    set_option(fd, wanted.level, wanted.name, wanted.value);
  }
}

}  // namespace

Result<FileDescriptor> open_socket(int domain, int type, std::string_view doing) {
  FileDescriptor fd(::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return system_failure(errno, "{}", doing);
  return fd;
}

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

int domain_of(IpFamily family) { return family == IpFamily::v4 ? AF_INET : AF_INET6; }

void set_buffers(int fd, std::uint32_t receive_bytes, std::uint32_t send_bytes) {
  const auto receive = static_cast<int>(std::min<std::uint32_t>(receive_bytes, INT32_MAX));
  const auto send = static_cast<int>(std::min<std::uint32_t>(send_bytes, INT32_MAX));
  if (receive != 0 && !set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive))
    set_option(fd, SOL_SOCKET, SO_RCVBUF, receive);
  if (send != 0 && !set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, send)) set_option(fd, SOL_SOCKET, SO_SNDBUF, send);
}

void reset_on_close(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

std::optional<std::size_t> send_now(int fd, ByteView bytes) {
  ssize_t count;
  do {
    count = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return std::nullopt;
  return static_cast<std::size_t>(count);
}

void set_stream_options(int fd, const StreamOptions& options) {
  if (options.no_delay) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keepalive_idle > Duration{}) {
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds(options.keepalive_idle));
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds(options.keepalive_interval));
  }
  set_buffers(fd, options.receive_buffer_bytes, options.send_buffer_bytes);
}

bool set_congestion_control(int fd, const std::string& name) {
  return ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) == 0;
}

bool has_congestion_control(const std::string& name) {
  Result<FileDescriptor> fd = open_socket(AF_INET, SOCK_STREAM, "asking for a congestion control");
  return fd && set_congestion_control(fd->get(), name);
}

bool wants_packet_info(const UdpOptions& options) {
  return options.local.address().is_unspecified() || options.local.address().is_multicast();
}

Result<> set_udp_options(int fd, IpFamily family, const UdpOptions& options) {
  if (options.reuse_address) set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.reuse_port && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) {
    return system_failure(errno, "sharing the port of {}", options.local);
  }
  if (options.broadcast) set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
  set_buffers(fd, options.receive_queue_bytes, options.send_queue_bytes);
  set_v4_details(fd, options);
  if (family == IpFamily::v6) {
    set_option(fd, SOL_IPV6, IPV6_V6ONLY, options.v6_only);
    set_v6_details(fd, options);
  }
  if (wants_packet_info(options)) {
    family == IpFamily::v4 ? set_option(fd, SOL_IP, IP_PKTINFO, 1) : set_option(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1);
  }
  return {};
}

}  // namespace ghostnet::realnet
