#include "ghostnet/realnet/interfaces.hpp"

#include <sys/epoll.h>

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/realnet/socket_options.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

std::uint8_t prefix_bits_of(const sockaddr* mask) {
  if (mask == nullptr) return 0;
  if (mask->sa_family == AF_INET) {
    return static_cast<std::uint8_t>(std::popcount(reinterpret_cast<const sockaddr_in*>(mask)->sin_addr.s_addr));
  }
  int bits = 0;
  for (const std::uint8_t byte : reinterpret_cast<const sockaddr_in6*>(mask)->sin6_addr.s6_addr) {
    bits += std::popcount(byte);
  }
  return static_cast<std::uint8_t>(bits);
}

std::optional<IpAddress> ip_address_of(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    return IpAddress::v4(ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(address);
  return SocketAddress::ip_address(v6.sin6_addr, v6.sin6_scope_id);
}

std::uint32_t mtu_of(int any_socket, const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return ::ioctl(any_socket, SIOCGIFMTU, &request) == 0 ? static_cast<std::uint32_t>(request.ifr_mtu) : 0;
}

}  // namespace

std::vector<Interface> list_interfaces(const NetworkNamespace* where) {
  Result<NetworkNamespace::Visit> visit = NetworkNamespace::Visit::begin(where);
  ifaddrs* list = nullptr;
  if (!visit || ::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  const FileDescriptor any_socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

  std::map<InterfaceIndex, Interface> by_index;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const InterfaceIndex index = ::if_nametoindex(entry->ifa_name);
    if (index == 0) continue;  // gone meanwhile
    Interface& interface = by_index[index];
    if (interface.index == 0) {
      interface = {.index = index,
                   .name = entry->ifa_name,
                   .up = (entry->ifa_flags & IFF_UP) != 0,
                   .loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0,
                   .multicast = (entry->ifa_flags & IFF_MULTICAST) != 0,
                   .mtu_bytes = mtu_of(any_socket.get(), entry->ifa_name),
                   .addresses = {}};
    }
    if (const std::optional<IpAddress> address = ip_address_of(entry->ifa_addr)) {
      interface.addresses.push_back({*address, prefix_bits_of(entry->ifa_netmask)});
    }
  }
  std::vector<Interface> interfaces;
  for (auto& [index, interface] : by_index) interfaces.push_back(std::move(interface));
  return interfaces;
}

InterfaceMonitor::InterfaceMonitor(World& world, const NetworkNamespace* where)
    : world_(world), where_(where), changed_(world.loop()) {
  if (Result<> started = start(); !started) {
    world.log().world().warn("changes of interfaces will go unnoticed: {}", started.error().message());
  }
  known_ = list_interfaces(where_);  // after start(): nothing falls between
}

InterfaceMonitor::~InterfaceMonitor() {
  if (fd_) world_.poller().remove(fd_.get());
}

Result<> InterfaceMonitor::start() {
  Result<NetworkNamespace::Visit> visit = NetworkNamespace::Visit::begin(where_);
  if (!visit) return fail(std::move(visit));
  fd_ = FileDescriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd_) return system_failure(errno, "opening a netlink socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_failure(errno, "subscribing to changes of interfaces");
  }
  return world_.poller().add(fd_.get(), *this, EPOLLIN);
}

void InterfaceMonitor::ready(std::uint32_t) {
  // What the announcements say is asked for anew, so reading them is only clearing the queue (ENOBUFS included).
  std::array<std::uint8_t, 8192> announcement;
  while (world_.poller().admit(*this)) {
    if (::recv(fd_.get(), announcement.data(), announcement.size(), MSG_DONTWAIT) < 0 && errno == EAGAIN) break;
  }
  std::vector<Interface> now = list_interfaces(where_);
  if (now == known_) return;
  known_ = std::move(now);
  changed_.pulse();
}

}  // namespace ghostnet::realnet
