// What acknowledgments say: RFC 9293 3.10.7.4 fifth, RFC 2018, RFC 6298, RFC 3168.
#include <algorithm>
#include <utility>

#include "ghostnet/tcp/connection.hpp"

namespace ghostnet::tcp {

namespace {

// So many records that are marked already an acknowledgment may lead over. A receiver's blocks grow at their right end,
// and what is known of them is skipped; one that names others each time would have all of a long board walked for each.
constexpr std::uint32_t kMostWalked = 1024;

}  // namespace

// False when the segment is not to be looked at further.
bool Connection::take_ack(TimePoint now, const Segment& segment) {
  const SegmentHeader& header = segment.header;
  SeqNumber ack = header.acknowledgment;
  // RFC 5961 5.2, RFC 9293 3.10.7.4
  if (ack > snd_nxt_ || ack < snd_una_ - max_snd_wnd_) {
    challenge(now);
    return false;
  }
  if (ack < snd_una_) return true;  // late; its data counts

  Delivery delivery;
  const bool was_open = phase_ == Phase::open;
  delivery.in_flight_before_bytes = in_flight_bytes();
  delivery.fack = fack_;
  if (agreed_.sack && header.sack_count != 0) take_sacks(now, header, delivery);
  std::uint32_t old_window_bytes = snd_wnd_;
  take_window(now, header);
  if (ack > snd_una_) {
    advance(now, header, delivery);
  } else if (segment.payload.empty() && !header.has(kFin) && snd_wnd_ == old_window_bytes &&
             (!board_.empty() || tail_probe_out_)) {
    delivery.duplicate = true;  // RFC 5681 2; after a tail probe also of what is acknowledged (RFC 8985 7.4.2)
    if (!board_.empty()) count_duplicate(delivery);
  }
  sample_rtt(now, header, delivery);
  if (agreed_.ecn && header.has(kEce)) take_ecn_echo(now);
  recover(now, header, delivery);

  // RFC 5681 3.2 step 1: duplicates do not open the window; all of it counts once what was before it has arrived.
  const bool in_order = was_open && phase_ == Phase::open;
  const std::uint32_t delivered_bytes =
      in_order ? delivery.covered_bytes : delivery.acked_bytes + delivery.sacked_bytes;
  if (delivered_bytes != 0 && phase_ != Phase::recovery) {
    std::uint32_t window_bytes = congestion_->window_bytes();
    // RFC 7661 4.1, as RFC 9293's senders do: a window that was not used does not grow.
    std::uint32_t used_bytes = delivery.in_flight_before_bytes + send_mss();
    bool limited = congestion_->in_slow_start() ? 2 * used_bytes > window_bytes : used_bytes >= window_bytes;
    bool timed = !delivery.ambiguous && delivery.first_sent != kNever;
    Duration rtt = timed ? now - delivery.last_sent : Duration::zero();
    congestion_->on_ack({.now = now,
                         .bytes = delivered_bytes,
                         .rtt = rtt,
                         .smoothed_rtt = rtt_.smoothed(),
                         .least_rtt = rtt_.least(),
                         .acknowledged = snd_una_,
                         .next = snd_nxt_,
                         .window_limited = limited});
  }
  if (delivery.advanced) {
    arm_retransmission(now);
    if (snd_una_ > round_end_) note_round();
  }
  return true;
}

void Connection::note_round() {
  round_end_ = snd_nxt_;
  if (ledger_ == nullptr || !rtt_.has_sample()) return;
  ledger_->metrics().smoothed_rtt.record(rtt_.smoothed());
  ledger_->metrics().window_bytes.record(congestion_->window_bytes());
}

// RFC 9293 3.10.7.4
void Connection::take_window(TimePoint now, const SegmentHeader& header) {
  if (snd_wl1_ > header.sequence || (snd_wl1_ == header.sequence && snd_wl2_ > header.acknowledgment)) return;
  std::uint8_t scale = agreed_.peer_window_scale > 0 ? static_cast<std::uint8_t>(agreed_.peer_window_scale) : 0;
  const bool opens = std::exchange(snd_wnd_, std::uint32_t{header.window} << scale) == 0 && snd_wnd_ != 0;
  max_snd_wnd_ = std::max(max_snd_wnd_, snd_wnd_);
  snd_wl1_ = header.sequence;
  snd_wl2_ = header.acknowledgment;
  if (snd_wnd_ != 0 && retransmit_kind_ == Retransmit::persist) {
    retransmit_kind_ = Retransmit::none;
    retransmit_at_ = kNever;
    backoff_ = retries_ = 0;
  } else if (opens && retries_ != 0) {
    // What was sent before the peer took its window back fits again.
    backoff_ = retries_ = 0;
    arm_retransmission(now);
  }
}

// ---- selective acknowledgments ----

void Connection::take_sacks(TimePoint now, const SegmentHeader& header, Delivery& delivery) {
  for (std::size_t i = 0; i < header.sack_count; ++i) {
    SackBlock block = header.sacks[i];
    if (block.left >= block.right) continue;
    if (i == 0) {
      // RFC 2883 5: below the cumulative acknowledgment, or within the second block.
      bool within = header.sack_count > 1 && block.left >= header.sacks[1].left && block.right <= header.sacks[1].right;
      if (block.right <= header.acknowledgment || within) {
        delivery.dsack = true;
        count(&TcpMetrics::dsacks);
        continue;
      }
    }
    // What was never sent, or is acknowledged, says nothing.
    if (block.right > snd_nxt_ || block.right <= snd_una_ || block.left < snd_una_) continue;
    mark_sacked(now, header, block, delivery);
  }
}

void Connection::mark_sacked(TimePoint now, const SegmentHeader& header, SackBlock block, Delivery& delivery) {
  // What the block said the last time is marked already: a long one is not walked for each acknowledgment.
  auto known = std::ranges::find_if(
      sacked_blocks_, [&](const SackBlock& marked) { return marked.left <= block.left && block.left < marked.right; });
  if (known == sacked_blocks_.end()) {
    known = sacked_blocks_.begin() + sacked_block_next_ % sacked_blocks_.size();
    sacked_block_next_ = static_cast<std::uint8_t>(sacked_block_next_ % sacked_blocks_.size() + 1);
    *known = {block.left, block.left};
  }
  if (known->right >= block.right) return;
  const SeqNumber from = std::exchange(known->right, block.right);
  for (std::uint32_t i = board_.find(from); i < board_.size(); ++i) {
    SentRecord& record = board_[i];
    if (record.end() > block.right || delivery.walked >= kMostWalked) {
      known->right = record.start;
      break;
    }
    if (record.start < block.left) continue;
    if (record.sacked) {
      ++delivery.walked;
      ++counters_.walked;
      continue;
    }
    record.sacked = 1;
    sacked_bytes_ += record.length;
    ++sacked_segments_;
    if (record.lost) {
      record.lost = 0;
      lost_bytes_ -= record.length;
    }
    delivery.sacked_bytes += record.length;
    note_delivered(now, header, record, delivery);
  }
}

// ---- cumulative acknowledgments ----

void Connection::advance(TimePoint now, const SegmentHeader& header, Delivery& delivery) {
  SeqNumber ack = header.acknowledgment;
  delivery.advanced = true;
  while (!board_.empty() && board_.front().start < ack) {
    SentRecord& record = board_.front();
    bool whole = record.end() <= ack;
    std::uint32_t bytes = whole ? record.length : bytes_between(record.start, ack);
    if (record.sacked) {
      sacked_bytes_ -= bytes;
      if (whole) --sacked_segments_;
    } else {
      delivery.acked_bytes += bytes;
      if (whole) note_delivered(now, header, record, delivery);
    }
    if (record.lost) lost_bytes_ -= bytes;
    if (!whole) {
      record.start = ack;
      record.length = (record.length - bytes) & 0xff'ffff;
      break;
    }
    board_.pop_front();
  }
  std::uint32_t data_bytes = bytes_between(snd_una_, ack) - (fin_sent_ && ack == snd_nxt_ ? 1 : 0);
  delivery.covered_bytes = data_bytes;
  snd_una_ = ack;
  unsettled_hint_ = later(unsettled_hint_, ack);
  if (sacked_segments_ == 0 && sacked_block_next_ != 0) {
    sacked_blocks_ = {};
    sacked_block_next_ = 0;
  }
  queued_bytes_ -= data_bytes;
  if (queued_bytes_ == 0) {
    send_.release();
  } else {
    send_.drop_front(data_bytes);
  }
  if (!agreed_.sack) {
    // RFC 6582 3.2: the duplicates stood for segments that this acknowledgment covers.
    std::uint32_t others_bytes = delivery.acked_bytes > send_mss() ? delivery.acked_bytes - send_mss() : 0;
    sacked_bytes_ -= std::min(sacked_bytes_, others_bytes);
    sacked_bytes_ = std::min(sacked_bytes_, outstanding_bytes() - lost_bytes_);
    duplicates_ = 0;
  }
  retries_ = 0;
  std::uint32_t limit_bytes = send_limit_bytes();
  if (writer_waits_ && queued_bytes_ <= limit_bytes - limit_bytes / 4) {
    writer_waits_ = false;
    events_ |= kWritable;
  }
}

// RFC 8985 6.2 steps 2 and 3
void Connection::note_delivered(TimePoint now, const SegmentHeader& header, SentRecord& record, Delivery& delivery) {
  if (record.retransmitted) {
    delivery.ambiguous = true;
    // Which of the two transmissions arrived? An answer that is too early, or echoes the first, was to the first.
    // A selective one echoes what was in order last (RFC 7323 4.3), which says nothing.
    if (now - record.sent_at < rtt_.least()) return;
    if (agreed_.timestamps && record.end() <= header.acknowledgment &&
        static_cast<std::int32_t>(header.timestamp_echo - timestamp_at(record.sent_at)) < 0) {
      return;
    }
  } else {
    delivery.first_sent = std::min(delivery.first_sent, record.sent_at);
    delivery.last_sent = std::max(delivery.last_sent, record.sent_at);
    if (record.end() < delivery.fack) reordering_seen_ = true;
  }
  fack_ = later(fack_, record.end());
  if (sent_after(record.sent_at, record.end(), rack_sent_at_, rack_end_)) {
    rack_sent_at_ = record.sent_at;
    rack_retransmitted_ = record.retransmitted;
    rack_end_ = record.end();
    rack_rtt_ = now - record.sent_at;
  }
}

// RFC 6298 3: not from what was sent twice, unless a timestamp tells which it was (RFC 7323 4.3).
void Connection::sample_rtt(TimePoint now, const SegmentHeader& header, const Delivery& delivery) {
  if (delivery.first_sent != kNever && !delivery.ambiguous) {
    rtt_.sample(now - delivery.first_sent, now);
    rtt_.note_least(now - delivery.last_sent, now);
    backoff_ = 0;  // RFC 6298 5: a new measurement ends the backing off
  } else if (delivery.advanced && delivery.acked_bytes != 0) {
    sample_echo(now, header);
  }
}

void Connection::sample_handshake(TimePoint now, const SegmentHeader& header) {
  if (retries_ == 0) {
    rtt_.sample(now - last_sent_at_, now);
  } else {
    sample_echo(now, header);
  }
}

void Connection::sample_echo(TimePoint now, const SegmentHeader& header) {
  if (!agreed_.timestamps || header.timestamp_echo == 0) return;
  const std::uint32_t ticks = timestamp_at(now) - header.timestamp_echo;
  if (ticks >= 0x7fff'ffff) return;
  rtt_.sample(std::max<Duration>(1ms * std::int64_t{ticks}, 1ms), now);
  backoff_ = 0;
}

// Without SACK each duplicate stands for one segment that has left the network (RFC 5681 3.2, RFC 6582).
void Connection::count_duplicate(Delivery& delivery) {
  if (duplicates_ < 255) ++duplicates_;
  if (agreed_.sack) return;
  std::uint32_t most_bytes = outstanding_bytes() - std::min(outstanding_bytes(), board_.front().length);
  std::uint32_t bytes = std::min(send_mss(), most_bytes - std::min(most_bytes, sacked_bytes_ + lost_bytes_));
  sacked_bytes_ += bytes;
  delivery.sacked_bytes += bytes;
}

// RFC 3168 6.1.2: as to a loss, once for each window of data.
void Connection::take_ecn_echo(TimePoint now) {
  if (phase_ != Phase::open || snd_una_ < ecn_point_ || board_.empty()) return;
  congestion_->on_congestion(now, outstanding_bytes());
  congestion_->set_window(congestion_->threshold_bytes());
  count(&TcpMetrics::ecn_reductions);
  ecn_point_ = snd_nxt_;
  cwr_due_ = true;
}

}  // namespace ghostnet::tcp
