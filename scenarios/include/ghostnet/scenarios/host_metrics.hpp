// HostMetrics: what is measured of hosts themselves, whatever protocols run on them: the family `tcp` of our TCP, which
// hosts of the fabric have. Streams of the ns3 carrier are ns-3's and those of a live run the kernel's: a scenario that
// asks for `tcp.*` is refused there.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {

std::span<const MetricInfo> host_metrics();

// Those of the scenario's protocols and of hosts.
std::vector<MetricInfo> known_metrics(const Scenario& scenario);

// What the scenario asks of our TCP: its section, or the first metric that it expects or records. Nothing: none.
std::optional<std::string> asked_of_our_tcp(const Scenario& scenario);

}  // namespace ghostnet::scenarios
