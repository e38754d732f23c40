#include "ghostnet/realnet/tun.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "ghostnet/realnet/link_control.hpp"
#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/realnet/virtio_header.hpp"
#include "ghostnet/realnet/world.hpp"

// Linux 6.2: UDP super-packets.
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

namespace ghostnet::realnet {

namespace {

constexpr std::size_t kMaxSuperPacketBytes = 65535;
constexpr Duration kAddressPatience = 1s;  // for addresses to be finished; usually a fraction of a millisecond
constexpr timespec kAddressRetry{.tv_sec = 0, .tv_nsec = 200'000};

// Creates the device; tells its name and whether packets carry a virtio header.
Result<bool> attach(int fd, const TunOptions& options, std::string& name) {
  ifreq request{};
  options.name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  bool offloads = options.offload;
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | (offloads ? IFF_VNET_HDR : 0));
  if (::ioctl(fd, TUNSETIFF, &request) != 0) {
    if (!offloads || errno != EINVAL) return system_failure(errno, "creating the TUN device '{}'", options.name);
    offloads = false;
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (::ioctl(fd, TUNSETIFF, &request) != 0) {
      return system_failure(errno, "creating the TUN device '{}'", options.name);
    }
  }
  name.assign(request.ifr_name, ::strnlen(request.ifr_name, sizeof request.ifr_name));
  if (offloads) {
    constexpr unsigned long kTcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
    if (::ioctl(fd, TUNSETOFFLOAD, kTcp | TUN_F_USO4 | TUN_F_USO6) != 0) ::ioctl(fd, TUNSETOFFLOAD, kTcp);
  }
  return offloads;
}

// A packet that came before the kernel has finished its address would be dropped.
void await_addresses(const TunOptions& options) {
  const auto give_up_after = kAddressPatience / Duration(kAddressRetry.tv_nsec);
  for (const InterfaceAddress& address : options.addresses) {
    for (int tries = 0; !is_own_address(address.address) && tries < give_up_after; ++tries) {
      ::nanosleep(&kAddressRetry, nullptr);
    }
  }
}

Result<> configure(const std::string& name, const TunOptions& options) {
  if (Result<> set = set_interface_mtu(name, options.mtu_bytes); !set) return set;
  if (Result<> set = set_interface_queue(name, options.queue_packets); !set) return set;
  for (const InterfaceAddress& address : options.addresses) {
    if (Result<> set = add_interface_address(name, address); !set) return set;
  }
  if (!options.up) return {};
  if (Result<> set = set_interface_up(name, true); !set) return set;
  await_addresses(options);
  for (const IpPrefix& route : options.routes) {
    if (Result<> set = add_route(name, route); !set) return set;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Tun>> Tun::open(World& world, const TunOptions& options) {
  if (options.name.size() >= IFNAMSIZ) {
    return fail(Errc::invalid_argument, "'{}' is too long for an interface: at most {} bytes", options.name,
                IFNAMSIZ - 1);
  }
  Result<NetworkNamespace::Visit> visit = NetworkNamespace::Visit::begin(options.where.get());
  if (!visit) return fail(std::move(visit));
  FileDescriptor fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd && (errno == ENOENT || errno == ENODEV || errno == ENXIO)) {
    return fail(Errc::not_supported, "opening /dev/net/tun: this kernel has no TUN driver (modprobe tun)");
  }
  if (!fd) return system_failure(errno, "opening /dev/net/tun");
  std::string name;
  const Result<bool> offloads = attach(fd.get(), options, name);
  if (!offloads) return fail(offloads);
  if (Result<> configured = configure(name, options); !configured) return fail(std::move(configured));
  const Result<InterfaceIndex> index = interface_index(name);
  if (!index) return fail(index);
  const int raw_fd = fd.get();
  std::unique_ptr<Tun> tun(new Tun(world, std::move(fd), std::move(name), *index, options, *offloads));
  if (Result<> watched = world.poller().add(raw_fd, *tun, EPOLLIN); !watched) return fail(std::move(watched));
  return tun;
}

Tun::Tun(World& world, FileDescriptor fd, std::string name, InterfaceIndex index, const TunOptions& options,
         bool offloads)
    : world_(world),
      fd_(std::move(fd)),
      name_(std::move(name)),
      index_(index),
      mtu_bytes_(options.mtu_bytes),
      offloads_(offloads) {}

Tun::~Tun() { world_.poller().remove(fd_.get()); }

std::size_t Tun::max_segmented_bytes() const { return offloads_ ? kMaxSuperPacketBytes : mtu_bytes_; }

void Tun::ready(std::uint32_t events) {
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0) readable_ = true;
  if ((events & EPOLLOUT) != 0 && !writable_) {
    writable_ = true;
    world_.poller().change(fd_.get(), *this, EPOLLIN);
    writer_.wake(world_.loop());
  }
  if (reader_.occupied() && poll_readable()) reader_.wake(world_.loop());
}

SendOutcome Tun::send(std::span<IpPacket> batch) {
  SendOutcome outcome;
  for (IpPacket& packet : batch) {
    const bool super = packet.segment_bytes != 0;
    if (packet.data.size() > (super ? max_segmented_bytes() : mtu_bytes_) || (super && !offloads_)) {
      outcome.error = Errc::message_too_large;
      return outcome;
    }
    Result<VirtioHeader> header(std::in_place);
    if (offloads_) {
      header = virtio_header_of(packet);
    } else if (Result<> completed = complete_checksum(packet); !completed) {
      header = fail(std::move(completed));
    }
    if (!header) {
      outcome.error = header.error().code();
      return outcome;
    }
    const std::array<iovec, 2> parts{iovec{.iov_base = &*header, .iov_len = sizeof *header},
                                     iovec{.iov_base = packet.data.data(), .iov_len = packet.data.size()}};
    const std::size_t skipped = offloads_ ? 0 : 1;
    ssize_t written;
    do {
      written = ::writev(fd_.get(), parts.data() + skipped, static_cast<int>(parts.size() - skipped));
    } while (written < 0 && errno == EINTR);
    if (written < 0) {
      outcome.error = write_failed(errno);
      return outcome;
    }
    packet = {};
    ++outcome.accepted;
  }
  return outcome;
}

Errc Tun::write_failed(int errno_value) {
  if (errno_value == EIO) return Errc::unreachable;  // the interface is down
  if (errno_value != EAGAIN) return errc_from_errno(errno_value);
  writable_ = false;
  world_.poller().change(fd_.get(), *this, EPOLLIN | EPOLLOUT);
  return Errc::would_block;
}

bool Tun::poll_readable() {
  if (gathered_ || error_) return true;
  if (!readable_ || !world_.poller().admit(*this)) return false;
  IpPacket packet;
  if (read_one(packet)) gathered_ = std::move(packet);
  return gathered_ || error_;
}

Result<std::size_t> Tun::try_recv(std::span<IpPacket> batch) {
  std::size_t filled = 0;
  if (gathered_ && !batch.empty()) {
    batch[filled++] = std::move(*gathered_);
    gathered_.reset();
  }
  if (filled < batch.size() && !error_ && world_.poller().admit(*this)) {
    while (filled < batch.size() && read_one(batch[filled])) ++filled;
  }
  if (filled != 0) return filled;
  if (error_) return fail(*std::exchange(error_, std::nullopt));
  return fail(Errc::would_block);
}

// False: nothing is left, or it failed.
bool Tun::read_one(IpPacket& packet) {
  ReceiveBatch& buffers = world_.receive_batch();
  while (readable_) {
    VirtioHeader header;
    const std::size_t header_bytes = offloads_ ? sizeof header : 0;
    const std::array<iovec, 2> room = buffers.first_parts();
    const std::array<iovec, 3> parts{iovec{.iov_base = &header, .iov_len = header_bytes}, room[0], room[1]};
    const ssize_t count = ::readv(fd_.get(), parts.data(), static_cast<int>(parts.size()));
    if (count < 0) {
      if (errno == EINTR) continue;
      readable_ = false;
      if (errno != EAGAIN) error_ = errno == EBADFD ? Errc::closed : errc_from_errno(errno);
      return false;
    }
    const auto size_bytes = static_cast<std::size_t>(count);
    packet = {};
    if (size_bytes <= header_bytes || !buffers.take(0, size_bytes - header_bytes, packet.data)) {
      ++dropped_;
      continue;
    }
    packet.received_at = world_.loop().now();
    describe(header, packet);
    return true;
  }
  return false;
}

}  // namespace ghostnet::realnet
