#include "ghostnet/tcp/cubic.hpp"

#include "ghostnet/runtime/exact_math.hpp"

namespace ghostnet::tcp {

namespace {

constexpr double kC = 0.4;  // RFC 9438 5
constexpr double kMostBeta = 0.8;
constexpr double kNoQueue = 0.9;      // of the longest round trip: what was lost then was not lost to a full queue
constexpr double kEmptyQueue = 0.98;  // likewise: and nobody else was waiting in it

double seconds(Duration duration) { return static_cast<double>(duration.count()) * 1e-9; }

}  // namespace

// ---- HyStart++ ----

std::uint32_t HyStart::growth_bytes(const AckedData& acked, std::uint32_t segment_bytes) {
  if (!started_ || acked.acknowledged > round_end_) begin_round(acked);
  if (acked.rtt != Duration::zero()) {
    round_rtt_ = std::min(round_rtt_, acked.rtt);
    if (samples_ < kSamples) ++samples_;
    look_at_delay();
  }
  std::uint32_t growth_bytes = std::min(acked.bytes, kLimitSegments * segment_bytes);
  return conservative_ ? growth_bytes / kGrowthDivisor : growth_bytes;
}

// RFC 9406 4.2: a round ends when what was sent at its beginning has been acknowledged.
void HyStart::begin_round(const AckedData& acked) {
  if (started_ && conservative_ && css_rounds_left_ > 0) --css_rounds_left_;
  started_ = true;
  round_end_ = acked.next;
  last_round_rtt_ = round_rtt_;
  round_rtt_ = kUnknown;
  samples_ = 0;
}

void HyStart::look_at_delay() {
  if (samples_ < kSamples) return;
  if (conservative_) {
    if (round_rtt_ >= css_baseline_rtt_) return;
    conservative_ = false;  // the delay went down again: slow start goes on
    css_rounds_left_ = kRounds;
    css_baseline_rtt_ = kUnknown;
    return;
  }
  if (last_round_rtt_ == kUnknown) return;
  Duration threshold = std::clamp(last_round_rtt_ / 8, kMinThreshold, kMaxThreshold);
  if (round_rtt_ < last_round_rtt_ + threshold) return;
  css_baseline_rtt_ = round_rtt_;
  conservative_ = true;
}

// ---- Cubic ----

void Cubic::on_ack(const AckedData& acked) {
  if (acked.rtt != Duration::zero()) latest_rtt_ = acked.rtt;
  least_rtt_ = acked.least_rtt;
  if (!acked.window_limited) {
    if (unused_since_ == kNever) unused_since_ = acked.now;
    return;
  }
  // RFC 9438 5.8: time that the sender did not use is no time in which the window would have grown.
  if (unused_since_ != kNever && epoch_ != kNever) epoch_ += acked.now - unused_since_;
  unused_since_ = kNever;
  if (!in_slow_start()) return avoid_congestion(acked);
  set_window(window_bytes_ + hystart_.growth_bytes(acked, segment_bytes_));
  if (hystart_.finished()) set_threshold(window_bytes_);
}

// RFC 9438 4.2: the cubic goes through the window of now and has its plateau at W_max.
void Cubic::begin_epoch(const AckedData& acked) {
  double window = segments(window_bytes_);
  epoch_ = acked.now;
  friendly_window_ = window;
  if (prior_window_ == 0) prior_window_ = window;
  if (max_window_ <= window) {
    max_window_ = window;
    inflection_s_ = 0;
  } else {
    inflection_s_ = exact_cbrt((max_window_ - window) / kC);
  }
}

void Cubic::avoid_congestion(const AckedData& acked) {
  if (epoch_ == kNever) begin_epoch(acked);
  double window = segments(window_bytes_);
  double acked_segments = segments(acked.bytes);
  double elapsed_s = seconds(acked.now - epoch_);
  double after_rtt_s = elapsed_s + seconds(acked.smoothed_rtt) - inflection_s_;
  double target = max_window_ + kC * after_rtt_s * after_rtt_s * after_rtt_s;
  target = std::clamp(target, window, 1.5 * window);
  // RFC 9438 4.3: as fast as Reno where that is faster.
  double alpha = friendly_window_ >= prior_window_ ? 1 : 3 * (1 - beta_) / (1 + beta_);
  friendly_window_ += alpha * acked_segments / window;
  double grown = window + (target - window) / window * acked_segments;
  double since_s = elapsed_s - inflection_s_;
  friendly_ = max_window_ + kC * since_s * since_s * since_s < friendly_window_;
  if (friendly_) grown = std::max(window, friendly_window_);
  fraction_ += (grown - window) * segment_bytes_;
  if (fraction_ < 1) return;
  auto whole_bytes = static_cast<std::uint32_t>(std::min(fraction_, 1e9));
  fraction_ -= whole_bytes;
  set_window(window_bytes_ + std::min(whole_bytes, kMaxWindowBytes - window_bytes_));
}

// What a round trip takes without the queue, of what it took last; 0: not known.
double Cubic::drained() const {
  if (latest_rtt_ == Duration::zero() || least_rtt_ == Duration::zero()) return 0;
  return seconds(least_rtt_) / seconds(latest_rtt_);
}

// By as much as the queue has made round trips longer, within bounds.
double Cubic::decrease_factor() const {
  const double drained = this->drained();
  if (!friendly_ || drained == 0 || drained > kNoQueue) return kBeta;
  return std::clamp(drained, kBeta, kMostBeta);
}

// RFC 9438 4.6 and 5.8: what was in use counts, where that is less than the window by a segment or more; what is less
// than a segment is room for which there was none.
std::uint32_t Cubic::window_in_use_bytes(std::uint32_t in_flight_bytes) const {
  if (in_flight_bytes + segment_bytes_ > window_bytes_) return window_bytes_;
  return std::max(in_flight_bytes, window_bytes_ / 2);
}

void Cubic::on_congestion(TimePoint, std::uint32_t in_flight_bytes) {
  double window = segments(window_in_use_bytes(in_flight_bytes));
  undo_max_window_ = max_window_;
  undo_prior_window_ = prior_window_;
  prior_window_ = window;
  beta_ = decrease_factor();
  // RFC 9438 4.7: fast convergence, where the window fell short of W_max. Both count segments (RFC 9438 4): a part of
  // one is no shortfall. Without that the seconds about the plateau, where the curve is flatter than a segment, would
  // count as one, and what happens there most often would cost a flow that nobody asks to give way. Nor does anybody
  // ask where a loss met an empty queue: it is the path's own, and says nothing of other flows.
  const bool fell_short = window <= max_window_ - 1 && drained() <= kEmptyQueue;
  max_window_ = fell_short ? window * (1 + beta_) / 2 : window;
  set_threshold(static_cast<std::uint32_t>(window * beta_ * segment_bytes_));
  friendly_ = false;
  epoch_ = kNever;
  fraction_ = 0;
  hystart_.restart();
}

// RFC 9438 4.8: the cubic begins anew once slow start has reached the threshold.
void Cubic::on_timeout(TimePoint now, std::uint32_t in_flight_bytes) {
  on_congestion(now, in_flight_bytes);
  max_window_ = 0;  // begin_epoch() takes the window of its moment, and K is 0
}

void Cubic::on_undo() {
  max_window_ = undo_max_window_;  // RFC 9438 4.9.2
  prior_window_ = undo_prior_window_;
  epoch_ = kNever;
}

void Cubic::on_idle(std::uint32_t restart_window_bytes) {
  CongestionControl::on_idle(restart_window_bytes);
  epoch_ = kNever;
}

}  // namespace ghostnet::tcp
