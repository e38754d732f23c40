// Segments that arrive: RFC 9293 3.10.7, with RFC 7323 5 and RFC 5961.
#include <algorithm>

#include "ghostnet/tcp/connection.hpp"

namespace ghostnet::tcp {

namespace {

// RFC 7323 5.5: a timestamp that is so old says nothing.
constexpr Duration kTimestampLasts = 24h * 24;

bool older(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }

}  // namespace

void Connection::on_segment(TimePoint now, const Segment& segment, Ecn ecn) {
  const SegmentHeader& header = segment.header;
  if (state_ == State::closed || state_ == State::time_wait) return;
  if (state_ == State::syn_sent) return on_segment_in_syn_sent(now, segment, ecn);

  Segment trimmed = segment;
  if (state_ == State::syn_received && header.has(kSyn) && !header.has(kRst) &&
      header.sequence + 1 == receive_.next()) {
    // The SYN again: ours got lost, or both sides opened at once (RFC 9293 3.5, figure 8).
    if (!header.has(kAck)) {
      syn_due_ = true;
      return;
    }
    trimmed.header.flags &= static_cast<std::uint8_t>(~kSyn);
    trimmed.header.sequence += 1;
  }
  // RFC 9293 3.10.7.4, first: sequence numbers, after PAWS (RFC 7323 5.3).
  if (!passes_paws(now, trimmed)) return;
  if (!in_window(trimmed)) return answer_unacceptable(now, trimmed);
  // Second: RST. Fourth: SYN. Third, security, is nobody's.
  if (trimmed.header.has(kRst)) return on_reset(now, trimmed.header);
  if (trimmed.header.has(kSyn)) return challenge(now);  // RFC 5961 4.2
  // Fifth: ACK.
  if (!trimmed.header.has(kAck)) return;
  if (state_ == State::syn_received && !complete_handshake(now, trimmed.header)) return;
  if (!take_ack(now, trimmed)) return;
  note_heard(now, trimmed.header);
  if (fin_sent_ && snd_una_ == snd_nxt_) on_our_fin_acknowledged(now);
  if (state_ == State::closed || state_ == State::time_wait) return;
  // Sixth: the urgent pointer. Urgent data is data (RFC 6093 6).
  // Seventh and eighth: data and FIN.
  if (trimmed.payload.empty() && !trimmed.header.has(kFin)) return;
  take_data(now, trimmed, ecn);
}

// RFC 9293 3.10.7.3
void Connection::on_segment_in_syn_sent(TimePoint now, const Segment& segment, Ecn) {
  const SegmentHeader& header = segment.header;
  if (header.has(kAck) && (header.acknowledgment <= snd_una_ || header.acknowledgment > snd_nxt_)) {
    if (header.has(kRst)) return;
    stray_reset_due_ = true;
    stray_sequence_ = header.acknowledgment;
    return;
  }
  if (header.has(kRst)) {
    if (header.has(kAck)) end(Errc::refused);  // one without ACK could be anybody's (RFC 5961 3.2)
    return;
  }
  if (!header.has(kSyn)) return;
  bool ecn_offered = agreed_.ecn;
  agree(header);
  receive_.start_at(header.sequence + 1);
  last_ack_sent_ = receive_.next();
  rcv_adv_ = last_ack_sent_ + std::min<std::uint32_t>(receive_limit_bytes_, 0xffff);  // as our SYN said
  ts_recent_ = header.timestamp;
  ts_recent_at_ = now;
  snd_wnd_ = max_snd_wnd_ = header.window;  // never scaled in a SYN (RFC 7323 2.2)
  snd_wl1_ = header.sequence;
  if (header.has(kAck)) {
    agreed_.ecn = ecn_offered && header.has(kEce) && !header.has(kCwr);
    sample_handshake(now, header);
    snd_una_ = header.acknowledgment;
    snd_wl2_ = header.acknowledgment;
    enter_established(now);
    ack_now_ = true;
    if (!segment.payload.empty() || header.has(kFin)) {
      Segment rest = segment;
      rest.header.sequence += 1;
      rest.header.flags &= static_cast<std::uint8_t>(~kSyn);
      take_data(now, rest, Ecn::not_ect);
    }
    return;
  }
  // Both open at once.
  agreed_.ecn = false;
  enter(State::syn_received);
  syn_due_ = true;
}

bool Connection::passes_paws(TimePoint now, const Segment& segment) {
  const SegmentHeader& header = segment.header;
  if (!agreed_.timestamps || header.has(kRst)) return true;
  if (!header.has_timestamps) return false;  // RFC 7323 3.2
  if (!older(header.timestamp, ts_recent_)) return true;
  if (now - ts_recent_at_ > kTimestampLasts) {
    ts_recent_ = header.timestamp;
    return true;
  }
  // RFC 7323 5.3 R1
  if (segment.payload.empty() && !header.has(kSyn) && !header.has(kFin)) return false;
  note_repeated(segment);
  schedule_ack(now, true);
  return false;
}

// Only of a segment whose acknowledgment could be (RFC 5961 5.2): whoever guesses a place in the window could otherwise
// make the peer's own timestamps look old, or a dead peer alive.
void Connection::note_heard(TimePoint now, const SegmentHeader& header) {
  heard_at_ = now;
  if (keepalive_) keepalive_->sent = 0;
  if (!agreed_.timestamps || !header.has_timestamps || older(header.timestamp, ts_recent_)) return;
  if (header.sequence > last_ack_sent_) return;
  ts_recent_ = header.timestamp;  // RFC 7323 4.3 (2)
  ts_recent_at_ = now;
}

// RFC 9293 3.4, the four cases.
bool Connection::in_window(const Segment& segment) const {
  SeqNumber next = receive_next();
  std::uint32_t window_bytes = static_cast<std::uint32_t>(std::max(0, rcv_adv_ - next));
  SeqNumber first = segment.header.sequence;
  std::uint32_t length = segment.length();
  // At the right edge too: a peer that has filled the window acknowledges from there.
  if (length == 0) return first >= next && first <= next + window_bytes;
  if (window_bytes == 0) return false;
  SeqNumber last = first + (length - 1);
  return (first >= next && first < next + window_bytes) || (last >= next && last < next + window_bytes) ||
         (first < next && last >= next);
}

void Connection::answer_unacceptable(TimePoint now, const Segment& segment) {
  const SegmentHeader& header = segment.header;
  if (header.has(kRst)) return;
  if (header.has(kSyn)) return challenge(now);  // RFC 5961 4.2
  note_repeated(segment);
  // An acknowledgment counts even where the segment does not fit a closed window (RFC 9293 3.10.7.4, first).
  bool at_edge = header.sequence == receive_next();
  if (at_edge && header.has(kAck) && synchronized() && take_ack(now, segment)) {
    heard_at_ = now;
    if (fin_sent_ && snd_una_ == snd_nxt_) on_our_fin_acknowledged(now);
  }
  if (state_ == State::closed || state_ == State::time_wait) return;
  // Two peers that disagree on where they are would otherwise answer each other's answers for ever (RFC 5961 7).
  if (segment.length() == 0) return challenge(now);
  ack_now_ = true;
}

// RFC 5961 3.2
void Connection::on_reset(TimePoint now, const SegmentHeader& header) {
  if (header.sequence != receive_next()) return challenge(now);
  bool never_open = state_ == State::syn_received;
  end(never_open && !passive_ ? Errc::refused : Errc::reset);
}

// RFC 5961 7: a flood of nonsense is not answered by a flood of ours.
void Connection::challenge(TimePoint now) {
  if (challenged_at_ != TimePoint::min() && now - challenged_at_ < tuning_->challenge_gap) return;
  challenged_at_ = now;
  ack_now_ = true;
}

// RFC 9293 3.10.7.4, fifth, SYN-RECEIVED
bool Connection::complete_handshake(TimePoint now, const SegmentHeader& header) {
  if (header.acknowledgment <= snd_una_ || header.acknowledgment > snd_nxt_) {
    stray_reset_due_ = true;
    stray_sequence_ = header.acknowledgment;
    return false;
  }
  if (last_sent_at_ != TimePoint{}) sample_handshake(now, header);  // not of a cookie's
  snd_una_ += 1;
  enter_established(now);
  snd_wl1_ = header.sequence - 1;  // so that its window is taken
  snd_wl2_ = header.acknowledgment;
  return true;
}

// RFC 9293 3.10.7.4, fifth, FIN-WAIT-1 and after
void Connection::on_our_fin_acknowledged(TimePoint now) {
  switch (state_) {
    case State::fin_wait_1:
      enter(State::fin_wait_2);
      if (orphaned_) slow_at_ = saturating_add(now, tuning_->fin_wait);
      break;
    case State::closing:
      enter(State::time_wait);
      events_ |= kTimeWait;
      retransmit_at_ = slow_at_ = kNever;
      break;
    case State::last_ack: end(std::nullopt); break;
    default: break;
  }
}

// RFC 9293 3.10.7.4, seventh
void Connection::take_data(TimePoint now, const Segment& segment, Ecn ecn) {
  const SegmentHeader& header = segment.header;
  if (fin_received_) return;  // nothing can follow it
  if (agreed_.ecn) {
    // RFC 3168 6.1.3
    if (header.has(kCwr)) ece_due_ = false;
    if (ecn == Ecn::ce) ece_due_ = true;
  }
  ByteView payload = segment.payload;
  std::uint32_t room_bytes = static_cast<std::uint32_t>(std::max(0, rcv_adv_ - header.sequence));
  bool cut = payload.size() > room_bytes;
  if (cut) payload = payload.first(room_bytes);
  peer_segment_bytes_ =
      std::max(peer_segment_bytes_, static_cast<std::uint16_t>(std::min<std::size_t>(payload.size(), mss_)));
  bool had_gaps = receive_.has_gaps();
  ReceiveQueue::Outcome outcome;
  if (!payload.empty()) {
    if (header.sequence > receive_.next()) count(&TcpMetrics::out_of_order);
    if (!has_room_for(header.sequence, payload.size())) [[unlikely]] {
      ledger_->refuse();
      return schedule_ack(now, true);
    }
    outcome = receive_.put(header.sequence, payload);
  }
  if (outcome.duplicate) note_repeated(outcome.repeated);
  if (outcome.advanced_bytes != 0) {
    if (orphaned_) {
      receive_.discard();
      // RFC 9293 3.6.1: a peer that goes on sending is told that nobody reads, once it has all of ours.
      if (state_ == State::fin_wait_2) return abort(Errc::closed);
    } else {
      events_ |= kReadable;
    }
  }
  SeqNumber end = header.sequence + static_cast<std::uint32_t>(segment.payload.size());
  if (header.has(kFin) && !cut && end == receive_.next()) take_fin(now);
  // RFC 5681 4.2: what is out of order, and what fills a gap, is answered at once.
  bool at_once = outcome.duplicate || had_gaps || receive_.has_gaps() || fin_received_ || cut;
  schedule_ack(now, at_once);
}

bool Connection::has_room_for(SeqNumber at, std::size_t bytes) const {
  const std::uint32_t growth_bytes = receive_.growth_bytes(at, bytes);
  if (growth_bytes == 0 || ledger_ == nullptr || ledger_->has_room_for(growth_bytes)) [[likely]]
    return true;
  return at <= receive_.next() && receive_.empty();
}

// RFC 9293 3.10.7.4, eighth
void Connection::take_fin(TimePoint now) {
  fin_received_ = true;
  events_ |= kReadable;
  switch (state_) {
    case State::established: enter(State::close_wait); break;
    case State::fin_wait_1:
      // Were our FIN acknowledged by this segment, the state would be FIN-WAIT-2.
      enter(State::closing);
      break;
    case State::fin_wait_2:
      enter(State::time_wait);
      events_ |= kTimeWait;
      retransmit_at_ = slow_at_ = kNever;
      break;
    default: break;
  }
  schedule_ack(now, true);
}

// RFC 9293 3.8.6.3, RFC 5681 4.2: at least every second full segment is acknowledged.
void Connection::schedule_ack(TimePoint now, bool at_once) {
  std::uint32_t unacknowledged_bytes = static_cast<std::uint32_t>(std::max(0, receive_next() - last_ack_sent_));
  if (at_once || unacknowledged_bytes >= 2u * peer_segment_bytes_ || tuning_->delayed_ack == Duration::zero()) {
    ack_now_ = true;
  } else if (ack_at_ == kNever && unacknowledged_bytes != 0) {
    ack_at_ = saturating_add(now, tuning_->delayed_ack);
  }
}

// Of a segment that is not taken, only what lies before RCV.NXT came twice. To name the rest would say that it has
// arrived: a block that is not below the acknowledgment is an ordinary selective one (RFC 2883 4), and its sender would
// never send it again.
void Connection::note_repeated(const Segment& segment) {
  SeqNumber first = segment.header.sequence;
  SeqNumber right = first + static_cast<std::uint32_t>(segment.payload.size());
  note_repeated({first, earlier(right, receive_.next())});
}

// RFC 2883 4: the next acknowledgment begins with what came twice.
void Connection::note_repeated(SackBlock block) {
  if (!agreed_.sack || block.left >= block.right) return;
  repeated_ = block;
  repeated_due_ = true;
}

}  // namespace ghostnet::tcp
