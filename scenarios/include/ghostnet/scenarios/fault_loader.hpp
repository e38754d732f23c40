// Reads the items of `faults:`; what they may say is in fault.hpp.
#pragma once

#include <optional>
#include <string>

#include "ghostnet/scenarios/fault.hpp"
#include "ghostnet/scenarios/option_reader.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {

// Nothing, where something is wrong, which goes to the reader. Groups and regions are those of the scenario so far.
std::optional<Fault> load_fault(const Node& item, const std::string& path, const Scenario& scenario,
                                OptionReader& reader);

}  // namespace ghostnet::scenarios
