#include "ghostnet/realnet/address_block.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/realnet/socket_options.hpp"

namespace ghostnet::realnet {

namespace {

constexpr std::uint32_t kLoopback = 0x7f00'0000;
constexpr std::uint32_t kFirstBlock = 1;  // 127.0.0.0/16 is the machine's own
constexpr std::uint32_t kBlocks = 254;
constexpr std::uint16_t kPort = 47'127;

}  // namespace

Result<AddressBlock> AddressBlock::reserve() {
  for (std::uint32_t n = kFirstBlock; n <= kBlocks; ++n) {
    const Endpoint last(IpAddress::v4(kLoopback | n << 16 | 0xfffe), kPort);
    Result<FileDescriptor> fd = open_socket(AF_INET, SOCK_DGRAM, "reserving addresses of the loopback");
    if (!fd) return fail(std::move(fd));
    const SocketAddress address(last, IpFamily::v4);
    if (::bind(fd->get(), address.data(), address.size()) == 0) {
      return AddressBlock(std::move(*fd), (kLoopback | n << 16) + 1);
    }
    if (errno != EADDRINUSE) return system_failure(errno, "reserving {}", last);
  }
  return fail(Errc::address_in_use, "all {} blocks of loopback addresses are held by other live runs", kBlocks);
}

}  // namespace ghostnet::realnet
