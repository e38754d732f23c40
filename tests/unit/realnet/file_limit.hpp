// FileLimit: for its lifetime, this process can open no more files.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace ghostnet::realnet {

class FileLimit {
 public:
  FileLimit() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // The lowest free number is the next one that would be given.
    const int next = ::dup(0);
    ::close(next);
    const rlimit now{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() { lift(); }

  void lift() {
    if (!std::exchange(lifted_, true)) ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  bool lifted_ = false;
};

}  // namespace ghostnet::realnet
