// Time of the processor, in this process and in the kernel for it: what neighbours on the machine do does not count.
#pragma once

#include <ctime>

namespace ghostnet::bench {

inline double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace ghostnet::bench
