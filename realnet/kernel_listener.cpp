#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "ghostnet/realnet/kernel_stream.hpp"
#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

// The connection died in the backlog: accept() reports what was pending on it (accept(2), "Error handling").
bool died_in_backlog(int errno_value) {
  switch (errno_value) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ETIMEDOUT: return true;
    default: return false;
  }
}

}  // namespace

Result<std::unique_ptr<Listener>> KernelListener::adopt(World& world, FileDescriptor fd, KernelStream::Kind kind,
                                                        SocketPath path, LoopbackNetwork* network,
                                                        const ghostnet::Host* host) {
  const int raw_fd = fd.get();
  std::unique_ptr<KernelListener> listener(
      new KernelListener(world, std::move(fd), kind, std::move(path), network, host));
  if (Result<> added = world.poller().add(raw_fd, *listener, EPOLLIN); !added) return fail(std::move(added));
  return listener;
}

KernelListener::KernelListener(World& world, FileDescriptor fd, KernelStream::Kind kind, SocketPath path,
                               LoopbackNetwork* network, const ghostnet::Host* host)
    : world_(world),
      fd_(std::move(fd)),
      kind_(kind),
      backoff_(world.clock()),
      path_(std::move(path)),
      network_(network),
      host_(host) {}

KernelListener::~KernelListener() { world_.poller().remove(fd_.get()); }

Endpoint KernelListener::local() const {
  return kind_ == KernelStream::Kind::tcp ? local_endpoint(fd_.get()) : Endpoint();
}

void KernelListener::ready(std::uint32_t events) {
  if (events != 0) acceptable_ = true;
  if (acceptor_.occupied() && poll_acceptable()) acceptor_.wake(world_.loop());
}

bool KernelListener::poll_acceptable() {
  if (accepted_ || error_) return true;
  while (acceptable_ && !backing_off_ && world_.poller().admit(*this)) {
    accepted_ = FileDescriptor(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted_) return true;
    if (errno == EAGAIN) {
      acceptable_ = false;
    } else if (!died_in_backlog(errno)) {
      error_ = system_error(errno, fmt::format("accepting at {}", local()));
      back_off();
      return true;
    }
  }
  return false;
}

Result<std::unique_ptr<Stream>> KernelListener::try_accept() {
  if (!poll_acceptable()) return fail(Errc::would_block);
  if (error_) return std::unexpected<Error>(*std::exchange(error_, std::nullopt));
  return KernelStream::adopt(world_, std::move(accepted_), kind_,
                             {.accepted = true, .network = network_, .host = host_});
}

// The connection waits in the backlog, and as its event is over, nobody but the timer will remind us of it.
void KernelListener::back_off() {
  backoff_.arm_after(world_.options().accept_backoff);
  backing_off_.emplace(backoff_);
  backing_off_->start(Continuation(static_cast<Completion&>(*this)));
}

PromiseBase* KernelListener::completed() noexcept {
  backing_off_->await_resume();
  backing_off_.reset();
  ready(0);
  return nullptr;
}

}  // namespace ghostnet::realnet
