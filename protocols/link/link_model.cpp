#include "ghostnet/link/link_model.hpp"

#include <algorithm>
#include <cassert>

namespace ghostnet::link {
namespace {

// For a heap with the earliest arrival on top.
bool arrives_later(const LinkEngine::Arrival& a, const LinkEngine::Arrival& b) {
  return a.arrival != b.arrival ? a.arrival > b.arrival : a.sequence > b.sequence;
}

}  // namespace

LinkEngine::LinkEngine(std::shared_ptr<const LinkProfile> profile)
    : profile_(std::move(profile)),
      queue_(queue_of(profile_->params())),
      pool_(profile_->params().in_flight_limit_packets) {}

LinkEngine::Queue LinkEngine::queue_of(const LinkParams& params) {
  switch (params.discipline) {
    case Discipline::drop_tail: return std::monostate{};
    case Discipline::codel: return CodelQueue{};
    case Discipline::fq_codel: return FqCodelQueue{params.fq_flows};
  }
  return std::monostate{};
}

LinkEngine::Admission LinkEngine::enqueue(TimePoint now, PacketInfo info, Random& random) {
  ++counters_.offered;
  if (!profile_->up()) return {.fate = count(Fate::link_down)};
  if (info.size_bytes > profile_->mtu_bytes()) return {.fate = count(Fate::too_big)};
  if (pool_.full()) return {.fate = count(Fate::in_flight_full)};
  if (std::holds_alternative<std::monostate>(queue_)) return enqueue_drop_tail(now, info, random);

  // Before anything is dropped, or the packet could share its slot with one that its owner has yet to destroy.
  const Slot slot =
      pool_.acquire({.enqueued_at = now, .info = info, .wire_bytes = profile_->wire_bytes_of(info.size_bytes)});
  advance(now, random);  // the queue as the packet finds it
  last_enqueue_ = now;
  if (const Fate fate = push(slot); fate != Fate::carried) return {.fate = fate};
  advance(now, random);  // onto the wire, if that is free
  return {.slot = slot};
}

LinkEngine::Admission LinkEngine::enqueue_drop_tail(TimePoint now, PacketInfo info, Random& random) {
  const Outcome outcome = transit_.admit(now, info, *profile_, random);
  if (outcome.fate != Fate::carried) return {.fate = count(outcome.fate)};
  const Slot slot = pool_.acquire({.enqueued_at = now, .info = info});
  launch(slot, outcome);
  return {.slot = slot};
}

// Puts the packet into the queue, or drops it and frees its slot.
Fate LinkEngine::push(Slot slot) {
  if (auto* codel = std::get_if<CodelQueue>(&queue_)) {
    const std::uint32_t limit_packets = profile_->limit_packets();
    if (codel->bytes() + pool_[slot].wire_bytes > profile_->params().queue_limit_bytes ||
        (limit_packets != 0 && codel->packets() >= limit_packets)) {
      pool_.release(slot);
      return count(Fate::queue_full);
    }
    codel->push(pool_, slot);
    return Fate::carried;
  }

  const std::size_t dropped_before = dropped_.size();
  std::get<FqCodelQueue>(queue_).push(pool_, slot, *profile_, dropped_);
  for (std::size_t i = dropped_before; i < dropped_.size(); ++i) {
    count(Fate::queue_full);
    pool_.release(dropped_[i]);
  }
  // The caller never learns of a slot that is gone at once.
  return std::erase(dropped_, slot) != 0 ? Fate::queue_full : Fate::carried;
}

Dequeued LinkEngine::dequeue(TimePoint now) {
  const LinkParams& params = profile_->params();
  const std::size_t dropped_before = dropped_.size();
  auto* codel = std::get_if<CodelQueue>(&queue_);
  const Dequeued dequeued = codel ? codel->dequeue(now, params.codel, params.codel_ecn, pool_, dropped_)
                                  : std::get<FqCodelQueue>(queue_).dequeue(now, params, pool_, dropped_);
  for (std::size_t i = dropped_before; i < dropped_.size(); ++i) {
    count(Fate::codel);
    pool_.release(dropped_[i]);
  }
  return dequeued;
}

bool LinkEngine::queue_empty() const {
  if (const auto* codel = std::get_if<CodelQueue>(&queue_)) return codel->empty();
  if (const auto* fq = std::get_if<FqCodelQueue>(&queue_)) return fq->empty();
  return true;
}

// Sends what was to be sent by now. A packet starts when the one before it has ended, or when it came if the link was
// idle, however late this is called.
void LinkEngine::advance(TimePoint now, Random& random) {
  while (!queue_empty() && transit_.busy_until() <= now) {
    const TimePoint start = std::max(transit_.busy_until(), last_enqueue_);
    const Dequeued next = dequeue(start);
    if (next.slot == kNoSlot) continue;
    Outcome outcome = transit_.transmit(start, pool_[next.slot].info, *profile_, random);
    outcome.ce_marked = next.ce_marked;
    launch(next.slot, outcome);
  }
}

void LinkEngine::launch(Slot slot, const Outcome& outcome) {
  count(outcome.fate);
  if (outcome.fate == Fate::lost) {
    pool_.release(slot);
    dropped_.push_back(slot);
    return;
  }
  const bool duplicated = outcome.duplicate_arrival != kNever;
  pool_[slot].copies = duplicated ? 2 : 1;
  counters_.ce_marked += outcome.ce_marked ? 1 : 0;
  counters_.corrupted += outcome.corrupt_bit != kNoBit ? 1 : 0;
  counters_.duplicated += duplicated ? 1 : 0;
  Arrival arrival{.arrival = outcome.arrival,
                  .sequence = next_sequence_++,
                  .slot = slot,
                  .corrupt_bit = outcome.corrupt_bit,
                  .ce_marked = outcome.ce_marked};
  put_in_flight(arrival);
  if (duplicated) {
    arrival.arrival = outcome.duplicate_arrival;
    arrival.sequence = next_sequence_++;
    arrival.duplicate = true;
    put_in_flight(arrival);
  }
}

void LinkEngine::put_in_flight(const Arrival& arrival) {
  if (in_order_.empty() || in_order_.back().arrival <= arrival.arrival) {
    in_order_.push_back(arrival);
  } else {
    overtaking_.push_back(arrival);
    std::ranges::push_heap(overtaking_, arrives_later);
  }
}

const LinkEngine::Arrival* LinkEngine::next_arrival() const {
  if (overtaking_.empty()) return in_order_.empty() ? nullptr : &in_order_.front();
  if (in_order_.empty() || arrives_later(in_order_.front(), overtaking_.front())) return &overtaking_.front();
  return &in_order_.front();
}

std::optional<LinkEngine::Arrival> LinkEngine::poll(TimePoint now, Random& random) {
  advance(now, random);
  const Arrival* next = next_arrival();
  if (next == nullptr || next->arrival > now) return std::nullopt;
  Arrival arrival = *next;
  if (!overtaking_.empty() && next == &overtaking_.front()) {
    std::ranges::pop_heap(overtaking_, arrives_later);
    overtaking_.pop_back();
  } else {
    in_order_.pop_front();
  }
  arrival.last = --pool_[arrival.slot].copies == 0;
  if (arrival.last) pool_.release(arrival.slot);
  ++counters_.delivered;
  return arrival;
}

TimePoint LinkEngine::next_deadline() const {
  const Arrival* next = next_arrival();
  const TimePoint arrival = next == nullptr ? kNever : next->arrival;
  if (queue_empty()) return arrival;
  // What is still queued need not be sent on time, but in time for its arrival; it cannot arrive before what was sent
  // in order.
  if (!profile_->params().jitter_may_reorder && arrival <= transit_.earliest_arrival()) return arrival;
  return std::min(arrival, transit_.busy_until());
}

Result<> LinkEngine::change_profile(TimePoint now, std::shared_ptr<const LinkProfile> profile, Random& random) {
  const LinkParams& from = profile_->params();
  const LinkParams& to = profile->params();
  if (to.discipline != from.discipline || (to.discipline == Discipline::fq_codel && to.fq_flows != from.fq_flows)) {
    return fail(Errc::invalid_argument,
                "a link in use cannot change its queue discipline or fq_flows: make a new link");
  }
  advance(now, random);
  transit_.profile_changed(now, *profile_, *profile);
  pool_.set_limit(to.in_flight_limit_packets);
  profile_ = std::move(profile);
  return {};
}

std::uint64_t LinkEngine::queued_bytes(TimePoint now) const {
  if (const auto* codel = std::get_if<CodelQueue>(&queue_)) return codel->bytes();
  if (const auto* fq = std::get_if<FqCodelQueue>(&queue_)) return fq->bytes();
  return transit_.queued_bytes(now, *profile_);
}

Fate LinkEngine::count(Fate fate) {
  ++counters_.fates[static_cast<std::size_t>(fate)];
  return fate;
}

}  // namespace ghostnet::link
