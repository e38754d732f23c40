// Messages on a stream: each with its length in front, an unsigned varint, as most protocols of libp2p send them.
//
// Reading keeps no buffer between messages, so that a stream that waits for the next one costs nothing. Neither is
// cancel-safe within a message.
#pragma once

#include <cstddef>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet::libp2p {

// The next message. Errors: end_of_stream (the peer finished, between two messages), message_too_large (its length says
// more than max_bytes; nothing of it is read), malformed (the length is no varint, or the stream ended within), and
// those of the stream. Memory for the message grows with what has come, not with what its length promises.
Task<Result<Bytes>> read_message(Stream& stream, std::size_t max_bytes);

// Length and message in one gathered write.
Task<Result<>> write_message(Stream& stream, ByteView message);

}  // namespace ghostnet::libp2p
