// Pacer: the engine that says how many packets of a UDP transfer are due. Clockless, no I/O.
//
// The nth packet is due at start + n * size / rate, exactly, however late others left. Where packets are due more often
// than every `tick`, those of a tick leave together, as hardware and kernels would have it anyway.
#pragma once

#include <cstdint>

#include "ghostnet/bulk/options.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::bulk {

class Pacer {
 public:
  // `request` is valid and over UDP.
  Pacer(const BulkRequest& request, TimePoint start);

  // Packets that should have left by now and have not.
  std::uint64_t due(TimePoint now) const;
  void on_sent(std::uint64_t packets) { sent_ += packets; }

  // When due() will be more than 0; kNever once finished.
  TimePoint next_deadline(TimePoint now) const;
  // All packets have left, or the time is over.
  bool finished(TimePoint now) const { return sent_ == packets_ || now >= end_; }

  std::uint64_t sent() const { return sent_; }

 private:
  // When the packet of this number is due.
  TimePoint due_at(std::uint64_t packet) const;

  std::uint64_t packet_bits_;
  std::uint64_t rate_bps_;
  Duration tick_;
  TimePoint start_;
  TimePoint end_ = kNever;
  std::uint64_t packets_ = UINT64_MAX;
  std::uint64_t sent_ = 0;
};

}  // namespace ghostnet::bulk
