// LwipPeer: lwIP as Debian builds it (liblwip), on a TUN device, as a rival for our stack: the blocking netconn
// interface, in a process of its own, since lwIP is one stack a process and has threads.
//
// It has no segmentation offload, so the device is opened without; its windows are those of its build (64 KiB).
#pragma once

#ifdef GHOSTNET_HAS_LWIP

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <thread>

// Declared by lwIP's port without saying that they are of C.
extern "C" {
void sys_lock_tcpip_core(void);
void sys_unlock_tcpip_core(void);
}
#include <lwip/api.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/tcpip.h>

namespace ghostnet::bench::lwip_peer {

inline constexpr int kMtuBytes = 1500;

// Of the namespace that the caller is in; its kernel side is configured by the caller.
inline int open_device(const char* name) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (fd < 0) return -1;
  ifreq request{};
  std::strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(fd, TUNSETIFF, &request) != 0) return -1;
  return fd;
}

inline int device_fd = -1;

inline err_t write_packet(netif*, pbuf* packet, const ip4_addr_t*) {
  std::uint8_t bytes[kMtuBytes];
  const std::uint16_t size = pbuf_copy_partial(packet, bytes, sizeof bytes, 0);
  return ::write(device_fd, bytes, size) == size ? static_cast<err_t>(ERR_OK) : static_cast<err_t>(ERR_IF);
}

inline err_t set_up(netif* interface) {
  interface->name[0] = 't';
  interface->name[1] = 'n';
  interface->mtu = kMtuBytes;
  interface->output = write_packet;
  interface->flags = NETIF_FLAG_UP | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

// Starts the stack at 10.9.0.2 with the device; to be called once in a process.
inline void start(int fd) {
  static netif interface;
  device_fd = fd;
  tcpip_init(nullptr, nullptr);
  ip4_addr_t address, mask, gateway;
  IP4_ADDR(&address, 10, 9, 0, 2);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 9, 0, 1);
  LOCK_TCPIP_CORE();
  netif_add(&interface, &address, &mask, &gateway, nullptr, set_up, tcpip_input);
  netif_set_default(&interface);
  netif_set_up(&interface);
  netif_set_link_up(&interface);
  UNLOCK_TCPIP_CORE();
  std::thread([] {
    std::uint8_t bytes[kMtuBytes];
    while (true) {
      const ssize_t size = ::read(device_fd, bytes, sizeof bytes);
      if (size <= 0) return;
      pbuf* const packet = pbuf_alloc(PBUF_RAW, static_cast<std::uint16_t>(size), PBUF_RAM);
      if (packet == nullptr) continue;
      pbuf_take(packet, bytes, static_cast<std::uint16_t>(size));
      if (interface.input(packet, &interface) != ERR_OK) pbuf_free(packet);
    }
  }).detach();
}

// Writes for ever; counts what was taken.
inline void write_to_kernel(std::uint16_t port, std::uint64_t& bytes) {
  static const std::uint8_t block[256 * 1024] = {};
  ip_addr_t peer;
  IP_ADDR4(&peer, 10, 9, 0, 1);
  while (true) {
    netconn* const connection = netconn_new(NETCONN_TCP);
    if (netconn_connect(connection, &peer, port) == ERR_OK) {
      while (netconn_write(connection, block, sizeof block, NETCONN_NOCOPY) == ERR_OK) bytes += sizeof block;
      return;
    }
    netconn_delete(connection);
    ::usleep(10'000);
  }
}

// Reads from the first who connects.
inline void read_from_kernel(std::uint16_t port, std::uint64_t& bytes) {
  netconn* const listener = netconn_new(NETCONN_TCP);
  netconn_bind(listener, nullptr, port);
  netconn_listen(listener);
  netconn* connection = nullptr;
  if (netconn_accept(listener, &connection) != ERR_OK) return;
  pbuf* packet = nullptr;
  while (netconn_recv_tcp_pbuf(connection, &packet) == ERR_OK) {
    bytes += packet->tot_len;
    pbuf_free(packet);
  }
}

}  // namespace ghostnet::bench::lwip_peer

#endif
