#include "ghostnet/runtime/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace ghostnet {
namespace {

bool is_control(std::string_view sequence) {
  const auto first = static_cast<std::uint8_t>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<std::uint8_t>(sequence[1]) < 0xa0;
}

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view take_until(std::string_view& rest, char separator) {
  const std::string_view taken = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(taken.size() + 1, rest.size()));
  return taken;
}

std::size_t utf8_sequence_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (text.empty()) return 0;
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  // What the first byte leaves open of overlong forms, surrogates and the end of Unicode shows in the second.
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t valid = utf8_sequence_bytes(text);
    const std::string_view piece = text.substr(0, valid == 0 ? 1 : valid);
    if (valid != 0 && !is_control(piece)) {
      out += piece;
    } else {
      for (const char c : piece) fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<std::uint8_t>(c));
    }
    text.remove_prefix(piece.size());
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t valid = utf8_sequence_bytes(text);
    const std::string_view piece = text.substr(0, valid == 0 ? 1 : valid);
    if (valid == 0) {
      out += "\xef\xbf\xbd";
    } else if (piece == "\"" || piece == "\\") {
      out += '\\';
      out += piece;
    } else if (piece == "\n") {
      out += "\\n";
    } else if (is_control(piece) && piece.size() == 1) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint8_t>(piece[0]));
    } else {
      out += piece;
    }
    text.remove_prefix(piece.size());
  }
  out += '"';
}

}  // namespace ghostnet
