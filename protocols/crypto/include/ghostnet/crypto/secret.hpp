// Secret<N>: N bytes that are wiped when they go, and the two things that are done with secrets in constant time.
//
// A Secret is copied only by copy(), so that the places that double a key can be found.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::crypto {

// Overwrites the bytes in a way that no optimizer removes.
void wipe(MutableByteView bytes);

// Whether they are the same, in a time that depends on the lengths alone.
bool equal_in_constant_time(ByteView a, ByteView b);

template <std::size_t N>
class Secret {
 public:
  static constexpr std::size_t kBytes = N;

  Secret() = default;  // all zeros
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    bytes_ = other.bytes_;
    wipe(other.bytes_);
    return *this;
  }
  ~Secret() { wipe(bytes_); }

  // Of exactly N bytes.
  static Secret of(ByteView bytes) {
    assert(bytes.size() == N);
    Secret secret;
    std::memcpy(secret.bytes_.data(), bytes.data(), N);
    return secret;
  }
  Secret copy() const { return of(bytes_); }

  ByteView view() const { return bytes_; }
  MutableByteView writable() { return bytes_; }
  const std::uint8_t* data() const { return bytes_.data(); }
  std::uint8_t* data() { return bytes_.data(); }
  static constexpr std::size_t size() { return N; }

  friend bool operator==(const Secret& a, const Secret& b) { return equal_in_constant_time(a.bytes_, b.bytes_); }

 private:
  std::array<std::uint8_t, N> bytes_{};
};

}  // namespace ghostnet::crypto
