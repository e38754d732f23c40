// Stream and Listener: ordered, reliable bytes.
//
// Reading is cancel-safe: a dropped read loses nothing. Writing is not: it completes when everything was accepted, and
// dropping it half-way aborts the stream, since nobody could say what was sent. Back-pressure is felt by awaiting.
// At most one read and one write at a time. Destroying a stream that was not shut down aborts it, as a crash would;
// after shutdown_send() what was accepted is still delivered. Neither outlives its host.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/sole_waiter.hpp"
#include "ghostnet/runtime/task.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

struct StreamOptions {
  bool no_delay = true;       // do not gather small writes (RFC 9293 3.7.4)
  Duration keepalive_idle{};  // 0: off (RFC 9293 3.8.4)
  Duration keepalive_interval = 75s;
  std::uint32_t receive_buffer_bytes = 0;  // 0: as the system tunes it
  std::uint32_t send_buffer_bytes = 0;
};

struct ConnectOptions {
  Endpoint peer;
  Endpoint local{};            // unspecified: routing chooses the address, port 0 any free one
  bool reuse_address = false;  // with a fixed local port, for simultaneous connects
  StreamOptions stream{};
};

struct ListenOptions {
  Endpoint local{};
  std::uint32_t backlog = 1024;
  bool reuse_port = false;
  bool v6_only = false;
  StreamOptions stream{};  // of accepted streams
};

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  virtual Endpoint local() const = 0;
  virtual Endpoint peer() const = 0;

  // Bytes that are there now; 0 at the end of the peer's stream. Errors: would_block, reset, timed_out, closed.
  virtual Result<std::size_t> try_read(MutableByteView buffer) = 0;
  // Gathers the parts, in order, as far as there is room. Errors: would_block, reset, timed_out, closed.
  virtual Result<std::size_t> try_write(std::span<const ByteView> parts) = 0;

  class ReadAwaiter;
  class WriteAwaiter;
  // Awaitable of Result<std::size_t>: at least 1, or 0 at the end of the stream. Cancel-safe.
  ReadAwaiter read(MutableByteView buffer);
  // Awaitable of Result<>: all parts were accepted. The span and the bytes stay valid until then. Dropping it aborts.
  WriteAwaiter write(std::span<const ByteView> parts);
  WriteAwaiter write(ByteView bytes);

  // For what stands over a stream: right after try_read() or try_write() said would_block, completes when trying again
  // may succeed, or for no reason. They take the place of read() and write(). Cancel-safe.
  class ReadyAwaiter;
  // A stream that holds nothing readable of its own may let its reader wait at the stream below.
  virtual ReadyAwaiter readable();
  ReadyAwaiter writable();

  // Exactly buffer.size() bytes; end_of_stream when the peer finished earlier. Dropping it may lose what it had read.
  Task<Result<>> read_exactly(MutableByteView buffer);

  // The peer will see the end of the stream after what was written; reading goes on.
  virtual Result<> shutdown_send() = 0;
  // Throws away what is buffered and tells the peer by a reset. Pending operations fail with closed.
  virtual void abort() = 0;

  // Brings what waking the reader will touch into the cache.
  void prefetch_reader() const { reader_.prefetch(); }

 protected:
  virtual Loop& loop() = 0;

  // Implementations wake these when trying again may succeed; a wake-up too many is harmless.
  void wake_reader() { reader_.wake(loop()); }
  void wake_writer() { writer_.wake(loop()); }

 private:
  SoleWaiter reader_;
  SoleWaiter writer_;
};

// Reading and writing try again at each wake-up and let the coroutine go on only with an outcome.
class [[nodiscard]] Stream::ReadAwaiter final : public AwaiterBase<ReadAwaiter>, private Completion {
 public:
  ReadAwaiter(Stream& stream, MutableByteView buffer) : stream_(&stream), buffer_(buffer), outcome_(0) {}
  ReadAwaiter(ReadAwaiter&&) = default;
  ~ReadAwaiter() {
    if (parent_) stream_->reader_.forget(waiter_);
  }
  bool await_ready() {
    outcome_ = stream_->try_read(buffer_);
    return outcome_ || outcome_.error() != Errc::would_block;
  }
  PromiseBase* start(Continuation continuation) {
    parent_ = continuation;
    stream_->reader_.await(waiter_, Continuation(static_cast<Completion&>(*this)));
    return nullptr;
  }
  Result<std::size_t> await_resume() { return std::move(outcome_); }

 private:
  PromiseBase* completed() noexcept override {
    if (!await_ready()) return start(parent_);
    return std::exchange(parent_, Continuation()).next();
  }
  Spawned* root() const noexcept override { return parent_.root(); }

