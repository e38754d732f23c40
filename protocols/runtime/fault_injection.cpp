#include "ghostnet/runtime/fault_injection.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace ghostnet {

namespace {

// Stands at an awaiter in a coroutine's place and calls back when it is woken.
template <class A>
class Relay final : private Completion {
 public:
  explicit Relay(std::function<void()> woken) : woken_(std::move(woken)) {}
  Relay(const Relay&) = delete;

  bool waiting() const { return awaiter_.has_value(); }
  void wait(A awaiter) {
    if (waiting()) return;
    awaiter_.emplace(std::move(awaiter));
    awaiter_->start(Continuation(static_cast<Completion&>(*this)));
  }

 private:
  PromiseBase* completed() noexcept override {
    awaiter_->await_resume();
    awaiter_.reset();
    woken_();
    return nullptr;
  }
  Spawned* root() const noexcept override { return nullptr; }

  std::function<void()> woken_;
  std::optional<A> awaiter_;
};

// One direction of a socket: what a fault holds back, and how its waiter is told that it may go on.
template <class Ready>
class Gate {
 public:
  Gate(const Clock& clock, std::function<void()> wake) : timer_(clock), inner_(wake), opened_(std::move(wake)) {}

  bool held() const { return opened_.waiting(); }
  void hold(Duration duration) {
    timer_.arm_after(duration);
    opened_.wait(timer_.operator co_await());
  }
  // What is below said would_block: pass on when it may be tried again.
  void pass_on(Ready ready) { inner_.wait(std::move(ready)); }

 private:
  Timer timer_;
  Relay<Ready> inner_;
  Relay<Timer::ExpiryAwaiter> opened_;
};

bool blocks(const Fault& fault) { return fault.kind == Fault::Kind::would_block || fault.kind == Fault::Kind::delay; }

class FaultyStream final : public Stream {
 public:
  FaultyStream(std::unique_ptr<Stream> stream, Host& host, FaultPlan& plan)
      : stream_(std::move(stream)),
        host_(host),
        plan_(plan),
        reading_(host.clock(), [this] { wake_reader(); }),
        writing_(host.clock(), [this] { wake_writer(); }) {}

  Endpoint local() const override { return stream_->local(); }
  Endpoint peer() const override { return stream_->peer(); }

  Result<std::size_t> try_read(MutableByteView buffer) override {
    if (broken_) return fail(*broken_);
    if (reading_.held()) return fail(Errc::would_block);
    if (const Fault* fault = plan_.reach(IoOp::read, host_.id())) {
      if (Result<> blocked = suffer(*fault, reading_); !blocked) return fail(std::move(blocked));
      if (fault->kind == Fault::Kind::partial) buffer = buffer.first(std::min<std::size_t>(1, buffer.size()));
    }
    Result<std::size_t> got = stream_->try_read(buffer);
    if (!got && got.error() == Errc::would_block) reading_.pass_on(stream_->readable());
    return got;
  }

  Result<std::size_t> try_write(std::span<const ByteView> parts) override {
    if (broken_) return fail(*broken_);
    if (writing_.held()) return fail(Errc::would_block);
    std::array<ByteView, 1> first_byte;
    if (const Fault* fault = plan_.reach(IoOp::write, host_.id())) {
      if (Result<> blocked = suffer(*fault, writing_); !blocked) return fail(std::move(blocked));
      if (fault->kind == Fault::Kind::partial) {
        auto part = std::ranges::find_if(parts, [](ByteView bytes) { return !bytes.empty(); });
        if (part != parts.end()) {
          first_byte[0] = part->first(1);
          parts = first_byte;
        }
      }
    }
    Result<std::size_t> written = stream_->try_write(parts);
    if (!written && written.error() == Errc::would_block) writing_.pass_on(stream_->writable());
    return written;
  }

  Result<> shutdown_send() override {
    if (broken_) return fail(*broken_);
    if (const Fault* fault = plan_.reach(IoOp::shutdown_send, host_.id())) {
      if (Result<> failed = suffer(*fault, writing_); !failed) return failed;
    }
    return stream_->shutdown_send();
  }

  void abort() override {
    if (!broken_) broken_ = Errc::closed;
    stream_->abort();
    wake_reader();
    wake_writer();
  }

 protected:
  Loop& loop() override { return host_.loop(); }

 private:
  using StreamGate = Gate<Stream::ReadyAwaiter>;

  Result<> suffer(const Fault& fault, StreamGate& gate) {
    plan_.took_effect();
    if (fault.kind == Fault::Kind::call) fault.function();
    if (blocks(fault)) {
      gate.hold(fault.delay);
      return fail(Errc::would_block);
    }
    if (fault.kind != Fault::Kind::error) return {};
    broken_ = fault.code;
    stream_->abort();
    wake_reader();
    wake_writer();
    return fail(fault.code, "the stream with {}: {} (injected)", peer().to_string(), ghostnet::to_string(fault.code));
  }

