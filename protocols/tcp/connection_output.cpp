// What a connection sends: RFC 9293 3.7.4, 3.8.6, 3.10; RFC 7323 3; RFC 3168 6.1.
#include <algorithm>

#include "ghostnet/tcp/connection.hpp"

namespace ghostnet::tcp {

namespace {

// A paced sender sends what is due within so much time, or so many segments, in one go.
constexpr Duration kPaceQuantum = 1ms;
constexpr std::uint32_t kPaceBurstSegments = 10;  // as many as it begins with (RFC 6928)

}  // namespace

bool Connection::next_segment(TimePoint now, OutSegment& out, std::uint32_t most_payload_bytes) {
  out.payload = {};
  out.payload_bytes = 0;
  out.segment_bytes = 0;
  out.ecn = Ecn::not_ect;
  if (reset_due_ || stray_reset_due_) [[unlikely]] {
    bool stray = !reset_due_;
    reset_due_ = stray_reset_due_ = false;
    fill_header(now, out, stray ? stray_sequence_ : snd_nxt_, stray ? kRst : kRst | kAck);
    return true;
  }
  if (state_ < State::established) return next_handshake_segment(now, out);
  bool speaks_of_gaps = receive_.has_gaps() || repeated_due_;
  if (state_ != State::time_wait && !(ack_now_ && speaks_of_gaps)) {
    if (lost_bytes_ != 0 && next_retransmission(now, out)) return true;
    if (tail_probe_due_ && next_probe(now, out)) return true;
    if (next_new_data(now, out, most_payload_bytes, false)) return true;
  }
  if (window_probe_due_) {
    window_probe_due_ = false;
    fill_header(now, out, snd_una_ - 1, kAck);
    return true;
  }
  if (ack_now_) {
    fill_header(now, out, snd_nxt_, kAck);
    return true;
  }
  if (board_.empty() && retransmit_kind_ == Retransmit::none) await_window(now);
  return false;
}

// ---- parts of a segment ----

void Connection::fill_header(TimePoint now, OutSegment& out, SeqNumber sequence, std::uint8_t flags) {
  SegmentHeader& header = out.header;
  header.sequence = sequence;
  header.acknowledgment = SeqNumber();
  header.urgent_pointer = 0;
  header.mss = 0;
  header.window_scale = -1;
  header.sack_permitted = false;
  header.sack_count = 0;
  header.multipath = {};
  header.window = 0;
  header.has_timestamps = agreed_.timestamps && !(flags & kRst);
  header.timestamp = timestamp_at(now);
  header.timestamp_echo = 0;
  header.flags = flags;
  if (!(flags & kAck)) return;
  SeqNumber next = receive_next();
  header.acknowledgment = next;
  header.timestamp_echo = ts_recent_;
  if (flags & kRst) return;
  header.window = window_field();
  rcv_adv_ = later(rcv_adv_, next + (std::uint32_t{header.window} << receive_scale_));
  last_ack_sent_ = next;
  ack_now_ = false;
  ack_at_ = kNever;
  if (ece_due_) header.flags |= kEce;
  if (out.payload_bytes != 0 || !(receive_.has_gaps() || repeated_due_) || !agreed_.sack) return;
  std::size_t room = sack_room(header);
  if (repeated_due_) {
    header.sacks[header.sack_count++] = repeated_;
    repeated_due_ = false;
  }
  header.sack_count = static_cast<std::uint8_t>(
      header.sack_count + receive_.sacks(header.sacks.data() + header.sack_count, room - header.sack_count));
}

// RFC 9293 3.5; RFC 7323 2.2 and 3.2; RFC 2018 2; RFC 3168 6.1.1
void Connection::fill_syn(TimePoint now, OutSegment& out) {
  bool answers = state_ == State::syn_received;
  fill_header(now, out, snd_una_, static_cast<std::uint8_t>(answers ? kSyn | kAck : kSyn));
  SegmentHeader& header = out.header;
  std::uint32_t window_bytes = std::min<std::uint32_t>(receive_limit_bytes_, 0xffff);
  header.window = static_cast<std::uint16_t>(window_bytes);
  if (answers) rcv_adv_ = later(receive_.next() + window_bytes, rcv_adv_);
  header.mss = mss_;
  header.window_scale = agreed_.peer_window_scale >= 0 ? static_cast<std::int8_t>(receive_scale_) : std::int8_t{-1};
  header.sack_permitted = agreed_.sack;
  if (agreed_.ecn) header.flags |= answers ? kEce : kEce | kCwr;
}

void Connection::fill_payload(OutSegment& out, SeqNumber start, std::uint32_t bytes) {
  out.payload = send_.view(bytes_between(snd_una_, start), bytes);
  out.payload_bytes = bytes;
}

// ---- kinds of segments ----

bool Connection::next_handshake_segment(TimePoint now, OutSegment& out) {
  if (state_ == State::closed) return false;
  if (!syn_due_) {
    if (!ack_now_) return false;
    fill_header(now, out, snd_nxt_, kAck);
    return true;
  }
  syn_due_ = false;
  fill_syn(now, out);
  last_sent_at_ = now;
  retransmit_kind_ = Retransmit::timeout;
  retransmit_at_ = next_expiry(now);
  return true;
}

bool Connection::next_retransmission(TimePoint now, OutSegment& out) {
  std::uint32_t index = board_.find(lost_hint_);
  while (!board_[index].lost) ++index;
  lost_hint_ = board_[index].start;
  std::uint32_t bytes = std::min<std::uint32_t>(board_[index].length, send_mss());
  std::uint32_t in_flight = in_flight_bytes();
  if (!retransmit_forced_ && in_flight != 0 && in_flight + bytes > congestion_->window_bytes()) return false;
  if (!retransmit_forced_ && paced(now)) {
    pace_wake_at_ = pace_at_;
    return false;
  }
  retransmit_forced_ = false;
  retransmit(now, out, index);
  return true;
}

void Connection::retransmit(TimePoint now, OutSegment& out, std::uint32_t index) {
  std::uint32_t mss = send_mss();
  if (board_[index].length > mss + board_[index].fin) board_.split(index, mss);
  SentRecord& record = board_[index];
  std::uint32_t data_bytes = record.length - record.fin;
  if (record.lost) {
    record.lost = 0;
    lost_bytes_ -= record.length;
  }
  record.retransmitted = 1;
  record.sent_at = now;
  resent_since_ = std::min(resent_since_, now);
  retransmit_high_ = later(retransmit_high_, record.end());
  if (!undo_possible_ && record.start <= undo_at_ && phase_ != Phase::open && retries_ <= 1) {
    undo_possible_ = true;
    undo_timestamp_ = timestamp_at(now);
  }
  fill_payload(out, record.start, data_bytes);
  fill_header(now, out, record.start, static_cast<std::uint8_t>(kAck | kPsh | (record.fin ? kFin : 0)));
  ++counters_.retransmitted;
  count(&TcpMetrics::retransmits);
  prr_out_bytes_ += record.length;
  pace(now, data_bytes);
  last_sent_at_ = now;
  if (retransmit_kind_ == Retransmit::none) arm_retransmission(now);
}

// RFC 8985 7.3
bool Connection::next_probe(TimePoint now, OutSegment& out) {
  tail_probe_due_ = false;
  if (board_.empty()) return false;
  ++counters_.probes;
  count(&TcpMetrics::tail_probes);
  tail_probe_retransmitted_ = !next_new_data(now, out, 0, true);
  if (tail_probe_retransmitted_) retransmit(now, out, board_.size() - 1);
  tail_probe_out_ = true;
  tail_probe_end_ = snd_nxt_;
  retransmit_kind_ = Retransmit::timeout;
  retransmit_at_ = saturating_add(now, timeout());
  return true;
}

bool Connection::next_new_data(TimePoint now, OutSegment& out, std::uint32_t most_payload_bytes, bool ignore_window) {
  if (fin_sent_) return false;
  std::uint32_t unsent = unsent_bytes();
  if (unsent == 0 && !fin_queued_) return false;
  if (board_.full()) return false;
  if (board_.empty()) restart_after_idle(now);
  std::uint32_t bytes = sendable_bytes(ignore_window, most_payload_bytes);
  std::int32_t window_bytes = snd_una_ + snd_wnd_ - snd_nxt_;
  bool fin = fin_queued_ && bytes == unsent && window_bytes > static_cast<std::int32_t>(bytes);
  if (bytes == 0 && !fin) return false;
  if (!ignore_window && paced(now)) {
    pace_wake_at_ = pace_at_;
    return false;
  }
  fill_payload(out, snd_nxt_, bytes);
  std::uint8_t flags = kAck;
  if (bytes != 0 && bytes == unsent) flags |= kPsh;
  if (fin) flags |= kFin;
  if (cwr_due_ && bytes != 0) {
    flags |= kCwr;
    cwr_due_ = false;
  }
  fill_header(now, out, snd_nxt_, flags);
  if (agreed_.ecn && bytes != 0) out.ecn = Ecn::ect0;
  std::uint32_t mss = send_mss();
  if (bytes > mss) out.segment_bytes = static_cast<std::uint16_t>(mss);
  SeqNumber start = snd_nxt_;
  for (std::uint32_t left = bytes; left > mss; left -= mss, start += mss) record_sent(now, start, mss, false);
  record_sent(now, start, bytes_between(start, snd_nxt_ + bytes) + (fin ? 1 : 0), fin);
  snd_nxt_ += bytes + (fin ? 1 : 0);
  if (fin) {
    fin_sent_ = true;
    enter(state_ == State::close_wait ? State::last_ack : State::fin_wait_1);
  }
  prr_out_bytes_ += bytes;
  small_forced_ = false;
  last_sent_at_ = now;
  pace(now, bytes);
  if (retransmit_kind_ == Retransmit::timeout) {
    (void)arm_probe(now, retransmit_at_);
  } else if (retransmit_kind_ != Retransmit::reorder) {
    arm_retransmission(now);
  }
  return true;
}

std::uint32_t Connection::sendable_bytes(bool ignore_window, std::uint32_t most_payload_bytes) const {
  std::uint32_t unsent = unsent_bytes();
  std::int32_t window_bytes = snd_una_ + snd_wnd_ - snd_nxt_;
  if (unsent == 0 || window_bytes <= 0) return 0;
  std::uint32_t mss = send_mss();
  std::uint32_t most_bytes = std::max(mss, most_payload_bytes / mss * mss);
  std::uint32_t bytes = std::min({unsent, most_bytes, static_cast<std::uint32_t>(window_bytes)});
  std::uint32_t in_flight = in_flight_bytes();
  if (ignore_window) {
    bytes = std::min(bytes, mss);
  } else if (in_flight != 0) {
    std::uint32_t window = congestion_->window_bytes();
    if (in_flight + std::min(bytes, mss) > window) return 0;
    bytes = std::min(bytes, std::max(window - in_flight, mss));
  } else {
    bytes = std::min(bytes, std::max(congestion_->window_bytes(), mss));
  }
  if (bytes > mss && bytes != unsent) bytes = bytes / mss * mss;
  if (bytes < mss && !may_send_small(bytes, unsent)) return 0;
  return bytes;
}

bool Connection::may_send_small(std::uint32_t bytes, std::uint32_t unsent) const {
  if (small_forced_) return true;
  if (bytes == unsent) return no_delay_ || fin_queued_ || board_.empty();  // RFC 9293 3.7.4
  return bytes >= max_snd_wnd_ / 2;                                        // RFC 9293 3.8.6.2.1
}

void Connection::record_sent(TimePoint now, SeqNumber start, std::uint32_t length, bool fin) {
  board_.push_back({.sent_at = now,
                    .start = start,
                    .length = length & 0xff'ffff,
                    .retransmitted = 0,
                    .sacked = 0,
                    .lost = 0,
                    .fin = fin});
}

// ---- pace ----

bool Connection::paces() const {
  switch (tuning_->pacing) {
    case Pacing::off: return false;
    case Pacing::slow_start: return phase_ != Phase::recovery && congestion_->in_slow_start() && rtt_.has_sample();
    case Pacing::always: return rtt_.has_sample();
  }
  return false;
}

bool Connection::paced(TimePoint now) const {
  return paces() && pace_at_ > now + std::max(kPaceQuantum, pace_gap(kPaceBurstSegments * send_mss()));
}

void Connection::pace(TimePoint now, std::uint32_t bytes) {
  if (paces()) pace_at_ = std::min(std::max(pace_at_, now) + pace_gap(bytes), now + rtt_.smoothed());
}

// Twice the window a round trip in slow start, 1.2 times after it: enough for the window to be what limits.
Duration Connection::pace_gap(std::uint32_t bytes) const {
  std::uint64_t percent = congestion_->in_slow_start() ? 200 : 120;
  auto rtt_ns = static_cast<std::uint64_t>(rtt_.smoothed().count());
  std::uint64_t window_bytes = congestion_->window_bytes();
  std::uint64_t of_byte = rtt_ns / window_bytes * bytes + rtt_ns % window_bytes * bytes / window_bytes;
  return Duration(static_cast<std::int64_t>(of_byte * 100 / percent));
}

// RFC 5681 4.1
void Connection::restart_after_idle(TimePoint now) {
  if (last_sent_at_ == TimePoint{} || now - last_sent_at_ <= timeout()) return;
  congestion_->on_idle(std::max(initial_window_bytes(), send_mss()));
}

// RFC 9293 3.8.6.1: nothing is on its way, and the peer's window keeps it so: it is asked from time to time.
void Connection::await_window(TimePoint now) {
  if (fin_sent_ || (unsent_bytes() == 0 && !fin_queued_) || state_ == State::time_wait || pace_wake_at_ != kNever)
    return;
  retransmit_kind_ = Retransmit::persist;
  retransmit_at_ = next_expiry(now);
}

}  // namespace ghostnet::tcp
