// A setting, or the limit of an expectation, where it is a quantity: its value, for axes, for arithmetic, and to know
// `1%` and `1 %` for the same; and of which unit it is, to show what is measured likewise.
#pragma once

#include <optional>
#include <string_view>

namespace ghostnet::results {

// In its base unit: seconds, bytes, bit/s, 1/s, a share.
std::optional<double> setting_number(std::string_view text);
// As metrics name it: "ns" (of a time), "bytes", "bit/s", "1/s"; "%" of a share in percent; empty for a plain number,
// and for what is no quantity.
std::string_view setting_unit(std::string_view text);

}  // namespace ghostnet::results