  std::unique_ptr<Stream> stream_;
  Host& host_;
  FaultPlan& plan_;
  std::optional<Errc> broken_;
  StreamGate reading_;
  StreamGate writing_;
};

// What sockets have in common whose awaiters ask first and take afterwards: the point is reached when there is
// something to take, and what it brings is kept until it is taken.
template <class Ready>
class Intake {
 public:
  Intake(Host& host, FaultPlan& plan, IoOp op, std::function<void()> wake)
      : host_(host), plan_(plan), op_(op), gate_(host.clock(), std::move(wake)) {}

  // Whether something can be taken now. `below`: awaits the same of what is wrapped.
  bool ready(Ready below) {
    if (gate_.held()) return false;
    if (!below.await_ready()) {
      gate_.pass_on(std::move(below));
      return false;
    }
    return reached_ || reach();
  }

  // Before taking; would_block where a fault holds it back. The fault that remains to be suffered, or null.
  Result<const Fault*> take() {
    if (gate_.held() || (!reached_ && !reach())) return fail(Errc::would_block);
    reached_ = false;
    return std::exchange(fault_, nullptr);
  }

 private:
  bool reach() {
    fault_ = plan_.reach(op_, host_.id());
    if (fault_ != nullptr && blocks(*fault_)) {
      plan_.took_effect();
      gate_.hold(std::exchange(fault_, nullptr)->delay);
      return false;
    }
    reached_ = true;
    return true;
  }

  Host& host_;
  FaultPlan& plan_;
  IoOp op_;
  bool reached_ = false;
  const Fault* fault_ = nullptr;
  Gate<Ready> gate_;
};

class FaultyListener final : public Listener {
 public:
  FaultyListener(std::unique_ptr<Listener> listener, Host& host, FaultPlan& plan)
      : listener_(std::move(listener)),
        host_(host),
        plan_(plan),
        intake_(host, plan, IoOp::accept, [this] { wake(); }) {}

  Endpoint local() const override { return listener_->local(); }

  Result<std::unique_ptr<Stream>> try_accept() override {
    Result<const Fault*> fault = intake_.take();
    if (!fault) return fail(std::move(fault));
    if (*fault != nullptr) {
      plan_.took_effect();
      if ((*fault)->kind == Fault::Kind::error) return fail((*fault)->code);
      (*fault)->function();
    }
    Result<std::unique_ptr<Stream>> stream = listener_->try_accept();
    if (!stream) return stream;
    return make_faulty(std::move(*stream), host_, plan_);
  }

 protected:
  bool poll_acceptable() override { return intake_.ready(listener_->acceptable()); }

 private:
  void wake() {
    if (acceptor_.occupied() && poll_acceptable()) acceptor_.wake(host_.loop());
  }

  std::unique_ptr<Listener> listener_;
  Host& host_;
  FaultPlan& plan_;
  Intake<Listener::AcceptableAwaiter> intake_;
};

class FaultyUdpSocket final : public UdpSocket {
 public:
  FaultyUdpSocket(std::unique_ptr<UdpSocket> socket, Host& host, FaultPlan& plan)
      : socket_(std::move(socket)),
        host_(host),
        plan_(plan),
        intake_(host, plan, IoOp::recv, [this] { wake_receiver(); }),
        sending_(host.clock(), [this] { writer_.wake(host_.loop()); }) {}

  Endpoint local() const override { return socket_->local(); }

  SendOutcome send(std::span<const Datagram> batch) override {
    if (sending_.held()) return {0, Errc::would_block};
    const Fault* fault = plan_.reach(IoOp::send, host_.id());
    if (fault == nullptr) return socket_->send(batch);
    if (fault->kind == Fault::Kind::partial && batch.size() < 2) return socket_->send(batch);
    plan_.took_effect();
    switch (fault->kind) {
      case Fault::Kind::error: return {0, fault->code};
      case Fault::Kind::call: fault->function(); return socket_->send(batch);
      case Fault::Kind::partial: {
        SendOutcome outcome = socket_->send(batch.first(batch.size() / 2));
        if (!outcome.error) outcome.error = Errc::would_block;
        return outcome;
      }
      case Fault::Kind::would_block:
      case Fault::Kind::delay: break;
    }
    sending_.hold(fault->delay);
    return {0, Errc::would_block};
  }

