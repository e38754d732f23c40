// SharedResults: the same outcomes as without it, computed once.
#include "ghostnet/crypto/shared_results.hpp"

#include <gtest/gtest.h>

#include "ghostnet/crypto/ed25519.hpp"
#include "ghostnet/crypto/key_agreement.hpp"

namespace ghostnet::crypto::shared_results_test {
namespace {

TEST(SharedResults, AreThereWhileSomebodyHoldsThem) {
  EXPECT_EQ(SharedResults::in_use(), nullptr);
  auto one = SharedResults::of_this_thread();
  const auto two = SharedResults::of_this_thread();
  EXPECT_EQ(one, two);
  one.reset();
  EXPECT_EQ(SharedResults::in_use(), two.get());
}

TEST(SharedResults, AVerificationIsDoneOnceForAllWhoAskForIt) {
  const auto shared = SharedResults::of_this_thread();
  const Ed25519KeyPair key = Ed25519KeyPair::from_seed(std::vector<std::uint8_t>(32, 1));
  const std::vector<std::uint8_t> message(100, 5);
  const Ed25519Signature signature = key.sign(message);
  Ed25519Signature forged = signature;
  forged[3] ^= 1;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(ed25519_verify(key.public_key(), message, signature));
    EXPECT_FALSE(ed25519_verify(key.public_key(), message, forged));
    EXPECT_FALSE(ed25519_verify(key.public_key(), ByteView(message).first(99), signature));
  }
  EXPECT_EQ(shared->counters().verifications, 9u);
  EXPECT_EQ(shared->counters().verifications_known, 6u);
}

TEST(SharedResults, BothEndsOfAnAgreementComputeItOnce) {
  const auto pair = [](std::uint8_t first) {
    return DhKeyPair::from_private(CurveKind::x25519, std::vector<std::uint8_t>(32, first));
  };
  const DhKeyPair a = pair(1);
  const DhKeyPair b = pair(2);
  std::array<std::uint8_t, 32> alone{};
  ASSERT_TRUE(a.agree(b.public_key(), alone));

  const auto shared = SharedResults::of_this_thread();
  std::array<std::uint8_t, 32> first{};
  std::array<std::uint8_t, 32> second{};
  ASSERT_TRUE(a.agree(b.public_key(), first));
  ASSERT_TRUE(b.agree(a.public_key(), second));
  EXPECT_EQ(first, alone);
  EXPECT_EQ(second, alone);
  EXPECT_EQ(shared->counters().agreements, 2u);
  EXPECT_EQ(shared->counters().agreements_known, 1u);
  // The point of small order is refused as without it.
  std::array<std::uint8_t, 32> zeros{};
  EXPECT_FALSE(a.agree(zeros, first));
}

TEST(SharedResults, ADigestIsComputedOnceForAllWhoAskForIt) {
  const std::vector<std::uint8_t> head(20, 1);
  std::vector<std::uint8_t> body(1000, 2);
  const auto digest = [&] { return sha256_of(std::array<ByteView, 2>{ByteView(head), ByteView(body)}); };
  const Sha256Digest alone = digest();
  const auto shared = SharedResults::of_this_thread();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(digest(), alone);
  EXPECT_EQ(shared->counters().digests_known, 2u);
  // Inputs that stand at the same place, since they differ in the middle only, are told apart.
  body[500] = 3;
  const Sha256Digest other = digest();
  EXPECT_NE(other, alone);
  body[500] = 2;
  EXPECT_EQ(digest(), alone);
  EXPECT_EQ(shared->counters().digests, 5u);
  EXPECT_EQ(shared->counters().digests_known, 2u);
  // Other bounds between parts are the same input.
  std::vector<std::uint8_t> whole = head;
  whole.insert(whole.end(), body.begin(), body.end());
  EXPECT_EQ(sha256_of(std::array<ByteView, 1>{ByteView(whole)}), alone);
}

TEST(SharedResults, DigestsOfShortAndVeryLongInputsAreNotKept) {
  const auto shared = SharedResults::of_this_thread();
  for (const std::size_t size :
       {SharedResults::kLeastDigestedBytes - 1, SharedResults::kMostDigestedBytes + 1, std::size_t{0}}) {
    const std::vector<std::uint8_t> input(size, 7);
    EXPECT_EQ(sha256_of(std::array<ByteView, 1>{ByteView(input)}), sha256(input));
  }
  EXPECT_EQ(shared->counters().digests, 0u);
}

}  // namespace
}  // namespace ghostnet::crypto::shared_results_test
