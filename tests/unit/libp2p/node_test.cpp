// Nodes in every world: they find each other, prove who they are, and speak protocols over streams.
#include "ghostnet/libp2p/node.hpp"

#include <gtest/gtest.h>

#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/support/test_world.hpp"
#include "ghostnet/worlds/worlds.hpp"

namespace ghostnet::libp2p::node_test {
namespace {

constexpr std::string_view kEchoId = "/test/echo/1";

// Answers each message with the same.
class Echo final : public StreamHandler {
 public:
  explicit Echo(Node& node) : scope_(node.host().loop()), handling_(*node.handle(kEchoId, *this)) {}
  void accept(std::unique_ptr<PeerStream> stream) override {
    ++accepted;
    last_peer = stream->remote_peer();
    scope_.spawn(answer(std::move(stream)));
  }
  int accepted = 0;
  PeerId last_peer;

 private:
  static Task<> answer(std::unique_ptr<PeerStream> stream) {
    while (true) {
      const Result<Bytes> message = co_await read_message(*stream, 1 << 20);
      if (!message) break;
      if (!co_await write_message(*stream, message->view())) break;
    }
    static_cast<void>(stream->shutdown_send());
  }
  Scope scope_;
  Registration handling_;
};

Task<Result<std::size_t>> echo_once(Node& node, PeerId peer, std::size_t bytes) {
  const Result<std::unique_ptr<PeerStream>> stream = co_await node.open_stream(peer, kEchoId);
  if (!stream) co_return fail(stream);
  const std::vector<std::uint8_t> sent(bytes, 0x5a);
  auto both = co_await all_of(write_message(**stream, sent), read_message(**stream, 1 << 20));
  if (!std::get<0>(both)) co_return fail(std::get<0>(both));
  const Result<Bytes>& received = std::get<1>(both);
  if (!received) co_return fail(received);
  co_return equal(received->view(), sent) ? received->size() : 0;
}

class Watcher final : public NodeObserver {
 public:
  void connected(const ConnectionInfo& connection) override { peers_connected.push_back(connection.peer); }
  void disconnected(const PeerId& peer, const Error&) override { peers_disconnected.push_back(peer); }
  void identified(const PeerId& peer) override { peers_identified.push_back(peer); }
  std::vector<PeerId> peers_connected;
  std::vector<PeerId> peers_disconnected;
  std::vector<PeerId> peers_identified;
};

class NodesEverywhere : public worlds::TestInEveryWorld {
 protected:
  std::unique_ptr<Node> make(Host& host, NodeOptions options = {}) {
    crypto::HostRandom random(host);
    return std::make_unique<Node>(host, KeyPair::generate_ed25519(random), std::move(options));
  }
  Multiaddr listen(Node& node) {
    const auto address = node.listen(Multiaddr::tcp(Endpoint(address_of(node.host()), 0)));
    EXPECT_TRUE(address) << address.error().message();
    return address->with_peer(node.id());
  }
  Host& server_host_ = add_host();
  Host& client_host_ = add_host();
};
GHOSTNET_IN_EVERY_WORLD(NodesEverywhere);

// Has the messages of its streams delivered.
class Collector final : public StreamHandler, private MessageSink {
 public:
  explicit Collector(Node& node) : handling_(*node.handle(kEchoId, *this)) {}
  void accept(std::unique_ptr<PeerStream> stream) override {
    stream_ = std::move(stream);
    stream_->deliver_messages(*this, 1 << 20);
  }
  std::vector<std::size_t> sizes;
  std::vector<Error> ends;

