// What few hosts of the fabric have. Private to the fabric's sources.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "ghostnet/sim/fabric_host.hpp"

namespace ghostnet::sim {

struct FabricHost::Extras {
  explicit Extras(Loop& loop) : changed(loop) {}

  struct Tap {
    capture::PcapngWriter* writer = nullptr;
    std::uint32_t pcap_interface = 0;
  };

  // What has passed a wire since it is watched.
  struct Meter {
    std::uint64_t sent_bytes = 0;
    std::uint64_t dropped = 0;
  };

  std::vector<std::unique_ptr<NetInterface>> more;       // interfaces from number 2 on
  std::vector<std::vector<InterfaceAddress>> addresses;  // by interface, where they are not numbered
  std::vector<Tap> taps;                                 // by interface
  Meter out_meter;
  Meter in_meter;
  Event changed;
  ClockModel clock;
  CpuModel cpu;
  bool has_cpu = false;
  std::int64_t cpu_busy_until_ns = 0;
  std::int64_t crashed_at_ns = -1;
  std::function<void(FabricHost&)> boot;
};

}  // namespace ghostnet::sim
