#include "ghostnet/realnet/poller.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "ghostnet/realnet/socket_address.hpp"

namespace ghostnet::realnet {

namespace {

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr Duration kLongestWait = std::chrono::hours(1);

int wait_coarsely(int epoll, epoll_event* events, int capacity, Duration at_most) {
  const auto rounded_up = std::chrono::ceil<std::chrono::milliseconds>(at_most);
  return ::epoll_wait(epoll, events, capacity, static_cast<int>(rounded_up.count()));
}

int wait_precisely(int epoll, epoll_event* events, int capacity, Duration at_most) {
  const timespec timeout{.tv_sec = at_most.count() / kBillion, .tv_nsec = at_most.count() % kBillion};
  return ::epoll_pwait2(epoll, events, capacity, &timeout, nullptr);
}

}  // namespace

Result<FileDescriptor> Poller::open() {
  FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_failure(errno, "creating an epoll descriptor");
  return epoll;
}

Poller::Poller(FileDescriptor epoll, std::uint32_t calls_per_turn)
    : epoll_(std::move(epoll)), calls_per_turn_(std::max<std::uint32_t>(calls_per_turn, 1)), events_(kEventsAtOnce) {}

Poller::~Poller() = default;

Result<> Poller::add(int fd, Watch& watch, std::uint32_t events) {
  epoll_event event{.events = events | EPOLLET, .data = {.ptr = &watch}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  if (errno == ENOSPC) return fail(Errc::limit, std::string(system_error(errno, "watching a descriptor").message()));
  return system_failure(errno, "watching a descriptor");
}

void Poller::change(int fd, Watch& watch, std::uint32_t events) {
  epoll_event event{.events = events | EPOLLET, .data = {.ptr = &watch}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Poller::remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

int Poller::wait_for(Duration at_most) {
  const auto capacity = static_cast<int>(events_.size());
  if (at_most <= Duration{}) return ::epoll_wait(epoll_.get(), events_.data(), capacity, 0);
  if (at_most == Duration::max()) return ::epoll_wait(epoll_.get(), events_.data(), capacity, -1);
  at_most = std::min(at_most, kLongestWait);
  if (precise_) {
    const int count = wait_precisely(epoll_.get(), events_.data(), capacity, at_most);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    precise_ = false;  // before Linux 5.11, or a sandbox that does not know the call
  }
  return wait_coarsely(epoll_.get(), events_.data(), capacity, at_most);
}

void Poller::wait(Duration at_most) {
  const int count = wait_for(at_most);
  pending_ = count > 0 ? static_cast<std::size_t>(count) : 0;  // EINTR: a turn without events
}

void Poller::dispatch() {
  ++turn_;
  for (std::size_t i = 0; i < pending_; ++i) static_cast<Watch*>(events_[i].data.ptr)->ready(events_[i].events);
  pending_ = 0;
  IntrusiveList<Watch> now;
  while (!deferred_.empty()) now.push_back(deferred_.pop_front());
  while (!now.empty()) now.pop_front().ready(0);
}

}  // namespace ghostnet::realnet
