#include "ghostnet/realnet/kernel_udp_socket.hpp"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "ghostnet/realnet/loopback_network.hpp"
#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/realnet/socket_options.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

constexpr std::size_t kIpv4UdpHeaderBytes = 20 + 8;
constexpr std::size_t kIpv6UdpHeaderBytes = 40 + 8;
constexpr std::uint16_t kDiscardPort = 9;  // connecting a probe sends nothing, but wants a port

Result<> bind_to(int fd, const Endpoint& local, IpFamily family) {
  const SocketAddress address(local, family);
  if (::bind(fd, address.data(), address.size()) == 0) return {};
  return system_failure(errno, "binding UDP {}", local);
}

Result<std::size_t> path_mtu_bytes(int fd, const Endpoint& peer) {
  int mtu = 0;
  socklen_t size = sizeof mtu;
  const bool v4 = peer.unmapped().is_v4();
  if (::getsockopt(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &size) != 0) {
    return system_failure(errno, "asking for the path MTU to {}", peer);
  }
  return static_cast<std::size_t>(mtu);
}

}  // namespace

Result<std::unique_ptr<UdpSocket>> KernelUdpSocket::open(World& world, const UdpOptions& options, const UdpSite& site) {
  const IpFamily family = options.local.family();
  Result<NetworkNamespace::Visit> visit = NetworkNamespace::Visit::begin(site.where);
  if (!visit) return fail(std::move(visit));
  Result<FileDescriptor> fd =
      open_socket(domain_of(family), SOCK_DGRAM, fmt::format("opening a UDP socket for {}", options.local));
  if (!fd) return fail(std::move(fd));
  if (Result<> set = set_udp_options(fd->get(), family, options); !set) return fail(std::move(set));
  if (Result<> bound = bind_to(fd->get(), options.local, family); !bound) return fail(std::move(bound));
  const int raw_fd = fd->get();
  std::unique_ptr<KernelUdpSocket> socket(new KernelUdpSocket(world, std::move(*fd), options, site));
  if (Result<> watched = world.poller().add(raw_fd, *socket, EPOLLIN); !watched) return fail(std::move(watched));
  return socket;
}

KernelUdpSocket::KernelUdpSocket(World& world, FileDescriptor fd, const UdpOptions& options, const UdpSite& site)
    : world_(world),
      site_(site),
      fd_(std::move(fd)),
      local_(local_endpoint(fd_.get())),
      bound_address_(options.local.address()),
      received_at_(bound_address_.unmapped()),
      family_(options.local.family()),
      segments_(options.offload && set_option(fd_.get(), SOL_UDP, UDP_SEGMENT, 0)),
      dont_fragment_(options.dont_fragment) {
  if (options.offload) set_option(fd_.get(), SOL_UDP, UDP_GRO, 1);
  if (site_.network != nullptr) site_.network->add_socket(local_, *this);
}

// Closing alone is not enough: a child process about to exec may hold the same socket, and its events would go on.
KernelUdpSocket::~KernelUdpSocket() {
  if (site_.network != nullptr) site_.network->remove_socket(local_, *this);
  world_.poller().remove(fd_.get());
}

void KernelUdpSocket::ready(std::uint32_t events) {
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0) readable_ = true;
  if ((events & EPOLLOUT) != 0 && !writable_) {
    writable_ = true;
    world_.poller().change(fd_.get(), *this, EPOLLIN);
    writer_.wake(world_.loop());
  }
  if (reader_.occupied() && poll_readable()) reader_.wake(world_.loop());
}

Result<> KernelUdpSocket::connect(const Endpoint& peer) {
  if (peer.port() == 0) {
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    if (::connect(fd_.get(), &nobody, sizeof nobody) != 0) return system_failure(errno, "disconnecting UDP {}", local_);
    peer_ = {};
    // The kernel forgets a port that it had chosen itself.
    const std::uint16_t port = local_.port();
    local_ = local_endpoint(fd_.get());
    if (local_.port() != 0) return {};
    Result<> bound = bind_to(fd_.get(), {bound_address_, port}, family_);
    local_ = local_endpoint(fd_.get());
    return bound;
  }
  if (family_ == IpFamily::v4 && peer.unmapped().is_v6()) {
    return fail(Errc::unreachable, "connecting UDP {} to {}: an IPv4 socket reaches IPv4 peers only", local_, peer);
  }
  const SocketAddress address(peer.unmapped(), family_);
  if (::connect(fd_.get(), address.data(), address.size()) != 0) {
    return system_failure(errno, "connecting UDP {} to {}", local_, peer);
  }
  peer_ = peer.unmapped();
  local_ = local_endpoint(fd_.get());
  if (gathered_ != nullptr) forget_strangers();
  return {};
}

