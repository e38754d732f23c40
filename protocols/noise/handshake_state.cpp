#include "ghostnet/noise/handshake_state.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace ghostnet::noise {

// ---- SymmetricState ----

SymmetricState::SymmetricState(const Protocol& protocol)
    : kind_(protocol.hash),
      cipher_kind_(protocol.cipher),
      hash_bytes_(crypto::hash_bytes(protocol.hash)),
      cipher_(protocol.cipher) {
  const ByteView name = as_bytes(protocol.name);
  if (name.size() <= hash_bytes_) {
    std::memcpy(h_.data(), name.data(), name.size());
  } else {
    crypto::hash(kind_, name, h_.writable());
  }
  ck_ = h_.copy();
}

void SymmetricState::hkdf(ByteView input, MutableByteView out) const {
  crypto::Secret<crypto::kMaxHashBytes> temporary;
  crypto::hkdf_extract(kind_, ck_.view().first(hash_bytes_), input, temporary.writable());
  crypto::hkdf_expand(kind_, temporary.view().first(hash_bytes_), {}, out);
}

void SymmetricState::mix_key(ByteView input) {
  crypto::Secret<2 * crypto::kMaxHashBytes> out;
  hkdf(input, out.writable().first(2 * hash_bytes_));
  std::memcpy(ck_.data(), out.data(), hash_bytes_);
  cipher_ = CipherState(cipher_kind_, out.view().subspan(hash_bytes_, crypto::kAeadKeyBytes));
}

void SymmetricState::mix_hash(ByteView data) {
  crypto::Hasher(kind_).update(hash()).update(data).finish(h_.writable());
}

void SymmetricState::mix_key_and_hash(ByteView input) {
  crypto::Secret<3 * crypto::kMaxHashBytes> out;
  hkdf(input, out.writable().first(3 * hash_bytes_));
  std::memcpy(ck_.data(), out.data(), hash_bytes_);
  mix_hash(out.view().subspan(hash_bytes_, hash_bytes_));
  cipher_ = CipherState(cipher_kind_, out.view().subspan(2 * hash_bytes_, crypto::kAeadKeyBytes));
}

Result<> SymmetricState::encrypt_and_hash(ByteView plaintext, std::vector<std::uint8_t>& out) {
  const std::size_t at = out.size();
  out.resize(at + plaintext.size() + cipher_.overhead_bytes());
  if (Result<> done = cipher_.encrypt(hash(), plaintext, out.data() + at); !done) return done;
  mix_hash(ByteView(out).subspan(at));
  return {};
}

Result<> SymmetricState::decrypt_and_hash(ByteView ciphertext, std::vector<std::uint8_t>& out) {
  if (ciphertext.size() < cipher_.overhead_bytes()) return fail(Errc::malformed, "a Noise message without its tag");
  const std::size_t at = out.size();
  out.resize(at + ciphertext.size() - cipher_.overhead_bytes());
  if (Result<> done = cipher_.decrypt(hash(), ciphertext, out.data() + at); !done) return done;
  mix_hash(ciphertext);
  return {};
}

std::pair<CipherState, CipherState> SymmetricState::split() const {
  crypto::Secret<2 * crypto::kMaxHashBytes> out;
  hkdf({}, out.writable().first(2 * hash_bytes_));
  return {CipherState(cipher_kind_, out.view().first(crypto::kAeadKeyBytes)),
          CipherState(cipher_kind_, out.view().subspan(hash_bytes_, crypto::kAeadKeyBytes))};
}

// ---- HandshakeState ----

Result<HandshakeState> HandshakeState::begin(HandshakeConfig config, crypto::SecureRandom& random) {
  const HandshakePattern& pattern = config.protocol.pattern;
  const bool initiator = config.role == Role::initiator;
  bool sends_static = initiator ? pattern.initiator_known : pattern.responder_known;
  for (std::size_t i = initiator ? 0 : 1; i < pattern.messages.size(); i += 2) {
    sends_static = sends_static || std::ranges::find(pattern.messages[i], Token::s) != pattern.messages[i].end();
  }
  const auto missing = [&config](std::string_view what) {
    return fail(Errc::invalid_argument, "{} wants {}", config.protocol.name, what);
  };
  const std::size_t key_bytes = crypto::dh_bytes(config.protocol.curve);
  if (sends_static && (!config.s || config.s->curve() != config.protocol.curve))
    return missing("a static key of its curve");
  if ((initiator ? pattern.responder_known : pattern.initiator_known) &&
      (!config.rs || config.rs->size() != key_bytes)) {
    return missing("the other side's static key");
  }
  if (config.psks.size() != pattern.psk_count()) return missing("as many pre-shared keys as it has psk modifiers");
  return HandshakeState(std::move(config), random);
}

HandshakeState::HandshakeState(HandshakeConfig config, crypto::SecureRandom& random)
    : config_(std::move(config)), random_(&random), symmetric_(config_.protocol) {
  symmetric_.mix_hash(config_.prologue);
  config_.prologue = {};
  const HandshakePattern& pattern = config_.protocol.pattern;
  const bool initiator = config_.role == Role::initiator;
  if (pattern.initiator_known) symmetric_.mix_hash(initiator ? config_.s->public_key() : ByteView(*config_.rs));
  if (pattern.responder_known) symmetric_.mix_hash(initiator ? ByteView(*config_.rs) : config_.s->public_key());
}

