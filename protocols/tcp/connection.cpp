// The life of a connection, and what its user does with it.
#include "ghostnet/tcp/connection.hpp"

#include <algorithm>

namespace ghostnet::tcp {

namespace {

// RFC 9293 3.7.1: what anybody may be sent, whatever a broken peer claims.
constexpr std::uint16_t kLeastMss = 88;
// What a receive buffer has room for beyond twice what is read in a round trip.
constexpr std::uint32_t kTuneSegments = 16;
// What a connection is offered, and may write, when memory is short: enough to go on.
constexpr std::uint32_t kPressedSegments = 4;
constexpr std::uint32_t kLeastSendSegments = 2;

std::uint8_t scale_for(std::uint32_t bytes) {
  std::uint8_t scale = 0;
  while (scale < kMaxWindowScale && bytes >> scale > 0xffff) ++scale;
  return scale;
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::closed: return "CLOSED";
    case State::syn_sent: return "SYN-SENT";
    case State::syn_received: return "SYN-RECEIVED";
    case State::established: return "ESTABLISHED";
    case State::fin_wait_1: return "FIN-WAIT-1";
    case State::fin_wait_2: return "FIN-WAIT-2";
    case State::close_wait: return "CLOSE-WAIT";
    case State::closing: return "CLOSING";
    case State::last_ack: return "LAST-ACK";
    case State::time_wait: return "TIME-WAIT";
  }
  return "?";
}

Connection::Connection(const ConnectionSetup& setup)
    : tuning_(setup.tuning),
      ledger_(setup.ledger),
      no_delay_(setup.stream.no_delay && !tuning_->nagle),
      fixed_receive_buffer_(setup.stream.receive_buffer_bytes != 0),
      fixed_send_buffer_(setup.stream.send_buffer_bytes != 0),
      snd_una_(setup.initial_sequence),
      snd_nxt_(setup.initial_sequence),
      timestamp_offset_(setup.timestamp_offset),
      mss_(std::max(setup.mss, kLeastMss)),
      path_mss_(mss_),
      recovery_point_(setup.initial_sequence),
      receive_limit_bytes_(fixed_receive_buffer_ ? setup.stream.receive_buffer_bytes : tuning_->receive_buffer_bytes),
      send_fixed_bytes_(setup.stream.send_buffer_bytes),
      congestion_(*tuning_->congestion, mss_, tuning_->initial_window_segments * mss_) {
  // RFC 7323 2.3: windows stay below 2^30.
  receive_limit_bytes_ = std::clamp<std::uint32_t>(receive_limit_bytes_, mss_, 1u << 29);
  if (tuning_->window_scaling) {
    receive_scale_ =
        scale_for(fixed_receive_buffer_ ? receive_limit_bytes_
                                        : std::max(receive_limit_bytes_, tuning_->max_receive_buffer_bytes));
  }
  const bool own = setup.stream.keepalive_idle > Duration::zero();
  if (const Duration idle = own ? setup.stream.keepalive_idle : tuning_->keepalive_idle; idle > Duration::zero()) {
    keepalive_ = std::make_unique<Keepalive>();
    keepalive_->idle = idle;
    keepalive_->interval = std::max<Duration>(setup.stream.keepalive_interval, 1ms);
  }
}

// ---- opening ----

void Connection::connect(TimePoint now) {
  agreed_ = {.peer_window_scale = static_cast<std::int8_t>(tuning_->window_scaling ? 0 : -1),
             .sack = tuning_->sack,
             .timestamps = tuning_->timestamps,
             .ecn = tuning_->ecn == EcnUse::request};  // offered; what comes of it the SYN-ACK says
  enter(State::syn_sent);
  syn_due_ = true;
  snd_nxt_ = snd_una_ + 1;
  last_sent_at_ = now;
  failing_since_ = now;
}

void Connection::accept(TimePoint now, const SegmentHeader& syn, Ecn) {
  passive_ = true;
  agreed_ = {.peer_window_scale = static_cast<std::int8_t>(tuning_->window_scaling ? 0 : -1),
             .sack = tuning_->sack,
             .timestamps = tuning_->timestamps,
             .ecn = tuning_->ecn != EcnUse::off};
  agree(syn);
  agreed_.ecn = agreed_.ecn && syn.has(kEce) && syn.has(kCwr);  // RFC 3168 6.1.1
  ts_recent_ = syn.timestamp;
  ts_recent_at_ = now;
  receive_.start_at(syn.sequence + 1);
  rcv_adv_ = last_ack_sent_ = receive_.next();
  snd_wnd_ = syn.window;
  snd_wl1_ = syn.sequence;
  max_snd_wnd_ = snd_wnd_;
  enter(State::syn_received);
  syn_due_ = true;
  snd_nxt_ = snd_una_ + 1;
  last_sent_at_ = now;
  failing_since_ = now;
}

void Connection::resume(TimePoint now, const SegmentHeader& ack, const Agreement& agreed) {
  passive_ = true;
  agreed_ = agreed;
  agreed_.peer_mss = std::max(agreed.peer_mss, kLeastMss);
  if (agreed_.peer_window_scale < 0) receive_scale_ = 0;
  receive_.start_at(ack.sequence);
  rcv_adv_ = ack.sequence + std::min<std::uint32_t>(receive_limit_bytes_, 0xffff);
  last_ack_sent_ = ack.sequence;
  ts_recent_ = ack.timestamp;
  ts_recent_at_ = now;
  snd_nxt_ = snd_una_ + 1;
  enter(State::syn_received);
}

// What both offer holds (RFC 7323 1.3 and 3.2, RFC 2018 2).
void Connection::agree(const SegmentHeader& syn) {
  agreed_.peer_mss = std::max(syn.mss == 0 ? std::uint16_t{536} : syn.mss, kLeastMss);
  agreed_.peer_window_scale = agreed_.peer_window_scale >= 0 ? syn.window_scale : std::int8_t{-1};
  agreed_.sack = agreed_.sack && syn.sack_permitted;
  agreed_.timestamps = agreed_.timestamps && syn.has_timestamps;
  if (agreed_.peer_window_scale < 0) receive_scale_ = 0;
}

void Connection::enter(State state) { state_ = state; }

void Connection::enter_established(TimePoint now) {
  enter(State::established);
  events_ |= kConnected | kWritable;
  // RFC 5681 3.1, RFC 6928 2: by the segments that will really be sent.
  congestion_->set_segment(send_mss());
  // RFC 6928 2: after one repetition alone a SYN may just have been late.
  congestion_->set_window(retries_ > 1 ? send_mss() : initial_window_bytes());
  handshake_untimed_ = retries_ > 0 && !rtt_.has_sample();
  retries_ = backoff_ = 0;
  syn_due_ = false;
  fack_ = recovery_point_ = lost_hint_ = retransmit_high_ = unsettled_hint_ = reorder_round_ = ecn_point_ = round_end_ =
      snd_una_;
  if (ledger_ != nullptr && !passive_) ledger_->metrics().handshake.record(now - failing_since_);
  retransmit_kind_ = Retransmit::none;
  retransmit_at_ = kNever;
  heard_at_ = now;
  round_at_ = now;
  if (keepalive_) arm_keepalive(now);
}

std::uint32_t Connection::initial_window_bytes() const {
  std::uint32_t segments = tuning_->initial_window_segments;
  std::uint32_t mss = send_mss();
  return std::min(segments * mss, std::max(2 * mss, segments * 1460));  // RFC 6928 (1)
}

std::uint32_t Connection::send_mss() const {
  std::uint32_t most = std::min(path_mss_, agreed_.peer_mss);
  return most - (agreed_.timestamps ? kTimestampOptionBytes : 0);  // RFC 6691 2
}

std::uint32_t Connection::timestamp_at(TimePoint at) const {
  return timestamp_offset_ + static_cast<std::uint32_t>(to_ns(at) / 1'000'000);  // RFC 7323 5.4: a tick is 1 ms
}

// ---- ending ----

void Connection::end(std::optional<Errc> why) {
  if (state_ == State::closed) return;
  enter(State::closed);
  if (!failure_) failure_ = why;
  events_ |= kClosed | kReadable | kWritable;
  retransmit_at_ = ack_at_ = slow_at_ = pace_wake_at_ = kNever;
  retransmit_kind_ = Retransmit::none;
  ack_now_ = syn_due_ = window_probe_due_ = tail_probe_due_ = stray_reset_due_ = false;
  release_buffers();
}

// What is unread stays: the peer has sent it and was told that it arrived.
void Connection::release_buffers() {
  send_.release();
  board_.release();
  queued_bytes_ = sacked_bytes_ = sacked_segments_ = lost_bytes_ = 0;
  if (failure_) receive_.discard();
}

void Connection::abort(Errc why) {
  // RFC 9293 3.10.5
  bool tell = synchronized() && state_ != State::time_wait;
  reset_due_ = reset_due_ || tell || state_ == State::syn_received;
  end(why);
}

void Connection::vanish() {
  end(Errc::closed);
  reset_due_ = false;
  failure_ = Errc::closed;
  receive_.discard();
}

void Connection::shutdown(TimePoint) {
  if (state_ == State::syn_sent) return end(Errc::closed);  // RFC 9293 3.10.4
  if (state_ != State::closed) fin_queued_ = true;
}

void Connection::orphan(TimePoint now) {
  orphaned_ = true;
  receive_.discard();
  if (state_ == State::fin_wait_2) slow_at_ = saturating_add(now, tuning_->fin_wait);
}

// ---- the user's bytes ----

std::uint32_t Connection::send_limit_bytes() const {
  const std::uint32_t limit_bytes = wanted_send_bytes();
  const auto fits = [this](std::uint32_t bytes) { return ledger_->has_room_for(send_.growth_bytes(bytes)); };
  if (ledger_ == nullptr || (!ledger_->pressed() && fits(limit_bytes))) [[likely]]
    return limit_bytes;
  const std::uint32_t first_bytes = tuning_->send_buffer_bytes;
  return std::min(limit_bytes, fits(first_bytes) ? first_bytes : kLeastSendSegments * send_mss());
}

std::uint32_t Connection::wanted_send_bytes() const {
  if (fixed_send_buffer_) return send_fixed_bytes_;
  // During recovery the window before it counts: what was sent then stays queued until the gaps before it are filled,
  // and what recovery sends, nearly as much again, comes on top. A writer is woken at three quarters of the limit: with
  // less than three windows it would run dry, and end the recovery with a burst.
  std::uint32_t window_bytes = congestion_->window_bytes();
  if (phase_ == Phase::recovery) window_bytes = std::max(window_bytes, undo_window_bytes_);
  std::uint32_t wanted = std::min(window_bytes, tuning_->max_send_buffer_bytes) * 3;
  return std::clamp(wanted, tuning_->send_buffer_bytes, tuning_->max_send_buffer_bytes);
}

std::uint32_t Connection::unsent_bytes() const {
  if (!synchronized()) return queued_bytes_;  // all that is on its way is the SYN
  return queued_bytes_ - (outstanding_bytes() - (fin_on_its_way() ? 1 : 0));
}

Result<std::size_t> Connection::write(std::span<const ByteView> parts) {
  if (failure_) return fail(*failure_);
  if (fin_queued_ || state_ == State::closed || state_ == State::time_wait) return fail(Errc::closed);
  std::uint32_t limit_bytes = send_limit_bytes();
  if (queued_bytes_ >= limit_bytes) {
    writer_waits_ = true;
    return fail(Errc::would_block);
  }
  std::uint32_t room_bytes = limit_bytes - queued_bytes_;
  std::size_t wanted_bytes = 0;
  for (ByteView part : parts) wanted_bytes += part.size();
  auto taken_bytes = static_cast<std::uint32_t>(std::min<std::size_t>(wanted_bytes, room_bytes));
  send_.grow(queued_bytes_ + taken_bytes, queued_bytes_);
  std::uint32_t left_bytes = taken_bytes;
  for (ByteView part : parts) {
    part = part.first(std::min<std::size_t>(part.size(), left_bytes));
    send_.write(queued_bytes_, part);
    queued_bytes_ += static_cast<std::uint32_t>(part.size());
    left_bytes -= static_cast<std::uint32_t>(part.size());
  }
  return taken_bytes;
}

Result<std::size_t> Connection::read(TimePoint now, MutableByteView into) {
  if (receive_.readable_bytes() != 0) {
    std::size_t read_bytes = receive_.read(into);
    tune_receive_buffer(now, static_cast<std::uint32_t>(read_bytes));
    // RFC 9293 3.8.6.2.2: the window is offered again once that is worth a segment.
    std::uint32_t known_bytes = static_cast<std::uint32_t>(std::max(0, rcv_adv_ - receive_next()));
    std::int32_t gain_bytes = receive_edge() - rcv_adv_;
    if (known_bytes < receive_limit_bytes_ / 2 && gain_bytes > 0 && !fin_received_ && synchronized() &&
        static_cast<std::uint32_t>(gain_bytes) >= std::min<std::uint32_t>(receive_limit_bytes_ / 2, 2u * mss_)) {
      ack_now_ = true;
    }
    return read_bytes;
  }
  if (failure_) return fail(*failure_);
  if (fin_received_ || state_ == State::closed || state_ == State::time_wait || into.empty()) return 0;
  return fail(Errc::would_block);
}

SeqNumber Connection::receive_edge() const {
  std::uint32_t used_bytes = receive_.readable_bytes();
  std::uint32_t free_bytes = receive_limit_bytes_ > used_bytes ? receive_limit_bytes_ - used_bytes : 0;
  if (pressed()) [[unlikely]]
    free_bytes = std::min<std::uint32_t>(free_bytes, kPressedSegments * mss_);
  return receive_next() + std::min(free_bytes, std::uint32_t{0xffff} << receive_scale_);
}

// Room for twice what a reader takes in a round trip, and for as much more as its pace has grown: a sender in slow
// start has doubled its window again before it hears of the room that this round made.
void Connection::tune_receive_buffer(TimePoint now, std::uint32_t read_bytes) {
  if (fixed_receive_buffer_ || pressed()) return;
  round_bytes_ += read_bytes;
  if (now - round_at_ < std::max<Duration>(rtt_.smoothed(), 1ms)) return;
  std::uint64_t wanted_bytes = 2 * std::uint64_t{round_bytes_} + kTuneSegments * mss_;
  if (last_round_bytes_ != 0 && round_bytes_ > last_round_bytes_) {
    std::uint64_t gain_bytes = std::min(round_bytes_ - last_round_bytes_, last_round_bytes_);
    wanted_bytes += 2 * wanted_bytes * gain_bytes / last_round_bytes_;
  }
  wanted_bytes = std::min<std::uint64_t>(wanted_bytes, tuning_->max_receive_buffer_bytes);
  receive_limit_bytes_ = std::max(receive_limit_bytes_, static_cast<std::uint32_t>(wanted_bytes));
  last_round_bytes_ = std::exchange(round_bytes_, 0);
  round_at_ = now;
}

std::uint32_t Connection::prune() {
  const std::uint32_t before_bytes = receive_.held_bytes();
  receive_.prune();
  settle();
  return before_bytes - receive_.held_bytes();
}

std::uint16_t Connection::window_field() const {
  SeqNumber next = receive_next();
  SeqNumber edge = receive_edge();
  std::uint32_t known_bytes = static_cast<std::uint32_t>(std::max(0, rcv_adv_ - next));
  std::uint32_t window_bytes = bytes_between(next, edge);
  // RFC 9293 3.8.6.2.2: nothing that is not worth a segment; and an edge once given is never taken back (3.8.6), but
  // for what scaling cuts off.
  bool worth = window_bytes >= known_bytes + std::min<std::uint32_t>(receive_limit_bytes_ / 2, mss_);
  std::uint32_t offered_bytes = worth ? window_bytes : known_bytes;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(0xffff, offered_bytes >> receive_scale_));
}

