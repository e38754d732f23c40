// RunDigest: one number that two equal runs share and two different runs do not.
//
// It covers every delivery of a run: when, on which host, which bytes. The deliveries of one host form a chain, so
// their order counts; the chains of different hosts are combined commutatively, so the order in which hosts stand in
// the same instant does not. Nothing is kept but eight bytes a host, which stand in the host's own object, where the
// delivery has just brought them into the cache. Integers only, the same on every machine; some 20 ns for 512 bytes.
//
// It is a fingerprint against accidents, not against forgers. Stored digests depend on every constant below.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/host_id.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::sim {

class RunDigest {
 public:
  // What has been delivered to one host. Lives as long as the run, across crashes of the host.
  class Chain {
    friend class RunDigest;
    std::uint64_t state_ = 0;
  };

  void deliver(Chain& chain, TimePoint at, HostId host, ByteView payload) {
    deliver(chain, at, host, content_hash(payload));
  }
  // The same where the payload was hashed when it was sent, while it was in the cache anyway.
  void deliver(Chain& chain, TimePoint at, HostId host, std::uint64_t content_hash) {
    const std::uint64_t place = mix(static_cast<std::uint64_t>(to_ns(at)) ^ kKeys[0], host ^ kKeys[1]);
    chain.state_ = mix(chain.state_ ^ content_hash, place ^ kKeys[2]);
    sum_ += chain.state_;
  }

  static std::uint64_t content_hash(ByteView bytes) { return hash(bytes); }

  std::uint64_t value() const { return mix(sum_ ^ kKeys[3], kKeys[1]); }

 private:
  // Bits of the golden ratio, of the square root of two and of pi: odd, and nothing up our sleeves.
  static constexpr std::uint64_t kKeys[] = {0x9e37'79b9'7f4a'7c15, 0x6a09'e667'f3bc'c909, 0x243f'6a88'85a3'08d3,
                                            0x1319'8a2e'0370'7345};

  // Both halves of the product. A factor of zero would hide the other one: keys keep zeros, the commonest bytes, apart.
  static constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    const detail::Uint128 product = detail::Uint128{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  static std::uint64_t word(const std::uint8_t* at) {
    std::uint64_t value;
    std::memcpy(&value, at, sizeof value);
    return std::endian::native == std::endian::little ? value : __builtin_bswap64(value);
  }

  static std::uint64_t hash(ByteView bytes) {
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t lane = bytes.size() ^ kKeys[0];
    if (left >= kStrideBytes) {
      // Four lanes, so that the multiplications of one stride do not wait for each other.
      std::uint64_t a = lane, b = lane, c = lane, d = lane;
      for (; left >= kStrideBytes; at += kStrideBytes, left -= kStrideBytes) {
        a = mix(word(at) ^ kKeys[0], word(at + 8) ^ a);
        b = mix(word(at + 16) ^ kKeys[1], word(at + 24) ^ b);
        c = mix(word(at + 32) ^ kKeys[2], word(at + 40) ^ c);
        d = mix(word(at + 48) ^ kKeys[3], word(at + 56) ^ d);
      }
      lane = (a ^ b) + (c ^ d);
    }
    for (; left > 16; at += 16, left -= 16) lane = mix(word(at) ^ kKeys[1], word(at + 8) ^ lane);
    return mix(tail_word(at, left, 0) ^ kKeys[2], tail_word(at, left, 8) ^ lane);
  }

  // Eight bytes from `offset` of the last `left` ones, zeros where they end.
  static std::uint64_t tail_word(const std::uint8_t* at, std::size_t left, std::size_t offset) {
    if (left >= offset + 8) return word(at + offset);
    std::uint64_t value = 0;
    for (std::size_t i = offset; i < left; ++i) value |= std::uint64_t{at[i]} << (8 * (i - offset));
    return value;
  }

  static constexpr std::size_t kStrideBytes = 64;

  std::uint64_t sum_ = 0;
};
static_assert(sizeof(RunDigest::Chain) == 8);

}  // namespace ghostnet::sim
