// Text that came from outside: taken apart, and made safe to show in a terminal's line or in a JSON string.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ghostnet {

// `text` without the spaces, tabs and carriage returns at its ends.
std::string_view trimmed(std::string_view text);

// Takes what stands before the first `separator` off the front of `rest`, and the separator with it. Without one, all
// of it.
std::string_view take_until(std::string_view& rest, char separator);

// The length in bytes of the UTF-8 sequence at the start of `text` (RFC 3629 3: no overlong forms, no surrogates), or 0
// where there is none.
std::size_t utf8_sequence_bytes(std::string_view text);

// Whether a byte is one that no text file holds: C0 but for tabs and ends of lines, DEL.
constexpr bool is_control_byte(char c) {
  return c == 0x7f || (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r');
}

// Appends `text` with control characters (C0, DEL, C1) and bytes that are not UTF-8 written as \xNN.
void append_printable(std::string& out, std::string_view text);

// Appends `text` as a JSON string with its quotes (RFC 8259 7). A byte that is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace ghostnet
