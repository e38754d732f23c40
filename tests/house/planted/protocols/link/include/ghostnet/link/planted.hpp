// Stands for a header of protocols/link/.
#pragma once

namespace ghostnet::planted {
inline int link_header() { return 1; }
}  // namespace ghostnet::planted
