// ChaCha20 (RFC 8439 2.3 and 2.4), by vectors of four blocks.
//
// A record of a stream is short: what a library spends on choosing an algorithm and beginning anew for each block of
// the one-time key costs more than the cipher. Here the first four blocks come at once, the one-time key and what
// enciphers the first 192 bytes. There are no tables and no branches that depend on secrets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::crypto {

inline constexpr std::size_t kChaChaBlockBytes = 64;
inline constexpr std::uint32_t kChaChaBlocksAtOnce = 4;

using ChaChaBlocks = std::array<std::uint8_t, kChaChaBlocksAtOnce * kChaChaBlockBytes>;

// Four blocks of key stream from block number `counter` on. The key has 32 bytes, the nonce 12.
void chacha20_blocks(const std::uint8_t* key, const std::uint8_t* nonce, std::uint32_t counter, ChaChaBlocks& blocks);

// out = in xor the key stream from block `counter` on; `out` is `in`, or does not overlap it.
void chacha20_xor(const std::uint8_t* key, const std::uint8_t* nonce, std::uint32_t counter, ByteView in,
                  std::uint8_t* out);

}  // namespace ghostnet::crypto
