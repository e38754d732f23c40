#include "ghostnet/runtime/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <optional>

namespace ghostnet {
namespace {

// The inner parsers report what they expected; the outer ones put the text to it.
template <class T>
using Parsed = std::expected<T, const char*>;
using Expected = std::unexpected<const char*>;

std::unexpected<Error> malformed(std::string_view kind, std::string_view text, std::string_view expected) {
  constexpr std::size_t kMaxShownChars = 64;
  return fail(Errc::malformed, "{} {:?}{}: expected {}", kind, text.substr(0, kMaxShownChars),
              text.size() > kMaxShownChars ? "..." : "", expected);
}

// Digits alone: no sign, no space, no leading zero, nothing above max.
std::optional<std::uint32_t> decimal(std::string_view text, std::uint32_t max) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
    if (value > max) return std::nullopt;
  }
  return static_cast<std::uint32_t>(value);
}

Parsed<std::uint32_t> parse_quad(std::string_view text) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    const bool is_last = dot == std::string_view::npos;
    if (is_last != (i == 3)) return Expected("four numbers between dots");
    const auto number = decimal(text.substr(0, dot), 255);
    if (!number) return Expected("decimal numbers from 0 to 255, without leading zeros");
    value = value << 8 | *number;
    if (!is_last) text.remove_prefix(dot + 1);
  }
  return value;
}

constexpr std::size_t kGroups = 8;
using Groups = std::array<std::uint16_t, kGroups>;

// RFC 4291 2.2: eight groups, or fewer around one "::", the last two perhaps as a dotted quad.
Parsed<Groups> parse_groups(std::string_view text) {
  Groups groups{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;  // how many groups stand before the "::"
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    constexpr std::size_t kMaxDigits = 4;
    std::size_t digits = 0;
    int value = 0;
    for (; digits < text.size() && digits <= kMaxDigits; ++digits) {
      const int digit = hex_digit_value(text[digits]);
      if (digit < 0) break;
      value = value << 4 | digit;
    }
    const bool is_last = digits == text.size();
    if (!is_last && text[digits] == '.') {
      const auto quad = parse_quad(text);
      if (!quad) return Expected(quad.error());
      if (count > kGroups - 2) return Expected("at most six groups before a dotted quad");
      groups[count++] = static_cast<std::uint16_t>(*quad >> 16);
      groups[count++] = static_cast<std::uint16_t>(*quad);
      break;
    }
    if (digits == 0 || digits > kMaxDigits || (!is_last && text[digits] != ':')) {
      return Expected("groups of one to four hexadecimal digits between colons");
    }
    if (count == kGroups) return Expected("at most eight groups");
    groups[count++] = static_cast<std::uint16_t>(value);
    if (is_last) break;
    text.remove_prefix(digits + 1);
    if (text.empty()) return Expected("a group after the last colon");
    if (text[0] == ':') {
      if (gap) return Expected("\"::\" once at most");
      gap = count;
      text.remove_prefix(1);
    }
  }
  if (!gap) return count == kGroups ? Parsed<Groups>(groups) : Expected("eight groups, or a \"::\"");
  if (count == kGroups) return Expected("fewer than eight groups around \"::\"");
  const auto tail_begin = groups.begin() + static_cast<std::ptrdiff_t>(*gap);
  const auto tail_end = groups.begin() + static_cast<std::ptrdiff_t>(count);
  std::fill(tail_begin, std::move_backward(tail_begin, tail_end, groups.end()), std::uint16_t{0});
  return groups;
}

Parsed<IpAddress> parse_address(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    const auto value = parse_quad(text);
    if (!value) return Expected(value.error());
    return IpAddress::v4(*value);
  }
  std::uint32_t scope_id = 0;
  if (const std::size_t percent = text.find('%'); percent != std::string_view::npos) {
    scope_id = decimal(text.substr(percent + 1), 0xffff'ffff).value_or(0);
    if (scope_id == 0) return Expected("a zone number from 1 to 4294967295 after '%'");
    text = text.substr(0, percent);
  }
  const auto groups = parse_groups(text);
  if (!groups) return Expected(groups.error());
  return IpAddress::v6(*groups, scope_id);
}

