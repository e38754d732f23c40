// Transit: one direction of a drop-tail link, answered in one call a packet.
//
// A packet that enters a first-in-first-out queue has its whole future decided at once: it starts when the one before
// it has ended, and the wire adds delay, loss and the rest. So admit() computes departure and arrival there and then;
// no queue is kept, no event is needed for a departure, and the state is five words. The amount queued follows from the
// time until which the transmitter is busy, exactly, to the bit.
//
// The caller owns the packet, the profile and the random stream (one per link, so that draws do not depend on others).
// Calls come with now never going back. Nothing can fail. LinkModel (link_model.hpp) holds packets, runs CoDel and
// FQ-CoDel, and gives these very answers for drop-tail.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "ghostnet/link/link_params.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::link {

// What became of a packet. Only carried ones arrive.
enum class Fate : std::uint8_t {
  carried,
  link_down,
  too_big,         // larger than the MTU
  queue_full,      // a queue limit, in bytes or packets
  in_flight_full,  // LinkModel only: in_flight_limit_packets
  codel,           // LinkModel only: dropped to shorten the queue
  lost,            // by chance, on the wire: it took its time of transmission
};
inline constexpr std::size_t kFates = 7;
std::string_view to_string(Fate fate);

struct PacketInfo {
  std::uint32_t size_bytes = 0;
  bool ecn_capable = false;     // ECT(0), ECT(1) or CE: mark it rather than drop it
  std::uint32_t flow_hash = 0;  // fq_codel: equal for the packets of a flow
};

inline constexpr std::uint32_t kNoBit = 0xffff'ffff;

struct Outcome {
  Fate fate = Fate::carried;
  bool ce_marked = false;                // the owner sets Congestion Experienced
  std::uint32_t corrupt_bit = kNoBit;    // the owner flips bit (n % 8, the lowest being 0) of byte n / 8
  TimePoint departure{};                 // the last bit has left; set for carried and lost
  TimePoint arrival{};                   // the last bit is there; set for carried
  TimePoint duplicate_arrival = kNever;  // a second copy, equally marked and corrupted
};

class Transit {
 public:
  Transit();
  ~Transit();
  Transit(Transit&&) noexcept;
  Transit& operator=(Transit&&) noexcept;

  // Takes the packet or drops it, and says when it leaves and arrives.
  Outcome admit(TimePoint now, PacketInfo packet, const LinkProfile& link, Random& random);

  // The same for a packet that a queue of the caller's has just let go: no limit, no mark, MTU and up unchecked.
  // It starts at `start` or when the one before it ends, whichever is later.
  Outcome transmit(TimePoint start, PacketInfo packet, const LinkProfile& link, Random& random);

  // Call when a link gets another profile while in use, before the first packet under the new one. Packets already
  // admitted keep their times and their size in the queue; later ones neither overtake them nor share their
  // transmission.
  void profile_changed(TimePoint now, const LinkProfile& from, const LinkProfile& to);

  // The transmitter is free from this time on.
  TimePoint busy_until() const { return busy_until_; }

  // No packet admitted from now on arrives before this time, unless its jitter may reorder.
  TimePoint earliest_arrival() const { return last_arrival_; }

  // Bytes not yet sent, frame overhead included and the part of a byte rounded up.
  std::uint64_t queued_bytes(TimePoint now, const LinkProfile& link) const;

 private:
  // What few links need: departure times for a limit in packets, and what was queued at a rate no longer in force.
  struct Ledger;

  std::uint64_t queued_work(TimePoint now, const LinkProfile& link) const;
  std::uint64_t work_ahead_of(TimePoint time, const LinkProfile& link) const;
  std::uint64_t ledger_queued_work(TimePoint now, const LinkProfile& link) const;
  std::size_t ledger_queued_packets() const;
  void record_departure();
  void settle_ledger(TimePoint now, const LinkProfile& link);

