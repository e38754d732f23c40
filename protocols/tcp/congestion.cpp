#include "ghostnet/tcp/congestion.hpp"

#include "ghostnet/tcp/cubic.hpp"

namespace ghostnet::tcp {

constinit const CongestionAlgorithm kNewReno = congestion_algorithm<NewReno>("newreno");
constinit const CongestionAlgorithm kCubic = congestion_algorithm<Cubic>("cubic");

const CongestionAlgorithm* find_congestion_algorithm(std::string_view name) {
  for (const CongestionAlgorithm* algorithm : {&kNewReno, &kCubic}) {
    if (algorithm->name == name) return algorithm;
  }
  return nullptr;
}

void NewReno::on_ack(const AckedData& acked) {
  if (!acked.window_limited) return;
  if (in_slow_start()) {
    // RFC 3465 2.2: at most two segments for each acknowledgment.
    return set_window(window_bytes_ + std::min(acked.bytes, 2 * segment_bytes_));
  }
  acked_in_window_bytes_ += acked.bytes;
  if (acked_in_window_bytes_ < window_bytes_) return;
  acked_in_window_bytes_ -= window_bytes_;
  set_window(window_bytes_ + segment_bytes_);
}

void NewReno::on_congestion(TimePoint, std::uint32_t in_flight_bytes) {
  acked_in_window_bytes_ = 0;
  set_threshold(in_flight_bytes / 2);  // RFC 5681 (4)
}

}  // namespace ghostnet::tcp
