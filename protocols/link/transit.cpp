#include "ghostnet/link/transit.hpp"

#include <algorithm>

#include "ghostnet/link/ring.hpp"

namespace ghostnet::link {

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::carried: return "carried";
    case Fate::link_down: return "link_down";
    case Fate::too_big: return "too_big";
    case Fate::queue_full: return "queue_full";
    case Fate::in_flight_full: return "in_flight_full";
    case Fate::codel: return "codel";
    case Fate::lost: return "lost";
  }
  return "unknown";
}

struct Transit::Ledger {
  Ring<TimePoint> departures;  // still to come, at most limit_packets

  // What was queued when the profile changed, work_before in all, is sent evenly from changed_at to sent_by.
  TimePoint changed_at{};
  TimePoint sent_by{};
  std::uint64_t work_before = 0;
};

Transit::Transit() = default;
Transit::~Transit() = default;
Transit::Transit(Transit&&) noexcept = default;
Transit& Transit::operator=(Transit&&) noexcept = default;

std::uint64_t Transit::queued_bytes(TimePoint now, const LinkProfile& link) const {
  if (link.rate_bps() == 0) return 0;
  const std::uint64_t work = queued_work(now, link);
  return work / LinkProfile::kWorkPerByte + (work % LinkProfile::kWorkPerByte != 0 ? 1 : 0);
}

void Transit::profile_changed(TimePoint now, const LinkProfile& from, const LinkProfile& to) {
  if (to.params().burst_loss.enter_bad.is_never()) in_bad_state_ = false;
  if (from.rate_bps() == to.rate_bps()) return;
  if (from.rate_bps() == 0 || busy_until_ <= now) {
    carry_work_ = 0;
    return;
  }
  const std::uint64_t queued = queued_work(now, from);
  if (!ledger_) ledger_ = std::make_unique<Ledger>();
  ledger_->changed_at = now;
  ledger_->sent_by = busy_until_;
  ledger_->work_before = queued;
  carry_work_ = 0;  // less than a nanosecond of the old rate
}

std::uint64_t Transit::ledger_queued_work(TimePoint now, const LinkProfile& link) const {
  if (now >= ledger_->sent_by) return work_ahead_of(now, link);
  const auto left = static_cast<std::uint64_t>((ledger_->sent_by - now).count());
  const auto whole = static_cast<std::uint64_t>((ledger_->sent_by - ledger_->changed_at).count());
  const auto before = static_cast<std::uint64_t>(ghostnet::detail::Uint128{ledger_->work_before} * left / whole);
  return std::min(before, std::uint64_t{1} << 62) +
         std::min(work_ahead_of(ledger_->sent_by, link), std::uint64_t{1} << 62);
}

std::size_t Transit::ledger_queued_packets() const { return ledger_ ? ledger_->departures.size() : 0; }

void Transit::record_departure() {
  if (!ledger_) ledger_ = std::make_unique<Ledger>();
  ledger_->departures.push_back(busy_until_);
}

void Transit::settle_ledger(TimePoint now, const LinkProfile& link) {
  Ring<TimePoint>& departures = ledger_->departures;
  while (!departures.empty() && departures.front() <= now) departures.pop_front();
  // A link without a limit in packets goes back to the fast path.
  if (link.limit_packets() == 0 && departures.empty() && ledger_->sent_by <= now) ledger_.reset();
}

Outcome Transit::travel_with_effects(TimePoint departure, PacketInfo packet, const LinkProfile& link, Random& random) {
  const LinkParams& p = link.params();
  if (loses(link, random)) return {.fate = Fate::lost, .departure = departure};
  Outcome outcome{.departure = departure};
  if (packet.size_bytes != 0 && random.chance(p.corrupt)) {
    outcome.corrupt_bit = static_cast<std::uint32_t>(random.below(std::uint64_t{packet.size_bytes} * 8));
  }
  const bool duplicated = random.chance(p.duplicate);
  const bool held_back = random.chance(p.reorder);
  outcome.arrival = arrival_of(departure, link, random) + (held_back ? p.reorder_delay : 0ns);
  if (duplicated) outcome.duplicate_arrival = arrival_of(departure, link, random);
  return outcome;
}

bool Transit::loses(const LinkProfile& link, Random& random) {
  const BurstLoss& bursts = link.params().burst_loss;
  if (bursts.enter_bad.is_never()) return random.chance(link.loss());
  in_bad_state_ = in_bad_state_ ? !random.chance(bursts.leave_bad) : random.chance(bursts.enter_bad);
  return random.chance(in_bad_state_ ? bursts.loss_in_bad : bursts.loss_in_good);
}

namespace {

Duration draw_jitter(const LinkParams& p, Random& random) {
  if (p.jitter == 0ns) return 0ns;
  switch (p.jitter_shape) {
    case JitterShape::uniform: return random.between(-p.jitter, p.jitter);
    case JitterShape::exponential: return random.exponential(p.jitter);
    case JitterShape::normal: break;
  }
  const double ns = random.normal(0.0, static_cast<double>(p.jitter.count()));
  return Duration{static_cast<std::int64_t>(ns + (ns < 0 ? -0.5 : 0.5))};
}

}  // namespace

// last_arrival_ keeps packets in order through jitter and through a delay that a new profile made shorter. Jitter that
// may reorder comes on top of it.
TimePoint Transit::arrival_of(TimePoint departure, const LinkProfile& link, Random& random) {
  const LinkParams& p = link.params();
  const Duration jitter = draw_jitter(p, random);
  if (p.jitter_may_reorder) {
    last_arrival_ = std::max(departure + link.delay(), last_arrival_);
    return std::max(last_arrival_ + jitter, departure);
  }
  last_arrival_ = std::max(departure + std::max(link.delay() + jitter, 0ns), last_arrival_);
  return last_arrival_;
}

}  // namespace ghostnet::link
