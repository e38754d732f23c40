// Attackers do what scenarios say of them: here one that stands between an author and a reader.
#include "ghostnet/gossipsub/attack.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/support/test_world.hpp"

namespace ghostnet::gossipsub::attack_test {
namespace {

using libp2p::KeyPair;
using libp2p::Multiaddr;
using testing::ElementsAre;

constexpr std::string_view kTopic = "news";

class Member final : private PubsubHandler {
 public:
  Member(support::TestHost& host, crypto::SecureRandom& random)
      : address_{.address = host.endpoint(4001).address()},
        node_(host, KeyPair::generate_ed25519(random)),
        pubsub_(node_, RouterOptions{}, ScoreParams{}, *this) {
    static_cast<void>(*node_.listen(Multiaddr::tcp(host.endpoint(4001))));
    EXPECT_TRUE(pubsub_.subscribe(kTopic));
  }
  const Peer& address() const { return address_; }
  void publish(std::string_view text) { EXPECT_TRUE(pubsub_.publish(kTopic, as_bytes(text))); }
  std::vector<std::string> heard;

 private:
  void received(const Delivery& delivery) override { heard.emplace_back(as_text(delivery.message.data)); }

  Peer address_;
  libp2p::Node node_;
  Pubsub pubsub_;
};

Task<> note(Task<Result<>> asked, Result<>& outcome) { outcome = co_await std::move(asked); }

class BetweenTwo : public testing::Test {
 protected:
  void attack(const AttackOptions& options) { attacker_ = std::move(*AttackService::start(third_, options)); }
  Result<> outcome_of(Task<Result<>> asked) {
    Result<> outcome = fail(Errc::timed_out, "it is not done");
    scope_.spawn(note(std::move(asked), outcome));
    world_.run_for(3s);
    return outcome;
  }
  void say(Member& author, std::string_view text) {
    author.publish(text);
    world_.run_for(5s);
  }

  support::TestWorld world_{{.latency = 10ms}};
  support::TestHost& first_ = world_.add_host();
  support::TestHost& second_ = world_.add_host();
  support::TestHost& third_ = world_.add_host();
  crypto::HostRandom random_{first_};
  Member author_{first_, random_};
  Member reader_{second_, random_};
  std::unique_ptr<AttackService> attacker_;
  Scope scope_{world_.loop()};
};

TEST_F(BetweenTwo, ACensorPassesOnAllButWhatOneAuthorWrote) {
  attack({.topics = {std::string(kTopic)}, .swallow_after = 1h});
  ASSERT_TRUE(outcome_of(attacker_->dial(author_.address(), {})));
  ASSERT_TRUE(outcome_of(attacker_->dial(reader_.address(), {})));
  say(author_, "before");
  EXPECT_THAT(reader_.heard, ElementsAre("before"));
  ASSERT_TRUE(outcome_of(attacker_->censor(author_.address(), {})));
  say(author_, "after");
  say(reader_, "answer");
  EXPECT_THAT(reader_.heard, ElementsAre("before"));
  EXPECT_THAT(author_.heard, ElementsAre("answer"));
}

TEST_F(BetweenTwo, ASybilSwallowsAllFromItsInstantOn) {
  attack({.topics = {std::string(kTopic)}, .swallow_after = 10s});
  ASSERT_TRUE(outcome_of(attacker_->dial(author_.address(), {})));
  ASSERT_TRUE(outcome_of(attacker_->dial(reader_.address(), {})));
  say(author_, "before");
  say(author_, "after");
  EXPECT_THAT(reader_.heard, ElementsAre("before"));
}

TEST_F(BetweenTwo, WithoutAuthorsThereIsNobodyToCensor) {
  attack({.topics = {std::string(kTopic)}, .signature_policy = SignaturePolicy::strict_no_sign});
  const Result<> censored = outcome_of(attacker_->censor(author_.address(), {}));
  ASSERT_FALSE(censored);
  EXPECT_EQ(censored.error(), Errc::invalid_argument);
}

}  // namespace
}  // namespace ghostnet::gossipsub::attack_test
