// Messages of DNS (RFC 1035 4), as far as a stub that asks for texts needs them: one question, and the TXT records of
// an answer. With EDNS(0) (RFC 6891), so that an answer of kMaxUdpBytes still comes in one datagram.
//
// Names are text without the root's dot, in small letters, since DNS does not tell letters by their size; a label may
// hold any byte but a dot. Parsing is total and bounded: a compressed name has at most 255 bytes and its pointers only
// lead backwards, CNAME chains have at most kMaxAliases links.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::dns {

inline constexpr std::size_t kMaxNameBytes = 255;  // encoded (RFC 1035 3.1)
inline constexpr std::size_t kMaxLabelBytes = 63;  // the same
inline constexpr std::size_t kMaxUdpBytes = 1232;  // what passes any path unfragmented
inline constexpr std::size_t kMaxTexts = 256;      // of one answer
inline constexpr std::size_t kMaxAliases = 8;      // CNAMEs from the question to the texts

// RFC 1035 4.1.1.
enum class ResponseCode : std::uint8_t { ok = 0, format_error = 1, server_failure = 2, no_such_name = 3, refused = 5 };

// A recursive question for the TXT records of a name. Errors: invalid_argument (no name of DNS).
Result<std::vector<std::uint8_t>> encode_text_question(std::uint16_t id, std::string_view name);

struct TextAnswer {
  ResponseCode code = ResponseCode::ok;
  bool truncated = false;          // ask again over TCP
  std::vector<std::string> texts;  // each record's strings joined (RFC 7208 3.3 does so, too)
};

// The answer to that question. Errors: malformed; protocol (it answers another question); limit.
Result<TextAnswer> parse_text_answer(ByteView message, std::uint16_t id, std::string_view name);

}  // namespace ghostnet::dns
