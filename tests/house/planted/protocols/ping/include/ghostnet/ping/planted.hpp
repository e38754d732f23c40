// Stands for a header of protocols/ping/.
#pragma once

namespace ghostnet::planted {
inline int ping_header() { return 1; }
}  // namespace ghostnet::planted
