#include "ghostnet/realnet/network_namespace.hpp"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "ghostnet/realnet/socket_address.hpp"

namespace ghostnet::realnet {

namespace {

constexpr const char* kOfThisThread = "/proc/thread-self/ns/net";

FileDescriptor open_namespace(const char* path) { return FileDescriptor(::open(path, O_RDONLY | O_CLOEXEC)); }

}  // namespace

Result<NetworkNamespace> NetworkNamespace::create() {
  FileDescriptor fd;
  int error = 0;
  auto leave = [&] {
    if (::unshare(CLONE_NEWNET) == 0) fd = open_namespace(kOfThisThread);
    if (!fd) error = errno;
  };
  try {
    std::thread(leave).join();  // a thread of its own leaves its namespace behind, so that ours never changes
  } catch (const std::system_error& no_thread) {
    error = no_thread.code().value();
  }
  if (!fd) return system_failure(error, "creating a network namespace (it wants CAP_SYS_ADMIN)");
  return NetworkNamespace(std::move(fd));
}

Result<NetworkNamespace> NetworkNamespace::open(const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos) {
    return fail(Errc::invalid_argument, "'{}' is not a name of a network namespace", name);
  }
  FileDescriptor fd = open_namespace(("/run/netns/" + name).c_str());
  if (!fd) return system_failure(errno, "opening the network namespace '{}' (see `ip netns list`)", name);
  return NetworkNamespace(std::move(fd));
}

Result<NetworkNamespace::Visit> NetworkNamespace::Visit::begin(const NetworkNamespace* where) {
  if (where == nullptr) return Visit(FileDescriptor());
  FileDescriptor home = open_namespace(kOfThisThread);
  if (!home) return system_failure(errno, "looking up this thread's network namespace");
  if (::setns(where->fd(), CLONE_NEWNET) != 0) {
    return system_failure(errno, "entering a network namespace (it wants CAP_SYS_ADMIN)");
  }
  return Visit(std::move(home));
}

NetworkNamespace::Visit::~Visit() {
  if (!home_ || ::setns(home_.get(), CLONE_NEWNET) == 0) return;
  std::perror("ghostnet: cannot leave a network namespace");
  std::abort();
}

}  // namespace ghostnet::realnet
