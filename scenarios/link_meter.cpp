#include "ghostnet/scenarios/link_meter.hpp"

#include <algorithm>
#include <array>

namespace ghostnet::scenarios {

namespace {

enum class LinkMetric : std::uint32_t { window, in_flight, smoothed_rtt, queue, utilisation, drops };

constexpr MetricId id_of(LinkMetric metric) { return MetricId{std::to_underlying(metric)}; }

std::vector<HostId> hosts_of(const std::vector<std::string>& groups, RunWorld& world) {
  const bool all = std::ranges::find(groups, "all") != groups.end();
  std::vector<HostId> hosts;
  for (HostId id = 0; id < world.host_count(); ++id) {
    if (all || std::ranges::find(groups, world.group_of(id)) != groups.end()) hosts.push_back(id);
  }
  return hosts;
}

}  // namespace

std::span<const MetricInfo> LinkMeter::metrics() {
  static const std::array<MetricInfo, 6> all = {{
      {"connection.window", "bytes", "congestion window of the connections from a to b", MetricKind::gauge},
      {"connection.in_flight", "bytes", "sent by a to b and not acknowledged", MetricKind::gauge},
      {"connection.smoothed_rtt", "ns", "smoothed round trip time, as a knows it", MetricKind::gauge},
      {"wire.queue", "bytes", "waiting to be sent", MetricKind::gauge},
      {"wire.utilisation", "share", "of what the wire could have carried since the last sample", MetricKind::gauge},
      {"wire.drops", "packets", "lost by the wire or its queue", MetricKind::counter},
  }};
  return all;
}

LinkMeter::LinkMeter(ResultSink& sink, RunWorld& world, const RecordOptions& options, const Observer& names)
    : sink_(sink),
      world_(world),
      names_(names),
      with_connections_(hosts_of(options.connections, world)),
      with_wires_(hosts_of(options.wires, world)) {}

void LinkMeter::begin() {
  if (with_connections_.empty() && with_wires_.empty()) return;
  for (std::uint32_t i = 0; i < metrics().size(); ++i) sink_.metric(MetricId{i}, metrics()[i]);
  for (const HostId id : with_wires_) world_.watch_wires(id);
}

void LinkMeter::sample() {
  if (written_ >= kMaxSamples) return;
  const TimePoint now = world_.now();
  samples_.clear();
  for (const HostId id : with_connections_) sample_connections(id, now);
  for (const HostId id : with_wires_) sample_wires(id, now);
  last_sample_ = now;
  written_ += samples_.size();
  if (!samples_.empty()) sink_.link_samples(samples_);
  if (written_ < kMaxSamples) return;
  sink_.event({.time = now,
               .kind = "record_limit",
               .text = fmt::format("samples of connections and wires end here: a run has {}", written_)});
}

void LinkMeter::sample_connections(HostId id, TimePoint now) {
  struct Sum {
    double window_bytes = 0;
    double in_flight_bytes = 0;
    Duration rtt{};
  };
  std::map<HostId, Sum> by_peer;
  for (const sim::ConnectionReading& connection : world_.connections(id)) {
    const HostId peer = names_.host_at(connection.peer.address());
    if (peer == kNoHost) continue;
    Sum& sum = by_peer[peer];
    sum.window_bytes += static_cast<double>(connection.window_bytes);
    sum.in_flight_bytes += static_cast<double>(connection.in_flight_bytes);
    sum.rtt = std::max(sum.rtt, connection.smoothed_rtt);
  }
  for (const auto& [peer, sum] : by_peer) {
    samples_.push_back({now, "tcp", id, peer, id_of(LinkMetric::window), sum.window_bytes});
    samples_.push_back({now, "tcp", id, peer, id_of(LinkMetric::in_flight), sum.in_flight_bytes});
    if (sum.rtt == Duration::zero()) continue;
    samples_.push_back({now, "tcp", id, peer, id_of(LinkMetric::smoothed_rtt), static_cast<double>(sum.rtt.count())});
  }
}

void LinkMeter::sample_wires(HostId id, TimePoint now) {
  for (const sim::WireReading& wire : world_.wires(id)) {
    const HostId a = wire.out ? id : kNoHost, b = wire.out ? kNoHost : id;
    std::uint64_t& sent_before = sent_bytes_[{id, wire.out}];
    const auto sent_bits = static_cast<double>(wire.sent_bytes - sent_before) * 8;
    sent_before = wire.sent_bytes;
    samples_.push_back({now, "wire", a, b, id_of(LinkMetric::queue), static_cast<double>(wire.queued_bytes)});
    samples_.push_back({now, "wire", a, b, id_of(LinkMetric::drops), static_cast<double>(wire.dropped)});
    if (wire.rate_bps == 0 || now == last_sample_) continue;
    const double could = static_cast<double>(wire.rate_bps) * static_cast<double>((now - last_sample_).count()) / 1e9;
    samples_.push_back({now, "wire", a, b, id_of(LinkMetric::utilisation), sent_bits / could});
  }
}

}  // namespace ghostnet::scenarios
