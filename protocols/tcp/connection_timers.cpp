// Deadlines: RFC 6298, RFC 8985 7.2, RFC 9293 3.8.3 to 3.8.6.
#include <algorithm>

#include "ghostnet/tcp/connection.hpp"

namespace ghostnet::tcp {

namespace {

constexpr std::uint8_t kMaxBackoff = 20;
// RFC 8985 7.2: what a peer's delayed acknowledgment may take when there is one segment only.
constexpr Duration kPeerDelay = 200ms;
constexpr Duration kLeastProbe = 2ms;
// RFC 6298 5.7: of data after a handshake that took longer than the first timeout.
constexpr Duration kUntimedTimeout = 3s;

}  // namespace

TimePoint Connection::next_deadline() const {
  return std::min(std::min(retransmit_at_, ack_at_), std::min(slow_at_, pace_wake_at_));
}

void Connection::on_deadline(TimePoint now) {
  if (ack_at_ <= now) {
    ack_at_ = kNever;
    ack_now_ = true;
  }
  if (pace_wake_at_ <= now) pace_wake_at_ = kNever;
  if (retransmit_at_ <= now) on_retransmit_deadline(now);
  if (slow_at_ <= now) on_slow_deadline(now);
}

Duration Connection::timeout() const {
  const Duration initial =
      handshake_untimed_ ? std::max(tuning_->initial_timeout, kUntimedTimeout) : tuning_->initial_timeout;
  Duration base = rtt_.timeout(initial, tuning_->least_timeout, tuning_->most_timeout);
  for (std::uint8_t i = 0; i < backoff_ && base < tuning_->most_timeout; ++i) base *= 2;  // RFC 6298 5.5
  return std::min(base, tuning_->most_timeout);
}

// RFC 9293 3.9.1.1: once something was sent in vain, not later than the user's patience ends.
TimePoint Connection::next_expiry(TimePoint now) const {
  const TimePoint at = saturating_add(now, timeout());
  if (tuning_->user_timeout == Duration::zero() || retries_ == 0) return at;
  return std::max(now, std::min(at, saturating_add(failing_since_, tuning_->user_timeout)));
}

// RFC 6298 5.1 to 5.3, RFC 8985 7.2
void Connection::arm_retransmission(TimePoint now) {
  if (board_.empty()) {
    retransmit_kind_ = Retransmit::none;
    retransmit_at_ = kNever;
    return;
  }
  TimePoint at = next_expiry(now);
  if (arm_probe(now, at)) return;
  retransmit_kind_ = Retransmit::timeout;
  retransmit_at_ = at;
}

// RFC 8985 7.2: a probe two round trips after the last segment, where that is sooner than the timeout.
bool Connection::arm_probe(TimePoint now, TimePoint before) {
  if (!agreed_.sack || phase_ != Phase::open || sacked_segments_ != 0 || backoff_ != 0 || tail_probe_out_ ||
      !rtt_.has_sample()) {
    return false;
  }
  Duration after = std::max<Duration>(2 * rtt_.smoothed(), kLeastProbe);
  if (board_.size() == 1) after += kPeerDelay;
  if (now + after >= before) return false;
  retransmit_kind_ = Retransmit::probe;
  retransmit_at_ = now + after;
  return true;
}

void Connection::on_retransmit_deadline(TimePoint now) {
  Retransmit kind = std::exchange(retransmit_kind_, Retransmit::none);
  retransmit_at_ = kNever;
  if (state_ < State::established) return on_handshake_timeout(now);
  if (kind == Retransmit::persist) return on_persist_deadline(now);
  if (board_.empty()) return;
  if (kind == Retransmit::probe) {
    tail_probe_due_ = true;
    arm_retransmission(now);
    return;
  }
  if (kind == Retransmit::reorder) {
    Delivery nothing;
    nothing.in_flight_before_bytes = in_flight_bytes();
    detect_losses(now, nothing);
    if (nothing.new_loss && phase_ == Phase::open) enter_recovery(now);
    if (phase_ == Phase::recovery) steer_recovery(nothing);
    if (retransmit_kind_ == Retransmit::none) arm_retransmission(now);
    return;
  }
  if (retries_ == 0) failing_since_ = last_sent_at_;
  const std::uint8_t most_retries = orphaned_ ? tuning_->orphan_retries : tuning_->retries;
  if (!kept_out(now) && given_up(now, most_retries)) return abort(Errc::timed_out);
  on_retransmission_timeout(now);
  if (retries_ < 255) ++retries_;
  if (backoff_ < kMaxBackoff) ++backoff_;
  arm_retransmission(now);
}

// The peer has taken back the window that it gave, and answers: what is sent again serves as the probe of 3.8.6.1, and
// it may keep its window closed as long as it likes (RFC 9293 3.8.6).
bool Connection::kept_out(TimePoint now) const {
  return snd_wnd_ == 0 && !orphaned_ && tuning_->user_timeout == Duration::zero() && !silent(now);
}
bool Connection::silent(TimePoint now) const { return now - heard_at_ > tuning_->most_timeout * 2; }

// RFC 9293 3.8.3
bool Connection::given_up(TimePoint now, std::uint8_t most_retries) const {
  if (tuning_->user_timeout != Duration::zero() && retries_ != 0) return now - failing_since_ >= tuning_->user_timeout;
  return retries_ >= most_retries;
}

void Connection::on_handshake_timeout(TimePoint now) {
  if (state_ == State::closed) return;
  if (given_up(now, state_ == State::syn_sent ? tuning_->syn_retries : tuning_->synack_retries)) {
    return end(Errc::timed_out);
  }
  ++retries_;
  ++backoff_;
  syn_due_ = true;
  count(&TcpMetrics::retransmits);
  if (state_ == State::syn_sent) agreed_.ecn = false;  // RFC 3168 6.1.1.1: somebody on the way may drop such a SYN
}

// RFC 9293 3.8.6.1: as long as the peer answers, it may keep its window closed; not so where nobody waits for it.
void Connection::on_persist_deadline(TimePoint now) {
  if (retries_ == 0) failing_since_ = now;
  if ((orphaned_ && retries_ >= tuning_->orphan_retries) || (silent(now) && retries_ >= tuning_->retries) ||
      (tuning_->user_timeout != Duration::zero() && retries_ != 0 && now - failing_since_ >= tuning_->user_timeout)) {
    return abort(Errc::timed_out);
  }
  if (snd_una_ + snd_wnd_ - snd_nxt_ > 0) {
    small_forced_ = true;
    return;
  }
  window_probe_due_ = true;
  if (retries_ < 255) ++retries_;
  if (backoff_ < kMaxBackoff) ++backoff_;
}

// ---- the slow ones ----

void Connection::arm_keepalive(TimePoint now) { slow_at_ = saturating_add(now, keepalive_->idle); }

void Connection::on_slow_deadline(TimePoint now) {
  slow_at_ = kNever;
  if (state_ < State::established) return;
  if (orphaned_) {
    if (state_ == State::fin_wait_2) end(Errc::timed_out);
    return;
  }
  if (!keepalive_) return;
  // RFC 9293 3.8.4: only on an idle connection.
  TimePoint idle_until = saturating_add(heard_at_, keepalive_->idle);
  if (keepalive_->sent == 0 && now < idle_until) {
    slow_at_ = idle_until;
    return;
  }
  if (!board_.empty()) return arm_keepalive(now);
  if (keepalive_->sent >= tuning_->keepalive_probes) return abort(Errc::timed_out);
  ++keepalive_->sent;
  window_probe_due_ = true;
  slow_at_ = saturating_add(now, keepalive_->interval);
}

}  // namespace ghostnet::tcp
