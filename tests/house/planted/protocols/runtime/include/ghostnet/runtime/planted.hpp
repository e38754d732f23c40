// Stands for a header of protocols/runtime/.
#pragma once

namespace ghostnet::planted {
inline int runtime_header() { return 1; }
}  // namespace ghostnet::planted
