// Protocol: a Noise protocol by its name, "Noise_XXpsk3_25519_ChaChaPoly_BLAKE2s" (Noise, revision 34, section 8).
//
// All one-way, fundamental and deferred patterns (sections 7.4, 7.5, 18.1) with any psk modifiers (section 9), over
// 25519 or 448, ChaChaPoly or AESGCM, SHA256, SHA512, BLAKE2s or BLAKE2b. The fallback modifier is not known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/crypto/aead.hpp"
#include "ghostnet/crypto/hash.hpp"
#include "ghostnet/crypto/key_agreement.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::noise {

enum class Token : std::uint8_t { e, s, ee, es, se, ss, psk };

using MessagePattern = std::vector<Token>;

struct HandshakePattern {
  bool initiator_known = false;            // the responder has the initiator's static key before (pre-message "-> s")
  bool responder_known = false;            // the initiator has the responder's ("<- s")
  std::vector<MessagePattern> messages{};  // by turns, the initiator's first

  bool one_way() const { return messages.size() == 1; }
  std::size_t psk_count() const;
};

struct Protocol {
  std::string name;
  HandshakePattern pattern;
  crypto::CurveKind curve;
  crypto::AeadKind cipher;
  crypto::HashKind hash;

  // Errors: not_supported, with the part of the name that is not known.
  static Result<Protocol> parse(std::string_view name);
};

// The names of the patterns without modifiers.
std::vector<std::string_view> pattern_names();

}  // namespace ghostnet::noise
