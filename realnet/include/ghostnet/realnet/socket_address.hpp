// SocketAddress: an Endpoint as the kernel wants and gives it, and the errors of its calls as Results.
//
// A socket of IPv6 that also carries IPv4 shows IPv4 peers as mapped addresses; here is the only place that knows.
// Endpoints are always the plain IPv4 ones.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string_view>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::realnet {

class SocketAddress {
 public:
  SocketAddress() = default;
  // For a socket of `family`: on IPv6 sockets IPv4 endpoints are written as mapped ones.
  SocketAddress(const Endpoint& endpoint, IpFamily family) {
    const IpAddress address = endpoint.address();
    if (family == IpFamily::v4) {
      v4_.sin_family = AF_INET;
      v4_.sin_port = htons(endpoint.port());
      v4_.sin_addr.s_addr = htonl(address.v4_value());
      size_ = sizeof v4_;
    } else {
      v6_ = {};
      v6_.sin6_family = AF_INET6;
      v6_.sin6_port = htons(endpoint.port());
      const auto bytes = address.v6_bytes();
      __builtin_memcpy(&v6_.sin6_addr, bytes.data(), bytes.size());
      v6_.sin6_scope_id = address.is_v6() ? address.scope_id() : 0;
      size_ = sizeof v6_;
    }
  }

  // Mapped addresses come out as IPv4. Of other families: unspecified.
  Endpoint endpoint() const {
    if (size_ >= sizeof(sa_family_t) && raw_.sa_family == AF_INET) {
      return {IpAddress::v4(ntohl(v4_.sin_addr.s_addr)), ntohs(v4_.sin_port)};
    }
    if (size_ < sizeof(sa_family_t) || raw_.sa_family != AF_INET6) return {};
    return {ip_address(v6_.sin6_addr, v6_.sin6_scope_id), ntohs(v6_.sin6_port)};
  }

  static IpAddress ip_address(const in6_addr& raw, std::uint32_t scope_id) {
    const IpAddress address = IpAddress::from_v6_bytes(std::span<const std::uint8_t, 16>(raw.s6_addr, 16));
    return address.is_v4_mapped() ? address.unmapped() : address.with_scope_id(scope_id);
  }

  sockaddr* data() { return &raw_; }
  const sockaddr* data() const { return &raw_; }
  socklen_t size() const { return size_; }
  socklen_t* size_slot() { return &size_; }
  void set_size(socklen_t size) { size_ = size; }
  static constexpr socklen_t kCapacity = sizeof(sockaddr_in6);

 private:
  union {
    sockaddr raw_;
    sockaddr_in v4_;
    sockaddr_in6 v6_ = {};
  };
  socklen_t size_ = kCapacity;
};

// What a socket is bound and connected to; unspecified when it is not.
Endpoint local_endpoint(int fd);
Endpoint peer_endpoint(int fd);

// The error of a failed call: what was being done, what the system said, and what can be done about it.
Error system_error(int errno_value, std::string_view doing);

template <class... Args>
std::unexpected<Error> system_failure(int errno_value, fmt::format_string<Args...> doing, Args&&... args) {
  return std::unexpected<Error>(system_error(errno_value, fmt::format(doing, std::forward<Args>(args)...)));
}

}  // namespace ghostnet::realnet
