#include "ghostnet/scenarios/link_options.hpp"

namespace ghostnet::scenarios {

namespace {

template <class T>
std::optional<T> either(const std::optional<T>& own, const std::optional<T>& other) {
  return own ? own : other;
}

// Gilbert and Elliott's chain in which everything is lost in the bad state: runs of `burst_packets` on average, and in
// the long run the share `loss`.
link::BurstLoss burst_loss(Probability loss, double burst_packets) {
  const double leave = 1 / burst_packets;
  const double enter = loss.value() * leave / (1 - loss.value());
  return {.enter_bad = Probability::of(enter < 1 ? enter : 1.0), .leave_bad = Probability::of(leave)};
}

void shape_queue(const LinkOptions& options, link::LinkParams& link) {
  if (options.queue) link.queue_limit_bytes = static_cast<std::uint32_t>(options.queue->bytes);
  if (options.discipline) link.discipline = *options.discipline;
  if (options.ecn) {
    link.codel_ecn = *options.ecn;
    if (*options.ecn && link.discipline == link::Discipline::drop_tail) {
      link.ecn_threshold_bytes = link.queue_limit_bytes / 2;
    }
  }
  if (options.mtu) link.mtu_bytes = *options.mtu;
}

void harm(const LinkOptions& options, link::LinkParams& link) {
  const bool in_bursts = options.loss && options.loss_burst && *options.loss_burst > 1 && !options.loss->is_always();
  if (in_bursts) {
    link.burst_loss = burst_loss(*options.loss, *options.loss_burst);
  } else if (options.loss) {
    link.loss = *options.loss;
  }
  if (options.duplicate) link.duplicate = *options.duplicate;
  if (options.corrupt) link.corrupt = *options.corrupt;
  if (options.reorder) link.reorder = *options.reorder;
  if (options.access_delay) link.delay = *options.access_delay;
  if (options.access_jitter) link.jitter = *options.access_jitter;
}

}  // namespace

LinkOptions LinkOptions::over(const LinkOptions& base) const {
  return {.bandwidth = either(bandwidth, base.bandwidth),
          .uplink = uplink || bandwidth ? uplink : base.uplink,
          .downlink = downlink || bandwidth ? downlink : base.downlink,
          .loss = either(loss, base.loss),
          .loss_burst = either(loss_burst, base.loss_burst),
          .duplicate = either(duplicate, base.duplicate),
          .corrupt = either(corrupt, base.corrupt),
          .reorder = either(reorder, base.reorder),
          .access_delay = either(access_delay, base.access_delay),
          .access_jitter = either(access_jitter, base.access_jitter),
          .queue = either(queue, base.queue),
          .discipline = either(discipline, base.discipline),
          .ecn = either(ecn, base.ecn),
          .mtu = either(mtu, base.mtu)};
}

bool LinkOptions::any() const {
  return bandwidth || uplink || downlink || loss || loss_burst || duplicate || corrupt || reorder || access_delay ||
         access_jitter || queue || discipline || ecn || mtu;
}

sim::LinkPair LinkOptions::pair() const {
  sim::LinkPair links;
  if (any()) {
    link::LinkParams& out = links.out.emplace();
    if (const auto rate = either(uplink, bandwidth)) out.rate_bps = rate->bits_per_second;
    harm(*this, out);
    shape_queue(*this, out);
  }
  if (const auto rate = either(downlink, bandwidth)) {
    links.in.emplace().rate_bps = rate->bits_per_second;
    shape_queue(*this, *links.in);
  }
  return links;
}

Result<> LinkOptions::validate() const {
  if (loss_burst && !loss) {
    return fail(Errc::invalid_argument, "loss_burst: nothing is lost, in runs or one by one; give loss too");
  }
  const sim::LinkPair links = pair();
  for (const std::optional<link::LinkParams>& link : {links.out, links.in}) {
    if (!link) continue;
    if (Result<> valid = link->validate(); !valid) return valid;
  }
  return {};
}

link::LinkParams LinkOptions::both_ways() const { return pair().out.value_or(link::LinkParams{}); }

CpuOptions CpuOptions::over(const CpuOptions& base) const {
  return {.cpu_per_packet = either(cpu_per_packet, base.cpu_per_packet),
          .cpu_per_aead_kib = either(cpu_per_aead_kib, base.cpu_per_aead_kib),
          .cpu_per_handshake = either(cpu_per_handshake, base.cpu_per_handshake),
          .slowness = either(slowness, base.slowness)};
}

std::optional<sim::CpuModel> CpuOptions::model() const {
  if (!any_cost()) return std::nullopt;
  const auto per_aead_byte_ps = static_cast<std::uint64_t>(cpu_per_aead_kib.value_or(0ns).count()) * 1000 / 1024;
  return sim::CpuModel{.per_packet = cpu_per_packet.value_or(0ns),
                       .per_aead_byte_ps = per_aead_byte_ps,
                       .per_handshake = cpu_per_handshake.value_or(0ns),
                       .slowness_percent = static_cast<std::uint32_t>(slowness.value_or(1) * 100)};
}

}  // namespace ghostnet::scenarios
