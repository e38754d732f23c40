// What an expectation found, in the terms of its own limit: `256.901 ms` where it says `< 1 s`, `93.1 %` where it says
// `> 90 %`, a plain number else.
#pragma once

#include <string>
#include <string_view>

namespace ghostnet::results {

// `value` as it stands in `expectations`: nanoseconds, bytes, bit/s, a share or a number.
std::string measured_text(std::string_view expression, double value, int digits = 6);

}  // namespace ghostnet::results
