#include "ghostnet/scenarios/scenario.hpp"

#include <algorithm>

namespace ghostnet::scenarios {

namespace {

// The keys of a link stand in several sections.
template <class T>
constexpr std::array<OptionDesc, 11> link_keys() {
  return {
      option<static_cast<std::optional<DataRate> T::*>(&T::bandwidth)>("bandwidth", "of each host, in each direction"),
      option<static_cast<std::optional<DataRate> T::*>(&T::uplink)>("uplink", "bandwidth out of the host"),
      option<static_cast<std::optional<DataRate> T::*>(&T::downlink)>("downlink", "bandwidth into the host"),
      option<static_cast<std::optional<Probability> T::*>(&T::loss)>("loss", "of packets, on the way out of the host"),
      option<static_cast<std::optional<Probability> T::*>(&T::duplicate)>("duplicate", "packets that arrive twice"),
      option<static_cast<std::optional<Probability> T::*>(&T::corrupt)>("corrupt", "packets that fail their checksum"),
      option<static_cast<std::optional<Duration> T::*>(&T::access_delay)>("access_delay", "of the host's own link",
                                                                          in(0ns, 24h)),
      option<static_cast<std::optional<DataSize> T::*>(&T::queue)>("queue", "bytes that wait for the link at most",
                                                                   in(DataSize{64}, DataSize::mib(1024))),
      option<static_cast<std::optional<link::Discipline> T::*>(&T::discipline)>("discipline", "how the queue drops"),
      option<static_cast<std::optional<bool> T::*>(&T::ecn)>("ecn", "mark ECN-capable packets rather than drop them"),
      option<static_cast<std::optional<std::uint32_t> T::*>(&T::mtu)>("mtu", "largest packet", in(68U, 65'535U),
                                                                      unit("bytes")),
  };
}

void say(std::optional<link::LinkParams>& link, auto change) {
  if (!link) link.emplace();
  change(*link);
}

}  // namespace

constexpr auto kNetworkLink = link_keys<NetworkOptions>();
const OptionDesc NetworkOptions::kOptions[21] = {
    option<&NetworkOptions::carrier>("carrier", "what carries packets: our own fabric, or ns-3's stack"),
    option<&NetworkOptions::ground>("ground", "what hosts stand on: the Internet, one LAN, or radio"),
    option<&NetworkOptions::hosts>("hosts", "in all; those in no group are in group `rest`", in(1U, 1'000'000U)),
    option<&NetworkOptions::latency>("latency", "one way between any two hosts, where no regions are given",
                                     in(0ns, 24h)),
    option<&NetworkOptions::jitter>("jitter", "latency varies by so much either way", in(0ns, 24h)),
    option<&NetworkOptions::wireless>("wireless", "kind of radio network"),
    option<&NetworkOptions::routing>("routing", "routing protocol of the ad hoc network"),
    option<&NetworkOptions::spacing>("spacing", "of the grid of radios", in(0.1, 100'000.0), unit("m")),
    option<&NetworkOptions::speed>("speed", "of radios that walk to random waypoints; 0: they stand", in(0.0, 1000.0),
                                   unit("m/s")),
    option<&NetworkOptions::cpu_per_packet>("cpu_per_packet", "time of a host's CPU for a packet", in(0ns, 1s)),
    kNetworkLink[0],
    kNetworkLink[1],
    kNetworkLink[2],
    kNetworkLink[3],
    kNetworkLink[4],
    kNetworkLink[5],
    kNetworkLink[6],
    kNetworkLink[7],
    kNetworkLink[8],
    kNetworkLink[9],
    kNetworkLink[10]};

constexpr auto kGroupLink = link_keys<GroupOptions>();
const OptionDesc GroupOptions::kOptions[16] = {
    option<&GroupOptions::count>("count", "hosts in the group", in(1U, 1'000'000U)),
    option<&GroupOptions::place>("place", "the region that they stand in; by weight when left out"),
    option<&GroupOptions::clock_error>("clock_error", "civil time is off by so much", in(-8760h, 525'600min)),
    option<&GroupOptions::clock_drift>("clock_drift", "clocks run fast by so many parts per million",
                                       in(-500'000.0, 500'000.0), unit("ppm")),
    option<&GroupOptions::slowness>("slowness", "CPUs are so many times as slow", in(0.01, 1000.0)),
    kGroupLink[0],
    kGroupLink[1],
    kGroupLink[2],
    kGroupLink[3],
    kGroupLink[4],
    kGroupLink[5],
    kGroupLink[6],
    kGroupLink[7],
    kGroupLink[8],
    kGroupLink[9],
    kGroupLink[10]};

sim::LinkPair LinkOptions::over(const LinkOptions& base) const {
  auto pick = [](const auto& own, const auto& other) { return own ? own : other; };
  sim::LinkPair links;
  auto rate = pick(bandwidth, base.bandwidth);
  if (auto up = uplink ? uplink : bandwidth ? bandwidth : base.uplink ? base.uplink : rate) {
    say(links.out, [&](link::LinkParams& link) { link.rate_bps = up->bits_per_second; });
  }
  if (auto down = downlink ? downlink : bandwidth ? bandwidth : base.downlink ? base.downlink : rate) {
    say(links.in, [&](link::LinkParams& link) { link.rate_bps = down->bits_per_second; });
  }
  auto out = [&](const auto& value, auto change) {
    if (value) say(links.out, [&](link::LinkParams& link) { change(link, *value); });
  };
  // What shapes the queue holds for both directions, where there is one.
  auto both = [&](const auto& value, auto change) {
    if (!value) return;
    say(links.out, [&](link::LinkParams& link) { change(link, *value); });
    if (links.in) change(*links.in, *value);
  };
  out(pick(loss, base.loss), [](link::LinkParams& link, Probability value) { link.loss = value; });
  out(pick(duplicate, base.duplicate), [](link::LinkParams& link, Probability value) { link.duplicate = value; });
  out(pick(corrupt, base.corrupt), [](link::LinkParams& link, Probability value) { link.corrupt = value; });
  out(pick(access_delay, base.access_delay), [](link::LinkParams& link, Duration value) { link.delay = value; });
  both(pick(queue, base.queue), [](link::LinkParams& link, DataSize value) {
    link.queue_limit_bytes = static_cast<std::uint32_t>(value.bytes);
  });
  both(pick(discipline, base.discipline),
       [](link::LinkParams& link, link::Discipline value) { link.discipline = value; });
  both(pick(ecn, base.ecn), [](link::LinkParams& link, bool value) {
    link.codel_ecn = value;
    if (value && link.discipline == link::Discipline::drop_tail) link.ecn_threshold_bytes = link.queue_limit_bytes / 2;
  });
  both(pick(mtu, base.mtu), [](link::LinkParams& link, std::uint32_t value) { link.mtu_bytes = value; });
  return links;
}

std::uint32_t Scenario::host_count() const {
  std::uint32_t count = 0;
  for (const Group& group : groups) count += group.options.count;
  return count;
}

sim::WorldSpec Scenario::world() const {
  sim::WorldSpec spec;
  spec.carrier = network.carrier;
  spec.seed = run.seed;
  spec.pcap_directory = pcap_directory;
  switch (network.ground) {
    case Ground::internet: spec.ground = regions; break;
    case Ground::lan: spec.ground = sim::LanSpec{.delay = network.latency}; break;
    case Ground::wireless: {
      sim::WirelessSpec radio;
      radio.kind = network.wireless;
      radio.routing = network.routing;
      radio.spacing_m = network.spacing;
      radio.speed_m_per_s = network.speed;
      spec.ground = radio;
      break;
    }
  }
  for (const Group& group : groups) {
    sim::GroupSpec hosts{.name = group.name,
                         .count = group.options.count,
                         .links = group.options.over(network),
                         .cpu = std::nullopt,
                         .clock_drift_ppb = static_cast<std::int64_t>(group.options.clock_drift * 1000),
                         .wall_error = group.options.clock_error,
                         .place = group.options.place};
    if (network.cpu_per_packet != Duration::zero()) {
      hosts.cpu = sim::CpuModel{.per_packet = network.cpu_per_packet,
                                .slowness_percent = static_cast<std::uint32_t>(group.options.slowness * 100)};
    }
    spec.groups.push_back(std::move(hosts));
  }
  ns3.apply_to(spec);
  return spec;
}

}  // namespace ghostnet::scenarios
