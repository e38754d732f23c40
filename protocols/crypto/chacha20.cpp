#include "ghostnet/crypto/chacha20.hpp"

#include <algorithm>
#include <cstring>

#include "ghostnet/runtime/wire.hpp"

// Vectors wider than the processor's are passed by reference only, and cut by the compiler.
#pragma clang diagnostic ignored "-Wpsabi"

namespace ghostnet::crypto {
namespace {

// One row of the state of RFC 8439 2.3, of four blocks side by side: four words each.
using Row = std::uint32_t __attribute__((vector_size(64)));
using Quarter = std::uint32_t __attribute__((vector_size(16)));
using Piece = std::uint8_t __attribute__((vector_size(16), aligned(1)));

struct State {
  Row a, b, c, d;
};

#define GHOSTNET_INLINE [[gnu::always_inline]] inline

template <int kBits>
GHOSTNET_INLINE void rotate(Row& row) {
  row = row << kBits | row >> (32 - kBits);
}

// RFC 8439 2.1, on all columns of all blocks.
GHOSTNET_INLINE void quarter_round(State& s) {
  s.a += s.b, s.d ^= s.a, rotate<16>(s.d);
  s.c += s.d, s.b ^= s.c, rotate<12>(s.b);
  s.a += s.b, s.d ^= s.a, rotate<8>(s.d);
  s.c += s.d, s.b ^= s.c, rotate<7>(s.b);
}

// Turns each block's words of a row by so many places, so that diagonals become columns.
template <int kPlaces>
GHOSTNET_INLINE void turn(Row& row) {
  row = __builtin_shufflevector(row, row, kPlaces & 3, (kPlaces + 1) & 3, (kPlaces + 2) & 3, (kPlaces + 3) & 3,
                                4 + (kPlaces & 3), 4 + ((kPlaces + 1) & 3), 4 + ((kPlaces + 2) & 3),
                                4 + ((kPlaces + 3) & 3), 8 + (kPlaces & 3), 8 + ((kPlaces + 1) & 3),
                                8 + ((kPlaces + 2) & 3), 8 + ((kPlaces + 3) & 3), 12 + (kPlaces & 3),
                                12 + ((kPlaces + 1) & 3), 12 + ((kPlaces + 2) & 3), 12 + ((kPlaces + 3) & 3));
}

GHOSTNET_INLINE void load(Row& row, const std::uint8_t* words) {
  for (int i = 0; i < 16; ++i) row[i] = load_le<std::uint32_t>(words + 4 * (i % 4));
}

GHOSTNET_INLINE void begin(State& s, const std::uint8_t* key, const std::uint8_t* nonce, std::uint32_t counter) {
  static constexpr std::uint8_t kConstant[] = {'e', 'x', 'p', 'a', 'n', 'd', ' ', '3',
                                               '2', '-', 'b', 'y', 't', 'e', ' ', 'k'};
  std::array<std::uint8_t, 16> last;
  store_le(last.data(), counter);
  std::memcpy(last.data() + 4, nonce, 12);
  load(s.a, kConstant);
  load(s.b, key);
  load(s.c, key + 16);
  load(s.d, last.data());
  s.d += Row{0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
}

// kGroups times four blocks side by side, so that one group's additions do not wait for their own.
template <int kGroups>
GHOSTNET_INLINE void compute(const State& first, State (&out)[kGroups]) {
  constexpr std::uint32_t kStep = kChaChaBlocksAtOnce;
  const Row step{kStep, 0, 0, 0, kStep, 0, 0, 0, kStep, 0, 0, 0, kStep, 0, 0, 0};
  State begun[kGroups];
  begun[0] = first;
  for (int g = 1; g < kGroups; ++g) {
    begun[g] = begun[g - 1];
    begun[g].d += step;
  }
  for (int g = 0; g < kGroups; ++g) out[g] = begun[g];
  for (int round = 0; round < 10; ++round) {
    for (int g = 0; g < kGroups; ++g) quarter_round(out[g]);
    for (int g = 0; g < kGroups; ++g) turn<1>(out[g].b), turn<2>(out[g].c), turn<3>(out[g].d);
    for (int g = 0; g < kGroups; ++g) quarter_round(out[g]);
    for (int g = 0; g < kGroups; ++g) turn<3>(out[g].b), turn<2>(out[g].c), turn<1>(out[g].d);
  }
  for (int g = 0; g < kGroups; ++g) {
    out[g].a += begun[g].a, out[g].b += begun[g].b, out[g].c += begun[g].c, out[g].d += begun[g].d;
  }
}

template <int kBlock>
GHOSTNET_INLINE void put_row(const Row& row, std::uint8_t* to) {
  const Quarter words = __builtin_shufflevector(row, row, 4 * kBlock, 4 * kBlock + 1, 4 * kBlock + 2, 4 * kBlock + 3);
  std::memcpy(to, &words, sizeof(words));
}

template <int kBlock>
GHOSTNET_INLINE void put_block(const State& s, std::uint8_t* to) {
  put_row<kBlock>(s.a, to);
  put_row<kBlock>(s.b, to + 16);
  put_row<kBlock>(s.c, to + 32);
  put_row<kBlock>(s.d, to + 48);
}

GHOSTNET_INLINE void put(const State& s, std::uint8_t* to) {
  put_block<0>(s, to);
  put_block<1>(s, to + 64);
  put_block<2>(s, to + 128);
  put_block<3>(s, to + 192);
}

template <int kGroups>
GHOSTNET_INLINE void xor_groups(const State& first, ByteView& in, std::uint8_t*& out) {
  State states[kGroups];
  compute(first, states);
  std::array<std::uint8_t, kGroups * sizeof(ChaChaBlocks)> stream;
  for (int g = 0; g < kGroups; ++g) put(states[g], stream.data() + g * sizeof(ChaChaBlocks));
  const std::size_t size = std::min(in.size(), stream.size());
  std::size_t at = 0;
  for (; at + 16 <= size; at += 16) {
    Piece a, b;
    std::memcpy(&a, in.data() + at, 16);
    std::memcpy(&b, stream.data() + at, 16);
    a ^= b;
    std::memcpy(out + at, &a, 16);
  }
  for (; at < size; ++at) out[at] = in[at] ^ stream[at];
  in = in.subspan(size);
  out += size;
}

GHOSTNET_INLINE void blocks_here(const std::uint8_t* key, const std::uint8_t* nonce, std::uint32_t counter,
                                 ChaChaBlocks& blocks) {
  State first, state[1];
  begin(first, key, nonce, counter);
  compute(first, state);
  put(state[0], blocks.data());
}

GHOSTNET_INLINE void xor_here(const std::uint8_t* key, const std::uint8_t* nonce, std::uint32_t counter, ByteView in,
                              std::uint8_t* out) {
  State first;
  begin(first, key, nonce, counter);
  const auto advance = [&first](std::uint32_t blocks) {
    for (int i = 0; i < 16; i += 4) first.d[i] += blocks;
  };
  while (in.size() > 2 * sizeof(ChaChaBlocks)) {
    xor_groups<4>(first, in, out);
    advance(16);
  }
  while (!in.empty()) {
    xor_groups<2>(first, in, out);
    advance(8);
  }
}

// The same code for processors with wider vectors. What it computes is the same to the bit.
#if defined(__x86_64__)
#define GHOSTNET_WIDEST "avx512f,avx512vl,avx512bw"
#define GHOSTNET_WIDE "avx2"
[[gnu::target(GHOSTNET_WIDEST)]] void blocks_widest(const std::uint8_t* key, const std::uint8_t* nonce,
                                                    std::uint32_t counter, ChaChaBlocks& blocks) {
  blocks_here(key, nonce, counter, blocks);
}
[[gnu::target(GHOSTNET_WIDEST)]] void xor_widest(const std::uint8_t* key, const std::uint8_t* nonce,
                                                 std::uint32_t counter, ByteView in, std::uint8_t* out) {
  xor_here(key, nonce, counter, in, out);
}
[[gnu::target(GHOSTNET_WIDE)]] void blocks_wide(const std::uint8_t* key, const std::uint8_t* nonce,
                                                std::uint32_t counter, ChaChaBlocks& blocks) {
  blocks_here(key, nonce, counter, blocks);
}
[[gnu::target(GHOSTNET_WIDE)]] void xor_wide(const std::uint8_t* key, const std::uint8_t* nonce, std::uint32_t counter,
                                             ByteView in, std::uint8_t* out) {
  xor_here(key, nonce, counter, in, out);
}

enum class Width { plain, wide, widest };
Width width() {
  static const Width found = [] {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
      return Width::widest;
    }
    return __builtin_cpu_supports("avx2") ? Width::wide : Width::plain;
  }();
  return found;
}
#endif

}  // namespace

void chacha20_blocks(const std::uint8_t* key, const std::uint8_t* nonce, std::uint32_t counter, ChaChaBlocks& blocks) {
#if defined(__x86_64__)
  if (width() == Width::widest) return blocks_widest(key, nonce, counter, blocks);
  if (width() == Width::wide) return blocks_wide(key, nonce, counter, blocks);
#endif
  blocks_here(key, nonce, counter, blocks);
}

void chacha20_xor(const std::uint8_t* key, const std::uint8_t* nonce, std::uint32_t counter, ByteView in,
                  std::uint8_t* out) {
#if defined(__x86_64__)
  if (width() == Width::widest) return xor_widest(key, nonce, counter, in, out);
  if (width() == Width::wide) return xor_wide(key, nonce, counter, in, out);
#endif
  xor_here(key, nonce, counter, in, out);
}

}  // namespace ghostnet::crypto