  Result<std::size_t> try_recv(std::span<ReceivedDatagram> batch) override {
    Result<const Fault*> fault = intake_.take();
    if (!fault) return fail(std::move(fault));
    // Only who fixed its peer hears what the network says of it.
    if (*fault == nullptr || ((*fault)->kind == Fault::Kind::error && !connected_)) return socket_->try_recv(batch);
    plan_.took_effect();
    if ((*fault)->kind == Fault::Kind::error) return fail((*fault)->code);
    if ((*fault)->kind == Fault::Kind::call) (*fault)->function();
    if ((*fault)->kind == Fault::Kind::partial) batch = batch.first(1);
    return socket_->try_recv(batch);
  }

  Result<> connect(const Endpoint& peer) override {
    Result<> outcome = socket_->connect(peer);
    if (outcome) connected_ = peer.port() != 0;
    return outcome;
  }
  Result<> join(const IpAddress& group, InterfaceIndex interface) override { return socket_->join(group, interface); }
  Result<> leave(const IpAddress& group, InterfaceIndex interface) override { return socket_->leave(group, interface); }
  Result<std::size_t> max_payload_bytes(const Endpoint& peer) const override {
    return socket_->max_payload_bytes(peer);
  }
  UdpCounters counters() const override { return socket_->counters(); }

 protected:
  bool poll_readable() override { return intake_.ready(socket_->readable()); }
  SoleWaiter* full() override {
    if (sending_.held()) return &writer_;
    UdpSocket::WritableAwaiter below = socket_->writable();
    if (below.await_ready()) return nullptr;
    sending_.pass_on(std::move(below));
    return &writer_;
  }

 private:
  void wake_receiver() {
    if (reader_.occupied() && poll_readable()) reader_.wake(host_.loop());
  }

  std::unique_ptr<UdpSocket> socket_;
  Host& host_;
  FaultPlan& plan_;
  bool connected_ = false;
  Intake<UdpSocket::ReadableAwaiter> intake_;
  SoleWaiter writer_;
  Gate<UdpSocket::WritableAwaiter> sending_;
};

}  // namespace

std::string_view to_string(IoOp op) {
  constexpr std::array<std::string_view, 10> kNames = {"open_udp", "listen", "connect",       "accept", "resolve",
                                                       "read",     "write",  "shutdown_send", "send",   "recv"};
  return kNames[std::to_underlying(op)];
}

bool Fault::fits(IoOp op) const {
  switch (op) {
    case IoOp::open_udp:
    case IoOp::listen:
    case IoOp::shutdown_send: return kind == Kind::error || kind == Kind::call;
    case IoOp::connect:
    case IoOp::accept:
    case IoOp::resolve: return kind != Kind::partial;
    default: return true;
  }
}

std::string Fault::to_string() const {
  switch (kind) {
    case Kind::error: return fmt::format("error {}", ghostnet::to_string(code));
    case Kind::partial: return "partial";
    case Kind::would_block: return "would block";
    case Kind::delay: return fmt::format("delay of {} ns", delay.count());
    case Kind::call: return "call";
  }
  return {};
}

std::vector<Fault> usual_faults(IoOp op) {
  const Fault block = Fault::would_block();
  const Fault delay = Fault::delayed(50ms);
  switch (op) {
    case IoOp::open_udp: return {Fault::error(Errc::too_many_files), Fault::error(Errc::address_in_use)};
    case IoOp::listen: return {Fault::error(Errc::too_many_files), Fault::error(Errc::address_in_use)};
    case IoOp::connect: return {Fault::error(Errc::refused), Fault::error(Errc::timed_out), delay};
    case IoOp::accept: return {Fault::error(Errc::too_many_files), block, delay};
    case IoOp::resolve: return {Fault::error(Errc::not_found), Fault::error(Errc::timed_out), delay};
    case IoOp::read: return {Fault::error(Errc::reset), Fault::partial(), block, delay};
    case IoOp::write: return {Fault::error(Errc::reset), Fault::partial(), block, delay};
    case IoOp::shutdown_send: return {Fault::error(Errc::reset)};
    case IoOp::send:
      return {Fault::error(Errc::unreachable), Fault::error(Errc::no_buffers), Fault::partial(), block, delay};
    case IoOp::recv: return {Fault::error(Errc::refused), Fault::partial(), block, delay};
  }
  return {};
}

std::string FaultPlan::to_string() const {
  if (at_ == kNowhere) return "no fault";
  if (at_ >= points_.size()) return fmt::format("I/O point {}: {}", at_, fault_.to_string());
  const Point& point = points_[at_];
  return fmt::format("I/O point {} ({} of host {}): {}", at_, ghostnet::to_string(point.op), point.host,
                     fault_.to_string());
}

const Fault* FaultPlan::reach(IoOp op, HostId host) {
  points_.push_back({op, host});
  return points_.size() - 1 == at_ && fault_.fits(op) ? &fault_ : nullptr;
}

