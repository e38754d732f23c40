// NetworkNamespace: interfaces, routes and sockets of their own (Linux namespaces), and how to be inside for a moment.
//
// A socket belongs to the namespace that its thread was in when it was made, for good. So a host in a namespace enters
// it only to open sockets and to read addresses, a few microseconds each; its traffic needs no switching.
// Entering and creating want CAP_SYS_ADMIN. Namespaces made here go with the last descriptor and socket of theirs.
#pragma once

#include <string>
#include <utility>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::realnet {

class NetworkNamespace {
 public:
  // A fresh one, without a name. Its loopback interface is down, as the kernel makes it.
  // Errors: permission, too_many_files.
  static Result<NetworkNamespace> create();
  // As `ip netns add` made it. Errors: not_found, permission.
  static Result<NetworkNamespace> open(const std::string& name);
  // Where a descriptor of /proc/PID/ns/net leads.
  explicit NetworkNamespace(FileDescriptor fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

  // Puts the calling thread into the namespace for its lifetime. Null: changes nothing.
  class Visit {
   public:
    static Result<Visit> begin(const NetworkNamespace* where);
    Visit(Visit&&) = default;
    // A thread that could not return would open its next sockets in the wrong network: that ends the process.
    ~Visit();

   private:
    explicit Visit(FileDescriptor home) : home_(std::move(home)) {}
    FileDescriptor home_;
  };

 private:
  FileDescriptor fd_;
};

}  // namespace ghostnet::realnet
