// Poller: one epoll descriptor for all sockets of a world, and Watch: who is told that a descriptor became ready.
//
// Each descriptor is registered once and edge-triggered; afterwards readiness is a flag of its Watch and reading is a
// plain system call, so that an operation costs no epoll_ctl and no buffer of ours is ever in the hands of an
// operation that a dropped task could leave behind. ready() only sets flags and wakes: no coroutine runs while events
// are handed out, and no Watch is destroyed, except by itself.
//
// A Watch may make so many system calls in one turn of the loop; then it is deferred and told ready(0) in the next.
// Without that, a coroutine whose socket always has something to read would never let go of the thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/runtime/waiter.hpp"

struct epoll_event;  // of <sys/epoll.h>, which only realnet's sources see

namespace ghostnet::realnet {

class Watch : private ListLink {
 protected:
  Watch() = default;
  ~Watch() = default;

  // EPOLL* bits; 0: what was deferred may go on.
  virtual void ready(std::uint32_t events) = 0;

 private:
  friend class Poller;
  friend class IntrusiveList<Watch>;

  std::uint32_t turn_ = 0;
  std::uint32_t calls_ = 0;
};

class Poller {
 public:
  // `calls_per_turn` bounds each Watch.
  static Result<FileDescriptor> open();
  Poller(FileDescriptor epoll, std::uint32_t calls_per_turn);
  ~Poller();

  int fd() const { return epoll_.get(); }

  // Always edge-triggered. What is ready already is reported, too. Errors: limit, too_many_files.
  Result<> add(int fd, Watch& watch, std::uint32_t events);
  // Watches other events, or for another; what is ready is reported again.
  void change(int fd, Watch& watch, std::uint32_t events);
  void remove(int fd);

  // Whether the watch may make one more system call in this turn. If not, it will be told in the next.
  bool admit(Watch& watch) {
    if (watch.turn_ != turn_) {
      watch.turn_ = turn_;
      watch.calls_ = 0;
    }
    if (watch.calls_ >= calls_per_turn_) [[unlikely]] {
      if (!watch.linked()) deferred_.push_back(watch);
      return false;
    }
    ++watch.calls_;
    return true;
  }
  bool has_deferred() const { return !deferred_.empty(); }

  // Waits for events, at most so long; Duration::max(): until there are some.
  void wait(Duration at_most);
  // Begins a turn: hands out the events of the last wait(), and to the deferred their turn.
  void dispatch();

 private:
  static constexpr std::size_t kEventsAtOnce = 256;

  int wait_for(Duration at_most);

  FileDescriptor epoll_;
  std::uint32_t calls_per_turn_;
  std::uint32_t turn_ = 1;
  bool precise_ = true;
  std::size_t pending_ = 0;
  IntrusiveList<Watch> deferred_;
  std::vector<epoll_event> events_;
};

}  // namespace ghostnet::realnet
