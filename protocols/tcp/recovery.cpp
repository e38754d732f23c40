// Finding and repairing losses: RFC 8985 (RACK-TLP), RFC 6675, RFC 6582 where the peer has no SACK, RFC 6937 for the
// pace of repair, RFC 3522 and RFC 4015 for what turns out to have been no loss.
#include <algorithm>

#include "ghostnet/tcp/connection.hpp"

namespace ghostnet::tcp {

namespace {

constexpr std::uint32_t kDuplicateThreshold = 3;  // DupThresh of RFC 6675 2
// RFC 8985 6.2 step 4: after so many recoveries without a D-SACK the reorder window is narrow again.
constexpr std::uint8_t kReorderPersist = 16;

}  // namespace

void Connection::recover(TimePoint now, const SegmentHeader& header, Delivery& delivery) {
  // That a probe came twice says nothing of reordering.
  bool of_probe = tail_probe_out_ && tail_probe_retransmitted_;
  if (tail_probe_out_) end_probe(now, header, delivery);
  if (undo_possible_ && delivery.advanced) try_undo(header);
  if (!of_probe) update_reorder_window(delivery);
  const bool news = delivery.acked_bytes != 0 || delivery.sacked_bytes != 0;
  if (agreed_.sack && news && (sacked_segments_ != 0 || phase_ != Phase::open)) detect_losses(now, delivery);
  if (!agreed_.sack && !board_.empty()) {
    SentRecord& oldest = board_.front();
    // RFC 6582 3.2 steps 2 and 3: three duplicates, or an acknowledgment of a part of what recovery is about.
    bool begins = phase_ == Phase::open && duplicates_ >= kDuplicateThreshold && snd_una_ >= recovery_point_;
    bool partial = phase_ != Phase::open && delivery.advanced && snd_una_ < recovery_point_;
    if ((begins || partial) && !oldest.lost && !(partial && oldest.retransmitted && oldest.sent_at == now)) {
      mark_lost(oldest);
      delivery.new_loss = true;
    }
  }
  if (phase_ != Phase::open && snd_una_ >= recovery_point_) leave_recovery();
  if (delivery.new_loss && phase_ == Phase::open) {
    enter_recovery(now);
  }
  if (phase_ == Phase::recovery) steer_recovery(delivery);
}

// RFC 8985 6.2 step 4
void Connection::update_reorder_window(const Delivery& delivery) {
  if (snd_una_ >= reorder_round_) reorder_grown_ = false;
  if (!delivery.dsack) return;
  reordering_seen_ = true;  // something was sent again that had only been late
  if (reorder_grown_) return;
  reorder_grown_ = true;
  reorder_round_ = snd_nxt_;
  reorder_persist_ = kReorderPersist;
  if (reorder_factor_ < 250) ++reorder_factor_;
}

Duration Connection::reorder_window() const {
  if (!reordering_seen_ && (phase_ != Phase::open || sacked_segments_ >= kDuplicateThreshold)) return Duration::zero();
  return std::min(rtt_.least() / 4 * reorder_factor_, rtt_.smoothed());
}

// RFC 8985 6.2 step 5. The board can be long and nearly all of it selectively acknowledged, so it is not walked for
// each acknowledgment: what was sent once is looked at from the first that is not settled to the first that is not
// missed yet, since it was sent too late or since it may still come; what was sent again, only once something that was
// sent as late has arrived, and the first of them is missed. The timer is of the first that may still come, where the
// RFC waits for the last: each is then missed in its own time.
void Connection::detect_losses(TimePoint now, Delivery& delivery) {
  const Duration patience = rack_rtt_ + reorder_window();
  TimePoint wait_until = kNever;
  const auto judge = [&](SentRecord& record) {
    if (record.sent_at + patience > now) {
      wait_until = std::min(wait_until, record.sent_at + patience);
    } else {
      mark_lost(record);
      delivery.new_loss = true;
    }
  };
  if (rack_sent_at_ >= resent_since_ && resent_since_ + patience > now) {
    wait_until = resent_since_ + patience;
  } else if (rack_sent_at_ >= resent_since_) {
    TimePoint since = kNever;
    for (std::uint32_t i = 0; i < board_.size() && board_[i].start < retransmit_high_; ++i) {
      SentRecord& record = board_[i];
      ++counters_.walked;
      if (!record.retransmitted || record.sacked || record.lost) continue;
      // What is sent again leaves in the order of its sequence numbers. New data of the same instant may have left
      // before it: the tie of RFC 8985 6.2 step 2 would call it lost, so that waits for what was sent later.
      const bool tie = rack_sent_at_ == record.sent_at && rack_retransmitted_ && rack_end_ > record.end();
      if (rack_sent_at_ > record.sent_at || tie) judge(record);
      if (!record.lost) since = std::min(since, record.sent_at);
    }
    resent_since_ = since;
  }
  for (std::uint32_t i = board_.find(unsettled_hint_); i < board_.size(); ++i) {
    SentRecord& record = board_[i];
    ++counters_.walked;
    if (!record.sacked && !record.lost && !record.retransmitted) {
      if (!sent_after(rack_sent_at_, rack_end_, record.sent_at, record.end())) break;
      judge(record);
      if (!record.lost) break;
    }
    unsettled_hint_ = record.end();
  }
  if (wait_until != kNever) {
    retransmit_kind_ = Retransmit::reorder;
    retransmit_at_ = wait_until;
  } else if (retransmit_kind_ == Retransmit::reorder) {
    arm_retransmission(now);
  }
}

// Marks of the board were taken back: all of it is looked at again.
void Connection::unsettle() {
  unsettled_hint_ = snd_una_;
  sacked_blocks_ = {};
  resent_since_ = TimePoint::min();
}

void Connection::mark_lost(SentRecord& record) {
  if (lost_bytes_ == 0 || record.start < lost_hint_) lost_hint_ = record.start;
  record.lost = 1;
  lost_bytes_ += record.length;
  if (!agreed_.sack) sacked_bytes_ = std::min(sacked_bytes_, outstanding_bytes() - lost_bytes_);
}

void Connection::enter_recovery(TimePoint now) {
  ++counters_.recoveries;
  count(&TcpMetrics::recoveries);
  note_for_undo();
  phase_ = Phase::recovery;
  recover_flight_bytes_ = std::max(outstanding_bytes(), 1u);
  // An ECN mark in the same window of data has been answered already.
  if (snd_una_ >= ecn_point_) congestion_->on_congestion(now, outstanding_bytes());  // FlightSize (RFC 5681 2)
  recovery_point_ = snd_nxt_;
  ecn_point_ = snd_nxt_;
  cwr_due_ = agreed_.ecn;
  prr_delivered_bytes_ = prr_out_bytes_ = 0;
  retransmit_forced_ = true;
  tail_probe_out_ = false;
}

void Connection::leave_recovery() {
  if (phase_ == Phase::recovery) congestion_->set_window(congestion_->threshold_bytes());
  phase_ = Phase::open;
  undo_possible_ = false;
  duplicates_ = 0;
  if (!agreed_.sack) sacked_bytes_ = 0;
  if (reorder_persist_ > 0 && --reorder_persist_ == 0) reorder_factor_ = 1;
}

// RFC 6937 3.1: the window shrinks in proportion to what arrives, and reaches the threshold when recovery ends.
void Connection::steer_recovery(const Delivery& delivery) {
  std::uint32_t delivered_bytes = delivery.acked_bytes + delivery.sacked_bytes;
  prr_delivered_bytes_ += delivered_bytes;
  std::uint32_t pipe_bytes = in_flight_bytes();
  std::uint32_t threshold_bytes = congestion_->threshold_bytes();
  std::int64_t send_bytes;
  if (pipe_bytes > threshold_bytes) {
    std::uint64_t due_bytes =
        (std::uint64_t{prr_delivered_bytes_} * threshold_bytes + recover_flight_bytes_ - 1) / recover_flight_bytes_;
    send_bytes = static_cast<std::int64_t>(due_bytes) - prr_out_bytes_;
  } else {
    std::int64_t limit_bytes =
        std::max<std::int64_t>(std::int64_t{prr_delivered_bytes_} - prr_out_bytes_, delivered_bytes);
    if (delivery.advanced && !delivery.new_loss) limit_bytes += send_mss();
    send_bytes = std::min<std::int64_t>(threshold_bytes - pipe_bytes, limit_bytes);
  }
  if (prr_out_bytes_ == 0) send_bytes = std::max<std::int64_t>(send_bytes, send_mss());
  congestion_->set_window(pipe_bytes + static_cast<std::uint32_t>(std::max<std::int64_t>(send_bytes, 0)));
}

// What try_undo() goes back to. A recovery that a timeout breaks off was about something else, and stands: then it is
// where that was going, and what was reduced for its window of data is not reduced again.
void Connection::note_for_undo() {
  undo_threshold_bytes_ = congestion_->threshold_bytes();
  undo_window_bytes_ = phase_ == Phase::recovery ? undo_threshold_bytes_ : congestion_->window_bytes();
  undo_ecn_point_ = ecn_point_;
  undo_at_ = snd_una_;
  undo_possible_ = false;  // until something was sent again
}

// RFC 3522 3.2: an acknowledgment of what was sent again that echoes a time before that was for the original.
void Connection::try_undo(const SegmentHeader& header) {
  if (snd_una_ <= undo_at_) return;
  undo_possible_ = false;
  if (!agreed_.timestamps || header.timestamp_echo == 0) return;
  if (static_cast<std::int32_t>(header.timestamp_echo - undo_timestamp_) >= 0) return;
  ++counters_.undone;
  count(&TcpMetrics::undone);
  congestion_->set_threshold(undo_threshold_bytes_);
  congestion_->set_window(std::max(congestion_->window_bytes(), undo_window_bytes_));
  congestion_->on_undo();
  ecn_point_ = undo_ecn_point_;
  for (std::uint32_t i = 0; i < board_.size(); ++i) board_[i].lost = 0;
  unsettle();
  lost_bytes_ = 0;
  retransmit_forced_ = false;
  phase_ = Phase::open;
  recovery_point_ = snd_una_;
  duplicates_ = 0;
  if (!agreed_.sack) sacked_bytes_ = 0;
}

// RFC 8985 7.4.2
void Connection::end_probe(TimePoint now, const SegmentHeader& header, const Delivery& delivery) {
  if (header.acknowledgment < tail_probe_end_) return;
  if (!tail_probe_retransmitted_ || delivery.dsack) {
    tail_probe_out_ = false;
  } else if (header.acknowledgment > tail_probe_end_) {
    // The probe repaired a loss that nobody else noticed.
    tail_probe_out_ = false;
    if (phase_ != Phase::open) return;
    congestion_->on_congestion(now, delivery.in_flight_before_bytes);
    congestion_->set_window(congestion_->threshold_bytes());
  } else if (delivery.duplicate && header.sack_count == 0) {
    tail_probe_out_ = false;
  }
}

// RFC 6298 5.4 to 5.7, RFC 8985 6.3
void Connection::on_retransmission_timeout(TimePoint now) {
  ++counters_.timeouts;
  count(&TcpMetrics::timeouts);
  tail_probe_out_ = false;
  if (board_.front().sacked) {
    // RFC 2018 5: a peer that acknowledged this and does not acknowledge it has thrown it away.
    for (std::uint32_t i = 0; i < board_.size(); ++i) board_[i].sacked = 0;
    unsettle();
    sacked_bytes_ = sacked_segments_ = 0;
  }
  if (!agreed_.sack) sacked_bytes_ = 0;
  if (phase_ != Phase::loss || retries_ == 0) {
    note_for_undo();
    if (retries_ == 0) congestion_->on_timeout(now, outstanding_bytes());
  }
  Duration window = reorder_window();
  for (std::uint32_t i = 0; i < board_.size(); ++i) {
    SentRecord& record = board_[i];
    if (record.sacked || record.lost) continue;
    if (i == 0 || !agreed_.sack || record.sent_at + rack_rtt_ + window <= now) mark_lost(record);
  }
  phase_ = Phase::loss;
  recovery_point_ = snd_nxt_;
  congestion_->set_window(send_mss());
  if (agreed_.ecn) {
    ecn_point_ = snd_nxt_;
    cwr_due_ = true;
  }
  duplicates_ = 0;
  retransmit_forced_ = true;
}

}  // namespace ghostnet::tcp
