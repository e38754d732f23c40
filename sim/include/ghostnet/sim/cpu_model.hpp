// CpuModel: what work costs on a simulated host. Without one, CPUs are infinitely fast.
#pragma once

#include <cstdint>

#include "ghostnet/runtime/compute.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::sim {

struct CpuModel {
  Duration per_packet{};
  std::uint64_t per_aead_byte_ps = 0;  // picoseconds
  Duration per_handshake{};
  std::uint32_t slowness_percent = 100;  // 250: two and a half times as slow

  Duration cost(const CpuWork& work) const {
    std::int64_t ns = per_packet.count() * work.packets + per_handshake.count() * work.handshakes +
                      static_cast<std::int64_t>(per_aead_byte_ps * work.aead_bytes / 1000) + work.other.count();
    return Duration(ns * slowness_percent / 100);
  }
};

}  // namespace ghostnet::sim