  Stream* stream_;
  MutableByteView buffer_;
  Waiter waiter_;
  Continuation parent_;
  Result<std::size_t> outcome_;
};

class [[nodiscard]] Stream::WriteAwaiter final : public AwaiterBase<WriteAwaiter>, private Completion {
 public:
  WriteAwaiter(Stream& stream, ByteView bytes) : stream_(&stream), single_(bytes) {}
  WriteAwaiter(Stream& stream, std::span<const ByteView> parts) : stream_(&stream), parts_(parts) {}
  WriteAwaiter(WriteAwaiter&& other) = default;
  ~WriteAwaiter() {
    if (!parent_) return;
    stream_->writer_.forget(waiter_);
    if (!finished_) stream_->abort();
  }
  bool await_ready();
  PromiseBase* start(Continuation continuation) {
    parent_ = continuation;
    stream_->writer_.await(waiter_, Continuation(static_cast<Completion&>(*this)));
    return nullptr;
  }
  Result<> await_resume() { return std::move(outcome_); }

 private:
  static constexpr std::size_t kPartsAtOnce = 16;

  PromiseBase* completed() noexcept override {
    if (!await_ready()) return start(parent_);
    return std::exchange(parent_, Continuation()).next();
  }
  Spawned* root() const noexcept override { return parent_.root(); }

  std::size_t gather(std::array<ByteView, kPartsAtOnce>& window) const;
  void advance(std::size_t accepted_bytes);

  Stream* stream_;
  ByteView single_;                  // the part under way: what is left of it
  std::span<const ByteView> parts_;  // the parts after it
  Waiter waiter_;
  Continuation parent_;
  Result<> outcome_;
  bool finished_ = false;
};

class [[nodiscard]] Stream::ReadyAwaiter : public AwaiterBase<ReadyAwaiter> {
 public:
  explicit ReadyAwaiter(SoleWaiter& place) : place_(&place) {}
  ReadyAwaiter(ReadyAwaiter&&) = default;
  ~ReadyAwaiter() {
    if (waiter_.continuation()) place_->forget(waiter_);
  }
  bool await_ready() const { return false; }
  PromiseBase* start(Continuation continuation) {
    place_->await(waiter_, continuation);
    return nullptr;
  }
  void await_resume() { waiter_.continue_with(Continuation()); }

 private:
  SoleWaiter* place_;
  Waiter waiter_;
};

inline Stream::ReadyAwaiter Stream::readable() { return ReadyAwaiter(reader_); }
inline Stream::ReadyAwaiter Stream::writable() { return ReadyAwaiter(writer_); }
inline Stream::ReadAwaiter Stream::read(MutableByteView buffer) { return {*this, buffer}; }
inline Stream::WriteAwaiter Stream::write(std::span<const ByteView> parts) { return {*this, parts}; }
inline Stream::WriteAwaiter Stream::write(ByteView bytes) { return {*this, bytes}; }

class Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;

  virtual Endpoint local() const = 0;

  // Errors: would_block, too_many_files (the connection stays in the backlog; back off), closed.
  virtual Result<std::unique_ptr<Stream>> try_accept() = 0;

  class AcceptAwaiter;
  class AcceptableAwaiter;
  // Awaitable of Result<std::unique_ptr<Stream>>. Cancel-safe.
  AcceptAwaiter accept();
  // Completes when try_accept() yields something other than would_block. For what stands over a listener. Cancel-safe.
  AcceptableAwaiter acceptable();

 protected:
  // Whether try_accept() would yield something other than would_block.
  virtual bool poll_acceptable() = 0;

  SoleWaiter acceptor_;
};

class [[nodiscard]] Listener::AcceptAwaiter : public SoleAwaiter<AcceptAwaiter, Listener, &Listener::acceptor_> {
 public:
  explicit AcceptAwaiter(Listener& listener) : SoleAwaiter(listener) {}
  bool await_ready() { return object_->poll_acceptable(); }
  Result<std::unique_ptr<Stream>> await_resume() { return resumed().try_accept(); }
};

class [[nodiscard]] Listener::AcceptableAwaiter
    : public SoleAwaiter<AcceptableAwaiter, Listener, &Listener::acceptor_> {
 public:
  explicit AcceptableAwaiter(Listener& listener) : SoleAwaiter(listener) {}
  bool await_ready() { return object_->poll_acceptable(); }
  void await_resume() { resumed(); }
};

inline Listener::AcceptAwaiter Listener::accept() { return AcceptAwaiter(*this); }
inline Listener::AcceptableAwaiter Listener::acceptable() { return AcceptableAwaiter(*this); }

}  // namespace ghostnet
