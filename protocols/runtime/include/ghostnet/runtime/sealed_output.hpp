// SealedOutput: for a stream that seals what it is given and stands over another: what is sealed and has not left.
//
//   SealedOutput<TlsStream, &TlsStream::output_left> output_{*this, *lower_};
//   ...
//   if (Result<> room = output_.has_room(); !room) return fail(room);      // try_write
//   seal into output_.held();
//   if (Result<> flushed = output_.flush(); !flushed) return fail(flushed);
//
// What the lower stream has no room for is kept and leaves as it gets room; then, or when sending has failed, the owner
// is told. shutdown() ends the lower stream behind what is held, and an owner that is dropped after it still delivers
// that, by deliver_rest(). The owner and the lower stream outlive it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/linger.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/readiness_relay.hpp"
#include "ghostnet/runtime/stream.hpp"

namespace ghostnet {

template <class Owner, void (Owner::*kTold)()>
class SealedOutput final {
 public:
  SealedOutput(Owner& owner, Stream& lower) : owner_(owner), lower_(lower) {}

  // What leaves next. Whoever seals appends to it and calls flush().
  PacketBuf& held() { return held_; }
  const std::optional<Error>& error() const { return error_; }

  // Whether more may be sealed: nothing is held. Errors: closed after shutdown(), would_block, what sending failed
  // with.
  Result<> has_room() {
    if (error_) return fail(*error_);
    if (shut_) return fail(Errc::closed);
    if (Result<> flushed = flush(); !flushed) return flushed;
    return held_.empty() ? Result<>() : fail(Errc::would_block);
  }

  // Sends what lies elsewhere, and keeps a copy of what the lower stream has no room for. Only while nothing is held.
  Result<> send(ByteView sealed) {
    const Result<std::size_t> written = lower_.try_write(std::span(&sealed, 1));
    if (!written && written.error() != Errc::would_block) return fail_with(written.error());
    const ByteView rest = sealed.subspan(written ? *written : 0);
    if (rest.empty()) return {};
    held_ = PacketBuf::copy_of(rest);
    return flush();
  }

  Result<> flush() {
    while (!held_.empty()) {
      const ByteView rest = held_.view();
      const Result<std::size_t> written = lower_.try_write(std::span(&rest, 1));
      if (!written && written.error() == Errc::would_block) {
        writable_relay_.arm(lower_.writable());
        return {};
      }
      if (!written) return fail_with(written.error());
      held_.trim_front(*written);
    }
    held_ = PacketBuf();
    return {};
  }

  // Nothing more is sealed; the lower stream ends behind what is held.
  Result<> shutdown() {
    if (error_) return fail(*error_);
    if (std::exchange(shut_, true)) return {};
    if (Result<> flushed = flush(); !flushed) return flushed;
    return held_.empty() ? lower_.shutdown_send() : Result<>();
  }
  bool is_shut() const { return shut_; }

  // Nothing leaves any more.
  Result<> fail_with(Error why) {
    writable_relay_.disarm();
    held_ = PacketBuf();
    error_ = std::move(why);
    return fail(*error_);
  }

  // As the owner goes.
  void deliver_rest(Host& host, std::unique_ptr<Stream> lower, Duration limit) {
    writable_relay_.disarm();
    if (!shut_ || held_.empty()) return;
    host.scope().spawn(ghostnet::deliver_rest(host.clock(), std::move(lower), std::move(held_), limit));
  }

 private:
  void lower_writable() {
    const Result<> flushed = flush();
    if (flushed && !held_.empty()) return;
    if (flushed && shut_) static_cast<void>(lower_.shutdown_send());
    (owner_.*kTold)();
  }

  Owner& owner_;
  Stream& lower_;
  PacketBuf held_;
  bool shut_ = false;
  std::optional<Error> error_;
  ReadinessRelay<SealedOutput, &SealedOutput::lower_writable> writable_relay_{*this};
};

}  // namespace ghostnet
