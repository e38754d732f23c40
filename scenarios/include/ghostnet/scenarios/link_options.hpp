// LinkOptions: the keys by which a scenario describes a link, wherever one may stand: a host's, a group's, an
// interface's, between routers, in a fault. And CpuOptions, likewise of a host's CPU. Absent keys leave the surrounding
// value. The meaning of each is that of link::LinkParams and sim::CpuModel.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "ghostnet/link/link_params.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/sim/world.hpp"

template <>
inline constexpr ghostnet::OptionChoice<ghostnet::link::Discipline> ghostnet::kChoices<ghostnet::link::Discipline>[] = {
    {ghostnet::link::Discipline::drop_tail, "drop_tail"},
    {ghostnet::link::Discipline::codel, "codel"},
    {ghostnet::link::Discipline::fq_codel, "fq_codel"}};

namespace ghostnet::scenarios {

// Rates are of each direction. What harms packets stands on the way out.
struct LinkOptions {
  std::optional<DataRate> bandwidth;
  std::optional<DataRate> uplink;
  std::optional<DataRate> downlink;
  std::optional<Probability> loss;
  std::optional<double> loss_burst;
  std::optional<Probability> duplicate;
  std::optional<Probability> corrupt;
  std::optional<Probability> reorder;
  std::optional<Duration> access_delay;
  std::optional<Duration> access_jitter;
  std::optional<DataSize> queue;
  std::optional<link::Discipline> discipline;
  std::optional<bool> ecn;
  std::optional<std::uint32_t> mtu;

  // These keys where they are given, else those of `base`. A bandwidth of ours hides the base's uplink and downlink.
  LinkOptions over(const LinkOptions& base) const;
  bool any() const;
  // invalid_argument: keys that make no sense together.
  Result<> validate() const;
  // The links that they describe.
  sim::LinkPair pair() const;
  // Both directions of a link between routers.
  link::LinkParams both_ways() const;
};

struct CpuOptions {
  std::optional<Duration> cpu_per_packet;
  std::optional<Duration> cpu_per_aead_kib;
  std::optional<Duration> cpu_per_handshake;
  std::optional<double> slowness;

  CpuOptions over(const CpuOptions& base) const;
  bool any_cost() const { return cpu_per_packet || cpu_per_aead_kib || cpu_per_handshake; }
  // Nothing: infinitely fast.
  std::optional<sim::CpuModel> model() const;
};

// ---- for tables of structs that derive from these ----

template <class T>
constexpr std::array<OptionDesc, 14> link_keys() {
  return {
      option<static_cast<std::optional<DataRate> T::*>(&T::bandwidth)>("bandwidth", "in each direction",
                                                                       at_least(DataRate{1})),
      option<static_cast<std::optional<DataRate> T::*>(&T::uplink)>("uplink", "bandwidth out of the host",
                                                                    at_least(DataRate{1})),
      option<static_cast<std::optional<DataRate> T::*>(&T::downlink)>("downlink", "bandwidth into the host",
                                                                      at_least(DataRate{1})),
      option<static_cast<std::optional<Probability> T::*>(&T::loss)>("loss", "of packets, on the way out"),
      option<static_cast<std::optional<double> T::*>(&T::loss_burst)>(
          "loss_burst", "packets are lost in runs of so many on average", in(1.0, 1e6), unit("packets")),
      option<static_cast<std::optional<Probability> T::*>(&T::duplicate)>("duplicate", "packets that arrive twice"),
      option<static_cast<std::optional<Probability> T::*>(&T::corrupt)>("corrupt", "packets with a bit flipped"),
      option<static_cast<std::optional<Probability> T::*>(&T::reorder)>("reorder",
                                                                        "packets held back while others pass"),
      option<static_cast<std::optional<Duration> T::*>(&T::access_delay)>("access_delay", "of the link itself, one way",
                                                                          in(0ns, 24h)),
      option<static_cast<std::optional<Duration> T::*>(&T::access_jitter)>(
          "access_jitter", "the delay varies by so much either way, in order", in(0ns, 24h)),
      option<static_cast<std::optional<DataSize> T::*>(&T::queue)>("queue", "bytes that wait for the link at most",
                                                                   in(DataSize{64}, DataSize::mib(1024))),
      option<static_cast<std::optional<link::Discipline> T::*>(&T::discipline)>("discipline", "how the queue drops"),
      option<static_cast<std::optional<bool> T::*>(&T::ecn)>("ecn", "mark ECN-capable packets rather than drop them"),
      option<static_cast<std::optional<std::uint32_t> T::*>(&T::mtu)>("mtu", "largest packet", in(68U, 65'535U),
                                                                      unit("bytes")),
  };
}

template <class T>
constexpr std::array<OptionDesc, 4> cpu_keys() {
  return {
      option<static_cast<std::optional<Duration> T::*>(&T::cpu_per_packet)>(
          "cpu_per_packet", "time of the CPU for a packet; CPUs cost nothing when left out", in(0ns, 1s)),
      option<static_cast<std::optional<Duration> T::*>(&T::cpu_per_aead_kib)>(
          "cpu_per_aead_kib", "time of the CPU to seal or open 1 KiB", in(0ns, 1s)),
      option<static_cast<std::optional<Duration> T::*>(&T::cpu_per_handshake)>(
          "cpu_per_handshake", "time of the CPU for a handshake", in(0ns, 1h)),
      option<static_cast<std::optional<double> T::*>(&T::slowness)>(
          "slowness", "the CPU is so many times as slow; needs a cpu_per_* key", in(0.01, 100'000.0)),
  };
}

template <std::size_t... kSizes>
constexpr auto joined(const std::array<OptionDesc, kSizes>&... parts) {
  std::array<OptionDesc, (kSizes + ...)> all{};
  std::size_t at = 0;
  const auto append = [&](const auto& part) {
    for (const OptionDesc& desc : part) all[at++] = desc;
  };
  (append(parts), ...);
  return all;
}

}  // namespace ghostnet::scenarios