void KernelUdpSocket::forget_strangers() {
  const auto begin = gathered_->datagrams.begin() + static_cast<std::ptrdiff_t>(gathered_->first);
  const auto end = begin + static_cast<std::ptrdiff_t>(gathered_->count);
  const auto kept = std::remove_if(begin, end, [&](const ReceivedDatagram& d) { return d.peer != peer_; });
  for (auto gone = kept; gone != end; ++gone) gone->data = {};
  gathered_->count = static_cast<std::size_t>(kept - begin);
  if (gathered_->count == 0) world_.receive_batch().give_back(std::move(gathered_));
}

Result<> KernelUdpSocket::join(const IpAddress& group, InterfaceIndex interface) {
  return change_membership(group, interface, true);
}

Result<> KernelUdpSocket::leave(const IpAddress& group, InterfaceIndex interface) {
  return change_membership(group, interface, false);
}

Result<> KernelUdpSocket::change_membership(const IpAddress& group, InterfaceIndex interface, bool join) {
  const std::string_view doing = join ? "joining" : "leaving";
  if (!group.is_multicast()) return fail(Errc::invalid_argument, "{} {}: not a multicast group", doing, group);
  if (!site_.multicast) {
    return fail(Errc::not_supported, "{} {}: hosts that share a loopback have no multicast", doing, group);
  }
  int result;
  if (const IpAddress plain = group.unmapped(); plain.is_v4()) {
    ip_mreqn request{};
    request.imr_multiaddr.s_addr = htonl(plain.v4_value());
    request.imr_ifindex = static_cast<int>(interface);
    result = ::setsockopt(fd_.get(), SOL_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &request, sizeof request);
  } else {
    ipv6_mreq request{};
    const auto bytes = group.v6_bytes();
    std::copy(bytes.begin(), bytes.end(), request.ipv6mr_multiaddr.s6_addr);
    request.ipv6mr_interface = interface != 0 ? interface : group.scope_id();
    result = ::setsockopt(fd_.get(), SOL_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &request, sizeof request);
  }
  if (result == 0 || (join && errno == EADDRINUSE)) return {};  // a member already
  if (!join && errno == EADDRNOTAVAIL) return fail(Errc::not_found, "leaving {}: not a member", group);
  if (join && errno == ENOBUFS) {
    return fail(Errc::limit, "joining {}: too many groups on one socket: raise net.ipv4.igmp_max_memberships", group);
  }
  return system_failure(errno, "{} {} on interface {}", doing, group, interface);
}

Result<std::size_t> KernelUdpSocket::max_payload_bytes(const Endpoint& peer) const {
  const bool connected = peer_.port() != 0;
  const Endpoint whom = connected && peer.port() == 0 ? peer_ : peer.unmapped();
  const std::size_t header_bytes = whom.is_v4() ? kIpv4UdpHeaderBytes : kIpv6UdpHeaderBytes;
  if (site_.network != nullptr && site_.network->carries(local_.address(), whom.address())) {
    const std::size_t mtu_bytes = site_.network->mtu_bytes(local_.address(), whom.address());
    return std::min(mtu_bytes - std::min(mtu_bytes, header_bytes), kMaxUdpPayloadBytes);
  }
  Result<std::size_t> mtu_bytes(0);
  if (connected && whom == peer_) {
    mtu_bytes = path_mtu_bytes(fd_.get(), whom);
  } else {
    // Only a connected socket knows its path: a probe asks the same routes, and the cache of path MTUs.
    Result<NetworkNamespace::Visit> visit = NetworkNamespace::Visit::begin(site_.where);
    if (!visit) return fail(std::move(visit));
    Result<FileDescriptor> probe = open_socket(domain_of(whom.family()), SOCK_DGRAM, "asking for a path MTU");
    if (!probe) return fail(std::move(probe));
    const SocketAddress address(whom.port() != 0 ? whom : whom.with_port(kDiscardPort), whom.family());
    if (::connect(probe->get(), address.data(), address.size()) != 0) {
      return system_failure(errno, "asking for the path MTU to {}", whom);
    }
    mtu_bytes = path_mtu_bytes(probe->get(), whom);
  }
  if (!mtu_bytes) return fail(std::move(mtu_bytes));
  return std::min(*mtu_bytes - std::min(*mtu_bytes, header_bytes), kMaxUdpPayloadBytes);
}

UdpCounters KernelUdpSocket::counters() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size);
  return {.datagrams_sent = sent_,
          .datagrams_received = received_,
          .dropped_queue_full = dropped_ + memory[SK_MEMINFO_DROPS]};
}

}  // namespace ghostnet::realnet
