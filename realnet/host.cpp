#include "ghostnet/realnet/host.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "ghostnet/realnet/dial.hpp"
#include "ghostnet/realnet/kernel_stream.hpp"
#include "ghostnet/realnet/kernel_udp_socket.hpp"
#include "ghostnet/realnet/loopback_network.hpp"
#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/realnet/socket_options.hpp"
#include "ghostnet/realnet/socket_path.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

constexpr int kLocalBacklog = 1024;
constexpr Duration kLocalBacklogRetry = 5ms;
constexpr Duration kLocalBacklogPatience = 30s;
constexpr std::uint8_t kLoopbackPrefixBits = 8;
constexpr std::uint32_t kLoopbackMtuBytes = 65536;

std::string machine_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::uint64_t seed_of(const HostOptions& options) {
  std::uint64_t seed = options.seed.value_or(0);
  if (!options.seed) {
    [[maybe_unused]] const ssize_t filled = ::getrandom(&seed, sizeof seed, 0);  // so few bytes never fail
  }
  return seed;
}

HostOptions named(HostOptions options) {
  if (options.name.empty()) options.name = machine_name();
  return options;
}

Error resolver_error(int code, const std::string& name) {
  const std::string doing = fmt::format("resolving '{}'", name);
  switch (code) {
    case EAI_NONAME:
    case EAI_NODATA: return {Errc::not_found, "{}: no such name", doing};
    case EAI_AGAIN: return {Errc::timed_out, "{}: no name server answered; try again", doing};
    case EAI_SYSTEM: return system_error(errno, doing);
    default: return {Errc::not_found, "{}: {}", doing, ::gai_strerror(code)};
  }
}

// Blocks, so it runs on a thread of the resolvers.
Result<std::vector<IpAddress>> ask_system(const std::string& name, const NetworkNamespace* where) {
  Result<NetworkNamespace::Visit> visit = NetworkNamespace::Visit::begin(where);
  if (!visit) return fail(std::move(visit));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // each address once
  addrinfo* list = nullptr;
  if (const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &list); code != 0) {
    return std::unexpected<Error>(resolver_error(code, name));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) {
      addresses.push_back(IpAddress::v4(ntohl(reinterpret_cast<const sockaddr_in*>(entry->ai_addr)->sin_addr.s_addr)));
    } else if (entry->ai_family == AF_INET6) {
      const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(entry->ai_addr);
      addresses.push_back(SocketAddress::ip_address(v6.sin6_addr, v6.sin6_scope_id));
    }
  }
  if (addresses.empty()) return fail(Errc::not_found, "resolving '{}': it has no addresses", name);
  return addresses;
}

}  // namespace

Host::Host(World& world, HostOptions options)
    : ghostnet::Host(world.context(), options.id, world.metrics().group(options.group),
                     Random::derive(seed_of(options), options.id, "host")),
      world_(world),
      options_(named(std::move(options))) {
  if (has_address()) world.add_name(options_.name, {options_.address});
}

Host::~Host() { scope_.close(); }

void Host::fill_secret(MutableByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t filled = ::getrandom(bytes.data(), bytes.size(), 0);
    if (filled < 0) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "the system gave no random bytes");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(filled));
  }
}

std::vector<Interface> Host::interfaces() const {
  if (!has_address()) return list_interfaces(options_.where.get());
  return {{.index = 1,
           .name = "lo",
           .up = true,
           .loopback = true,
           .multicast = false,
           .mtu_bytes = kLoopbackMtuBytes,
           .addresses = {{options_.address, kLoopbackPrefixBits}}}};
}

Event& Host::interfaces_changed() {
  if (monitor_ == nullptr) monitor_ = std::make_unique<InterfaceMonitor>(world_, options_.where.get());
  return monitor_->changed();
}

Task<Result<std::vector<IpAddress>>> Host::resolve(std::string name) {
  if (Result<IpAddress> literal = IpAddress::parse(name)) co_return std::vector{*literal};
  if (const std::vector<IpAddress>* known = world_.find_name(name)) co_return *known;
  auto ask = [name, where = options_.where] { return ask_system(name, where.get()); };
  auto job = std::make_shared<ComputeJobOf<decltype(ask)>>(loop(), CpuWork{}, std::move(ask));
  world_.resolvers().submit(job);
  co_await job->finished();
  Result<std::vector<IpAddress>> addresses = job->take();
  if (addresses && has_address()) {
    std::erase_if(*addresses, [](const IpAddress& address) { return address.is_v6(); });
    if (addresses->empty()) co_return fail(Errc::not_found, "resolving '{}': this host speaks IPv4 only", name);
  }
  co_return addresses;
}

Result<Endpoint> Host::own_endpoint(const Endpoint& wanted, std::string_view doing) const {
  if (!has_address()) return wanted;
  const IpAddress address = wanted.address().unmapped();
  if (address.is_unspecified() && address.is_v4()) return Endpoint(options_.address, wanted.port());
  if (address.is_v6()) {
    return fail(Errc::not_supported, "{} {}: this host shares a loopback and has {} only", doing, wanted,
                options_.address);
  }
  if (address == options_.address) return Endpoint(address, wanted.port());
  return fail(Errc::address_not_available, "{} {}: this host has {} only", doing, wanted, options_.address);
}

