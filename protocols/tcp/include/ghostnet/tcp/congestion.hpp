// CongestionControl: how much may be on its way: the interface, and what the algorithms of this folder share.
//
// An algorithm owns two numbers, the congestion window and the slow start threshold, in bytes, and is told of three
// kinds of news: data was acknowledged, congestion was noticed (a loss, or an ECN mark), the retransmission timer
// expired. How losses are found and repaired is not its business (recovery.cpp). Objects stand inside their connection,
// so an algorithm of the outside takes at most kMaxCongestionBytes:
//
//   const CongestionAlgorithm kMine = congestion_algorithm<MyControl>("mine");
//   tuning.congestion = &kMine;
//
// Only integers, IEEE basic operations and exact_math.hpp: a run repeats on any machine.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <utility>

#include "ghostnet/runtime/time.hpp"
#include "ghostnet/tcp/sequence.hpp"

namespace ghostnet::tcp {

struct AckedData {
  TimePoint now;
  std::uint32_t bytes = 0;  // newly acknowledged, selectively too
  Duration rtt{};           // of the segment sent last among them; 0: not known (Karn)
  Duration smoothed_rtt{};
  Duration least_rtt{};         // of the path with empty queues, as far as is known
  SeqNumber acknowledged;       // SND.UNA
  SeqNumber next;               // SND.NXT
  bool window_limited = false;  // the congestion window was what held the sender back (RFC 9293 says no more; RFC 7661)
};

class CongestionControl {
 public:
  CongestionControl(std::uint32_t segment_bytes, std::uint32_t initial_window_bytes)
      : window_bytes_(initial_window_bytes), segment_bytes_(segment_bytes) {}
  CongestionControl(const CongestionControl&) = delete;
  CongestionControl& operator=(const CongestionControl&) = delete;
  virtual ~CongestionControl() = default;

  std::uint32_t window_bytes() const { return window_bytes_; }
  std::uint32_t threshold_bytes() const { return threshold_bytes_; }
  std::uint32_t segment_bytes() const { return segment_bytes_; }
  bool in_slow_start() const { return window_bytes_ < threshold_bytes_; }

  virtual void on_ack(const AckedData& acked) = 0;
  // At most once for each window of data. Sets the threshold; the caller brings the window down to it.
  virtual void on_congestion(TimePoint now, std::uint32_t in_flight_bytes) = 0;
  // RFC 5681 3.1: the first expiry for a segment sets the threshold; the caller starts again with one segment.
  virtual void on_timeout(TimePoint now, std::uint32_t in_flight_bytes) { on_congestion(now, in_flight_bytes); }
  // What was taken for a loss was none; the caller restores both numbers.
  virtual void on_undo() {}
  // The connection was idle, and starts again with at most so much (RFC 5681 4.1).
  virtual void on_idle(std::uint32_t restart_window_bytes) {
    window_bytes_ = std::min(window_bytes_, restart_window_bytes);
  }

  // For recovery, which steers the window while it lasts (RFC 6937).
  void set_window(std::uint32_t bytes) { window_bytes_ = std::clamp(bytes, segment_bytes_, kMaxWindowBytes); }
  void set_threshold(std::uint32_t bytes) { threshold_bytes_ = std::max(bytes, 2 * segment_bytes_); }
  // The path carries less, or more, than was thought.
  void set_segment(std::uint32_t bytes) { segment_bytes_ = bytes; }

 protected:
  static constexpr std::uint32_t kMaxWindowBytes = 1u << 30;

  std::uint32_t window_bytes_;
  std::uint32_t threshold_bytes_ = kMaxWindowBytes;
  std::uint32_t segment_bytes_;
};

inline constexpr std::size_t kMaxCongestionBytes = 160;

struct CongestionAlgorithm {
  std::string_view name;
  CongestionControl* (*construct)(void* storage, std::uint32_t segment_bytes, std::uint32_t initial_window_bytes);
};

template <std::derived_from<CongestionControl> T>
constexpr CongestionAlgorithm congestion_algorithm(std::string_view name) {
  static_assert(sizeof(T) <= kMaxCongestionBytes && alignof(T) <= alignof(std::uint64_t));
  return {name, [](void* storage, std::uint32_t segment_bytes, std::uint32_t initial_window_bytes) {
            return static_cast<CongestionControl*>(new (storage) T(segment_bytes, initial_window_bytes));
          }};
}

// The object of one connection.
class CongestionSlot {
 public:
  CongestionSlot(const CongestionAlgorithm& algorithm, std::uint32_t segment_bytes, std::uint32_t initial_window_bytes)
      : control_(algorithm.construct(storage_, segment_bytes, initial_window_bytes)) {}
  CongestionSlot(const CongestionSlot&) = delete;
  CongestionSlot& operator=(const CongestionSlot&) = delete;
  ~CongestionSlot() { control_->~CongestionControl(); }

  CongestionControl* operator->() { return control_; }
  const CongestionControl* operator->() const { return control_; }

 private:
  alignas(std::uint64_t) std::byte storage_[kMaxCongestionBytes];
  CongestionControl* control_;
};

// RFC 5681, with the window growing by the bytes acknowledged (RFC 3465).
class NewReno final : public CongestionControl {
 public:
  using CongestionControl::CongestionControl;
  void on_ack(const AckedData& acked) override;
  void on_congestion(TimePoint now, std::uint32_t in_flight_bytes) override;

 private:
  std::uint32_t acked_in_window_bytes_ = 0;
};

extern const CongestionAlgorithm kNewReno;
extern const CongestionAlgorithm kCubic;

// Null when there is none of this name: "newreno", "cubic".
const CongestionAlgorithm* find_congestion_algorithm(std::string_view name);

}  // namespace ghostnet::tcp
