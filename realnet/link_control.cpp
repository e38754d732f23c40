#include "ghostnet/realnet/link_control.hpp"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/socket_address.hpp"

namespace ghostnet::realnet {

namespace {

// One request of route netlink (rtnetlink(7)) and its answer.
class NetlinkRequest {
 public:
  template <class Body>
  NetlinkRequest(std::uint16_t type, std::uint16_t flags, const Body& body) {
    auto& header = this->header();
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    std::memcpy(NLMSG_DATA(&header), &body, sizeof body);
    header.nlmsg_len = NLMSG_LENGTH(sizeof body);
  }

  void add(std::uint16_t type, const void* value, std::size_t size_bytes) {
    auto& header = this->header();
    auto* attribute = reinterpret_cast<rtattr*>(bytes_.data() + NLMSG_ALIGN(header.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size_bytes));
    std::memcpy(RTA_DATA(attribute), value, size_bytes);
    header.nlmsg_len = NLMSG_ALIGN(header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  }
  void add(std::uint16_t type, const IpAddress& address) {
    if (address.is_v4()) {
      const auto bytes = address.v4_bytes();
      add(type, bytes.data(), bytes.size());
    } else {
      const auto bytes = address.v6_bytes();
      add(type, bytes.data(), bytes.size());
    }
  }

  // For a change: 0 or an errno.
  int execute() {
    alignas(nlmsghdr) Answer answer;
    if (const int error = exchange(answer); error != 0) return error;
    const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (header->nlmsg_type != NLMSG_ERROR) return EPROTO;
    return -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
  }
  // For a question about a route: what the kernel found.
  std::optional<rtmsg> ask_route() {
    alignas(nlmsghdr) Answer answer;
    if (exchange(answer) != 0) return std::nullopt;
    const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (header->nlmsg_type != RTM_NEWROUTE || header->nlmsg_len < NLMSG_LENGTH(sizeof(rtmsg))) return std::nullopt;
    rtmsg route;
    std::memcpy(&route, NLMSG_DATA(header), sizeof route);
    return route;
  }

 private:
  using Answer = std::array<std::uint8_t, 4096>;

  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }

  int exchange(Answer& answer) {
    const FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket || ::send(socket.get(), bytes_.data(), header().nlmsg_len, 0) < 0) return errno;
    const ssize_t size = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (size < 0) return errno;
    const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
    return NLMSG_OK(header, static_cast<std::uint32_t>(size)) ? 0 : EPROTO;
  }

  alignas(nlmsghdr) std::array<std::uint8_t, 512> bytes_{};
};

unsigned char family_of(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

// An ioctl on an interface by its name, on any socket. 0 or an errno.
template <class Fill>
int control(const std::string& name, std::initializer_list<unsigned long> requests, Fill fill) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  for (const unsigned long code : requests) {
    if (code != SIOCGIFFLAGS) fill(request);
    if (::ioctl(socket.get(), code, &request) != 0) return errno;
  }
  return 0;
}

Result<> outcome(int error, std::string_view doing) {
  if (error == 0) return {};
  return system_failure(error, "{}", doing);
}

}  // namespace

Result<InterfaceIndex> interface_index(const std::string& name) {
  const InterfaceIndex index = ::if_nametoindex(name.c_str());
  if (index == 0) return system_failure(errno, "looking for the interface {}", name);
  return index;
}

Result<> set_interface_up(const std::string& name, bool up) {
  const int error = control(name, {SIOCGIFFLAGS, SIOCSIFFLAGS}, [up](ifreq& request) {
    const int flags = request.ifr_flags;
    request.ifr_flags = static_cast<short>(up ? flags | IFF_UP : flags & ~IFF_UP);
  });
  return outcome(error, fmt::format("setting the interface {} {}", name, up ? "up" : "down"));
}

Result<> set_interface_mtu(const std::string& name, std::uint32_t mtu_bytes) {
  const int error = control(name, {SIOCSIFMTU}, [=](ifreq& request) { request.ifr_mtu = static_cast<int>(mtu_bytes); });
  return outcome(error, fmt::format("setting the MTU of {} to {} bytes", name, mtu_bytes));
}

Result<> set_interface_queue(const std::string& name, std::uint32_t packets) {
  const int error =
      control(name, {SIOCSIFTXQLEN}, [=](ifreq& request) { request.ifr_qlen = static_cast<int>(packets); });
  return outcome(error, fmt::format("setting the queue of {} to {} packets", name, packets));
}

Result<> add_interface_address(const std::string& name, const InterfaceAddress& address) {
  const Result<InterfaceIndex> index = interface_index(name);
  if (!index) return fail(index);
  ifaddrmsg body{};
  body.ifa_family = family_of(address.address);
  body.ifa_prefixlen = address.prefix_bits;
  body.ifa_index = *index;
  body.ifa_flags = IFA_F_NODAD;
  NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, body);
  request.add(IFA_LOCAL, address.address);
  request.add(IFA_ADDRESS, address.address);
  return outcome(request.execute(),
                 fmt::format("giving {} the address {}/{}", name, address.address, address.prefix_bits));
}

bool is_own_address(const IpAddress& address) {
  rtmsg body{};
  body.rtm_family = family_of(address);
  body.rtm_dst_len = address.is_v4() ? 32 : 128;
  NetlinkRequest request(RTM_GETROUTE, 0, body);
  request.add(RTA_DST, address);
  const std::optional<rtmsg> route = request.ask_route();
  return route && route->rtm_type == RTN_LOCAL;
}

Result<> add_route(const std::string& name, const IpPrefix& prefix, const IpAddress& gateway) {
  const Result<InterfaceIndex> index = interface_index(name);
  if (!index) return fail(index);
  rtmsg body{};
  body.rtm_family = family_of(prefix.address());
  body.rtm_dst_len = static_cast<unsigned char>(prefix.length());
  body.rtm_table = RT_TABLE_MAIN;
  body.rtm_protocol = RTPROT_STATIC;
  body.rtm_scope = gateway.is_unspecified() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  body.rtm_type = RTN_UNICAST;
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, body);
  if (prefix.length() != 0) request.add(RTA_DST, prefix.address());
  if (!gateway.is_unspecified()) request.add(RTA_GATEWAY, gateway);
  request.add(RTA_OIF, &*index, sizeof *index);
  return outcome(request.execute(), fmt::format("routing {} by {}", prefix, name));
}

}  // namespace ghostnet::realnet
