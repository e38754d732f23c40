// Signals: signals of the process as an Event of a world.
//
// The first one of those watched sets the event; from then on, and when this goes, they do again what they did before,
// so that a second Ctrl-C ends a program that takes too long to end cleanly. Signals belong to the process: at most one
// Signals watches each at a time.
#pragma once

#include <csignal>
#include <initializer_list>
#include <memory>
#include <vector>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/poller.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet::realnet {

class World;

class Signals final : private Watch {
 public:
  // Errors: busy (somebody watches it), invalid_argument (it cannot be caught), too_many_files.
  static Result<std::unique_ptr<Signals>> watch(World& world, std::initializer_list<int> signals = {SIGINT, SIGTERM});
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  Event& received() { return received_; }
  // The number of the one that came; 0: none.
  int which() const { return which_; }

 private:
  struct Caught {
    int signal;
    struct sigaction before;
  };

  Signals(World& world, FileDescriptor reading, FileDescriptor writing);
  Result<> catch_signal(int signal);
  void let_go();
  void ready(std::uint32_t events) override;

  World& world_;
  FileDescriptor reading_;
  FileDescriptor writing_;
  std::vector<Caught> caught_;
  Event received_;
  int which_ = 0;
};

}  // namespace ghostnet::realnet
