#include "ghostnet/realnet/linger_set.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

class LingerSet::Entry final : private Watch {
 public:
  Entry(World& world, FileDescriptor fd, TimePoint deadline) : deadline(deadline), world_(world), fd_(std::move(fd)) {
    world_.poller().change(fd_.get(), *this, EPOLLIN | EPOLLRDHUP);
  }
  ~Entry() { world_.poller().remove(fd_.get()); }

  const TimePoint deadline;
  std::list<Entry>::iterator place;

 private:
  void ready(std::uint32_t) override {
    std::array<std::uint8_t, 16 * 1024> forgotten;
    while (world_.poller().admit(*this)) {
      const ssize_t count = ::recv(fd_.get(), forgotten.data(), forgotten.size(), MSG_DONTWAIT);
      if (count > 0 || (count < 0 && errno == EINTR)) continue;
      if (count == 0 || errno != EAGAIN) world_.lingering().entries_.erase(place);  // destroys this
      return;
    }
  }

  World& world_;
  FileDescriptor fd_;
};

LingerSet::LingerSet(World& world) : world_(world), scope_(world.loop()) {}

LingerSet::~LingerSet() = default;

void LingerSet::add(FileDescriptor fd) {
  if (entries_.size() >= world_.options().max_lingering) {
    world_.poller().remove(fd.get());
    return;
  }
  entries_.emplace_back(world_, std::move(fd), saturating_add(world_.clock().now(), world_.options().linger_limit));
  entries_.back().place = std::prev(entries_.end());
  if (!std::exchange(expiring_, true)) scope_.spawn(expire());
}

std::size_t LingerSet::size() const { return entries_.size(); }

Task<> LingerSet::expire() {
  while (!entries_.empty()) {
    co_await world_.clock().sleep_until(entries_.front().deadline);
    while (!entries_.empty() && entries_.front().deadline <= world_.clock().now()) entries_.pop_front();
  }
  expiring_ = false;
}

}  // namespace ghostnet::realnet
