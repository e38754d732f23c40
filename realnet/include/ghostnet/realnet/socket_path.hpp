// SocketPath: the name in the file system under which a Unix-domain socket listens. Removed when destroyed, if the file
// is still the one that was made here.
#pragma once

#include <sys/types.h>
#include <sys/un.h>

#include <string>
#include <utility>

#include "ghostnet/runtime/result.hpp"

namespace ghostnet::realnet {

class SocketPath {
 public:
  static constexpr std::size_t kMaxBytes = sizeof(sockaddr_un::sun_path) - 1;

  SocketPath() = default;
  SocketPath(SocketPath&& other) noexcept
      : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}
  SocketPath& operator=(SocketPath&&) = delete;
  ~SocketPath();

  // Binds the socket to the path. A socket file there at which nobody listens any more is replaced.
  // Errors: address_in_use, permission, not_found (the directory), invalid_argument (too long).
  static Result<SocketPath> bind(int fd, const std::string& path);

  static Result<sockaddr_un> address(const std::string& path);

 private:
  SocketPath(std::string path, dev_t device, ino_t inode) : path_(std::move(path)), device_(device), inode_(inode) {}

  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace ghostnet::realnet
