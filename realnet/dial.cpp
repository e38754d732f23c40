#include "ghostnet/realnet/dial.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>

#include <cerrno>

#include "ghostnet/realnet/kernel_stream.hpp"
#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/realnet/socket_options.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

Result<> bind_source(int fd, const ConnectOptions& options, IpFamily family) {
  if (options.local.address().is_unspecified() && options.local.port() == 0) return {};
  if (options.reuse_address) {
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);  // beside a listener of ours at the same port
  }
  // With the port left to connect(), which knows the peer, one port serves connections to many peers.
  if (options.local.port() == 0) set_option(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  const Endpoint local =
      options.local.address().is_unspecified() ? Endpoint(IpAddress::any(family), options.local.port()) : options.local;
  const SocketAddress address(local, family);
  if (::bind(fd, address.data(), address.size()) == 0) return {};
  return system_failure(errno, "connecting to {} from {}", options.peer, local);
}

}  // namespace

Result<FileDescriptor> begin_connect(const ConnectOptions& options, const NetworkNamespace* where,
                                     const std::string& congestion_control) {
  const Endpoint peer = options.peer.unmapped();
  const IpFamily family = peer.family();
  if (peer.port() == 0) return fail(Errc::invalid_argument, "connecting to {}: no port", peer);
  Result<NetworkNamespace::Visit> visit = NetworkNamespace::Visit::begin(where);
  if (!visit) return fail(std::move(visit));
  Result<FileDescriptor> fd = open_socket(domain_of(family), SOCK_STREAM, fmt::format("connecting to {}", peer));
  if (!fd) return fd;
  set_stream_options(fd->get(), options.stream);
  if (!congestion_control.empty()) set_congestion_control(fd->get(), congestion_control);
  if (Result<> bound = bind_source(fd->get(), options, family); !bound) return fail(std::move(bound));
  const SocketAddress address(peer, family);
  if (::connect(fd->get(), address.data(), address.size()) == 0 || errno == EINPROGRESS || errno == EINTR) return fd;
  if (errno == EADDRNOTAVAIL && options.local.address().is_unspecified()) {
    return fail(Errc::unreachable, "connecting to {}: this machine has no address to reach it from, or no free port",
                peer);
  }
  return system_failure(errno, "connecting to {}", peer);
}

Dial::~Dial() {
  if (fd_) world_.poller().remove(fd_.get());
}

Result<> Dial::watch() { return world_.poller().add(fd_.get(), *this, EPOLLOUT); }

void Dial::ready(std::uint32_t events) {
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
  settled_ = true;
  waiter_.wake(world_.loop());
}

Result<std::unique_ptr<Stream>> Dial::finish(const Endpoint& peer, LoopbackNetwork* network,
                                             const ghostnet::Host* host) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return system_failure(error, "connecting to {}", peer);
  // A port of ours that nobody listens at may be chosen as our own: then TCP connects it to itself (RFC 9293 3.5).
  if (local_endpoint(fd_.get()) == peer.unmapped()) return system_failure(ECONNREFUSED, "connecting to {}", peer);
  return KernelStream::adopt(world_, std::move(fd_), KernelStream::Kind::tcp,
                             {.watched = true, .network = network, .host = host});
}

}  // namespace ghostnet::realnet
