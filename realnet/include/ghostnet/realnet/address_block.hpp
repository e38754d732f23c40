// AddressBlock: 127.N.0.0/16, held by this process as long as the object lives, so that runs side by side do not meet.
#pragma once

#include <cstdint>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::realnet {

class AddressBlock {
 public:
  static constexpr std::uint32_t kHosts = 60'000;  // addresses that at() gives

  // The first block that nobody holds. Errors: address_in_use when all are held, too_many_files.
  static Result<AddressBlock> reserve();

  // 127.N.0.1 and on.
  IpAddress at(std::uint32_t number) const { return IpAddress::v4(first_ + number); }

 private:
  AddressBlock(FileDescriptor held, std::uint32_t first) : held_(std::move(held)), first_(first) {}

  FileDescriptor held_;  // a socket at the block's last address, which nobody else can bind
  std::uint32_t first_;
};

}  // namespace ghostnet::realnet