 private:
  void on_message(ByteView message) override { sizes.push_back(message.size()); }
  void on_messages_end(const Error& why) override { ends.push_back(why); }
  std::unique_ptr<PeerStream> stream_;
  Registration handling_;
};

Task<Result<>> send_and_finish(Node& node, PeerId peer, std::vector<std::size_t> sizes) {
  const Result<std::unique_ptr<PeerStream>> stream = co_await node.open_stream(peer, kEchoId);
  if (!stream) co_return fail(stream);
  for (std::size_t size : sizes) {
    const std::vector<std::uint8_t> message(size, 0x5a);
    if (Result<> sent = co_await write_message(**stream, message); !sent) co_return sent;
  }
  static_cast<void>((*stream)->shutdown_send());
  co_await node.host().clock().sleep(500ms);
  co_return Result<>();
}

TEST_P(NodesEverywhere, HaveMessagesDeliveredWithoutReading) {
  const auto server = make(server_host_);
  const auto client = make(client_host_);
  Collector collector(*server);
  const Multiaddr address = listen(*server);
  ASSERT_TRUE(finish(client_host_, client->connect(address)));
  const std::vector<std::size_t> sizes = {0, 5, 300'000, 70, 900'000};
  ASSERT_TRUE(finish(client_host_, send_and_finish(*client, server->id(), sizes)));
  EXPECT_EQ(collector.sizes, sizes);
  ASSERT_EQ(collector.ends.size(), 1u);
  EXPECT_EQ(collector.ends[0], Errc::end_of_stream);
}

TEST_P(NodesEverywhere, SpeakAProtocolOverAStream) {
  const auto server = make(server_host_);
  const auto client = make(client_host_);
  Echo echo(*server);
  const Multiaddr address = listen(*server);
  const auto connected = finish(client_host_, client->connect(address));
  ASSERT_TRUE(connected && *connected) << (connected ? connected->error().message() : "it hangs");
  EXPECT_EQ(**connected, server->id());
  for (std::size_t bytes : {0u, 1u, 1000u, 300'000u}) {
    const auto echoed = finish(client_host_, echo_once(*client, server->id(), bytes));
    ASSERT_TRUE(echoed && *echoed) << (echoed ? echoed->error().message() : "it hangs");
    EXPECT_EQ(**echoed, bytes);
  }
  EXPECT_EQ(echo.accepted, 4);
  EXPECT_EQ(echo.last_peer, client->id());
  const auto rtt = finish(client_host_, client->ping(server->id()));
  ASSERT_TRUE(rtt && *rtt) << (rtt ? rtt->error().message() : "it hangs");
}

TEST_P(NodesEverywhere, IdentifyThemselvesToEachOther) {
  const auto server = make(server_host_);
  const auto client = make(client_host_, {.agent = "tester/1"});
  Echo echo(*server);
  Watcher watcher;
  const Registration watching = server->observe(watcher);
  const Multiaddr address = listen(*server);
  ASSERT_TRUE(finish(client_host_, client->connect(address)));
  ASSERT_TRUE(
      run_until([&] { return client->peers().supports(server->id(), kEchoId) && !watcher.peers_identified.empty(); }));
  EXPECT_EQ(watcher.peers_connected, std::vector{client->id()});
  const PeerAbout* const about = server->peers().find(client->id());
  ASSERT_NE(about, nullptr);
  EXPECT_EQ(about->agent, "tester/1");
  EXPECT_FALSE(about->observed.empty());
  const std::vector<Multiaddr> known = client->peers().addresses(server->id(), client_host_.now());
  EXPECT_NE(std::ranges::find(known, address.without_peer()), known.end());
  EXPECT_FALSE(client->peers().find(server->id())->signed_record.empty());
}

TEST_P(NodesEverywhere, RefuseAnImpostor) {
  const auto server = make(server_host_);
  const auto client = make(client_host_);
  const auto other = make(client_host_);
  const Multiaddr address = listen(*server).with_peer(other->id());
  const auto connected = finish(client_host_, client->connect(address));
  ASSERT_TRUE(connected);
  ASSERT_FALSE(*connected);
  EXPECT_EQ(connected->error(), Errc::permission) << connected->error().message();
  EXPECT_FALSE(client->is_connected(server->id()));
  const auto again = finish(client_host_, client->connect(address));
  ASSERT_TRUE(again && !*again);
  EXPECT_EQ(again->error(), Errc::busy) << "a failed address rests for a while";
}

TEST_P(NodesEverywhere, SayWhenAProtocolIsNotSpoken) {
  const auto server = make(server_host_);
  const auto client = make(client_host_);
  ASSERT_TRUE(finish(client_host_, client->connect(listen(*server))));
  const auto echoed = finish(client_host_, echo_once(*client, server->id(), 10));
  ASSERT_TRUE(echoed && !*echoed);
  EXPECT_EQ(echoed->error(), Errc::not_supported) << echoed->error().message();
  const auto chosen = finish(client_host_, client->open_stream(server->id(), std::vector<std::string>{"/a", "/b"}));
  ASSERT_TRUE(chosen && !*chosen);
  EXPECT_EQ(chosen->error(), Errc::not_supported);
}

TEST_P(NodesEverywhere, ChooseAmongProtocols) {
  const auto server = make(server_host_);
  const auto client = make(client_host_, {.identify = false});
  Echo echo(*server);
  ASSERT_TRUE(finish(client_host_, client->connect(listen(*server))));
  const auto chosen =
      finish(client_host_, client->open_stream(server->id(), std::vector<std::string>{"/a", std::string(kEchoId)}));
  ASSERT_TRUE(chosen && *chosen) << (chosen ? chosen->error().message() : "it hangs");
  EXPECT_EQ((**chosen)->protocol(), kEchoId);
}

TEST_P(NodesEverywhere, SpeakInPlaintextWhereBothWantTo) {
  const auto server = make(server_host_, {.security = {Security::plaintext}});
  const auto client = make(client_host_, {.security = {Security::noise, Security::plaintext}});
  const auto strict = make(client_host_);
  Echo echo(*server);
  const Multiaddr address = listen(*server);
  const auto connected = finish(client_host_, client->connect(address));
  ASSERT_TRUE(connected && *connected) << (connected ? connected->error().message() : "it hangs");
  EXPECT_EQ(client->connections()[0].security, "/plaintext/2.0.0");
  const auto echoed = finish(client_host_, echo_once(*client, server->id(), 100'000));
  EXPECT_TRUE(echoed && *echoed && **echoed == 100'000);
  const auto refused = finish(client_host_, strict->connect(address));
  ASSERT_TRUE(refused && !*refused);
  // Its handshake is under way before the server has said that it has no Noise, and is garbage to the server.
  EXPECT_TRUE(refused->error() == Errc::not_supported || refused->error() == Errc::reset) << refused->error().message();
}

// TCP, the first flight of Noise with the proposal in it, and then the stream: three round trips to the first answer.
Task<> ping_new(Node& node, Multiaddr address, const Clock& clock, std::optional<TimePoint>& answered) {
  const Result<PeerId> peer = co_await node.connect(address);
  if (peer && co_await node.ping(*peer)) answered = clock.now();
}

TEST(LongPath, ANewPeerAnswersAfterThreeRoundTrips) {
  constexpr Duration kRoundTrip = 100ms;
  support::TestWorld world({.latency = kRoundTrip / 2});
  support::TestHost& server_host = world.add_host("server");
  support::TestHost& client_host = world.add_host("client");
  crypto::HostRandom random(server_host);
  Node server(server_host, KeyPair::generate_ed25519(random));
  Node client(client_host, KeyPair::generate_ed25519(random));
  const Multiaddr address = server.listen(*Multiaddr::parse("/ip4/10.0.0.1/tcp/4001"))->with_peer(server.id());
  std::optional<TimePoint> answered;
  Scope scope(world.loop());
  const TimePoint begun = world.now();
  scope.spawn(ping_new(client, address, client_host.clock(), answered));
  world.run_for(2s);
  ASSERT_TRUE(answered);
  EXPECT_EQ(*answered - begun, 3 * kRoundTrip);
}

TEST_P(NodesEverywhere, SpeakOverTlsWhereItIsPreferred) {
  const auto server = make(server_host_, {.security = {Security::noise, Security::tls}});
  const auto client = make(client_host_, {.security = {Security::tls, Security::noise}});
  Echo echo(*server);
  const auto connected = finish(client_host_, client->connect(listen(*server)));
  ASSERT_TRUE(connected && *connected) << (connected ? connected->error().message() : "it hangs");
  EXPECT_EQ(client->connections()[0].security, "/tls/1.0.0");
  EXPECT_EQ(client->connections()[0].muxer, "/yamux/1.0.0");
  for (std::size_t bytes : {0u, 1u, 1000u, 300'000u}) {
    const auto echoed = finish(client_host_, echo_once(*client, server->id(), bytes));
    ASSERT_TRUE(echoed && *echoed) << (echoed ? echoed->error().message() : "it hangs");
    EXPECT_EQ(**echoed, bytes);
  }
  EXPECT_EQ(echo.last_peer, client->id());
  EXPECT_EQ(server->connections()[0].security, "/tls/1.0.0");
}

TEST_P(NodesEverywhere, RefuseAnImpostorOverTls) {
  const auto server = make(server_host_, {.security = {Security::tls}});
  const auto client = make(client_host_, {.security = {Security::tls}});
  const auto other = make(client_host_);
  const auto connected = finish(client_host_, client->connect(listen(*server).with_peer(other->id())));
  ASSERT_TRUE(connected && !*connected);
  EXPECT_EQ(connected->error(), Errc::permission) << connected->error().message();
  EXPECT_TRUE(server->connected_peers().empty());
}

TEST_P(NodesEverywhere, DisconnectAndConnectAgain) {
  const auto server = make(server_host_);
  const auto client = make(client_host_);
  Echo echo(*server);
  Watcher watcher;
  const Registration watching = server->observe(watcher);
  ASSERT_TRUE(finish(client_host_, client->connect(listen(*server))));
  ASSERT_TRUE(run_until([&] { return server->is_connected(client->id()); }));
  client->disconnect(server->id());
  ASSERT_TRUE(run_until([&] { return !watcher.peers_disconnected.empty() && !client->is_connected(server->id()); }));
  const auto echoed = finish(client_host_, echo_once(*client, server->id(), 10));  // connects by what it knows
  ASSERT_TRUE(echoed && *echoed) << (echoed ? echoed->error().message() : "it hangs");
  EXPECT_TRUE(client->is_connected(server->id()));
}

TEST_P(NodesEverywhere, CloseGracefully) {
  const auto server = make(server_host_);
  auto client = make(client_host_);
  ASSERT_TRUE(finish(client_host_, client->connect(listen(*server))));
  ASSERT_TRUE(run_until([&] { return server->is_connected(client->id()); }));
  Scope scope(client_host_.loop());
  scope.spawn(client->close(client_host_.now() + 10s));
  ASSERT_TRUE(run_until([&] { return !server->is_connected(client->id()) && scope.empty(); }));
  EXPECT_EQ(client->listen(Multiaddr::tcp(Endpoint(address_of(client_host_), 0))).error(), Errc::closed);
}

TEST_P(NodesEverywhere, NoticeACrash) {
  const auto server = make(server_host_);
  auto client = make(client_host_);
  Watcher watcher;
  const Registration watching = server->observe(watcher);
  ASSERT_TRUE(finish(client_host_, client->connect(listen(*server))));
  ASSERT_TRUE(run_until([&] { return server->is_connected(client->id()); }));
  const PeerId gone = client->id();
  client.reset();
  ASSERT_TRUE(run_until([&] { return watcher.peers_disconnected == std::vector{gone}; }));
}

TEST_P(NodesEverywhere, AConnectionOverTheBoundIsRefused) {
  const auto server = make(server_host_, {.max_connections = 0});
  const auto client = make(client_host_);
  const Multiaddr address = listen(*server);
  const auto connected = finish(client_host_, client->connect(address));
  ASSERT_TRUE(connected);
  EXPECT_FALSE(*connected);
}

}  // namespace
}  // namespace ghostnet::libp2p::node_test
