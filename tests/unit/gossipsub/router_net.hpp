// RouterNet: routers joined by links of a fixed latency, and one clock that jumps from event to event.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/gossipsub/router.hpp"

namespace ghostnet::gossipsub::test {

inline Bytes id_of(std::size_t node) { return Bytes::copy_of("peer-" + std::to_string(node)); }

// For messages without an author: the first bytes of the data.
inline std::optional<MessageId> id_of_data(const Message& message) {
  return MessageId::of(message.data.first(std::min(message.data.size(), MessageId::kMaxBytes)));
}

inline Bytes unsigned_message(std::string_view topic, std::string_view data) {
  return NewMessage{.data = as_bytes(data), .topic = topic}.encode();
}

// One router, and all that it told.
struct Node final : RouterEvents {
  Node(std::size_t number, Router::Config config, TimePoint now)
      : router(std::move(config), *this, Random::derive(7, number, "router"), now) {}

  void ready_to_send(PeerHandle) override {}
  std::optional<Verdict> validate(MessageSeq seq, const Message&, PeerHandle) override {
    asked.push_back(seq);
    return verdict;
  }
  void deliver(const Delivery& delivery) override { delivered.emplace_back(as_text(delivery.message.data)); }
  void drop(PeerHandle peer, const Error& why) override { drops.emplace_back(peer, why); }
  void exchanged(std::span<const PeerInfo> peers, PeerHandle) override {
    for (const PeerInfo& peer : peers) exchanges.push_back(Bytes::copy_of(peer.peer_id));
  }
  void dial_direct(const Bytes& peer_id) override { dials.push_back(peer_id); }
  void mesh_changed(std::string_view, PeerHandle, bool) override {}
  void peer_subscribed(PeerHandle, std::string_view, bool) override {}

  std::optional<Verdict> verdict = Verdict::accept;
  std::vector<MessageSeq> asked;
  std::vector<std::string> delivered;
  std::vector<std::pair<PeerHandle, Error>> drops;
  std::vector<Bytes> exchanges;
  std::vector<Bytes> dials;
  Router router;
};

class RouterNet {
 public:
  explicit RouterNet(Router::Config config) : config_(std::move(config)) {
    config_.options.signature_policy = SignaturePolicy::strict_no_sign;
    config_.message_id = id_of_data;
  }

  Node& add(Version version = Version::v1_2) {
    Router::Config config = config_;
    config.own_id = id_of(nodes_.size());
    nodes_.push_back(std::make_unique<Node>(nodes_.size(), std::move(config), now_));
    versions_.push_back(version);
    return *nodes_.back();
  }
  void add(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) add();
  }
  Node& operator[](std::size_t node) { return *nodes_[node]; }
  std::size_t size() const { return nodes_.size(); }
  TimePoint now() const { return now_; }

  // The handles that the two ends have for each other.
  void connect(std::size_t from, std::size_t to, Duration latency = 10ms) {
    const auto describe = [&](std::size_t node, bool outbound) {
      return PeerDescription{.id = id_of(node), .version = versions_[node], .outbound = outbound};
    };
    const PeerHandle at_from = *nodes_[from]->router.add_peer(now_, describe(to, true));
    const PeerHandle at_to = *nodes_[to]->router.add_peer(now_, describe(from, false));
    handles_[{from, to}] = at_from;
    handles_[{to, from}] = at_to;
    links_.push_back({from, to, at_from, at_to, latency});
    links_.push_back({to, from, at_to, at_from, latency});
  }
  void connect_all() {
    for (std::size_t a = 0; a < size(); ++a) {
      for (std::size_t b = a + 1; b < size(); ++b) connect(a, b);
    }
  }
  // Each node dials `dials` others that it does not know.
  void connect_randomly(std::size_t dials) {
    Random random = Random::derive(11, 0, "topology");
    for (std::size_t node = 0; node < size(); ++node) {
      for (std::size_t i = 0; i < dials; ++i) {
        const std::size_t other = random.below(size());
        if (other != node && !handles_.contains({node, other})) connect(node, other);
      }
    }
  }
  // What `node` calls `other`.
  PeerHandle handle(std::size_t node, std::size_t other) const { return handles_.at({node, other}); }

  void subscribe_all(std::string_view topic) {
    for (const auto& node : nodes_) ASSERT_TRUE(node->router.subscribe(now_, topic));
  }

  void run_for(Duration duration) { run_until(now_ + duration); }
  void run_until(TimePoint end) {
    while (true) {
      carry();
      TimePoint next = flights_.empty() ? kNever : flights_.begin()->first;
      for (const auto& node : nodes_) next = std::min(next, node->router.next_deadline());
      if (next > end) break;
      now_ = std::max(now_, next);
      arrive();
      for (const auto& node : nodes_) {
        if (node->router.next_deadline() <= now_) node->router.on_deadline(now_);
      }
    }
    now_ = end;
  }

 private:
  struct Link {
    std::size_t from, to;
    PeerHandle handle;   // of the receiver, at the sender
    PeerHandle seen_as;  // of the sender, at the receiver
    Duration latency;
  };
  struct Flight {
    std::size_t to;
    PeerHandle seen_as;
    Bytes rpc;
  };

  // Takes the bytes apart as a stream's reader does.
  static Bytes rpc_of(const Frame& frame) {
    std::vector<std::uint8_t> wire(frame.head_view().begin(), frame.head_view().end());
    wire.insert(wire.end(), frame.body.begin(), frame.body.end());
    ByteReader in(wire);
    const std::uint64_t length = in.leb128();
    EXPECT_EQ(length, in.remaining());
    return Bytes::copy_of(in.rest());
  }

  void carry() {
    for (const Link& link : links_) {
      while (auto frame = nodes_[link.from]->router.next_frame(link.handle)) {
        flights_.emplace(now_ + link.latency, Flight{link.to, link.seen_as, rpc_of(*frame)});
      }
    }
  }
  void arrive() {
    while (!flights_.empty() && flights_.begin()->first <= now_) {
      const Flight flight = std::move(flights_.begin()->second);
      flights_.erase(flights_.begin());
      nodes_[flight.to]->router.receive(now_, flight.seen_as, flight.rpc.view());
      carry();
    }
  }

  Router::Config config_;
  TimePoint now_ = from_ns(0);
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Version> versions_;
  std::vector<Link> links_;
  std::map<std::pair<std::size_t, std::size_t>, PeerHandle> handles_;
  std::multimap<TimePoint, Flight> flights_;
};

}  // namespace ghostnet::gossipsub::test
