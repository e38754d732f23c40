#include "ghostnet/realnet/signals.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

// A handler is given nothing but the signal's number, so where it writes has to be found by that.
// The descriptor plus one; 0: nobody.
constinit std::array<std::atomic<int>, NSIG> watchers{};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  const int saved = errno;
  const auto number = static_cast<std::uint8_t>(signal);
  if (const int pipe = watchers[number].load(); pipe != 0) {
    [[maybe_unused]] const ssize_t written = ::write(pipe - 1, &number, 1);  // full: one is known already
  }
  errno = saved;
}

}  // namespace

Result<std::unique_ptr<Signals>> Signals::watch(World& world, std::initializer_list<int> signals) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return system_failure(errno, "opening a pipe for signals");
  std::unique_ptr<Signals> watching(new Signals(world, FileDescriptor(ends[0]), FileDescriptor(ends[1])));
  if (Result<> added = world.poller().add(ends[0], *watching, EPOLLIN); !added) return fail(std::move(added));
  for (const int signal : signals) {
    if (Result<> caught = watching->catch_signal(signal); !caught) return fail(std::move(caught));
  }
  return watching;
}

Signals::Signals(World& world, FileDescriptor reading, FileDescriptor writing)
    : world_(world), reading_(std::move(reading)), writing_(std::move(writing)), received_(world.loop()) {}

Signals::~Signals() {
  let_go();
  world_.poller().remove(reading_.get());
}

Result<> Signals::catch_signal(int signal) {
  if (signal <= 0 || signal >= NSIG) return fail(Errc::invalid_argument, "there is no signal {}", signal);
  int nobody = 0;
  if (!watchers[static_cast<std::size_t>(signal)].compare_exchange_strong(nobody, writing_.get() + 1)) {
    return fail(Errc::busy, "signal {} is watched already", signal);
  }
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  Caught caught{.signal = signal, .before = {}};
  if (::sigaction(signal, &action, &caught.before) != 0) {
    watchers[static_cast<std::size_t>(signal)] = 0;
    return system_failure(errno, "catching signal {}", signal);
  }
  caught_.push_back(caught);
  return {};
}

void Signals::let_go() {
  for (const Caught& caught : caught_) {
    ::sigaction(caught.signal, &caught.before, nullptr);
    watchers[static_cast<std::size_t>(caught.signal)] = 0;
  }
  caught_.clear();
}

void Signals::ready(std::uint32_t) {
  std::uint8_t number = 0;
  if (which_ != 0 || ::read(reading_.get(), &number, 1) != 1) return;
  which_ = number;
  let_go();
  received_.set();
}

}  // namespace ghostnet::realnet
