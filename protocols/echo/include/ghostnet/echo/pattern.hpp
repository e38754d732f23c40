// Pattern: bytes that look random but follow from a seed, so that whoever knows it can check what came back without
// keeping a copy. Not for secrets.
#pragma once

#include <array>
#include <cstdint>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/random.hpp"

namespace ghostnet::echo {

class Pattern {
 public:
  explicit Pattern(std::uint64_t seed) : random_(Random::from_state(seed, ~seed)) {}

  // The next bytes of the pattern.
  void fill(MutableByteView out);
  // Whether these are the next bytes of the pattern.
  bool matches(ByteView bytes);

 private:
  Random random_;
  std::array<std::uint8_t, 8> block_{};
  std::size_t used_ = sizeof(block_);
};

}  // namespace ghostnet::echo
