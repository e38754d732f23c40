// Cubic: RFC 9438, with HyStart++ (RFC 9406) for slow start.
//
// In the Reno-friendly region (RFC 9438 4.3) the factor of a decrease follows the queue, as in H-TCP (Leith, Shorten,
// 2004): where the window needs to fall by less than 0.7 for the queue to drain, it falls by less, at most to 0.8, and
// grows slower by the formula of 4.3, which makes any such pair take as much as Reno does. A path with short queues is
// then not left half empty after each loss. Elsewhere, and where there was no queue, the factor is 0.7.
//
// Fast convergence (4.7, a SHOULD) gives room to other flows that want it. Where round trips were within 2 % of the
// path's own when a loss was noticed nobody wants any, and W_max stays what it was.
//
// Windows are counted in segments as the RFC does, in binary64 with IEEE basic operations and exact_cbrt, so every bit
// is the same on any machine.
#pragma once

#include "ghostnet/tcp/congestion.hpp"

namespace ghostnet::tcp {

// RFC 9406: leaves slow start when round trips get longer, before the queue overflows, by way of a slower conservative
// phase that notices when it was a false alarm.
class HyStart {
 public:
  // How many bytes the window grows by for these.
  std::uint32_t growth_bytes(const AckedData& acked, std::uint32_t segment_bytes);
  // Slow start is over: five rounds of the conservative phase have passed (RFC 9406 4.2).
  bool finished() const { return css_rounds_left_ == 0; }
  void restart() { *this = HyStart(); }

 private:
  static constexpr Duration kMinThreshold = 4ms;
  static constexpr Duration kMaxThreshold = 16ms;
  static constexpr int kSamples = 8;
  static constexpr std::uint32_t kGrowthDivisor = 4;
  static constexpr std::uint8_t kRounds = 5;
  static constexpr std::uint32_t kLimitSegments = 8;  // L, of a sender that does not pace
  static constexpr Duration kUnknown = Duration::max();

  void begin_round(const AckedData& acked);
  void look_at_delay();

  Duration last_round_rtt_ = kUnknown;
  Duration round_rtt_ = kUnknown;
  Duration css_baseline_rtt_ = kUnknown;
  SeqNumber round_end_;
  std::uint8_t samples_ = 0;
  std::uint8_t css_rounds_left_ = kRounds;
  bool started_ = false;
  bool conservative_ = false;
};

// Not final: what an experiment changes of it is a class over it (congestion_algorithm()).
class Cubic : public CongestionControl {
 public:
  using CongestionControl::CongestionControl;
  void on_ack(const AckedData& acked) override;
  void on_congestion(TimePoint now, std::uint32_t in_flight_bytes) override;
  void on_timeout(TimePoint now, std::uint32_t in_flight_bytes) override;
  void on_undo() override;
  void on_idle(std::uint32_t restart_window_bytes) override;

 private:
  static constexpr double kBeta = 0.7;  // RFC 9438 4.6

  void begin_epoch(const AckedData& acked);
  void avoid_congestion(const AckedData& acked);
  double drained() const;
  double decrease_factor() const;
  std::uint32_t window_in_use_bytes(std::uint32_t in_flight_bytes) const;
  double segments(std::uint32_t bytes) const { return static_cast<double>(bytes) / segment_bytes_; }

  HyStart hystart_;
  double max_window_ = 0;       // W_max, segments
  double friendly_window_ = 0;  // W_est, segments
  double prior_window_ = 0;     // cwnd_prior, segments
  double fraction_ = 0;         // of a byte that the window has grown by
  double undo_max_window_ = 0;
  double undo_prior_window_ = 0;
  double inflection_s_ = 0;  // K, seconds after the epoch began
  double beta_ = kBeta;      // of the last decrease
  Duration latest_rtt_{};
  Duration least_rtt_{};
  TimePoint epoch_ = kNever;
  TimePoint unused_since_ = kNever;  // the window has not been what limits
  bool friendly_ = false;            // the window last followed W_est
};

}  // namespace ghostnet::tcp
