// Stands for a header of realnet/.
#pragma once

namespace ghostnet::planted {
inline int realnet_header() { return 1; }
}  // namespace ghostnet::planted
