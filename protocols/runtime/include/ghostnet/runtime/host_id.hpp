// HostId: the number of a host in its world. Dense, from 0, the same in every record, log line and metric of a run.
//
// A host has one id for the whole run, across crashes and restarts. Where several processes or threads carry one
// world, the ids are world-wide: two hosts never share one.
#pragma once

#include <cstdint>

namespace ghostnet {

using HostId = std::uint32_t;

// The world itself, where a record belongs to no host.
inline constexpr HostId kNoHost = UINT32_MAX;

}  // namespace ghostnet
