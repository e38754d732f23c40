// For what stands over a stream and is dropped while it holds bytes that were accepted: they are still delivered.
#pragma once

#include <memory>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet {

// Writes what is left and ends the stream, or drops it after `limit`. Spawned into the host's scope, since nobody
// waits.
Task<> deliver_rest(const Clock clock, std::unique_ptr<Stream> stream, PacketBuf rest, Duration limit);

}  // namespace ghostnet