Result<Duration> FaultyHost::reach(IoOp op, std::string_view doing) {
  const Fault* fault = plan_.reach(op, id());
  if (fault == nullptr) return Duration{-1};
  plan_.took_effect();
  if (fault->kind == Fault::Kind::call) fault->function();
  if (blocks(*fault)) return fault->delay;
  if (fault->kind != Fault::Kind::error) return Duration{-1};
  return fail(fault->code, "{}: {} (injected)", doing, ghostnet::to_string(fault->code));
}

Task<Result<std::vector<IpAddress>>> FaultyHost::resolve(std::string name) {
  Result<Duration> delay = reach(IoOp::resolve, name);
  if (!delay) co_return fail(std::move(delay));
  if (*delay >= Duration{}) co_await clock().sleep(*delay);
  co_return co_await host_.resolve(std::move(name));
}

Result<std::unique_ptr<UdpSocket>> FaultyHost::open_udp(const UdpOptions& options) {
  if (Result<Duration> reached = reach(IoOp::open_udp, options.local.to_string()); !reached) {
    return fail(std::move(reached));
  }
  Result<std::unique_ptr<UdpSocket>> socket = host_.open_udp(options);
  if (!socket) return socket;
  return make_faulty(std::move(*socket), *this, plan_);
}

Result<std::unique_ptr<Listener>> FaultyHost::listen(const ListenOptions& options) {
  if (Result<Duration> reached = reach(IoOp::listen, options.local.to_string()); !reached) {
    return fail(std::move(reached));
  }
  Result<std::unique_ptr<Listener>> listener = host_.listen(options);
  if (!listener) return listener;
  return make_faulty(std::move(*listener), *this, plan_);
}

Task<Result<std::unique_ptr<Stream>>> FaultyHost::connect(ConnectOptions options) {
  Result<Duration> delay = reach(IoOp::connect, options.peer.to_string());
  if (!delay) co_return fail(std::move(delay));
  if (*delay >= Duration{}) co_await clock().sleep(*delay);
  Result<std::unique_ptr<Stream>> stream = co_await host_.connect(std::move(options));
  if (!stream) co_return stream;
  co_return make_faulty(std::move(*stream), *this, plan_);
}

Result<std::unique_ptr<Listener>> FaultyHost::listen_local(const std::string& path) {
  if (Result<Duration> reached = reach(IoOp::listen, path); !reached) return fail(std::move(reached));
  Result<std::unique_ptr<Listener>> listener = host_.listen_local(path);
  if (!listener) return listener;
  return make_faulty(std::move(*listener), *this, plan_);
}

Task<Result<std::unique_ptr<Stream>>> FaultyHost::connect_local(std::string path) {
  Result<Duration> delay = reach(IoOp::connect, path);
  if (!delay) co_return fail(std::move(delay));
  if (*delay >= Duration{}) co_await clock().sleep(*delay);
  Result<std::unique_ptr<Stream>> stream = co_await host_.connect_local(std::move(path));
  if (!stream) co_return stream;
  co_return make_faulty(std::move(*stream), *this, plan_);
}

std::unique_ptr<UdpSocket> make_faulty(std::unique_ptr<UdpSocket> socket, Host& host, FaultPlan& plan) {
  return std::make_unique<FaultyUdpSocket>(std::move(socket), host, plan);
}
std::unique_ptr<Stream> make_faulty(std::unique_ptr<Stream> stream, Host& host, FaultPlan& plan) {
  return std::make_unique<FaultyStream>(std::move(stream), host, plan);
}
std::unique_ptr<Listener> make_faulty(std::unique_ptr<Listener> listener, Host& host, FaultPlan& plan) {
  return std::make_unique<FaultyListener>(std::move(listener), host, plan);
}

FaultReport for_each_io_point(const std::function<void(FaultPlan&)>& scenario,
                              const std::optional<std::vector<Fault>>& faults) {
  FaultPlan clean;
  scenario(clean);
  FaultReport report{.points = clean.points().size()};
  for (std::size_t at = 0; at < clean.points().size(); ++at) {
    const IoOp op = clean.points()[at].op;
    for (const Fault& fault : faults ? *faults : usual_faults(op)) {
      if (!fault.fits(op)) continue;
      FaultPlan plan(at, fault);
      scenario(plan);
      ++report.runs;
      if (plan.injected()) ++report.injected;
      if (plan.points().size() <= at ||
          !std::ranges::equal(plan.points().first(at + 1), clean.points().first(at + 1))) {
        throw std::logic_error("the scenario does not repeat before " + plan.to_string());
      }
    }
  }
  return report;
}

}  // namespace ghostnet
