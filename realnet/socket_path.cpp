#include "ghostnet/realnet/socket_path.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/socket_address.hpp"

namespace ghostnet::realnet {

namespace {

bool bind_to(int fd, const sockaddr_un& address) {
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// A socket file outlives a process that crashed: then nobody answers there.
bool is_stale(const sockaddr_un& address) {
  struct stat file;
  if (::lstat(address.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

}  // namespace

Result<sockaddr_un> SocketPath::address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() > kMaxBytes || path.find('\0') != std::string::npos) {
    return fail(Errc::invalid_argument, "'{}' cannot name a socket: 1 to {} bytes, without NUL", path, kMaxBytes);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<SocketPath> SocketPath::bind(int fd, const std::string& path) {
  Result<sockaddr_un> address = SocketPath::address(path);
  if (!address) return fail(std::move(address));
  bool bound = bind_to(fd, *address);
  if (!bound && errno == EADDRINUSE) {
    if (!is_stale(*address)) {
      return fail(Errc::address_in_use, "listening at {}: somebody listens there, or it is a file of another kind",
                  path);
    }
    ::unlink(path.c_str());
    bound = bind_to(fd, *address);
  }
  if (!bound) return system_failure(errno, "listening at {}", path);
  struct stat file;
  if (::lstat(path.c_str(), &file) != 0) return system_failure(errno, "listening at {}", path);
  return SocketPath(path, file.st_dev, file.st_ino);
}

SocketPath::~SocketPath() {
  if (path_.empty()) return;
  struct stat file;
  if (::lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace ghostnet::realnet
