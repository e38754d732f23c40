// Quantities as graphs of Shadow have them (its configuration overview, "Quantities with units"): units in short and
// spelled out, in the singular and the plural, with a space before them or without: "1 Gbit", "10 kilobits",
// "81920Kibit", "10 ms", "2 seconds". Rates are a second's worth. What we write ourselves is understood too ("100
// Mbit/s").
#pragma once

#include <string_view>

#include "ghostnet/runtime/quantity.hpp"

namespace ghostnet::scenarios {

// invalid_argument: none of these, or no whole number of bits.
Result<DataRate> parse_shadow_rate(std::string_view text);
Result<Duration> parse_shadow_time(std::string_view text);

}  // namespace ghostnet::scenarios
