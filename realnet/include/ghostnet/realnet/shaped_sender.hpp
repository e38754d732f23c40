// ShapedSender: the sending half of a stream between hosts of a LoopbackNetwork: what was written and has not yet come
// through.
//
// The kernel's own TCP joins the two ends and knows of no distance. So the sender cuts what is written into segments,
// sends them through the network as parcels, and hands them to the kernel in order when they arrive. How many are
// under way is what TCP would allow: a congestion window that starts at ten segments (RFC 6928), grows and halves
// (RFC 5681 3.1), recovers once for each window of losses (RFC 6582), and falls to one segment after a timeout (RFC
// 6298 5). Acknowledgements take the time of the way back, but meet no queue and no loss there.
//
// Bounded by `buffer_bytes`, and by twice the window, as Linux grows its buffers; a writer waits for room. Neither
// blocks nor fails; a stream whose segments never come through is given up after kMaxTries.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "ghostnet/realnet/loopback_network.hpp"

namespace ghostnet::realnet {

class ShapedSender : public std::enable_shared_from_this<ShapedSender> {
 public:
  static constexpr std::size_t kDefaultBufferBytes = 4 << 20;
  static constexpr std::size_t kLeastBufferBytes = 64 << 10;
  static constexpr std::uint32_t kMaxTries = 15;  // Linux: tcp_retries2

  // The end of the way: a socket of the kernel.
  class Output {
   public:
    // How many the kernel took.
    virtual std::size_t put(ByteView bytes) = 0;
    virtual void end_of_stream() = 0;
    virtual void reset() = 0;
    virtual void gave_up() = 0;
    // The buffer has room again.
    virtual void made_room() = 0;

   protected:
    ~Output() = default;
  };

  // Nothing leaves before `not_before`.
  ShapedSender(LoopbackNetwork& network, IpAddress from, IpAddress to, std::size_t buffer_bytes, TimePoint not_before);

  // Null: whatever arrives is forgotten.
  void set_output(Output* output) { output_ = output; }
  // How many bytes there was room for.
  std::size_t write(std::span<const ByteView> parts);
  // After everything written, the peer sees the end; or the reset, which takes with it what has not left.
  void finish() { append_mark(Mark::end); }
  void reset();
  // The kernel takes bytes again.
  void output_writable() { deliver(); }
  std::uint64_t window_bytes() const { return window_bytes_; }
  std::uint64_t under_way_bytes() const { return under_way_bytes_; }
  // Smoothed; a guess before the first was measured.
  Duration round_trip() const { return round_trip_; }
  // Everything has come through.
  bool empty() const { return segments_.empty(); }

 private:
  class SegmentParcel;
  class Call;
  enum class Mark : std::uint8_t { none, end, reset };
  enum class State : std::uint8_t { waiting, travelling, lost, arrived };
  enum class Event : std::uint8_t { begin, acknowledged, missed, timed_out };

  struct Segment {
    std::vector<std::uint8_t> bytes;
    Mark mark = Mark::none;
    State state = State::waiting;
    std::uint32_t tries = 0;
    TimePoint sent_at{};
  };

  struct Acknowledgement {
    std::uint64_t number;
    std::size_t bytes;
    TimePoint sent_at;
    bool first_try;
  };

  std::size_t room_bytes() const;
  void tell_room();
  void append_mark(Mark mark);
  Segment* find(std::uint64_t number);
  void send_what_may();
  bool fits_window(const Segment& segment) const;
  void send(std::uint64_t number, Segment& segment);
  void call_at(TimePoint at, Event event, std::uint64_t number);
  void happen(Event event, std::uint64_t number);
  void arrived(std::uint64_t number);
  void lost(std::uint64_t number);
  void acknowledged();
  void resend(std::uint64_t number, Segment& segment);
  void measure(Duration round_trip);
  void deliver();
  Duration timeout(const Segment& segment) const;

  LoopbackNetwork& network_;
  IpAddress from_;
  IpAddress to_;
  Output* output_ = nullptr;
  std::size_t buffer_bytes_;
  std::size_t segment_bytes_;
  std::deque<Segment> segments_;     // those not yet delivered, in order
  std::uint64_t first_number_ = 0;   // of the front
  std::uint64_t next_number_ = 0;    // the first that has never been sent
  std::size_t delivered_bytes_ = 0;  // of the front
  std::size_t held_bytes_ = 0;
  std::uint64_t under_way_bytes_ = 0;
  std::uint64_t window_bytes_;
  std::uint64_t threshold_bytes_;
  std::uint64_t recovery_number_ = 0;      // losses before it have been answered by the window
  std::uint64_t acknowledged_number_ = 0;  // one past the highest
  std::size_t lost_segments_ = 0;
  std::deque<Acknowledgement> acknowledgements_;  // on their way back
  Duration round_trip_;                           // smoothed (RFC 6298 2)
  TimePoint not_before_;
  std::uint32_t flow_;
  bool begun_;
  bool waiting_to_begin_ = false;
  bool writer_waits_ = false;
  bool given_up_ = false;
};

}  // namespace ghostnet::realnet
