#include "ghostnet/link/link_params.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <string>

namespace ghostnet::link {
namespace {

constexpr std::uint32_t kMaxFrameOverheadBytes = 4096;
constexpr std::uint32_t kFqCodelDefaultPackets = 10'240;  // RFC 8290 5.2.3
constexpr std::uint32_t kMinFqQuantumBytes = 64;
// A full queue drains within this time, so that no sum of times can overflow.
constexpr std::uint64_t kMaxDrainSeconds = 100ull * 365 * 86'400;

std::string text_of(Duration d) {
  const std::int64_t ns = d.count();
  if (ns % 1'000'000'000 == 0) return fmt::format("{} s", ns / 1'000'000'000);
  if (ns % 1'000'000 == 0) return fmt::format("{} ms", ns / 1'000'000);
  return fmt::format("{} ns", ns);
}

Result<> check_duration(const char* name, Duration value, Duration least) {
  if (value >= least && value <= kMaxDelay) return {};
  return fail(Errc::invalid_argument, "{} is {}: give {} to {}", name, text_of(value), text_of(least),
              text_of(kMaxDelay));
}

Result<> check_limit(const char* name, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  if (value >= least && value <= most) return {};
  return fail(Errc::invalid_argument, "{} is {}: give {} to {}", name, value, least, most);
}

bool has_bursts(const LinkParams& p) { return !p.burst_loss.enter_bad.is_never(); }

std::uint32_t effective_mtu(const LinkParams& p) { return p.mtu_bytes == 0 ? kMaxPacketBytes : p.mtu_bytes; }

Result<> check_wire(const LinkParams& p) {
  if (p.rate_bps > kMaxRateBps) {
    return fail(Errc::invalid_argument, "rate_bps is {}: give at most {}, or 0 for a link without a rate", p.rate_bps,
                kMaxRateBps);
  }
  if (auto ok = check_limit("frame_overhead_bytes", p.frame_overhead_bytes, 0, kMaxFrameOverheadBytes); !ok) return ok;
  if (auto ok = check_limit("mtu_bytes", p.mtu_bytes, 0, kMaxPacketBytes); !ok) return ok;
  if (auto ok = check_duration("delay", p.delay, 0ns); !ok) return ok;
  if (auto ok = check_duration("jitter", p.jitter, 0ns); !ok) return ok;
  if (auto ok = check_duration("reorder_delay", p.reorder_delay, 0ns); !ok) return ok;
  if (!p.reorder.is_never() && p.reorder_delay == 0ns) {
    return fail(Errc::invalid_argument,
                "reorder is on but reorder_delay is 0: give the time that packets are held back");
  }
  if (p.jitter_may_reorder && p.jitter == 0ns) {
    return fail(Errc::invalid_argument, "jitter_may_reorder without jitter does nothing: give a jitter, or reorder");
  }
  if (has_bursts(p) && !p.loss.is_never()) {
    return fail(Errc::invalid_argument,
                "loss and burst_loss are both given: give the loss between bursts as burst_loss.loss_in_good");
  }
  if (has_bursts(p) && p.burst_loss.leave_bad.is_never()) {
    return fail(Errc::invalid_argument,
                "burst_loss.leave_bad is 0: the first burst would never end; give 1 / its mean length");
  }
  return {};
}

Result<> check_queue(const LinkParams& p) {
  if (auto ok = check_limit("queue_limit_bytes", p.queue_limit_bytes, 1, kMaxQueueBytes); !ok) return ok;
  if (auto ok = check_limit("queue_limit_packets", p.queue_limit_packets, 0, kMaxQueuePackets); !ok) return ok;
  if (auto ok = check_limit("in_flight_limit_packets", p.in_flight_limit_packets, 1, kMaxInFlightPackets); !ok)
    return ok;
  const std::uint64_t full_packet = std::uint64_t{p.mtu_bytes} + p.frame_overhead_bytes;
  if (p.rate_bps != 0 && p.mtu_bytes != 0 && p.queue_limit_bytes < full_packet) {
    return fail(
        Errc::invalid_argument,
        "queue_limit_bytes is {}: a packet of mtu_bytes {} with {} of overhead would never pass; give at least {}",
        p.queue_limit_bytes, p.mtu_bytes, p.frame_overhead_bytes, full_packet);
  }
  if (p.rate_bps != 0 && std::uint64_t{p.queue_limit_bytes} * 8 / p.rate_bps > kMaxDrainSeconds) {
    return fail(
        Errc::invalid_argument,
        "queue_limit_bytes {} at rate_bps {} would take over a century to send: lower the one or raise the other",
        p.queue_limit_bytes, p.rate_bps);
  }
  if (p.ecn_threshold_bytes != 0 && p.discipline != Discipline::drop_tail) {
    return fail(Errc::invalid_argument,
                "ecn_threshold_bytes works with drop_tail only: CoDel marks by itself (codel_ecn)");
  }
  if (p.discipline == Discipline::drop_tail) return {};

  if (auto ok = check_duration("codel.target", p.codel.target, 1us); !ok) return ok;
  if (auto ok = check_duration("codel.interval", p.codel.interval, 1us); !ok) return ok;
  if (p.codel.interval < p.codel.target) {
    return fail(Errc::invalid_argument,
                "codel.interval {} is below codel.target {}: the target is 5 to 10 % of the interval (RFC 8289 3.2)",
                text_of(p.codel.interval), text_of(p.codel.target));
  }
  if (p.discipline == Discipline::codel) return {};

  if (auto ok = check_limit("fq_flows", p.fq_flows, 1, kMaxFlows); !ok) return ok;
  return check_limit("fq_quantum_bytes", p.fq_quantum_bytes, kMinFqQuantumBytes, kMaxPacketBytes);
}

}  // namespace

Result<> LinkParams::validate() const {
  if (auto ok = check_wire(*this); !ok) return ok;
  return check_queue(*this);
}

Result<LinkProfile> LinkProfile::make(const LinkParams& params) {
  if (auto valid = params.validate(); !valid) return fail(std::move(valid));
  return LinkProfile{params};
}

LinkProfile::LinkProfile(const LinkParams& p)
    : rate_bps_(p.rate_bps),
      inverse_rate_(p.rate_bps <= 1 ? ~std::uint64_t{0}
                                    : static_cast<std::uint64_t>((ghostnet::detail::Uint128{1} << 64) / p.rate_bps)),
      limit_work_(p.queue_limit_bytes * kWorkPerByte),
      ecn_threshold_work_(p.ecn_threshold_bytes == 0 ? ~std::uint64_t{0} : p.ecn_threshold_bytes * kWorkPerByte),
      delay_(p.delay),
      loss_(p.loss),
      mtu_bytes_(effective_mtu(p)),
      frame_overhead_bytes_(p.frame_overhead_bytes),
      limit_packets_(p.queue_limit_packets == 0 && p.discipline == Discipline::fq_codel ? kFqCodelDefaultPackets
                                                                                        : p.queue_limit_packets),
      up_(p.up),
      plain_(p.jitter == 0ns && p.corrupt.is_never() && p.duplicate.is_never() && p.reorder.is_never() &&
             !has_bursts(p)),
      params_(p) {}

}  // namespace ghostnet::link
