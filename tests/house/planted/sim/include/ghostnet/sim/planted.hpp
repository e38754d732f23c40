// Stands for a header of sim/.
#pragma once

namespace ghostnet::planted {
inline int sim_header() { return 1; }
}  // namespace ghostnet::planted