Result<std::unique_ptr<UdpSocket>> Host::open_udp(const UdpOptions& options) {
  Result<Endpoint> local = own_endpoint(options.local, "opening a UDP socket at");
  if (!local) return fail(std::move(local));
  UdpOptions own = options;
  own.local = *local;
  return KernelUdpSocket::open(
      world_, own, {.multicast = !has_address(), .where = options_.where.get(), .network = options_.network});
}

Result<std::unique_ptr<Listener>> Host::listen(const ListenOptions& options) {
  Result<Endpoint> local = own_endpoint(options.local, "listening at");
  if (!local) return fail(std::move(local));
  Result<NetworkNamespace::Visit> visit = NetworkNamespace::Visit::begin(options_.where.get());
  if (!visit) return fail(std::move(visit));
  const IpFamily family = local->family();
  Result<FileDescriptor> fd = open_socket(domain_of(family), SOCK_STREAM, fmt::format("listening at {}", *local));
  if (!fd) return fail(std::move(fd));
  set_option(fd->get(), SOL_SOCKET, SO_REUSEADDR, 1);  // not held up by connections of an earlier run (TIME_WAIT)
  if (options.reuse_port) set_option(fd->get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (family == IpFamily::v6) set_option(fd->get(), SOL_IPV6, IPV6_V6ONLY, options.v6_only);
  set_stream_options(fd->get(), options.stream);  // accepted streams inherit them, and what follows
  if (!options_.congestion_control.empty()) set_congestion_control(fd->get(), options_.congestion_control);
  const SocketAddress address(*local, family);
  if (::bind(fd->get(), address.data(), address.size()) != 0 ||
      ::listen(fd->get(), static_cast<int>(std::min<std::uint32_t>(options.backlog, INT_MAX))) != 0) {
    return system_failure(errno, "listening at {}", *local);
  }
  return KernelListener::adopt(world_, std::move(*fd), KernelStream::Kind::tcp, {}, options_.network, this);
}

Task<Result<std::unique_ptr<Stream>>> Host::connect(ConnectOptions options) {
  Result<Endpoint> local = own_endpoint(options.local, "connecting from");
  if (!local) co_return fail(std::move(local));
  if (has_address() && options.peer.unmapped().is_v6()) {
    co_return fail(Errc::unreachable, "connecting to {}: this host has {} only", options.peer, options_.address);
  }
  options.local = *local;
  LoopbackNetwork* const network = options_.network;
  if (network != nullptr && network->carries(options_.address, options.peer.address())) {
    Result<> met = co_await network->shake_hands(options_.address, options.peer.address());
    if (!met) co_return fail(std::move(met));
  }
  Result<FileDescriptor> fd = begin_connect(options, options_.where.get(), options_.congestion_control);
  if (!fd) co_return fail(std::move(fd));
  Dial dial(world_, std::move(*fd));
  if (Result<> watched = dial.watch(); !watched) co_return fail(std::move(watched));
  co_await dial.settled();
  co_return dial.finish(options.peer, network, this);
}

Result<std::unique_ptr<Listener>> Host::listen_local(const std::string& path) {
  Result<FileDescriptor> fd = open_socket(AF_UNIX, SOCK_STREAM, fmt::format("listening at {}", path));
  if (!fd) return fail(std::move(fd));
  Result<SocketPath> bound = SocketPath::bind(fd->get(), path);
  if (!bound) return fail(std::move(bound));
  if (::listen(fd->get(), kLocalBacklog) != 0) return system_failure(errno, "listening at {}", path);
  return KernelListener::adopt(world_, std::move(*fd), KernelStream::Kind::local, std::move(*bound));
}

Task<Result<std::unique_ptr<Stream>>> Host::connect_local(std::string path) {
  Result<sockaddr_un> address = SocketPath::address(path);
  if (!address) co_return fail(std::move(address));
  Result<FileDescriptor> fd = open_socket(AF_UNIX, SOCK_STREAM, fmt::format("connecting to {}", path));
  if (!fd) co_return fail(std::move(fd));
  const TimePoint give_up = saturating_add(now(), kLocalBacklogPatience);
  while (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return system_failure(errno, "connecting to {}", path);
    // The listener's backlog is full, and the kernel has no event for its end.
    if (now() >= give_up) co_return fail(Errc::timed_out, "connecting to {}: its listener does not accept", path);
    co_await clock().sleep(kLocalBacklogRetry);
  }
  co_return KernelStream::adopt(world_, std::move(*fd), KernelStream::Kind::local, {});
}

void Host::submit(std::shared_ptr<ComputeJob> job) { world_.workers().submit(std::move(job)); }

}  // namespace ghostnet::realnet
