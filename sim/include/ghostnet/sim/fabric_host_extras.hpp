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

  std::vector<std::unique_ptr<NetInterface>> more;       // interfaces from number 2 on
  std::vector<std::vector<InterfaceAddress>> addresses;  // by interface, where they are not numbered
  std::vector<Tap> taps;                                 // by interface
  Event changed;
  ClockModel clock;
  CpuModel cpu;
  bool has_cpu = false;
  std::int64_t cpu_busy_until_ns = 0;
  std::int64_t crashed_at_ns = -1;
  std::function<void(FabricHost&)> boot;
};

}  // namespace ghostnet::sim
