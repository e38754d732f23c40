#include "ghostnet/realnet/socket_address.hpp"

#include <cerrno>
#include <system_error>

namespace ghostnet::realnet {

namespace {

std::string_view way_out(int errno_value) {
  switch (errno_value) {
    case EADDRINUSE: return "another socket holds it: choose another port, or port 0 for any free one";
    case EADDRNOTAVAIL: return "it is not an address of this machine, or no port is free there";
    case EACCES:
      return "the system forbids it: ports below 1024 want CAP_NET_BIND_SERVICE, and a broadcast wants that option";
    case EPERM: return "the system forbids it: it wants to be root, or a firewall stands in between";
    case EMFILE: return "this process has as many files open as it may: raise the limit (ulimit -n)";
    case ENFILE: return "the machine has as many files open as it may: raise fs.file-max";
    case ECONNREFUSED: return "nobody listens there";
    case ENETUNREACH:
    case EHOSTUNREACH: return "there is no route to it, or the host does not answer";
    case ENETDOWN: return "the network is down";
    case EAFNOSUPPORT: return "this machine does not speak that family of addresses";
    case ENODEV: return "no interface fits: name one";
    case ENOBUFS:
    case ENOMEM: return "the kernel is out of memory for sockets";
    case ENOSPC: return "too many descriptors are watched: raise fs.epoll.max_user_watches";
    default: return "";
  }
}

template <class Call>
Endpoint ask(Call call, int fd) {
  SocketAddress address;
  if (call(fd, address.data(), address.size_slot()) != 0) return {};
  return address.endpoint();
}

}  // namespace

Endpoint local_endpoint(int fd) { return ask(::getsockname, fd); }
Endpoint peer_endpoint(int fd) { return ask(::getpeername, fd); }

Error system_error(int errno_value, std::string_view doing) {
  Error error = error_from_errno(errno_value, doing);
  const std::string_view advice = way_out(errno_value);
  if (advice.empty()) return error;
  return {error.code(), "{} ({})", error.message(), advice};
}

}  // namespace ghostnet::realnet
