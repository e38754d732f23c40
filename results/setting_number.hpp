// The value of a setting, where it is a quantity, in its base unit (seconds, bytes, bit/s, 1/s, a share): for axes, for
// arithmetic, and to know `1%` and `1 %` for the same.
#pragma once

#include <optional>
#include <string_view>

namespace ghostnet::results {

std::optional<double> setting_number(std::string_view text);

}  // namespace ghostnet::results
