// libsodium made ready, for this folder's own sources: what calls it makes it ready first. Before sodium_init() has
// looked at the processor libsodium computes in plain C, to the same results and several times slower.
#pragma once

#include <sodium.h>

#include <stdexcept>

namespace ghostnet::crypto {

inline void prepare_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) throw std::runtime_error("libsodium does not work on this machine");
}

}  // namespace ghostnet::crypto
