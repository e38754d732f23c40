// Multibase: bytes as text, with a first character that names the base.
//
// Of the multibase table: base16 lower-case (f), base32 lower-case without padding (b), base36 lower-case (k),
// base58btc (z) and base64url without padding (u). encode() and decode() work without the first character.
// Errors: malformed (a character outside the base, bits left over), limit (more than kMaxMultibaseBytes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::libp2p {

enum class Multibase : char { base16 = 'f', base32 = 'b', base36 = 'k', base58btc = 'z', base64url = 'u' };

// Of what is decoded; the bases that are no power of two cost the square of it.
inline constexpr std::size_t kMaxMultibaseBytes = 1024;

std::string encode_base(Multibase base, ByteView bytes);
Result<std::vector<std::uint8_t>> decode_base(Multibase base, std::string_view text);

// With the first character.
std::string encode_multibase(Multibase base, ByteView bytes);
Result<std::vector<std::uint8_t>> decode_multibase(std::string_view text);

}  // namespace ghostnet::libp2p