bool Connection::consistent() const {
  std::uint32_t sacked = 0, lost = 0, segments = 0;
  SeqNumber at = snd_una_;
  for (std::uint32_t i = 0; i < board_.size(); ++i) {
    const SentRecord& record = board_[i];
    if (record.start != at || record.length == 0 || (record.sacked && record.lost)) return false;
    at = record.end();
    if (record.sacked) sacked += record.length, ++segments;
    if (record.lost) lost += record.length;
  }
  if (synchronized() && (at != snd_nxt_ || outstanding_bytes() - (fin_on_its_way() ? 1 : 0) > queued_bytes_))
    return false;
  if (lost != lost_bytes_ || lost_bytes_ + sacked_bytes_ > outstanding_bytes()) return false;
  return !agreed_.sack || (sacked == sacked_bytes_ && segments == sacked_segments_);
}

// ---- news of the path ----

bool Connection::on_path_mss(TimePoint, SeqNumber quoted, std::uint16_t mss) {
  if (state_ == State::closed || quoted < snd_una_ || quoted >= snd_nxt_) return false;
  if (mss >= path_mss_) return true;
  path_mss_ = std::max(mss, kLeastMss);
  if (!synchronized()) return true;
  congestion_->set_segment(send_mss());
  // What was too large is gone: it is sent again in smaller pieces, which is no sign of congestion (RFC 1191 6.5).
  for (std::uint32_t i = 0; i < board_.size(); ++i) {
    if (board_[i].length > send_mss() && !board_[i].sacked && !board_[i].lost) mark_lost(board_[i]);
  }
  retransmit_forced_ = lost_bytes_ != 0;
  return true;
}

void Connection::on_unreachable(SeqNumber quoted, Errc error) {
  if (state_ != State::syn_sent && state_ != State::syn_received) return;  // RFC 5461 4: soft once it is established
  if (quoted < snd_una_ || quoted >= snd_nxt_) return;
  end(error);
}

}  // namespace ghostnet::tcp
