// Tcb, TcpStream, TcpListener: what a Stack makes of a Connection (RFC 9293 3.3.1 calls it a transmission control
// block), what its user holds of it, and where connections come in. For the sources of the stack.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/fifo.hpp"
#include "ghostnet/runtime/foresight.hpp"
#include "ghostnet/runtime/frame_pool.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/tcp/stack.hpp"

namespace ghostnet::tcp {

class Tcb final : public Flow, private Completion, public FromFramePool {
 public:
  Tcb(Stack& stack, const Flow& flow, const ConnectionSetup& setup);

  // Lets the timer fire at the connection's next deadline, or not at all. To a later instant it moves in place.
  void arm();

  Stack& stack;
  TcpStream* stream = nullptr;      // null: nobody holds it
  TcpListener* listener = nullptr;  // until it is accepted
  bool half_open = false;           // and so counted
  bool open = false;                // likewise
  bool seen = false;                // its host's observer knows of it
  Connection connection;

 private:
  PromiseBase* completed() noexcept override;
  Spawned* root() const noexcept override { return nullptr; }

  Timer timer_;
  Timer::ExpiryAwaiter expiry_{timer_};
  TimePoint armed_for_ = kNever;
};

class TcpStream final : public Stream, public ForeseenStream, public FromFramePool {
 public:
  explicit TcpStream(Tcb& tcb) : tcb_(&tcb) { tcb.stream = this; }
  ~TcpStream() override;

  Endpoint local() const override { return tcb_->local; }
  Endpoint peer() const override { return tcb_->peer; }
  Result<std::size_t> try_read(MutableByteView buffer) override;
  Result<std::size_t> try_write(std::span<const ByteView> parts) override;
  Result<> shutdown_send() override;
  void abort() override;

  void foresee_writing(unsigned step) const override;
  void read_by(const ForeseenReader* reader) override { foreseen_by_ = reader; }

  // The handshake is over, one way or the other.
  bool settled() const;
  std::optional<Errc> failure() const { return tcb_->connection.failure(); }
  const Connection& connection() const { return tcb_->connection; }

 private:
  friend class Stack;
  Loop& loop() override { return tcb_->stack.host_.loop(); }

  Tcb* tcb_;
  const ForeseenReader* foreseen_by_ = nullptr;
  bool shut_ = false;
  bool aborted_ = false;
};

class TcpListener final : public Listener {
 public:
  TcpListener(Stack& stack, const Endpoint& local, const ListenOptions& options);
  ~TcpListener() override;

  Endpoint local() const override { return local_; }
  Result<std::unique_ptr<Stream>> try_accept() override;

 protected:
  bool poll_acceptable() override { return stack_ == nullptr || !ready_.empty(); }

 private:
  friend class Stack;

  // How well it fits; negative when it does not.
  int score(const Endpoint& local) const;
  bool full() const { return half_open_ + ready_.size() >= backlog_; }
  void take(Tcb& tcb);

  Stack* stack_;  // null once the host has lost its power
  Endpoint local_;
  StreamOptions options_;
  std::uint32_t backlog_;
  std::uint32_t half_open_ = 0;
  bool v6_only_;
  bool reuse_port_;
  Fifo<Tcb*> ready_;
};

}  // namespace ghostnet::tcp
