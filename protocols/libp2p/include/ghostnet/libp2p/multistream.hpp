// Multistream-select 1.0: how two peers agree what to speak on a stream (multiformats/multistream-select).
//
// Lines with their length in front: each side says /multistream/1.0.0; the dialer proposes, the listener echoes what it
// takes and answers "na" to the rest. Nothing is read beyond the last line of the negotiation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet::libp2p {

inline constexpr std::string_view kMultistreamId = "/multistream/1.0.0";
inline constexpr std::string_view kNotAvailable = "na";
inline constexpr std::size_t kMaxProtocolIdBytes = 255;
inline constexpr std::size_t kMaxProposals = 16;  // that a listener answers before it gives up

// Whether it can be a protocol id: not empty, at most kMaxProtocolIdBytes, no control characters.
bool is_protocol_id(std::string_view text);

void append_line(std::vector<std::uint8_t>& out, std::string_view text);

// Puts a line together from bytes as they come.
class LineParser {
 public:
  // Bytes wanted next; what was asked for is given to feed() in any pieces.
  std::size_t wanted() const;
  // The line, without its end, when it is complete; then begins anew. malformed: longer than a protocol id, or no end.
  Result<std::optional<std::string>> feed(ByteView bytes);

 private:
  std::string text_;
  std::uint32_t length_ = 0;  // 0: being read
  std::uint8_t length_bytes_ = 0;
};

Task<Result<std::string>> read_line(Stream& stream);

// As dialer: the index of the first proposal that the other side takes. The first one leaves with the header. Errors:
// not_supported (none), malformed, protocol, and those of the stream.
Task<Result<std::size_t>> propose(Stream& stream, std::vector<std::string> proposals);
// As listener: the first proposal for which takes() is true. Errors: limit (too many proposals), and as above.
Task<Result<std::string>> select(Stream& stream, const std::function<bool(std::string_view)>& takes);

// The dialer's side where its lines are already on the way and the answer is read later, with the first data.
class LazyProposal {
 public:
  explicit LazyProposal(std::string protocol) : protocol_(std::move(protocol)) {}

  // The lines to send: header and proposal.
  std::vector<std::uint8_t> lines() const;
  std::size_t wanted() const { return parser_.wanted(); }
  // True when the peer has agreed. Errors: not_supported (it said na), protocol, malformed; then for good.
  Result<bool> feed(ByteView bytes);
  const std::optional<Error>& failure() const { return failure_; }

 private:
  Result<bool> refuse(Error why);

  std::optional<Error> failure_;
  std::string protocol_;
  LineParser parser_;
  bool header_seen_ = false;
};

}  // namespace ghostnet::libp2p
