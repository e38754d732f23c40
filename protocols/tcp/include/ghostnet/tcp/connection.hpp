// Connection: one TCP connection as a machine without clock and sockets (RFC 9293 3.10).
//
// The contract with who drives it, a Stack or a test:
//   connection.on_segment(now, segment, ecn)        what has arrived for it, its checksum found right
//   connection.on_deadline(now)                     when next_deadline() has come; too early does no harm
//   connection.write(), read(), shutdown(), abort() what the user wants
// and after each of them, until it returns false:
//   while (connection.next_segment(now, out, most)) send(out)
// and then take_events(), which says what changed for the user. `now` never goes back.
//
// Implemented: RFC 9293 with simultaneous open and half-close; RFC 7323 window scaling, timestamps, PAWS; RFC 2018,
// 2883 SACK and D-SACK; RFC 6298; RFC 8985 RACK-TLP; RFC 6582 for peers without SACK; RFC 6937 in recovery; RFC 3522
// undoing what was no loss; RFC 5961 against blind attackers; RFC 3168 ECN. Congestion control is congestion.hpp's. A
// connection in TIME-WAIT is not kept: on kTimeWait the driver lets a TimeWait (time_wait.hpp) take its place.
//
// Nothing here fails for reasons of the peer but by ending the connection; failure() then says why.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/runtime/udp.hpp"
#include "ghostnet/tcp/byte_ring.hpp"
#include "ghostnet/tcp/congestion.hpp"
#include "ghostnet/tcp/ledger.hpp"
#include "ghostnet/tcp/receive_queue.hpp"
#include "ghostnet/tcp/rtt.hpp"
#include "ghostnet/tcp/scoreboard.hpp"
#include "ghostnet/tcp/segment.hpp"
#include "ghostnet/tcp/sequence.hpp"
#include "ghostnet/tcp/tuning.hpp"

