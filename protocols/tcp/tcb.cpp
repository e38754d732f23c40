#include "ghostnet/tcp/tcb.hpp"

#include <algorithm>

namespace ghostnet::tcp {

// ---- Tcb ----

Tcb::Tcb(Stack& stack, const Flow& flow, const ConnectionSetup& setup)
    : Flow(flow), stack(stack), connection(setup), timer_(stack.host_.clock()) {
  expiry_.start(Continuation(static_cast<Completion&>(*this)));
}

void Tcb::arm() {
  TimePoint deadline = connection.next_deadline();
  if (deadline == armed_for_) return;
  armed_for_ = deadline;
  timer_.arm(deadline);
}

PromiseBase* Tcb::completed() noexcept {
  expiry_.await_resume();
  armed_for_ = kNever;
  connection.on_deadline(stack.now());
  stack.work(*this);
  return nullptr;
}

// ---- TcpStream ----

TcpStream::~TcpStream() {
  tcb_->stream = nullptr;
  tcb_->stack.release(*tcb_, shut_);
}

void TcpStream::foresee_writing(unsigned step) const {
  if (step == 0) return fetch_lines(tcb_, sizeof(*tcb_));
  if (step == 1) tcb_->connection.prefetch();
}

bool TcpStream::settled() const {
  State state = tcb_->connection.state();
  return state != State::syn_sent && state != State::syn_received;
}

Result<std::size_t> TcpStream::try_read(MutableByteView buffer) {
  if (aborted_) return fail(Errc::closed);
  Result<std::size_t> read = tcb_->connection.read(tcb_->stack.now(), buffer);
  if (tcb_->connection.wants_to_send()) {
    tcb_->stack.work(*tcb_);
  } else {
    tcb_->connection.settle();
  }
  return read;
}

Result<std::size_t> TcpStream::try_write(std::span<const ByteView> parts) {
  if (aborted_) return fail(Errc::closed);
  Result<std::size_t> written = tcb_->connection.write(parts);
  if (written) tcb_->stack.work(*tcb_);
  return written;
}

Result<> TcpStream::shutdown_send() {
  if (aborted_) return fail(Errc::closed);
  if (failure()) return fail(*failure());
  if (std::exchange(shut_, true)) return {};
  tcb_->connection.shutdown(tcb_->stack.now());
  tcb_->stack.work(*tcb_);
  return {};
}

void TcpStream::abort() {
  if (std::exchange(aborted_, true)) return;
  tcb_->connection.abort();
  tcb_->stack.work(*tcb_);
  wake_reader();
  wake_writer();
}

// ---- TcpListener ----

TcpListener::TcpListener(Stack& stack, const Endpoint& local, const ListenOptions& options)
    : stack_(&stack),
      local_(local),
      options_(options.stream),
      backlog_(std::max<std::uint32_t>(1, options.backlog)),
      v6_only_(options.v6_only),
      reuse_port_(options.reuse_port) {}

TcpListener::~TcpListener() {
  if (stack_ != nullptr) stack_->close(*this);
}

int TcpListener::score(const Endpoint& local) const {
  if (local_.port() != local.port()) return -1;
  const IpAddress bound = local_.address();
  if (bound == local.address()) return 2;
  if (!bound.is_unspecified()) return -1;
  if (bound.family() == local.address().family()) return 1;
  return bound.is_v6() && !v6_only_ ? 0 : -1;
}

Result<std::unique_ptr<Stream>> TcpListener::try_accept() {
  if (stack_ == nullptr) return fail(Errc::closed);
  if (ready_.empty()) return fail(Errc::would_block);
  Tcb& tcb = *ready_.pop_front();
  tcb.listener = nullptr;
  return std::make_unique<TcpStream>(tcb);
}

void TcpListener::take(Tcb& tcb) {
  ready_.push_back(&tcb);
  acceptor_.wake(stack_->host_.loop());
}

}  // namespace ghostnet::tcp
