// DHTs on nodes in memory: what one puts or provides the other finds, and what a peer can do to them.
#include "ghostnet/kademlia/dht.hpp"

#include <gtest/gtest.h>

#include "ghostnet/kademlia/ipns.hpp"
#include "ghostnet/kademlia/namespaces.hpp"
#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::kademlia::dht_test {
namespace {

using libp2p::KeyPair;
using libp2p::Multiaddr;
using libp2p::Node;
using libp2p::PeerId;

template <class T>
Task<> into(Task<Result<T>> task, std::optional<Result<T>>& outcome) {
  Result<T> result = co_await std::move(task);
  outcome.emplace(std::move(result));
}

// Asks one question on a stream of its own.
Task<Result<Message>> ask(Node& node, PeerId peer, Message question) {
  auto stream = co_await node.open_stream(peer, kProtocol);
  if (!stream) co_return fail(stream);
  const std::vector<std::uint8_t> bytes = question.encode();
  if (auto sent = co_await libp2p::write_message(**stream, bytes); !sent) co_return fail(sent);
  if (auto ended = (*stream)->shutdown_send(); !ended) co_return fail(ended);
  auto answer = co_await libp2p::read_message(**stream, Message::kMaxBytes);
  if (!answer) co_return fail(answer);
  co_return Message::parse(answer->view());
}

class TwoPeers : public testing::Test {
 protected:
  TwoPeers() {
    static_cast<void>(*server_.listen(*Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")));
    static_cast<void>(*peer_.listen(*Multiaddr::parse("/ip4/10.0.0.2/tcp/4001")));
    EXPECT_TRUE(finish(peer_.connect(Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")->with_peer(server_.id()))));
    world_.run_for(1s);
  }
  template <class T>
  Result<T> finish(Task<Result<T>> task) {
    std::optional<Result<T>> outcome;
    Scope scope(world_.loop());
    scope.spawn(into(std::move(task), outcome));
    world_.run_for(90s);
    if (!outcome) return fail(Errc::timed_out, "it hangs");
    return std::move(*outcome);
  }
  static Bytes key(std::string_view text) { return Bytes::copy_of(text); }
  Message put(std::string_view name, std::string_view value) {
    return {.type = MessageType::put_value, .key = key(name), .record = Record{.key = key(name), .value = key(value)}};
  }
  std::optional<std::string> stored(std::string_view name) {
    const auto answer = finish(ask(peer_, server_.id(), {.type = MessageType::get_value, .key = key(name)}));
    if (!answer || !answer->record) return std::nullopt;
    return std::string(answer->record->value.text());
  }

  support::TestWorld world_{{.latency = 10ms}};
  support::TestHost& server_host_ = world_.add_host("server");
  support::TestHost& peer_host_ = world_.add_host("peer");
  crypto::HostRandom random_{server_host_};
  Node server_{server_host_, KeyPair::generate_ed25519(random_)};
  Node peer_{peer_host_, KeyPair::generate_ed25519(random_)};
};

TEST_F(TwoPeers, WhatOneProvidesTheOtherFinds) {
  Dht at_server(server_, {});
  Dht at_peer(peer_, {.mode = Mode::client});
  world_.run_for(5s);
  const Result<> provided = finish(at_peer.provide(key("content")));
  ASSERT_TRUE(provided) << provided.error().message();
  EXPECT_EQ(at_server.store().provided_key_count(), 1U);
  const auto found = finish(at_server.find_providers(key("content"), 1));
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->front().id, peer_.id());
}

TEST_F(TwoPeers, WithoutAValidatorTheFirstValueIsKept) {
  Dht dht(server_, {});
  world_.run_for(1s);
  EXPECT_TRUE(finish(ask(peer_, server_.id(), put("/v/name", "first"))));
  EXPECT_FALSE(finish(ask(peer_, server_.id(), put("/v/name", "second"))));
  EXPECT_EQ(stored("/v/name"), "first");
  EXPECT_TRUE(finish(ask(peer_, server_.id(), put("/v/name", "first")))) << "the same again";
}

// As go-libp2p-kad-dht: it keeps its streams, and would wait for an answer until its patience ends.
TEST_F(TwoPeers, ARefusedValueResetsTheStream) {
  Dht dht(server_, {.idle_timeout = 10min});
  world_.run_for(1s);
  ASSERT_TRUE(finish(ask(peer_, server_.id(), put("/v/name", "first"))));
  auto stream = std::move(*peer_.open_stream_now(server_.id(), kProtocol));
  const std::vector<std::uint8_t> second = put("/v/name", "second").encode();
  ASSERT_TRUE(finish(libp2p::write_message(*stream, second)));
  std::array<std::uint8_t, 1> room;
  EXPECT_EQ(stream->try_read(room).error(), Errc::reset);
}

TEST_F(TwoPeers, WhoRefusesAValueStaysInTheTable) {
  Dht at_server(server_, {});
  Dht at_peer(peer_, {});
  world_.run_for(5s);
  ASSERT_TRUE(finish(ask(peer_, server_.id(), put("/v/name", "first"))));
  ASSERT_TRUE(at_peer.table().contains(server_.id()));
  EXPECT_FALSE(finish(at_peer.put_value(key("/v/name"), key("second"))));
  EXPECT_TRUE(at_peer.table().contains(server_.id()));
}

// kad-dht, "Entry validation": whoever receives a record notes when.
TEST_F(TwoPeers, AValueTellsWhenItWasReceived) {
  Dht dht(server_, {});
  world_.run_for(1s);
  Message with_a_lie = put("/v/name", "value");
  with_a_lie.record->time_received = "1999-01-01T00:00:00Z";
  ASSERT_TRUE(finish(ask(peer_, server_.id(), with_a_lie)));
  const auto answer = finish(ask(peer_, server_.id(), {.type = MessageType::get_value, .key = key("/v/name")}));
  ASSERT_TRUE(answer && answer->record);
  const std::string& time = answer->record->time_received;
  ASSERT_EQ(time.size(), 20U) << time;
  EXPECT_EQ(time[10], 'T');
  EXPECT_EQ(time[19], 'Z');
  EXPECT_NE(time, with_a_lie.record->time_received);
}

TEST_F(TwoPeers, WhoIsGoneWithoutAFarewellIsTakenOutOfTheTable) {
  support::TestHost& host = world_.add_host("third");
  auto third = std::make_unique<Node>(host, KeyPair::generate_ed25519(random_));
  auto at_third = std::make_unique<Dht>(*third, DhtOptions{});
  ASSERT_TRUE(third->listen(*Multiaddr::parse("/ip4/10.0.0.3/tcp/4001")));
  Dht dht(server_, {.request_timeout = 3s});
  ASSERT_TRUE(finish(third->connect(Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")->with_peer(server_.id()))));
  const PeerId id = third->id();
  ASSERT_TRUE(dht.table().contains(id));
  at_third.reset();
  third.reset();  // a crash
  world_.run_for(10s);
  EXPECT_FALSE(dht.table().contains(id));
}

// The nearest of the table answers, so that no search has to ask the one behind it.
TEST_F(TwoPeers, WhoHasBeenSilentForLongIsAskedWhetherItIsThere) {
  Dht at_server(server_, {});
  support::TestHost& host = world_.add_host("third");
  Node third(host, KeyPair::generate_ed25519(random_));
  const auto distance_of = [&third](const PeerId& peer) { return Key::of(third.id()).distance_to(Key::of(peer)); };
  PeerId gone;
  do {
    gone = KeyPair::generate_ed25519(random_).peer_id();
  } while (distance_of(gone) < distance_of(server_.id()));
  Dht dht(
      third,
      {.mode = Mode::client, .lookup = {.k = 1}, .request_timeout = 3s, .refresh_interval = 1min, .refresh_below = 0});
  const Multiaddr address = *Multiaddr::parse("/ip4/10.0.0.1/tcp/4001");
  dht.fill(std::vector<PeerInfo>{{.id = server_.id(), .addresses = {address}}, {.id = gone, .addresses = {address}}});
  world_.run_for(90s);
  EXPECT_EQ(dht.table().size(), 2U) << "silent, but not for long";
  world_.run_for(3min);
  EXPECT_FALSE(dht.table().contains(gone));
  EXPECT_TRUE(dht.table().contains(server_.id()));
}

TEST_F(TwoPeers, PublicKeysAreChecked) {
  const NamespaceValidator validator(server_host_.clock());
  Dht dht(server_, {}, &validator);
  world_.run_for(1s);
  const KeyPair pair = *KeyPair::generate(libp2p::KeyType::ecdsa, random_);
  const std::vector<std::uint8_t> public_key = pair.public_key().encode();
  const std::string name = "/pk/" + std::string(as_text(pair.peer_id().bytes()));
  EXPECT_FALSE(finish(ask(peer_, server_.id(), put(name, "anything"))));
  const std::vector<std::uint8_t> other_key = server_.key().public_key().encode();
  EXPECT_FALSE(finish(ask(peer_, server_.id(), put(name, as_text(other_key)))));
  EXPECT_TRUE(finish(ask(peer_, server_.id(), put(name, as_text(public_key)))));
  EXPECT_EQ(stored(name), as_text(public_key));
  EXPECT_TRUE(finish(ask(peer_, server_.id(), put("/v/name", "anything"))));
}

TEST_F(TwoPeers, OfRecordsOfIpnsTheLatestIsKept) {
  const NamespaceValidator validator(server_host_.clock());
  Dht dht(server_, {}, &validator);
  world_.run_for(1s);
  const std::vector<std::uint8_t> key = IpnsRecord::key_of(peer_.id());
  const std::string name(as_text(key));
  const auto record = [&](std::uint64_t sequence, Duration lifetime) {
    const IpnsRecord said{
        .value = "/ipfs/some", .sequence = sequence, .valid_until = server_host_.clock().wall_now() + lifetime};
    return std::string(as_text(said.seal(peer_.key(), random_)));
  };
  const std::string second = record(2, 24h);
  EXPECT_FALSE(finish(ask(peer_, server_.id(), put("/ipns/name", second))));
  EXPECT_FALSE(finish(ask(peer_, server_.id(), put(name, "anything"))));
  EXPECT_TRUE(finish(ask(peer_, server_.id(), put(name, second))));
  EXPECT_FALSE(finish(ask(peer_, server_.id(), put(name, record(1, 48h)))));
  EXPECT_EQ(stored(name), second);
  const std::string longer = record(2, 48h);
  EXPECT_TRUE(finish(ask(peer_, server_.id(), put(name, longer))));
  EXPECT_FALSE(finish(ask(peer_, server_.id(), put(name, record(3, 0s))))) << "it is over already";
  EXPECT_EQ(stored(name), longer);
  const std::vector<std::uint8_t> others = IpnsRecord::key_of(server_.id());
  EXPECT_FALSE(finish(ask(peer_, server_.id(), put(as_text(others), record(9, 24h))))) << "signed by somebody else";
}

TEST_F(TwoPeers, OnePeerHasOnlySoManyStreams) {
  Dht dht(server_, {.max_inbound_streams_per_peer = 3});
  world_.run_for(1s);
  std::vector<std::unique_ptr<libp2p::PeerStream>> held;
  for (int i = 0; i < 10; ++i) held.push_back(std::move(*peer_.open_stream_now(server_.id(), kProtocol)));
  world_.run_for(1s);
  std::array<std::uint8_t, 1> room;
  int alive = 0;
  for (const auto& stream : held) {
    const auto read = stream->try_read(room);
    alive += !read && read.error() == Errc::would_block ? 1 : 0;
  }
  EXPECT_EQ(alive, 3);
  held.clear();
  world_.run_for(1s);
  EXPECT_TRUE(finish(ask(peer_, server_.id(), {.type = MessageType::ping}))) << "places are given back";
}

TEST_F(TwoPeers, AStreamOnWhichNothingWholeComesIsDropped) {
  Dht dht(server_, {.idle_timeout = 5s, .max_inbound_streams_per_peer = 1});
  world_.run_for(1s);
  auto slow = std::move(*peer_.open_stream_now(server_.id(), kProtocol));
  const std::uint8_t begun[] = {100, 1, 2};  // of a hundred bytes two come, and a third much later
  const ByteView part(begun);
  ASSERT_TRUE(slow->try_write(std::span(&part, 1)));
  world_.run_for(4s);
  std::array<std::uint8_t, 1> room;
  EXPECT_EQ(slow->try_read(room).error(), Errc::would_block);
  const ByteView more = part.first(1);
  ASSERT_TRUE(slow->try_write(std::span(&more, 1)));
  world_.run_for(2s);
  EXPECT_EQ(slow->try_read(room).error(), Errc::reset) << "what trickles in does not prolong it";
  EXPECT_TRUE(finish(ask(peer_, server_.id(), {.type = MessageType::ping}))) << "its place is given back";
}

TEST_F(TwoPeers, AQuestionThatIsTooLongIsRefusedByItsLength) {
  Dht dht(server_, {});
  world_.run_for(1s);
  auto stream = std::move(*peer_.open_stream_now(server_.id(), kProtocol));
  const std::uint8_t two_mib[] = {0x80, 0x80, 0x80, 0x01};
  const ByteView part(two_mib);
  ASSERT_TRUE(stream->try_write(std::span(&part, 1)));
  world_.run_for(1s);
  std::array<std::uint8_t, 1> room;
  EXPECT_EQ(stream->try_read(room).error(), Errc::reset);
}

// A connection to a peer of the table stays where another has to go.
TEST(DhtConnections, ToPeersOfTheTableStay) {
  support::TestWorld world({.latency = 10ms});
  std::vector<std::unique_ptr<Node>> nodes;
  for (std::uint32_t i = 0; i < 4; ++i) {
    support::TestHost& host = world.add_host();
    crypto::HostRandom random(host);
    nodes.push_back(std::make_unique<Node>(
        host, KeyPair::generate_ed25519(random),
        libp2p::NodeOptions{.low_water = 1, .high_water = i == 0 ? 2u : 100u, .grace_period = 0s}));
    static_cast<void>(
        *nodes[i]->listen(Multiaddr::tcp(Endpoint(IpAddress::v4(10, 0, 0, static_cast<std::uint8_t>(i + 1)), 4001))));
  }
  Dht searching(*nodes[0], {});
  Dht server(*nodes[1], {});
  const Multiaddr address = nodes[0]->addresses().front().with_peer(nodes[0]->id());
  Scope scope(world.loop());
  for (std::uint32_t i = 1; i < 4; ++i) {
    std::optional<Result<PeerId>> connected;
    scope.spawn(into(nodes[i]->connect(address), connected));
    world.run_for(3s);
    ASSERT_TRUE(connected && *connected);
  }
  EXPECT_TRUE(searching.table().contains(nodes[1]->id()));
  EXPECT_TRUE(nodes[0]->is_connected(nodes[1]->id()));
  EXPECT_EQ(nodes[0]->connections().size(), 1u);
}

// A server that tells lies about where others are.
class Liar final : public libp2p::StreamHandler {
 public:
  Liar(Node& node, PeerInfo lie)
      : lie_(std::move(lie)), scope_(node.host().loop()), handling_(*node.handle(kProtocol, *this)) {}
  void accept(std::unique_ptr<libp2p::PeerStream> stream) override { scope_.spawn(answer(std::move(stream), lie_)); }

 private:
  static Task<> answer(std::unique_ptr<libp2p::PeerStream> stream, PeerInfo lie) {
    while (true) {
      const auto bytes = co_await libp2p::read_message(*stream, Message::kMaxBytes);
      if (!bytes) {
        static_cast<void>(stream->shutdown_send());  // or dropping the stream takes the answer back
        co_return;
      }
      const std::vector<std::uint8_t> reply = Message{.type = MessageType::find_node, .closer = {lie}}.encode();
      if (!co_await libp2p::write_message(*stream, reply)) co_return;
    }
  }
  PeerInfo lie_;
  Scope scope_;
  libp2p::Registration handling_;
};

TEST_F(TwoPeers, LiesAboutAConnectedPeerAreNotBelieved) {
  support::TestHost& honest_host = world_.add_host("honest");
  Node honest(honest_host, KeyPair::generate_ed25519(random_));
  static_cast<void>(*honest.listen(*Multiaddr::parse("/ip4/10.0.0.3/tcp/4001")));
  ASSERT_TRUE(finish(server_.connect(Multiaddr::parse("/ip4/10.0.0.3/tcp/4001")->with_peer(honest.id()))));
  const Multiaddr wrong = *Multiaddr::parse("/ip4/10.0.0.9/tcp/9");
  Liar liar(peer_, {.id = honest.id(), .addresses = {wrong}});
  Dht dht(server_, {});
  world_.run_for(20s);
  ASSERT_TRUE(dht.table().contains(peer_.id()));
  const auto searched = finish(dht.closest_peers(key("anything")));
  ASSERT_TRUE(searched);
  const auto known = server_.peers().addresses(honest.id(), world_.now());
  EXPECT_EQ(known, std::vector{*Multiaddr::parse("/ip4/10.0.0.3/tcp/4001")});
}

// Keeps all streams.
class Holder final : public libp2p::StreamHandler {
 public:
  explicit Holder(Node& node) : handling_(*node.handle("/hold/1", *this)) {}
  void accept(std::unique_ptr<libp2p::PeerStream> stream) override { held_.push_back(std::move(stream)); }

 private:
  std::vector<std::unique_ptr<libp2p::PeerStream>> held_;
  libp2p::Registration handling_;
};

TEST_F(TwoPeers, WhoCannotBeAskedForWantOfAStreamStaysInTheTable) {
  Holder holder(peer_);
  Dht at_peer(peer_, {});
  Dht dht(server_, {});
  world_.run_for(60s);
  ASSERT_TRUE(dht.table().contains(peer_.id()));
  std::vector<std::unique_ptr<libp2p::PeerStream>> held;
  for (std::uint32_t i = 0; i < 2 * server_.options().yamux.max_outbound_streams; ++i) {
    if (auto stream = server_.open_stream_now(peer_.id(), "/hold/1")) held.push_back(std::move(*stream));
    if (i % 100 == 0) world_.run_for(100ms);
  }
  EXPECT_EQ(held.size(), server_.options().yamux.max_outbound_streams);
  EXPECT_FALSE(finish(dht.closest_peers(key("anything"))));
  EXPECT_TRUE(dht.table().contains(peer_.id()));
}

TEST_F(TwoPeers, AFilledTableIsAsGoodAsOneThatWasSearchedFor) {
  Dht at_server(server_, {});
  support::TestHost& host = world_.add_host("third");
  Node third(host, KeyPair::generate_ed25519(random_));
  Dht dht(third, {.mode = Mode::client});
  const std::vector<PeerInfo> known{{.id = server_.id(), .addresses = {*Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")}},
                                    {.id = peer_.id(), .addresses = {}}};
  dht.fill(known);
  EXPECT_TRUE(dht.table().contains(server_.id()));
  EXPECT_EQ(dht.table().size(), 1U) << "nobody without an address";
  world_.run_for(2min);
  EXPECT_TRUE(third.connections().empty()) << "it is searched when somebody wants it";
  const auto closest = finish(dht.closest_peers(key("anything")));
  ASSERT_TRUE(closest) << closest.error().message();
  EXPECT_EQ(closest->front(), server_.id());
  EXPECT_TRUE(dht.table().contains(server_.id()));
}

// The first question to a peer travels with the end of the handshake, and its answer may come before identify's.
TEST_F(TwoPeers, WhoAnswersBeforeItSaidWhatItSpeaksStaysInTheTable) {
  Dht at_server(server_, {});
  support::TestHost& host = world_.add_host("third");
  Node third(host, KeyPair::generate_ed25519(random_), {.identify = false});
  Dht dht(third, {.mode = Mode::client});
  dht.fill(std::vector<PeerInfo>{{.id = server_.id(), .addresses = {*Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")}}});
  const auto closest = finish(dht.closest_peers(key("anything")));
  ASSERT_TRUE(closest) << closest.error().message();
  EXPECT_TRUE(dht.table().contains(server_.id()));
}

TEST_F(TwoPeers, PeersOfTheTableStayInTheStore) {
  Dht at_peer(peer_, {});
  Dht dht(server_, {});
  world_.run_for(60s);
  ASSERT_TRUE(dht.table().contains(peer_.id()));
  server_.disconnect(peer_.id());
  world_.run_for(10s);
  ASSERT_FALSE(server_.is_connected(peer_.id()));
  const std::size_t before = server_.peers().addresses(peer_.id(), world_.now()).size();
  for (std::size_t i = 0; i < 2 * server_.options().max_peers; ++i) {
    const PeerId id = KeyPair::generate_ed25519(random_).peer_id();
    server_.peers().set_about(id, {});
  }
  EXPECT_GT(before, 0U);
  EXPECT_NE(server_.peers().find(peer_.id()), nullptr);
  EXPECT_EQ(server_.peers().addresses(peer_.id(), world_.now()).size(), before);
}

}  // namespace
}  // namespace ghostnet::kademlia::dht_test
