// RouterTracer: what a router tells of a message, its peers and its topics, in the order in which it happens.
#include "ghostnet/gossipsub/tracer.hpp"

#include <gtest/gtest.h>

#include "router_net.hpp"

namespace ghostnet::gossipsub::test::tracer_test {
namespace {

struct Log final : RouterTracer {
  void trace(const TraceEvent& event) override {
    events.push_back(fmt::format("{} {} {} {} {}", static_cast<int>(event.kind), as_text(event.peer),
                                 as_text(event.message_id), event.topic, event.detail));
  }
  std::vector<std::string> events;
};

class Traced : public testing::Test {
 protected:
  Traced() {
    Router::Config config{.options = {.signature_policy = SignaturePolicy::strict_no_sign},
                          .own_id = id_of(0),
                          .message_id = id_of_data,
                          .tracer = &log_};
    node_ = std::make_unique<Node>(0, std::move(config), TimePoint{});
    a_ = *node_->router.add_peer(TimePoint{}, {.id = id_of(1), .version = Version::v1_2, .outbound = true});
    b_ = *node_->router.add_peer(TimePoint{}, {.id = id_of(2), .version = Version::v1_1});
  }
  void receive(PeerHandle from, const Rpc& rpc) {
    const Bytes encoded = rpc.encode();
    node_->router.receive(TimePoint{}, from, encoded.view());
  }
  void publish_from(PeerHandle from, std::string_view data) {
    const Bytes message = unsigned_message("t", data);
    Rpc rpc;
    rpc.publish.push_back(message.view());
    receive(from, rpc);
  }
  std::vector<std::string> take() { return std::exchange(log_.events, {}); }

  Log log_;
  std::unique_ptr<Node> node_;
  PeerHandle a_;
  PeerHandle b_;
};

TEST_F(Traced, PeersTopicsAndTheMesh) {
  EXPECT_EQ(take(), (std::vector<std::string>{"4 peer-1   /meshsub/1.2.0", "4 peer-2   /meshsub/1.1.0"}));
  Rpc subscribes;
  subscribes.subscriptions.push_back({.subscribe = true, .topic = "t"});
  receive(a_, subscribes);
  ASSERT_TRUE(node_->router.subscribe(TimePoint{}, "t"));
  EXPECT_EQ(take(), (std::vector<std::string>{"9   t ", "11 peer-1  t "}));
  node_->router.unsubscribe(TimePoint{}, "t");
  EXPECT_EQ(take(), (std::vector<std::string>{"10   t ", "12 peer-1  t "}));
  node_->router.remove_peer(TimePoint{}, b_);
  EXPECT_EQ(take(), std::vector<std::string>{"5 peer-2   "});
}

TEST_F(Traced, MessagesAndWhatBecomesOfThem) {
  ASSERT_TRUE(node_->router.subscribe(TimePoint{}, "t"));
  take();
  publish_from(a_, "one");
  publish_from(b_, "one");
  node_->verdict = Verdict::reject;
  publish_from(a_, "two");
  node_->verdict = Verdict::ignore;
  publish_from(a_, "three");
  EXPECT_EQ(take(), (std::vector<std::string>{"3 peer-1 one t ", "2 peer-2 one t ", "1 peer-1 two t validation failed",
                                              "1 peer-1 three t validation ignored"}));
  ASSERT_TRUE(node_->router.publish(TimePoint{}, unsigned_message("t", "mine")));
  EXPECT_EQ(take(), std::vector<std::string>{"0  mine t "});
}

}  // namespace
}  // namespace ghostnet::gossipsub::test::tracer_test