namespace ghostnet::tcp {

// RFC 9293 3.3.2; LISTEN is the stack's.
enum class State : std::uint8_t {
  closed,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};
std::string_view to_string(State state);

// A segment to send; ports are the driver's business. The views hold until the connection is touched again.
struct OutSegment {
  SegmentHeader header;
  std::array<ByteView, 2> payload{};
  std::uint32_t payload_bytes = 0;
  std::uint16_t segment_bytes = 0;  // not 0: a super-packet, to be cut into payloads of this size
  Ecn ecn = Ecn::not_ect;
};

// What take_events() says.
inline constexpr std::uint8_t kReadable = 1;   // bytes, or the end of the peer's stream
inline constexpr std::uint8_t kWritable = 2;   // there is room again
inline constexpr std::uint8_t kConnected = 4;  // the handshake is over
inline constexpr std::uint8_t kTimeWait = 8;   // both have finished; somebody else answers for this connection
inline constexpr std::uint8_t kClosed = 16;    // over: failure(), or finished on both sides

// What both sides agreed upon in the handshake, or what a SYN cookie remembers of it.
struct Agreement {
  std::uint16_t peer_mss = 536;        // RFC 9293 3.7.1: where the peer names none
  std::int8_t peer_window_scale = -1;  // negative: windows are not scaled
  bool sack = false;
  bool timestamps = false;
  bool ecn = false;
};

struct ConnectionSetup {
  const Tuning* tuning = nullptr;  // outlives the connection, as does the ledger
  SeqNumber initial_sequence;      // RFC 6528
  std::uint32_t timestamp_offset = 0;
  std::uint16_t mss = 1460;  // what fits a packet here, without options: told to the peer, and kept to
  StreamOptions stream{};
  Ledger* ledger = nullptr;  // none: nothing is counted, and there is no bound for all together
};

class Connection {
 public:
  explicit Connection(const ConnectionSetup& setup);
  ~Connection() { settle(0); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // ---- opening: one of these, once ----

  void connect(TimePoint now);
  // In answer to a SYN.
  void accept(TimePoint now, const SegmentHeader& syn, Ecn ecn);
  // In answer to an ACK that carries a valid cookie, from which `agreed` was read. Hand the segment in afterwards.
  void resume(TimePoint now, const SegmentHeader& ack, const Agreement& agreed);

  // ---- the network ----

  void on_segment(TimePoint now, const Segment& segment, Ecn ecn);
  // The next segment to send. `most_payload_bytes`: of a super-packet; 0 for none.
  bool next_segment(TimePoint now, OutSegment& out, std::uint32_t most_payload_bytes = 0);
  // The path carries packets of so much payload only (RFC 1191, RFC 8201). False, and ignored, unless `quoted`, the
  // sequence number in the packet that was returned, is on its way (RFC 5927 7.1).
  bool on_path_mss(TimePoint now, SeqNumber quoted, std::uint16_t mss);
  // What an ICMP error says, while connecting (RFC 5461 4): the connection is given up.
  void on_unreachable(SeqNumber quoted, Errc error);

  TimePoint next_deadline() const;
  void on_deadline(TimePoint now);

  // ---- the user ----

  // How many bytes were taken; would_block, closed, or what ended the connection.
  Result<std::size_t> write(std::span<const ByteView> parts);
  // 0 at the end of the peer's stream; would_block, or what ended the connection.
  Result<std::size_t> read(TimePoint now, MutableByteView into);
  void shutdown(TimePoint now);
  // Sends a reset where there is somebody to tell.
  void abort(Errc why = Errc::closed);
  // Nobody reads or writes any more; what was written is still delivered, within bounds of time.
  void orphan(TimePoint now);

  // After kTimeWait: another answers for it from here on. What was received can still be read.
  void retire() { enter(State::time_wait), retired_ = true; }
  // The host has lost its power: over, and nobody is told.
  void vanish();

  // Enters into the ledger what its buffers take. After whatever may have changed that.
  void settle() { settle(send_.capacity_bytes() + receive_.held_bytes()); }
  // Throws away what has come early, which the peer still has (RFC 2018 8). Returns how many bytes that frees.
  std::uint32_t prune();

  // Brings what an acknowledgment will touch into the cache.
  void prefetch() const { board_.prefetch(); }

  std::uint8_t take_events() { return std::exchange(events_, std::uint8_t{0}); }
  State state() const { return state_; }
  std::optional<Errc> failure() const { return failure_; }
  // Closed and with nothing left to send.
  bool finished() const { return (state_ == State::closed || retired_) && !reset_due_; }
  // Whether next_segment() may have something to say. A hint for who reads: writing always asks.
  bool wants_to_send() const { return ack_now_ || reset_due_; }
  bool synchronized() const { return state_ >= State::established; }
  // The reader has everything that will ever come.
  bool drained() const { return receive_.readable_bytes() == 0; }

  // ---- for a TimeWait, tests, and whoever watches ----

  SeqNumber send_next() const { return snd_nxt_; }
  SeqNumber send_unacknowledged() const { return snd_una_; }
  SeqNumber receive_next() const { return receive_.next() + (fin_received_ ? 1u : 0u); }
  std::uint32_t timestamp_recent() const { return ts_recent_; }
  std::uint32_t timestamp_offset() const { return timestamp_offset_; }
  const Agreement& agreed() const { return agreed_; }
  const CongestionControl& congestion() const { return *congestion_.operator->(); }
  const RttEstimator& rtt() const { return rtt_; }
  std::uint32_t send_mss() const;
  std::uint8_t receive_scale() const { return receive_scale_; }
  std::uint32_t in_flight_bytes() const { return outstanding_bytes() - sacked_bytes_ - lost_bytes_; }
  std::uint32_t outstanding_bytes() const { return bytes_between(snd_una_, snd_nxt_); }
  std::uint32_t unsent_bytes() const;
  std::uint32_t unread_bytes() const { return receive_.readable_bytes(); }
  std::uint32_t receive_window_bytes() const {
    return static_cast<std::uint32_t>(rcv_adv_ - receive_next() > 0 ? rcv_adv_ - receive_next() : 0);
  }
  std::uint16_t window_field() const;  // what a segment sent now would carry
  struct Counters {
    std::uint32_t retransmitted = 0;  // segments
    std::uint32_t timeouts = 0;
    std::uint32_t recoveries = 0;
    std::uint32_t probes = 0;  // tail loss probes
    std::uint32_t undone = 0;  // reductions that were found to be mistaken
    std::uint32_t walked = 0;  // records of the board that were looked at for losses, or in vain for what has arrived
  };
  const Counters& counters() const { return counters_; }
  // For tests: whether all of what a selective acknowledgment says has arrived, and whether what is counted agrees with
  // what it counts.
  bool holds(const SackBlock& block) const { return receive_.holds(block); }
  bool consistent() const;

 private:
  enum class Phase : std::uint8_t { open, recovery, loss };
  enum class Retransmit : std::uint8_t { none, timeout, probe, reorder, persist };

  // What one acknowledgment says.
  struct Delivery {
    std::uint32_t acked_bytes = 0;    // cumulatively, and not selectively before
    std::uint32_t sacked_bytes = 0;   // selectively, for the first time
    std::uint32_t covered_bytes = 0;  // cumulatively, whether selectively before or not
    std::uint32_t in_flight_before_bytes = 0;
    TimePoint first_sent = kNever;  // of those sent once
    TimePoint last_sent{};
    std::uint32_t walked = 0;  // records of the board that were looked at for nothing
    SeqNumber fack;            // the highest byte known to have arrived, before this
    bool advanced = false;
    bool duplicate = false;
    bool dsack = false;
    bool ambiguous = false;  // some of it was sent twice: its time says nothing (Karn)
    bool new_loss = false;
  };

  // Rare things.
  struct Keepalive {
    Duration idle{};
    Duration interval{};
    std::uint8_t sent = 0;
  };

  void count(Counter TcpMetrics::* what) {
    if (ledger_ != nullptr) (ledger_->metrics().*what).add();
  }
  void settle(std::uint32_t bytes) {
    if (bytes == booked_bytes_ || ledger_ == nullptr) [[likely]]
      return;
    ledger_->change(std::exchange(booked_bytes_, bytes), bytes);
  }
  bool pressed() const { return ledger_ != nullptr && ledger_->pressed(); }

  // connection.cpp
  bool fin_on_its_way() const { return fin_sent_ && snd_una_ != snd_nxt_; }
  void agree(const SegmentHeader& syn);
  void enter(State state);
  void enter_established(TimePoint now);
  void end(std::optional<Errc> why);
  void release_buffers();
  std::uint32_t send_limit_bytes() const;
  std::uint32_t wanted_send_bytes() const;
  std::uint32_t initial_window_bytes() const;
  void tune_receive_buffer(TimePoint now, std::uint32_t read_bytes);
  std::uint32_t timestamp_at(TimePoint at) const;
  SeqNumber receive_edge() const;  // where the window offered to the peer could end

  // connection_input.cpp
  void on_segment_in_syn_sent(TimePoint now, const Segment& segment, Ecn ecn);
  bool passes_paws(TimePoint now, const Segment& segment);
  void note_heard(TimePoint now, const SegmentHeader& header);
  bool in_window(const Segment& segment) const;
  void answer_unacceptable(TimePoint now, const Segment& segment);
  void on_reset(TimePoint now, const SegmentHeader& header);
  void challenge(TimePoint now);
  bool complete_handshake(TimePoint now, const SegmentHeader& header);
  void on_our_fin_acknowledged(TimePoint now);
  void take_data(TimePoint now, const Segment& segment, Ecn ecn);
  bool has_room_for(SeqNumber at, std::size_t bytes) const;
  void take_fin(TimePoint now);
  void schedule_ack(TimePoint now, bool at_once);
  void note_repeated(const Segment& segment);
  void note_repeated(SackBlock block);

  // connection_ack.cpp
  bool take_ack(TimePoint now, const Segment& segment);
  void note_round();
  void take_sacks(TimePoint now, const SegmentHeader& header, Delivery& delivery);
  void mark_sacked(TimePoint now, const SegmentHeader& header, SackBlock block, Delivery& delivery);
  void advance(TimePoint now, const SegmentHeader& header, Delivery& delivery);
  void note_delivered(TimePoint now, const SegmentHeader& header, SentRecord& record, Delivery& delivery);
  void take_window(TimePoint now, const SegmentHeader& header);
  void sample_rtt(TimePoint now, const SegmentHeader& header, const Delivery& delivery);
  void sample_handshake(TimePoint now, const SegmentHeader& header);
  void sample_echo(TimePoint now, const SegmentHeader& header);
  void count_duplicate(Delivery& delivery);
  void take_ecn_echo(TimePoint now);

  // recovery.cpp
  void recover(TimePoint now, const SegmentHeader& header, Delivery& delivery);
  void update_reorder_window(const Delivery& delivery);
  Duration reorder_window() const;
  void detect_losses(TimePoint now, Delivery& delivery);
  void unsettle();
  void mark_lost(SentRecord& record);
  void enter_recovery(TimePoint now);
  void leave_recovery();
  void steer_recovery(const Delivery& delivery);
  void note_for_undo();
  void try_undo(const SegmentHeader& header);
  void end_probe(TimePoint now, const SegmentHeader& header, const Delivery& delivery);
  void on_retransmission_timeout(TimePoint now);

  // connection_output.cpp
  void fill_header(TimePoint now, OutSegment& out, SeqNumber sequence, std::uint8_t flags);
  void fill_syn(TimePoint now, OutSegment& out);
  void fill_payload(OutSegment& out, SeqNumber start, std::uint32_t bytes);
  bool next_handshake_segment(TimePoint now, OutSegment& out);
  bool next_retransmission(TimePoint now, OutSegment& out);
  void retransmit(TimePoint now, OutSegment& out, std::uint32_t index);
  bool next_probe(TimePoint now, OutSegment& out);
  bool next_new_data(TimePoint now, OutSegment& out, std::uint32_t most_payload_bytes, bool ignore_window);
  std::uint32_t sendable_bytes(bool ignore_window, std::uint32_t most_payload_bytes) const;
  bool may_send_small(std::uint32_t bytes, std::uint32_t unsent_bytes) const;
  void record_sent(TimePoint now, SeqNumber start, std::uint32_t length, bool fin);
  bool paces() const;
  bool paced(TimePoint now) const;
  Duration pace_gap(std::uint32_t bytes) const;
  void pace(TimePoint now, std::uint32_t bytes);
  void restart_after_idle(TimePoint now);
  void await_window(TimePoint now);

  // connection_timers.cpp
  void arm_retransmission(TimePoint now);
  bool arm_probe(TimePoint now, TimePoint before);
  Duration timeout() const;
  TimePoint next_expiry(TimePoint now) const;
  bool kept_out(TimePoint now) const;
  bool silent(TimePoint now) const;
  void on_retransmit_deadline(TimePoint now);
  void on_handshake_timeout(TimePoint now);
  void on_persist_deadline(TimePoint now);
  void on_slow_deadline(TimePoint now);
  bool given_up(TimePoint now, std::uint8_t most_retries) const;
  void arm_keepalive(TimePoint now);

  // What every segment touches comes first.
  const Tuning* tuning_;
  Ledger* ledger_;
  State state_ = State::closed;
  Phase phase_ = Phase::open;
  Retransmit retransmit_kind_ = Retransmit::none;
  std::uint8_t events_ = 0;
  std::uint8_t backoff_ = 0;
  std::uint8_t retries_ = 0;
  std::uint8_t duplicates_ = 0;
  Agreement agreed_;

  bool no_delay_ : 1;
  bool ack_now_ : 1 = false;
  bool syn_due_ : 1 = false;
  bool reset_due_ : 1 = false;
  bool stray_reset_due_ : 1 = false;   // of a segment that is not of this connection (RFC 9293 3.5.2)
  bool window_probe_due_ : 1 = false;  // a segment that makes the peer answer
  bool tail_probe_due_ : 1 = false;
  bool retransmit_forced_ : 1 = false;  // one, whatever the congestion window says
  bool fin_queued_ : 1 = false;
  bool fin_sent_ : 1 = false;
  bool fin_received_ : 1 = false;
  bool orphaned_ : 1 = false;
  bool writer_waits_ : 1 = false;
  bool ece_due_ : 1 = false;  // echo congestion until the peer says CWR
  bool cwr_due_ : 1 = false;
  bool passive_ : 1 = false;
  bool undo_possible_ : 1 = false;
  bool reordering_seen_ : 1 = false;
  bool rack_retransmitted_ : 1 = false;  // of what rack_sent_at_ is
  bool tail_probe_retransmitted_ : 1 = false;
  bool tail_probe_out_ : 1 = false;
  bool fixed_receive_buffer_ : 1;
  bool fixed_send_buffer_ : 1;
  bool repeated_due_ : 1 = false;
  bool reorder_grown_ : 1 = false;
  bool retired_ : 1 = false;
  bool handshake_untimed_ : 1 = false;  // a SYN was sent twice, and nothing told which was answered
  bool small_forced_ : 1 = false;       // a small segment, since the window stays small (RFC 9293 3.8.6.2.1)

  std::optional<Errc> failure_;
  SeqNumber snd_una_;
  SeqNumber snd_nxt_;
  SeqNumber snd_wl1_;
  SeqNumber snd_wl2_;
  std::uint32_t snd_wnd_ = 0;
  std::uint32_t max_snd_wnd_ = 0;
  std::uint32_t queued_bytes_ = 0;  // written and not acknowledged
  std::uint32_t sacked_bytes_ = 0;
  std::uint32_t sacked_segments_ = 0;
  std::uint32_t lost_bytes_ = 0;
  std::uint32_t booked_bytes_ = 0;  // in the ledger
  SeqNumber round_end_;             // when it is acknowledged, a round trip has passed
  TimePoint retransmit_at_ = kNever;
  TimePoint ack_at_ = kNever;
  TimePoint slow_at_ = kNever;  // keep-alive, FIN-WAIT-2, the end of patience with an orphan
  TimePoint last_sent_at_{};
  SeqNumber rcv_adv_;        // the end of the window that the peer knows of
  SeqNumber last_ack_sent_;  // Last.ACK.sent (RFC 7323 4.3)
  std::uint32_t ts_recent_ = 0;
  TimePoint ts_recent_at_{};
  std::uint32_t timestamp_offset_;
  std::uint16_t mss_;                       // of this side's packets, without options
  std::uint16_t path_mss_;                  // at most mss_
  std::uint16_t peer_segment_bytes_ = 536;  // the largest payload seen
  std::uint8_t receive_scale_ = 0;
  ByteRing send_;
  Scoreboard board_;
  ReceiveQueue receive_;
  RttEstimator rtt_;

  // Recovery.
  SeqNumber lost_hint_;              // no record before it is lost
  SeqNumber retransmit_high_;        // no record from here on was sent twice
  SeqNumber unsettled_hint_;         // records before it that were sent once are acknowledged selectively, or lost
  TimePoint resent_since_ = kNever;  // nothing on its way was sent again before
  std::array<SackBlock, 4> sacked_blocks_{};  // what is marked on the board of the blocks that came last
  std::uint8_t sacked_block_next_ = 0;        // the place of the next; 0: none is marked
  SeqNumber recovery_point_;                  // RecoveryPoint of RFC 6675
  SeqNumber fack_;
  SeqNumber rack_end_;
  TimePoint rack_sent_at_{};
  Duration rack_rtt_{};
  SeqNumber reorder_round_;          // a D-SACK widens the window once a round trip (RFC 8985 6.2 step 4)
  std::uint8_t reorder_factor_ = 1;  // reo_wnd_mult
  std::uint8_t reorder_persist_ = 16;
  SeqNumber tail_probe_end_;  // TLP.end_seq
  SeqNumber stray_sequence_;
  std::uint32_t prr_delivered_bytes_ = 0;
  std::uint32_t prr_out_bytes_ = 0;
  std::uint32_t recover_flight_bytes_ = 0;
  std::uint32_t undo_window_bytes_ = 0;
  std::uint32_t undo_threshold_bytes_ = 0;
  SeqNumber undo_at_;                 // the first that was sent again
  std::uint32_t undo_timestamp_ = 0;  // when
  SeqNumber ecn_point_;               // no second reduction before this is acknowledged
  SeqNumber undo_ecn_point_;
  TimePoint pace_at_{};  // when the pace allows the next byte
  TimePoint pace_wake_at_ = kNever;
  TimePoint challenged_at_ = TimePoint::min();
  TimePoint failing_since_{};  // of the first retransmission without progress
  TimePoint heard_at_{};

  // Receive buffer tuning.
  std::uint32_t receive_limit_bytes_;
  std::uint32_t round_bytes_ = 0;
  std::uint32_t last_round_bytes_ = 0;
  TimePoint round_at_{};
  SackBlock repeated_{};
  std::uint32_t send_fixed_bytes_ = 0;
  std::unique_ptr<Keepalive> keepalive_;
  Counters counters_;
  CongestionSlot congestion_;
};

}  // namespace ghostnet::tcp
