// LinkParams: what a user says about one direction of a link. LinkProfile: the same, checked and made ready for the
// path.
//
// LinkParams is a plain struct that a scenario fills in and anybody may copy. LinkProfile::make() is the only way to a
// LinkProfile, so an engine that holds one never meets a bad value. A profile is immutable and meant to be shared: a
// hundred thousand links of one kind point to one profile, and each keeps only its own small state (transit.hpp).
// The meaning of every parameter, and the order of random draws, is written in docs/link-model.md.
#pragma once

#include <cstdint>

#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::link {

inline constexpr std::uint64_t kMaxRateBps = 10'000'000'000'000;    // 10 Tbit/s
inline constexpr std::uint32_t kMaxPacketBytes = 16 * 1024 * 1024;  // also the MTU where none is given
inline constexpr std::uint32_t kMaxQueueBytes = 1u << 30;
inline constexpr std::uint32_t kMaxQueuePackets = 1u << 20;
inline constexpr std::uint32_t kMaxFlows = 65'536;
inline constexpr std::uint32_t kMaxInFlightPackets = 1u << 24;
inline constexpr Duration kMaxDelay = 24h;

enum class Discipline : std::uint8_t {
  drop_tail,  // first in, first out; what does not fit is dropped
  codel,      // RFC 8289: drops from the front while packets stay too long
  fq_codel,   // RFC 8290: one CoDel queue per flow, served in deficit round robin, sparse flows first
};

enum class JitterShape : std::uint8_t {
  uniform,      // delay +- jitter, every value equally likely
  normal,       // jitter is the standard deviation
  exponential,  // jitter is the mean of what is added to delay: a long tail of late packets
};

// Loss in bursts, after Gilbert and Elliott: the link is in a good or a bad state and takes one step before each
// packet. Bursts last 1 / leave_bad packets on average; the share of packets met in the bad state is enter_bad /
// (enter_bad + leave_bad). On when enter_bad is not zero.
struct BurstLoss {
  Probability enter_bad{};
  Probability leave_bad = Probability::always();
  Probability loss_in_good{};
  Probability loss_in_bad = Probability::always();

  bool operator==(const BurstLoss&) const = default;
};

struct CodelParams {
  Duration target = 5ms;      // the standing delay that is acceptable (RFC 8289 4.4)
  Duration interval = 100ms;  // about the longest usual round trip (RFC 8289 4.3)

  bool operator==(const CodelParams&) const = default;
};

struct LinkParams {
  bool up = true;                          // a link that is down takes no packet; what it took before still arrives
  std::uint64_t rate_bps = 0;              // 0: infinitely fast, so there is never a queue
  std::uint32_t frame_overhead_bytes = 0;  // added to each packet on the wire and in the queue (Ethernet: 38)
  std::uint32_t mtu_bytes = 0;             // larger packets are dropped; 0: kMaxPacketBytes

  Duration delay{};   // from the last bit sent to the last bit received
  Duration jitter{};  // 0: none. A packet never arrives before it has left
  JitterShape jitter_shape = JitterShape::uniform;
  bool jitter_may_reorder = false;  // false: a packet waits for those sent before it

  Probability loss{};       // of each packet, independently; excludes burst_loss
  BurstLoss burst_loss{};   // excludes loss
  Probability corrupt{};    // one bit of the packet is flipped
  Probability duplicate{};  // a copy arrives too
  Probability reorder{};    // the packet is held back by reorder_delay while those behind it pass
  Duration reorder_delay = 10ms;

  Discipline discipline = Discipline::drop_tail;
  std::uint32_t queue_limit_bytes = 256 * 1024;  // the queue always has this bound
  std::uint32_t queue_limit_packets = 0;         // and this one; 0: bytes alone (fq_codel: 10240)
  std::uint32_t ecn_threshold_bytes = 0;  // drop_tail: mark ECN-capable packets that find this much queued; 0: never
  bool codel_ecn = true;                  // codel, fq_codel: mark ECN-capable packets instead of dropping them
  CodelParams codel{};
  std::uint32_t fq_flows = 1024;          // fq_codel: number of queues
  std::uint32_t fq_quantum_bytes = 1514;  // fq_codel: what a flow may send in its turn

  std::uint32_t in_flight_limit_packets = 1u << 16;  // LinkModel only: packets it holds, waiting or travelling

  // invalid_argument with the parameter, its value and what to write instead.
  Result<> validate() const;

  bool operator==(const LinkParams&) const = default;
};

class LinkProfile {
 public:
  // The errors of LinkParams::validate().
  static Result<LinkProfile> make(const LinkParams& params);

  const LinkParams& params() const { return params_; }

  bool up() const { return up_; }
  std::uint64_t rate_bps() const { return rate_bps_; }
  Duration delay() const { return delay_; }
  std::uint32_t mtu_bytes() const { return mtu_bytes_; }

  // Below: for the engines of this folder.

  // Work is counted in units of 10^-9 bit: size * 8 * 10^9 for a packet, nanoseconds * rate for a time. Then the time
  // that a packet takes is a quotient with a remainder to carry, and no bit is ever lost to rounding.
  static constexpr std::uint64_t kWorkPerByte = 8'000'000'000;

  std::uint32_t wire_bytes_of(std::uint32_t size_bytes) const { return size_bytes + frame_overhead_bytes_; }
  std::uint64_t work_of(std::uint32_t size_bytes) const { return wire_bytes_of(size_bytes) * kWorkPerByte; }

  // work / rate_bps and its remainder, without a division. work < 2^63, rate_bps != 0.
  struct Quotient {
    std::uint64_t ns;
    std::uint64_t rest;
  };
  Quotient time_of(std::uint64_t work) const {
    // The inverse is rounded down, so the estimate is right or one too small.
    const auto estimate = static_cast<std::uint64_t>((detail::Uint128{work} * inverse_rate_) >> 64);
    const std::uint64_t rest = work - estimate * rate_bps_;
    const bool one_more = rest >= rate_bps_;
    return {estimate + (one_more ? 1 : 0), rest - (one_more ? rate_bps_ : 0)};
  }

  std::uint64_t limit_work() const { return limit_work_; }
  std::uint64_t ecn_threshold_work() const { return ecn_threshold_work_; }  // the largest integer where it is off
  std::uint32_t limit_packets() const { return limit_packets_; }            // 0: none
  Probability loss() const { return loss_; }
  bool plain() const { return plain_; }  // on the wire there is delay and at most independent loss

 private:
  explicit LinkProfile(const LinkParams& params);

  // What every packet needs comes first and fills one cache line.
  std::uint64_t rate_bps_;
  std::uint64_t inverse_rate_;  // floor(2^64 / rate), or the largest integer for a rate of 1
  std::uint64_t limit_work_;
  std::uint64_t ecn_threshold_work_;
  Duration delay_;
  Probability loss_;
  std::uint32_t mtu_bytes_;
  std::uint32_t frame_overhead_bytes_;
  std::uint32_t limit_packets_;
  bool up_;
  bool plain_;

  LinkParams params_;
};

}  // namespace ghostnet::link
