// ByteSink: where a writer of files (pcapng, JSON lines) puts its bytes, so that protocols/ never opens one.
//
// Who wires the program gives a function that appends all the bytes it is handed, or fails; the view is valid only
// during the call. A writer stops at the first failure and reports it from then on.
#pragma once

#include <functional>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet {

using ByteSink = std::function<Result<>(ByteView)>;

}  // namespace ghostnet