Parsed<Endpoint> parse_endpoint(std::string_view text) {
  const bool is_bracketed = text.starts_with('[');
  const std::size_t split = is_bracketed ? text.find("]:") : text.find(':');
  if (split == std::string_view::npos) return Expected(is_bracketed ? "\"]:\" and a port" : "\":\" and a port");
  const std::string_view host = is_bracketed ? text.substr(1, split - 1) : text.substr(0, split);
  const std::string_view port_text = text.substr(split + (is_bracketed ? 2 : 1));
  if (!is_bracketed && port_text.find(':') != std::string_view::npos)
    return Expected("brackets around an IPv6 address");
  if (is_bracketed && host.find(':') == std::string_view::npos) return Expected("an IPv6 address in the brackets");
  const auto address = parse_address(host);
  if (!address) return Expected(address.error());
  const auto port = decimal(port_text, 0xffff);
  if (!port) return Expected("a port from 0 to 65535, without leading zeros");
  return Endpoint(*address, static_cast<std::uint16_t>(*port));
}

// What the printers fill. The longest text is an endpoint: 39 characters of groups, 11 of the zone, 8 around them.
class Text {
 public:
  void put(char c) { chars_[size_++] = c; }
  void put(std::string_view text) {
    size_ = static_cast<std::size_t>(std::ranges::copy(text, chars_ + size_).out - chars_);
  }
  void decimal(std::uint32_t value) {
    std::uint32_t unit = 1;
    while (value / unit >= 10) unit *= 10;
    for (; unit != 0; unit /= 10) put(static_cast<char>('0' + value / unit % 10));
  }
  // Without leading zeros, or with as many as make min_digits.
  void hexadecimal(std::uint32_t value, int min_digits) {
    int digits = 4;
    while (digits > min_digits && value >> (4 * (digits - 1)) == 0) --digits;
    while (digits-- > 0) put("0123456789abcdef"[value >> (4 * digits) & 15]);
  }
  std::string_view view() const { return {chars_, size_}; }

 private:
  char chars_[64];
  std::size_t size_ = 0;
};

void print_quad(Text& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.decimal(value >> shift & 0xff);
    if (shift != 0) out.put('.');
  }
}

// RFC 5952 4.2: "::" for the first of the longest runs of zero groups, never for a single one.
void print_groups(Text& out, const IpAddress& address) {
  const auto group = [&address](int i) {
    return static_cast<std::uint32_t>((i < 4 ? address.high() : address.low()) >> (16 * (3 - i % 4)) & 0xffff);
  };
  constexpr int kCount = static_cast<int>(kGroups);
  int gap_begin = kCount;
  int gap_size = 1;
  for (int begin = 0; begin < kCount;) {
    int end = begin;
    while (end < kCount && group(end) == 0) ++end;
    if (end - begin > gap_size) {
      gap_begin = begin;
      gap_size = end - begin;
    }
    begin = end + 1;
  }
  for (int i = 0; i < kCount;) {
    if (i == gap_begin) {
      out.put("::");
      i += gap_size;
    } else {
      out.hexadecimal(group(i), 1);
      ++i;
      if (i < kCount && i != gap_begin) out.put(':');
    }
  }
}

void print(Text& out, const IpAddress& address) {
  if (address.is_v4()) return print_quad(out, address.v4_value());
  if (address.is_v4_mapped()) {
    out.put("::ffff:");
    print_quad(out, address.unmapped().v4_value());
  } else {
    print_groups(out, address);
  }
  if (address.scope_id() != 0) {
    out.put('%');
    out.decimal(address.scope_id());
  }
}

void print(Text& out, const Endpoint& endpoint) {
  if (endpoint.is_v6()) out.put('[');
  print(out, endpoint.address());
  if (endpoint.is_v6()) out.put(']');
  out.put(':');
  out.decimal(endpoint.port());
}

