// GvisorPeer: gVisor's netstack on a packet socket, as its sandbox uses it, as a rival for our stack: the Go program in
// gvisor/, built when it is first needed, in a process of its own.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace ghostnet::bench::gvisor_peer {

// The program, in a directory that goes with this object; `missing` says why there is none.
class Program {
 public:
  Program() {
    char path[] = "/tmp/ghostnet-gvisor-XXXXXX";
    if (::mkdtemp(path) == nullptr) return;
    directory_ = path;
    if (std::system("command -v go > /dev/null 2>&1") != 0) {
      missing = "Go is not installed";
      return;
    }
    const std::string build =
        "cd '" GHOSTNET_BENCH_SOURCES "/gvisor' && go build -o " + this->path() + " . > /dev/null 2>&1";
    if (std::system(build.c_str()) == 0) missing.clear();
  }
  Program(const Program&) = delete;
  ~Program() {
    if (directory_.empty()) return;
    ::unlink(path().c_str());
    ::rmdir(directory_.c_str());
  }

  std::string path() const { return directory_ + "/gvisor_peer"; }

  std::string missing = "gVisor's Go module cannot be had";

 private:
  std::string directory_;
};

// Becomes the program, on an interface of the namespace that the caller is in; its figure goes to `out`.
[[noreturn]] inline void run(const Program& program, const char* direction, const char* interface, int out) {
  ::dup2(out, STDOUT_FILENO);
  ::execl(program.path().c_str(), "gvisor_peer", direction, interface, nullptr);
  std::_Exit(3);
}

}  // namespace ghostnet::bench::gvisor_peer
