// Base64 with padding (RFC 4648 4): how bytes stand in lines of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::cli {

std::string encode_base64(ByteView bytes);
// Nothing for what is not the encoding of any bytes.
std::optional<std::vector<std::uint8_t>> decode_base64(std::string_view text);

}  // namespace ghostnet::cli
