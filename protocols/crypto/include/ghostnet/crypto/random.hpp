// SecureRandom: where secrets come from, given by whoever wires.
//
// A host has one, HostRandom: the system's own randomness live, and a stream of the host's own in a simulation, so that
// simulated runs repeat. Libraries draw by themselves too (OpenSSL for signatures and TLS, libsodium for blinding):
// while a RandomnessFrom lives, what they draw on this thread comes from the SecureRandom that it was given. That is
// the one sanctioned global of the project. Without one they ask the system, as ever.
#pragma once

#include "ghostnet/crypto/secret.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/host.hpp"

namespace ghostnet::crypto {

class SecureRandom {
 public:
  virtual void fill(MutableByteView bytes) = 0;

  template <std::size_t N>
  Secret<N> secret() {
    Secret<N> drawn;
    fill(drawn.writable());
    return drawn;
  }

 protected:
  SecureRandom() = default;
  SecureRandom(const SecureRandom&) = default;
  ~SecureRandom() = default;
};

// The host outlives it.
class HostRandom final : public SecureRandom {
 public:
  explicit HostRandom(Host& host) : host_(&host) {}
  void fill(MutableByteView bytes) override { host_->fill_secret(bytes); }

 private:
  Host* host_;
};

// The system's.
class SystemRandom final : public SecureRandom {
 public:
  void fill(MutableByteView bytes) override;
};

// Routes what OpenSSL and libsodium draw on this thread, from here to the end of the block. May be nested. Never across
// a co_await: another host may run in between.
class [[nodiscard]] RandomnessFrom {
 public:
  explicit RandomnessFrom(SecureRandom& source);
  RandomnessFrom(const RandomnessFrom&) = delete;
  RandomnessFrom& operator=(const RandomnessFrom&) = delete;
  ~RandomnessFrom();

 private:
  SecureRandom* before_;
};

}  // namespace ghostnet::crypto
