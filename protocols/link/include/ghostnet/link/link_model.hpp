// LinkModel: one direction of a link that holds its packets, with every discipline. Sans I/O: time is an argument.
//
// The contract with its driver, simulated or live:
//   fate = link.enqueue(now, packet, info, random);           at any time; the packet is taken or dropped
//   while (auto delivery = link.poll(now, random)) ...        what has arrived by now, in order of arrival
//   arm a timer at link.next_deadline();                      after each of the two
// `now` never goes back. A late poll does no harm: departures and arrivals are computed for the times at which they
// were due, so a driver that wakes late delivers late but the link does not drift.
//
// Drop-tail is Transit (transit.hpp), so it gives the same departures, drops and draws as the fabric's fast path. CoDel
// and FQ-CoDel keep real queues and pick the next packet when the transmitter becomes free.
//
// A Packet is anything movable; Copy makes the second one where a profile duplicates. Bounds: the queue limits of the
// parameters, and in_flight_limit_packets for all that the link holds.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "ghostnet/link/codel.hpp"
#include "ghostnet/link/fq_codel.hpp"
#include "ghostnet/link/link_params.hpp"
#include "ghostnet/link/packet_pool.hpp"
#include "ghostnet/link/ring.hpp"
#include "ghostnet/link/transit.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::link {

// offered = the sum of fates + those still in a CoDel queue.
struct LinkCounters {
  std::uint64_t offered = 0;
  std::array<std::uint64_t, kFates> fates{};  // by Fate, counted when it is decided
  std::uint64_t ce_marked = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t delivered = 0;  // handed out by poll(), copies included

  std::uint64_t of(Fate fate) const { return fates[static_cast<std::size_t>(fate)]; }
};

// LinkModel without the packets: they are slot numbers. A slot is the caller's from enqueue() until it comes back, by
// poll() with `last` set or among the dropped ones.
class LinkEngine {
 public:
  explicit LinkEngine(std::shared_ptr<const LinkProfile> profile);

  struct Admission {
    Fate fate = Fate::carried;  // carried: taken, which for CoDel and FQ-CoDel is not yet sent
    Slot slot = kNoSlot;        // set when taken
  };
  Admission enqueue(TimePoint now, PacketInfo info, Random& random);

  struct Arrival {
    TimePoint arrival{};
    std::uint64_t sequence = 0;  // breaks ties: the order in which packets went onto the wire
    Slot slot = kNoSlot;
    std::uint32_t corrupt_bit = kNoBit;
    bool ce_marked = false;
    bool duplicate = false;  // the second copy of its slot
    bool last = true;        // no further copy of this slot will come
  };
  std::optional<Arrival> poll(TimePoint now, Random& random);

  // Taken packets that will not arrive after all, since the last call of forget_dropped().
  const std::vector<Slot>& dropped() const { return dropped_; }
  void forget_dropped() { dropped_.clear(); }

  TimePoint next_deadline() const;
  Result<> change_profile(TimePoint now, std::shared_ptr<const LinkProfile> profile, Random& random);

  const LinkProfile& profile() const { return *profile_; }
  const LinkCounters& counters() const { return counters_; }
  std::uint64_t queued_bytes(TimePoint now) const;
  std::uint32_t held_packets() const { return pool_.used(); }

 private:
  using Queue = std::variant<std::monostate, CodelQueue, FqCodelQueue>;  // monostate: drop-tail

  static Queue queue_of(const LinkParams& params);
  Admission enqueue_drop_tail(TimePoint now, PacketInfo info, Random& random);
  Fate push(Slot slot);
  Dequeued dequeue(TimePoint now);
  bool queue_empty() const;
  void advance(TimePoint now, Random& random);
  void launch(Slot slot, const Outcome& outcome);
  void put_in_flight(const Arrival& arrival);
  const Arrival* next_arrival() const;
  Fate count(Fate fate);

  std::shared_ptr<const LinkProfile> profile_;
  Transit transit_;
  Queue queue_;
  PacketPool pool_;
  // On the wire: those that arrive in the order of their sending, and a heap, the earliest on top, of those that do
  // not.
  Ring<Arrival> in_order_;
  std::vector<Arrival> overtaking_;
  std::vector<Slot> dropped_;
  TimePoint last_enqueue_ = TimePoint::min();
  std::uint64_t next_sequence_ = 0;
  LinkCounters counters_;
};

template <class Packet>
struct Delivery {
  Packet packet;
  TimePoint arrival{};                 // at or before the time of the poll
  std::uint32_t corrupt_bit = kNoBit;  // flip bit (n % 8, the lowest being 0) of byte n / 8
  bool ce_marked = false;              // set Congestion Experienced
  bool duplicate = false;              // the second copy
};

struct CopyConstruct {
  template <std::copy_constructible Packet>
  Packet operator()(const Packet& packet) const {
    return packet;
  }
};

template <std::movable Packet, std::regular_invocable<const Packet&> Copy = CopyConstruct>
class LinkModel {
 public:
  // Shares the profile, which may not be null.
  explicit LinkModel(std::shared_ptr<const LinkProfile> profile) : engine_(std::move(profile)) {}

  // Takes the packet or destroys it. Fate::carried says taken: chance and CoDel may yet drop it, which counters() tell.
  Fate enqueue(TimePoint now, Packet packet, PacketInfo info, Random& random) {
    const LinkEngine::Admission admission = engine_.enqueue(now, info, random);
    if (admission.slot != kNoSlot) {
      if (admission.slot >= packets_.size()) packets_.resize(admission.slot + 1);
      packets_[admission.slot] = std::move(packet);
    }
    destroy_dropped();
    return admission.fate;
  }

  // The next packet that has arrived by now, or nothing.
  std::optional<Delivery<Packet>> poll(TimePoint now, Random& random) {
    const std::optional<LinkEngine::Arrival> arrival = engine_.poll(now, random);
    destroy_dropped();
    if (!arrival) return std::nullopt;
    std::optional<Packet>& held = packets_[arrival->slot];
    Packet packet = arrival->last ? std::move(*held) : Copy{}(std::as_const(*held));
    if (arrival->last) held.reset();
    return Delivery<Packet>{std::move(packet), arrival->arrival, arrival->corrupt_bit, arrival->ce_marked,
                            arrival->duplicate};
  }

  // When poll() has something to do next; kNever when the link holds nothing.
  TimePoint next_deadline() const { return engine_.next_deadline(); }

  // From now on the link behaves as `profile` says; packets that have left keep their times (docs/link-model.md).
  // invalid_argument when discipline or fq_flows differ: a queue in use stays of its kind.
  Result<> change_profile(TimePoint now, std::shared_ptr<const LinkProfile> profile, Random& random) {
    Result<> changed = engine_.change_profile(now, std::move(profile), random);
    destroy_dropped();
    return changed;
  }

  const LinkProfile& profile() const { return engine_.profile(); }
  const LinkCounters& counters() const { return engine_.counters(); }

  // Bytes not yet sent, frame overhead included; for CoDel and FQ-CoDel without the packet being sent.
  std::uint64_t queued_bytes(TimePoint now) const { return engine_.queued_bytes(now); }

  // Packets in the queue and on the wire.
  std::uint32_t held_packets() const { return engine_.held_packets(); }

 private:
  void destroy_dropped() {
    for (const Slot slot : engine_.dropped()) packets_[slot].reset();
    engine_.forget_dropped();
  }

  LinkEngine engine_;
  std::vector<std::optional<Packet>> packets_;  // by slot
};

}  // namespace ghostnet::link
