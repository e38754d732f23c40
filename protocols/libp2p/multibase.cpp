#include "ghostnet/libp2p/multibase.hpp"

#include <algorithm>
#include <optional>

namespace ghostnet::libp2p {
namespace {

struct Base {
  std::string_view alphabet;
  unsigned bits;  // of a character; 0 where the base is no power of two
};

constexpr Base kBase16{"0123456789abcdef", 4};
constexpr Base kBase32{"abcdefghijklmnopqrstuvwxyz234567", 5};
constexpr Base kBase36{"0123456789abcdefghijklmnopqrstuvwxyz", 0};
constexpr Base kBase58btc{"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 0};
constexpr Base kBase64url{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6};

const Base& base_of(Multibase base) {
  switch (base) {
    case Multibase::base16: return kBase16;
    case Multibase::base32: return kBase32;
    case Multibase::base36: return kBase36;
    case Multibase::base58btc: return kBase58btc;
    case Multibase::base64url: return kBase64url;
  }
  return kBase16;
}

std::string encode_bits(const Base& base, ByteView bytes) {
  std::string text;
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  for (std::uint8_t byte : bytes) {
    held = held << 8 | byte;
    for (held_bits += 8; held_bits >= base.bits; held_bits -= base.bits) {
      text.push_back(base.alphabet[held >> (held_bits - base.bits) & ((1u << base.bits) - 1)]);
    }
  }
  if (held_bits > 0) text.push_back(base.alphabet[held << (base.bits - held_bits) & ((1u << base.bits) - 1)]);
  return text;
}

std::optional<std::vector<std::uint8_t>> decode_bits(const Base& base, std::string_view text) {
  std::vector<std::uint8_t> bytes;
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  for (char c : text) {
    const std::size_t digit = base.alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    held = held << base.bits | static_cast<std::uint32_t>(digit);
    held_bits += base.bits;
    if (held_bits < 8) continue;
    held_bits -= 8;
    bytes.push_back(static_cast<std::uint8_t>(held >> held_bits));
  }
  // Fewer bits than a character brings, and all of them zero.
  if (held_bits >= base.bits || (held & ((1u << held_bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

// Bases that are no power of two: the whole is one number, and each zero byte in front is one first character.
std::string encode_number(const Base& base, ByteView bytes) {
  const auto first_digit = std::ranges::find_if(bytes, [](std::uint8_t byte) { return byte != 0; });
  std::vector<std::uint8_t> digits;  // lowest first
  for (auto byte = first_digit; byte != bytes.end(); ++byte) {
    std::uint32_t carry = *byte;
    for (std::uint8_t& digit : digits) {
      carry += std::uint32_t{digit} << 8;
      digit = static_cast<std::uint8_t>(carry % base.alphabet.size());
      carry /= static_cast<std::uint32_t>(base.alphabet.size());
    }
    for (; carry > 0; carry /= static_cast<std::uint32_t>(base.alphabet.size())) {
      digits.push_back(static_cast<std::uint8_t>(carry % base.alphabet.size()));
    }
  }
  std::string text(static_cast<std::size_t>(first_digit - bytes.begin()), base.alphabet[0]);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) text.push_back(base.alphabet[*digit]);
  return text;
}

std::optional<std::vector<std::uint8_t>> decode_number(const Base& base, std::string_view text) {
  const std::size_t zeros = std::min(text.find_first_not_of(base.alphabet[0]), text.size());
  std::vector<std::uint8_t> bytes;  // lowest first
  for (char c : text.substr(zeros)) {
    const std::size_t digit = base.alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    auto carry = static_cast<std::uint32_t>(digit);
    for (std::uint8_t& byte : bytes) {
      carry += byte * static_cast<std::uint32_t>(base.alphabet.size());
      byte = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    if (carry > 0) bytes.push_back(static_cast<std::uint8_t>(carry));
  }
  bytes.resize(bytes.size() + zeros);
  std::ranges::reverse(bytes);
  return bytes;
}

}  // namespace

std::string encode_base(Multibase base, ByteView bytes) {
  const Base& coding = base_of(base);
  return coding.bits > 0 ? encode_bits(coding, bytes) : encode_number(coding, bytes);
}

Result<std::vector<std::uint8_t>> decode_base(Multibase base, std::string_view text) {
  if (text.size() > 2 * kMaxMultibaseBytes) {
    return fail(Errc::limit, "{} characters of multibase; at most {} bytes are read", text.size(), kMaxMultibaseBytes);
  }
  const Base& coding = base_of(base);
  auto bytes = coding.bits > 0 ? decode_bits(coding, text) : decode_number(coding, text);
  if (!bytes) return fail(Errc::malformed, "text that is not of multibase {}", static_cast<char>(base));
  if (bytes->size() > kMaxMultibaseBytes)
    return fail(Errc::limit, "more than {} bytes of multibase", kMaxMultibaseBytes);
  return std::move(*bytes);
}

std::string encode_multibase(Multibase base, ByteView bytes) {
  return static_cast<char>(base) + encode_base(base, bytes);
}

Result<std::vector<std::uint8_t>> decode_multibase(std::string_view text) {
  constexpr std::string_view kKnown = "fbkzu";
  if (text.empty() || kKnown.find(text[0]) == std::string_view::npos) {
    return fail(Errc::malformed, "expected multibase: one of {} and then digits", kKnown);
  }
  return decode_base(static_cast<Multibase>(text[0]), text.substr(1));
}

}  // namespace ghostnet::libp2p
