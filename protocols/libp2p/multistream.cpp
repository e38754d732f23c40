#include "ghostnet/libp2p/multistream.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::libp2p {
namespace {

constexpr std::size_t kMaxLineBytes = kMaxProtocolIdBytes + 1;

}  // namespace

bool is_protocol_id(std::string_view text) {
  const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; };
  return !text.empty() && text.size() <= kMaxProtocolIdBytes && text != kNotAvailable &&
         std::ranges::all_of(text, is_plain);
}

void append_line(std::vector<std::uint8_t>& out, std::string_view text) {
  append_varint(out, text.size() + 1);
  append(out, as_bytes(text));
  out.push_back('\n');
}

std::size_t LineParser::wanted() const { return length_ == 0 ? 1 : length_ - text_.size(); }

Result<std::optional<std::string>> LineParser::feed(ByteView bytes) {
  for (std::uint8_t byte : bytes) {
    if (length_ != 0) {
      text_.push_back(static_cast<char>(byte));
      continue;
    }
    // The length, of one or two bytes: longer lines are refused anyway.
    const std::uint32_t low = byte & 0x7fu;
    const std::uint32_t value = length_bytes_ == 0 ? low : static_cast<std::uint8_t>(text_[0]) | low << 7;
    if (byte >= 0x80 && length_bytes_ == 0) {
      text_.assign(1, static_cast<char>(low));
      length_bytes_ = 1;
      continue;
    }
    if (byte >= 0x80 || value == 0 || value > kMaxLineBytes || (length_bytes_ == 1 && low == 0)) {
      return fail(Errc::malformed, "multistream-select: a line of no length, or of more than {} bytes", kMaxLineBytes);
    }
    length_ = value;
    length_bytes_ = 0;
    text_.clear();
  }
  if (length_ == 0 || text_.size() < length_) return std::nullopt;
  if (text_.size() > length_ || text_.back() != '\n') {
    return fail(Errc::malformed, "multistream-select: a line without its end");
  }
  text_.pop_back();
  length_ = 0;
  return std::exchange(text_, {});
}

Task<Result<std::string>> read_line(Stream& stream) {
  LineParser parser;
  std::array<std::uint8_t, kMaxLineBytes> room;
  while (true) {
    const MutableByteView wanted = MutableByteView(room).first(parser.wanted());
    const Result<std::size_t> read = co_await stream.read(wanted);
    if (!read) co_return fail(read);
    if (*read == 0) co_return fail(Errc::end_of_stream, "multistream-select: the stream ended");
    Result<std::optional<std::string>> line = parser.feed(wanted.first(*read));
    if (!line) co_return fail(line);
    if (*line) co_return std::move(**line);
  }
}

Task<Result<std::size_t>> propose(Stream& stream, std::vector<std::string> proposals) {
  bool header_read = false;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    std::vector<std::uint8_t> lines;
    if (i == 0) append_line(lines, kMultistreamId);
    append_line(lines, proposals[i]);
    if (Result<> written = co_await stream.write(lines); !written) co_return fail(written);
    if (!header_read) {
      const Result<std::string> header = co_await read_line(stream);
      if (!header) co_return fail(header);
      if (*header != kMultistreamId) co_return fail(Errc::protocol, "the peer does not speak {}", kMultistreamId);
      header_read = true;
    }
    const Result<std::string> answer = co_await read_line(stream);
    if (!answer) co_return fail(answer);
    if (*answer == proposals[i]) co_return i;
    if (*answer != kNotAvailable) co_return fail(Errc::protocol, "multistream-select: an answer to no proposal");
  }
  co_return fail(Errc::not_supported, "the peer speaks none of: {}", fmt::join(proposals, ", "));
}

Task<Result<std::string>> select(Stream& stream, const std::function<bool(std::string_view)>& takes) {
  const Result<std::string> header = co_await read_line(stream);
  if (!header) co_return fail(header);
  if (*header != kMultistreamId) co_return fail(Errc::protocol, "the peer does not speak {}", kMultistreamId);
  // At once: there are dialers that wait for it before they propose.
  std::vector<std::uint8_t> lines;
  append_line(lines, kMultistreamId);
  if (Result<> written = co_await stream.write(lines); !written) co_return fail(written);
  for (std::size_t i = 0; i < kMaxProposals; ++i) {
    Result<std::string> proposal = co_await read_line(stream);
    if (!proposal) co_return fail(proposal);
    const bool taken = takes(*proposal);
    lines.clear();
    append_line(lines, taken ? std::string_view(*proposal) : kNotAvailable);
    if (Result<> written = co_await stream.write(lines); !written) co_return fail(written);
    if (taken) co_return proposal;
  }
  co_return fail(Errc::limit, "multistream-select: {} proposals, none of which is spoken here", kMaxProposals);
}

std::vector<std::uint8_t> LazyProposal::lines() const {
  std::vector<std::uint8_t> lines;
  append_line(lines, kMultistreamId);
  append_line(lines, protocol_);
  return lines;
}

Result<bool> LazyProposal::feed(ByteView bytes) {
  Result<std::optional<std::string>> line = parser_.feed(bytes);
  if (!line) return refuse(line.error());
  if (!*line) return false;
  if (!header_seen_) {
    if (**line != kMultistreamId) return refuse({Errc::protocol, "the peer does not speak {}", kMultistreamId});
    header_seen_ = true;
    return false;
  }
  if (**line == protocol_) return true;
  if (**line == kNotAvailable) return refuse({Errc::not_supported, "the peer does not speak {}", protocol_});
  return refuse({Errc::protocol, "multistream-select: an answer to no proposal"});
}

Result<bool> LazyProposal::refuse(Error why) {
  failure_ = std::move(why);
  return fail(*failure_);
}

}  // namespace ghostnet::libp2p