void print(Text& out, const IpPrefix& prefix) {
  print(out, prefix.address());
  out.put('/');
  out.decimal(prefix.length());
}

void print(Text& out, const MacAddress& address) {
  for (std::size_t i = 0; i < address.bytes().size(); ++i) {
    if (i != 0) out.put(':');
    out.hexadecimal(address.bytes()[i], 2);
  }
}

template <class T>
std::string printed(const T& value) {
  Text out;
  print(out, value);
  return std::string(out.view());
}

}  // namespace

Result<IpAddress> IpAddress::from_bytes(ByteView bytes) {
  if (bytes.size() == 4) return from_v4_bytes(bytes.first<4>());
  if (bytes.size() == 16) return from_v6_bytes(bytes.first<16>());
  return fail(Errc::malformed, "an address of {} bytes: expected 4 or 16", bytes.size());
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const auto address = parse_address(text);
  if (!address) return malformed("address", text, address.error());
  return *address;
}

void IpAddress::write_to(ByteWriter& out) const {
  if (is_v4()) return out.u32(v4_value());
  out.u64(high_);
  out.u64(low_);
}

std::string IpAddress::to_string() const { return printed(*this); }

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto endpoint = parse_endpoint(text);
  if (!endpoint) return malformed("endpoint", text, endpoint.error());
  return *endpoint;
}

std::string Endpoint::to_string() const { return printed(*this); }

Result<IpPrefix> IpPrefix::make(const IpAddress& address, unsigned length) {
  if (length > address.bit_size()) {
    return fail(Errc::invalid_argument, "a prefix of {} bits of {}: at most {}", length, address, address.bit_size());
  }
  return IpPrefix(address, length);
}

Result<IpPrefix> IpPrefix::parse(std::string_view text, HostBits host_bits) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return malformed("prefix", text, "\"/\" and a length in bits");
  if (text.find('%') != std::string_view::npos) return malformed("prefix", text, "an address without a zone");
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return malformed("prefix", text, address.error());
  const auto length = decimal(text.substr(slash + 1), address->bit_size());
  if (!length) return malformed("prefix", text, address->is_v4() ? "a length from 0 to 32" : "a length from 0 to 128");
  const IpPrefix prefix(*address, *length);
  if (host_bits == HostBits::refuse && prefix.address() != *address) {
    return malformed("prefix", text, fmt::format("zero bits beyond the length, as in {}", prefix));
  }
  return prefix;
}

std::string IpPrefix::to_string() const { return printed(*this); }

Result<MacAddress> MacAddress::parse(std::string_view text) {
  std::array<std::uint8_t, 6> bytes{};
  constexpr std::size_t kChars = 6 * 2 + 5;
  const char separator = text.size() == kChars ? text[2] : '\0';
  bool is_well_formed = separator == ':' || separator == '-';
  for (std::size_t i = 0; is_well_formed && i < bytes.size(); ++i) {
    const int high = hex_digit_value(text[3 * i]);
    const int low = hex_digit_value(text[3 * i + 1]);
    is_well_formed = high >= 0 && low >= 0 && (i == 0 || text[3 * i - 1] == separator);
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (!is_well_formed)
    return malformed("MAC address", text, "six pairs of hexadecimal digits between colons or dashes");
  return MacAddress(bytes);
}

std::string MacAddress::to_string() const { return printed(*this); }

namespace detail {

template <class T>
fmt::format_context::iterator TextFormatter<T>::format(const T& value, fmt::format_context& context) const {
  Text out;
  print(out, value);
  return fmt::formatter<std::string_view>::format(out.view(), context);
}

template struct TextFormatter<IpAddress>;
template struct TextFormatter<Endpoint>;
template struct TextFormatter<IpPrefix>;
template struct TextFormatter<MacAddress>;

}  // namespace detail
}  // namespace ghostnet
