// Handshakes of both sides in one place: names, keys that are missing, messages that were changed, rekeying.
#include "ghostnet/noise/handshake_state.hpp"

#include <gtest/gtest.h>

namespace ghostnet::noise::handshake_test {
namespace {

class Handshakes : public testing::Test {
 protected:
  HandshakeConfig config(std::string_view name, Role role) {
    HandshakeConfig config{.protocol = *Protocol::parse(name), .role = role};
    config.s = crypto::DhKeyPair::generate(config.protocol.curve, random_);
    return config;
  }
  // Exchanges all messages; `change` may alter the bytes of the message of that number.
  Result<std::pair<Transport, Transport>> run(HandshakeState& initiator, HandshakeState& responder,
                                              std::size_t changed = SIZE_MAX) {
    HandshakeState* sender = &initiator;
    HandshakeState* receiver = &responder;
    for (std::size_t message = 0; !sender->finished(); ++message) {
      std::vector<std::uint8_t> sent;
      std::vector<std::uint8_t> payload;
      if (Result<> written = sender->write_message(as_bytes("payload"), sent); !written) return fail(written);
      if (message == changed) sent.back() ^= 1;
      if (Result<> read = receiver->read_message(sent, payload); !read) return fail(read);
      EXPECT_EQ(as_text(payload), "payload");
      std::swap(sender, receiver);
    }
    return std::pair(std::move(initiator).split(), std::move(responder).split());
  }
  crypto::SystemRandom random_;
};

TEST_F(Handshakes, GiveBothSidesTheSameHashAndOpposingCiphers) {
  auto initiator = HandshakeState::begin(config("Noise_XX_25519_ChaChaPoly_SHA256", Role::initiator), random_);
  auto responder = HandshakeState::begin(config("Noise_XX_25519_ChaChaPoly_SHA256", Role::responder), random_);
  ASSERT_TRUE(initiator && responder);
  auto transports = run(*initiator, *responder);
  ASSERT_TRUE(transports) << transports.error().message();
  EXPECT_TRUE(equal(initiator->hash(), responder->hash()));
  auto& [ours, theirs] = *transports;
  for (int i = 0; i < 3; ++i) {
    std::array<std::uint8_t, 3 + kTagBytes> sealed;
    std::array<std::uint8_t, 3> opened;
    ASSERT_TRUE(ours.send.encrypt({}, as_bytes("abc"), sealed.data()));
    ASSERT_TRUE(theirs.receive.decrypt({}, sealed, opened.data()));
    EXPECT_EQ(as_text(opened), "abc");
    EXPECT_EQ(theirs.receive.decrypt({}, sealed, opened.data()).error(), Errc::malformed) << "a message replayed";
    ours.send.rekey();
    EXPECT_FALSE(theirs.send.encrypt({}, as_bytes("abc"), sealed.data()) &&
                 theirs.receive.decrypt({}, sealed, opened.data()));
    theirs.receive.rekey();
  }
}

TEST_F(Handshakes, EndWhenAMessageWasChanged) {
  for (std::size_t changed : {1u, 2u}) {
    auto initiator = HandshakeState::begin(config("Noise_XX_448_AESGCM_BLAKE2b", Role::initiator), random_);
    auto responder = HandshakeState::begin(config("Noise_XX_448_AESGCM_BLAKE2b", Role::responder), random_);
    ASSERT_TRUE(initiator && responder);
    const auto transports = run(*initiator, *responder, changed);
    ASSERT_FALSE(transports);
    EXPECT_EQ(transports.error(), Errc::malformed);
    EXPECT_TRUE(initiator->broken() || responder->broken());
    HandshakeState& broken = initiator->broken() ? *initiator : *responder;
    std::vector<std::uint8_t> out;
    EXPECT_EQ(broken.write_message({}, out).error(), Errc::closed);
  }
}

TEST_F(Handshakes, EndWhenThePreSharedKeysDiffer) {
  auto with_psk = [this](Role role, std::uint8_t first) {
    HandshakeConfig made = config("Noise_NNpsk2_25519_ChaChaPoly_BLAKE2s", role);
    made.psks.emplace_back();
    made.psks.back().writable()[0] = first;
    return made;
  };
  auto initiator = HandshakeState::begin(with_psk(Role::initiator, 1), random_);
  auto responder = HandshakeState::begin(with_psk(Role::responder, 2), random_);
  ASSERT_TRUE(initiator && responder);
  EXPECT_EQ(run(*initiator, *responder).error(), Errc::malformed);
}

TEST_F(Handshakes, WantTheKeysOfTheirPattern) {
  EXPECT_EQ(HandshakeState::begin(config("Noise_XK_25519_ChaChaPoly_SHA256", Role::initiator), random_).error(),
            Errc::invalid_argument);
  HandshakeConfig bare{.protocol = *Protocol::parse("Noise_XX_25519_ChaChaPoly_SHA256")};
  EXPECT_EQ(HandshakeState::begin(std::move(bare), random_).error(), Errc::invalid_argument);
  EXPECT_EQ(HandshakeState::begin(config("Noise_NNpsk0_25519_ChaChaPoly_SHA256", Role::initiator), random_).error(),
            Errc::invalid_argument);
  HandshakeConfig other = config("Noise_XX_25519_ChaChaPoly_SHA256", Role::initiator);
  other.s = crypto::DhKeyPair::generate(crypto::CurveKind::x448, random_);
  EXPECT_EQ(HandshakeState::begin(std::move(other), random_).error(), Errc::invalid_argument);
}

TEST_F(Handshakes, KeepTheirTurns) {
  auto initiator = HandshakeState::begin(config("Noise_XX_25519_ChaChaPoly_SHA256", Role::initiator), random_);
  ASSERT_TRUE(initiator);
  std::vector<std::uint8_t> out;
  EXPECT_EQ(initiator->read_message({}, out).error(), Errc::invalid_argument);
  ASSERT_TRUE(initiator->write_message({}, out));
  EXPECT_EQ(initiator->write_message({}, out).error(), Errc::invalid_argument);
  EXPECT_EQ(initiator->read_message(std::vector<std::uint8_t>(31), out).error(), Errc::malformed);
}

TEST_F(Handshakes, PayloadsBeyondAMessageAreRefused) {
  auto initiator = HandshakeState::begin(config("Noise_XX_25519_ChaChaPoly_SHA256", Role::initiator), random_);
  ASSERT_TRUE(initiator);
  std::vector<std::uint8_t> out;
  EXPECT_EQ(initiator->write_message(std::vector<std::uint8_t>(kMaxMessageBytes), out).error(),
            Errc::message_too_large);
  EXPECT_TRUE(out.empty());
}

TEST(Protocol, NamesThatAreNoneAreRefused) {
  for (const char* name : {"", "Noise", "Noise_XX", "Noise_XX_25519_ChaChaPoly", "Noise_XX_25519_ChaChaPoly_SHA256_x",
                           "Noise_XY_25519_ChaChaPoly_SHA256", "Noise_XXpsk4_25519_ChaChaPoly_SHA256",
                           "Noise_XXpsk_25519_ChaChaPoly_SHA256", "Noise_XXfallback_25519_ChaChaPoly_SHA256",
                           "Noise_XX_25518_ChaChaPoly_SHA256", "Noise_XX_25519_ChaCha_SHA256",
                           "Noise_XX_25519_ChaChaPoly_MD5", "noise_XX_25519_ChaChaPoly_SHA256"}) {
    EXPECT_EQ(Protocol::parse(name).error(), Errc::not_supported) << name;
  }
  const auto two = Protocol::parse("Noise_XXpsk0+psk3_25519_ChaChaPoly_SHA256");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->pattern.psk_count(), 2u);
}

TEST(CipherState, StopsBeforeTheLastNonce) {
  CipherState cipher(crypto::AeadKind::chacha20_poly1305, std::vector<std::uint8_t>(32));
  cipher.set_nonce(kNonceLimit - 1);
  std::array<std::uint8_t, kTagBytes> sealed;
  EXPECT_TRUE(cipher.encrypt({}, {}, sealed.data()));
  EXPECT_EQ(cipher.encrypt({}, {}, sealed.data()).error(), Errc::limit);
  EXPECT_EQ(cipher.decrypt({}, sealed, nullptr).error(), Errc::limit);
}

}  // namespace
}  // namespace ghostnet::noise::handshake_test