Result<> HandshakeState::begin_turn(bool writing) {
  if (broken_) return fail(Errc::closed, "this Noise handshake has failed");
  if (finished() || writes_next() != writing) return fail(Errc::invalid_argument, "not the turn of this Noise message");
  return {};
}

Result<> HandshakeState::broke(Result<> result) {
  broken_ = true;
  return result;
}

Result<> HandshakeState::write_message(ByteView payload, std::vector<std::uint8_t>& out) {
  if (Result<> turn = begin_turn(true); !turn) return turn;
  const std::size_t at = out.size();
  for (Token token : config_.protocol.pattern.messages[next_]) {
    if (Result<> written = write_token(token, out); !written) return broke(written);
  }
  if (Result<> sealed = symmetric_.encrypt_and_hash(payload, out); !sealed) return broke(sealed);
  if (out.size() - at > kMaxMessageBytes) {
    out.resize(at);
    return broke(fail(Errc::message_too_large, "a Noise message has at most {} bytes", kMaxMessageBytes));
  }
  ++next_;
  return {};
}

Result<> HandshakeState::read_message(ByteView message, std::vector<std::uint8_t>& payload) {
  if (Result<> turn = begin_turn(false); !turn) return turn;
  if (message.size() > kMaxMessageBytes) return broke(fail(Errc::malformed, "a Noise message beyond its largest size"));
  for (Token token : config_.protocol.pattern.messages[next_]) {
    if (Result<> read = read_token(token, message); !read) return broke(read);
  }
  if (Result<> opened = symmetric_.decrypt_and_hash(message, payload); !opened) return broke(opened);
  ++next_;
  return {};
}

// Section 9.2: where there are pre-shared keys, ephemeral keys are mixed into the key as well.
void HandshakeState::mix_ephemeral(ByteView public_key) {
  symmetric_.mix_hash(public_key);
  if (config_.protocol.pattern.psk_count() > 0) symmetric_.mix_key(public_key);
}

Result<> HandshakeState::write_token(Token token, std::vector<std::uint8_t>& out) {
  switch (token) {
    case Token::e: {
      if (!config_.e) config_.e = crypto::DhKeyPair::generate(config_.protocol.curve, *random_);
      const ByteView key = config_.e->public_key();
      out.insert(out.end(), key.begin(), key.end());
      mix_ephemeral(key);
      return {};
    }
    case Token::s: return symmetric_.encrypt_and_hash(config_.s->public_key(), out);
    case Token::psk: symmetric_.mix_key_and_hash(config_.psks[psks_used_++].view()); return {};
    default: return mix_dh(token);
  }
}

Result<> HandshakeState::read_token(Token token, ByteView& message) {
  const std::size_t key_bytes = crypto::dh_bytes(config_.protocol.curve);
  switch (token) {
    case Token::e: {
      if (message.size() < key_bytes) return fail(Errc::malformed, "a Noise message without its ephemeral key");
      const ByteView key = message.first(key_bytes);
      re_.emplace(key.begin(), key.end());
      mix_ephemeral(key);
      message = message.subspan(key_bytes);
      return {};
    }
    case Token::s: {
      const std::size_t size = key_bytes + (symmetric_.has_key() ? kTagBytes : 0);
      if (message.size() < size) return fail(Errc::malformed, "a Noise message without its static key");
      config_.rs.emplace();
      const ByteView sealed = message.first(size);
      message = message.subspan(size);
      return symmetric_.decrypt_and_hash(sealed, *config_.rs);
    }
    case Token::psk: symmetric_.mix_key_and_hash(config_.psks[psks_used_++].view()); return {};
    default: return mix_dh(token);
  }
}

// The first letter is the initiator's key, the second the responder's.
Result<> HandshakeState::mix_dh(Token token) {
  const bool initiator = config_.role == Role::initiator;
  const bool initiator_static = token == Token::se || token == Token::ss;
  const bool responder_static = token == Token::es || token == Token::ss;
  const auto& ours = (initiator ? initiator_static : responder_static) ? config_.s : config_.e;
  const auto& theirs = (initiator ? responder_static : initiator_static) ? config_.rs : re_;
  assert(ours && theirs && "patterns name keys that are there");
  crypto::Secret<crypto::kMaxDhBytes> shared;
  if (Result<> agreed = ours->agree(*theirs, shared.writable()); !agreed) return agreed;
  symmetric_.mix_key(shared.view().first(crypto::dh_bytes(config_.protocol.curve)));
  return {};
}

std::optional<ByteView> HandshakeState::remote_static() const {
  if (!config_.rs) return std::nullopt;
  return ByteView(*config_.rs);
}

Transport HandshakeState::split() && {
  assert(finished() && !broken_);
  auto [first, second] = symmetric_.split();
  if (config_.role == Role::initiator) return {std::move(first), std::move(second)};
  return {std::move(second), std::move(first)};
}

}  // namespace ghostnet::noise