  TimePoint occupy(TimePoint start, PacketInfo packet, const LinkProfile& link);
  Outcome travel(TimePoint departure, PacketInfo packet, const LinkProfile& link, Random& random);
  Outcome travel_with_effects(TimePoint departure, PacketInfo packet, const LinkProfile& link, Random& random);
  bool loses(const LinkProfile& link, Random& random);
  TimePoint arrival_of(TimePoint departure, const LinkProfile& link, Random& random);

  TimePoint busy_until_ = TimePoint::min();  // rounded down
  std::uint64_t carry_work_ : 63 = 0;        // what of it is left over; less than the work of a nanosecond
  std::uint64_t in_bad_state_ : 1 = 0;       // of the bursts of loss
  TimePoint last_arrival_ = TimePoint::min();
  std::unique_ptr<Ledger> ledger_;
};

static_assert(sizeof(Transit) == 32, "a fabric holds two of these per host");

inline std::uint64_t Transit::work_ahead_of(TimePoint time, const LinkProfile& link) const {
  constexpr std::uint64_t kTooMuch = std::uint64_t{1} << 63;  // above every limit, with room for a packet
  if (busy_until_ < time) return 0;
  std::uint64_t work;
  const auto ahead_ns = static_cast<std::uint64_t>((busy_until_ - time).count());
  if (__builtin_mul_overflow(ahead_ns, link.rate_bps(), &work) || work > kTooMuch) return kTooMuch;
  return work + carry_work_;
}

inline std::uint64_t Transit::queued_work(TimePoint now, const LinkProfile& link) const {
  if (ledger_) [[unlikely]]
    return ledger_queued_work(now, link);
  return work_ahead_of(now, link);
}

inline TimePoint Transit::occupy(TimePoint start, PacketInfo packet, const LinkProfile& link) {
  if (busy_until_ < start) {
    busy_until_ = start;
    carry_work_ = 0;
  }
  if (link.rate_bps() != 0) {
    const LinkProfile::Quotient time = link.time_of(link.work_of(packet.size_bytes) + carry_work_);
    busy_until_ += Duration{static_cast<std::int64_t>(time.ns)};
    carry_work_ = time.rest;
  }
  return busy_until_;
}

inline Outcome Transit::travel(TimePoint departure, PacketInfo packet, const LinkProfile& link, Random& random) {
  if (!link.plain()) return travel_with_effects(departure, packet, link, random);
  if (random.chance(link.loss())) return {.fate = Fate::lost, .departure = departure};
  last_arrival_ = std::max(departure + link.delay(), last_arrival_);
  return {.departure = departure, .arrival = last_arrival_};
}

inline Outcome Transit::transmit(TimePoint start, PacketInfo packet, const LinkProfile& link, Random& random) {
  return travel(occupy(start, packet, link), packet, link, random);
}

inline Outcome Transit::admit(TimePoint now, PacketInfo packet, const LinkProfile& link, Random& random) {
  if (!link.up()) return {.fate = Fate::link_down};
  if (packet.size_bytes > link.mtu_bytes()) return {.fate = Fate::too_big};
  bool mark = false;
  if (link.rate_bps() != 0) {
    if (ledger_) [[unlikely]]
      settle_ledger(now, link);
    const std::uint64_t queued = queued_work(now, link);
    if (queued + link.work_of(packet.size_bytes) > link.limit_work()) return {.fate = Fate::queue_full};
    if (link.limit_packets() != 0 && ledger_queued_packets() >= link.limit_packets()) return {.fate = Fate::queue_full};
    mark = packet.ecn_capable && queued >= link.ecn_threshold_work();
  }
  const TimePoint departure = occupy(now, packet, link);
  if (link.limit_packets() != 0) record_departure();
  Outcome outcome = travel(departure, packet, link, random);
  outcome.ce_marked = mark;
  return outcome;
}

}  // namespace ghostnet::link
