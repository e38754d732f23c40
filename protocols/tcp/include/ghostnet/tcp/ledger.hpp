// Ledger: what the connections of one stack have in common: what is counted of them, and the memory of their buffers,
// which has one bound for all together (Tuning::max_buffer_bytes).
//
// Three degrees, much as Linux has them (tcp_mem). Below three quarters of the bound each connection has what its own
// bounds allow. Above, windows and send buffers do not grow. What would go beyond the bound is not kept: the segment is
// refused as if it had been lost, and the stack throws away the early data of all its connections, as RFC 2018 8 allows
// a receiver to. A connection whose queue is empty may always hold what one segment brings, so that nobody can make the
// others stand still; that much for each connection may lie beyond the bound.
#pragma once

#include <cstdint>

#include "ghostnet/runtime/time.hpp"
#include "ghostnet/tcp/tcp_metrics.hpp"

namespace ghostnet::tcp {

class Ledger {
 public:
  Ledger(TcpMetrics& metrics, std::uint64_t max_buffer_bytes) : metrics_(metrics), max_bytes_(max_buffer_bytes) {}
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  TcpMetrics& metrics() const { return metrics_; }
  std::uint64_t buffered_bytes() const { return buffered_bytes_; }

  bool pressed() const { return buffered_bytes_ > max_bytes_ / 4 * 3; }
  bool has_room_for(std::uint64_t bytes) const { return buffered_bytes_ + bytes <= max_bytes_; }

  // The buffers of a connection take `after` bytes, and took `before`.
  void change(std::uint32_t before, std::uint32_t after) {
    buffered_bytes_ += std::uint64_t{after} - before;
    metrics_.buffered_bytes.add(std::int64_t{after} - std::int64_t{before});
  }

  // A segment found no room.
  void refuse() {
    metrics_.refused.add();
    relief_wanted_ = true;
  }
  // Whether early data is to be thrown away. Not again and again: to look at all connections takes time.
  bool relief_due(TimePoint now) {
    if (!relief_wanted_) [[likely]]
      return false;
    relief_wanted_ = false;
    if (now < next_relief_) return false;
    next_relief_ = saturating_add(now, kReliefGap);
    return true;
  }

 private:
  static constexpr Duration kReliefGap = 100ms;

  TcpMetrics& metrics_;
  std::uint64_t max_bytes_;
  std::uint64_t buffered_bytes_ = 0;
  TimePoint next_relief_{};
  bool relief_wanted_ = false;
};

}  // namespace ghostnet::tcp
