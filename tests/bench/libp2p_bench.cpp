// libp2p over loopback TCP: what an idle connection holds, how fast a stream is, and how soon a connection stands.
#include <malloc.h>

#include <chrono>
#include <memory>

#include "bench_row.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::libp2p {
namespace {

constexpr std::size_t kClients = 300;
constexpr std::size_t kStreamBytes = 64 * 1024 * 1024;
constexpr std::string_view kSinkId = "/bench/sink";

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

NodeOptions options_with(Security security) {
  return {.security = {security}, .low_water = 10'000, .high_water = 10'000, .max_connections = 10'000};
}

std::unique_ptr<Node> node_on(realnet::Host& host, Security security) {
  crypto::HostRandom random(host);
  return std::make_unique<Node>(host, KeyPair::generate_ed25519(random), options_with(security));
}

Multiaddr listen(Node& node) { return node.listen(*Multiaddr::parse("/ip4/127.0.0.1/tcp/0"))->with_peer(node.id()); }

Task<> connect_all(std::vector<std::unique_ptr<Node>>& nodes, Multiaddr address, std::size_t& connected) {
  for (const auto& node : nodes) {
    if (co_await node->connect(address)) ++connected;
  }
  co_await nodes.front()->host().clock().sleep(500ms);  // until all are identified
}

struct Idle {
  double bytes = 0;       // of each end
  double connect_us = 0;  // of each connection, both ends
};

// Of nodes that have a connection already: what a node itself holds from its first one on is not counted.
Idle idle_connections(Security security) {
  auto world = realnet::World::create();
  realnet::Host host(**world, {.name = "bench"});
  auto first_hub = node_on(host, security);
  auto hub = node_on(host, security);
  const Multiaddr first_address = listen(*first_hub);
  const Multiaddr address = listen(*hub);
  std::vector<std::unique_ptr<Node>> nodes;
  for (std::size_t i = 0; i < kClients; ++i) nodes.push_back(node_on(host, security));
  std::size_t before_all = 0;
  (*world)->run(connect_all(nodes, first_address, before_all));
  const std::size_t before = ::mallinfo2().uordblks;
  const auto begun = std::chrono::steady_clock::now();
  std::size_t connected = 0;
  (*world)->run(connect_all(nodes, address, connected));
  const double seconds = seconds_since(begun) - 0.5;
  const std::size_t after = ::mallinfo2().uordblks;
  if (connected != kClients) return {};
  return {static_cast<double>(after - before) / (2 * kClients), seconds * 1e6 / kClients};
}

class Sink final : public StreamHandler {
 public:
  explicit Sink(Node& node) : scope_(node.host().loop()), handling_(*node.handle(kSinkId, *this)) {}
  void accept(std::unique_ptr<PeerStream> stream) override { scope_.spawn(drain(std::move(stream))); }
  static Task<> drain(std::unique_ptr<Stream> stream) {
    std::vector<std::uint8_t> room(64 * 1024);
    while (true) {
      const Result<std::size_t> read = co_await stream->read(room);
      if (!read || *read == 0) break;
    }
    static_cast<void>(stream->shutdown_send());
  }

 private:
  Scope scope_;
  Registration handling_;
};

// Writes everything and waits until the other end has read it.
Task<> pour(Stream& stream) {
  const std::vector<std::uint8_t> chunk(64 * 1024);
  for (std::size_t sent = 0; sent < kStreamBytes; sent += chunk.size()) {
    if (!co_await stream.write(chunk)) co_return;
  }
  static_cast<void>(stream.shutdown_send());
  std::uint8_t end = 0;
  static_cast<void>(co_await stream.read({&end, 1}));
}

Task<> pour_over_node(Node& node, Multiaddr address) {
  const Result<PeerId> peer = co_await node.connect(address);
  if (!peer) co_return;
  const Result<std::unique_ptr<PeerStream>> stream = co_await node.open_stream(*peer, kSinkId);
  if (stream) co_await pour(**stream);
}

double node_mbit(Security security) {
  auto world = realnet::World::create();
  realnet::Host host(**world, {.name = "bench"});
  auto server = node_on(host, security);
  auto client = node_on(host, security);
  Sink sink(*server);
  const Multiaddr address = listen(*server);
  const auto begun = std::chrono::steady_clock::now();
  (*world)->run(pour_over_node(*client, address));
  return 8e-6 * kStreamBytes / seconds_since(begun);
}

Task<> accept_one(Listener& listener, Scope& scope) {
  Result<std::unique_ptr<Stream>> stream = co_await listener.accept();
  if (stream) scope.spawn(Sink::drain(std::move(*stream)));
}

Task<> pour_over_tcp(Host& host, Endpoint peer) {
  const Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
  if (stream) co_await pour(**stream);
}

double tcp_mbit() {
  auto world = realnet::World::create();
  realnet::Host host(**world, {.name = "bench"});
  auto listener = host.listen({.local = Endpoint(IpAddress::v4(127, 0, 0, 1), 0)});
  Scope scope((*world)->loop());
  scope.spawn(accept_one(**listener, scope));
  const auto begun = std::chrono::steady_clock::now();
  (*world)->run(pour_over_tcp(host, (*listener)->local()));
  return 8e-6 * kStreamBytes / seconds_since(begun);
}

int run(int argc, char** argv) {
  std::vector<bench::BenchRow> rows;
  for (auto [security, name] : {std::pair(Security::noise, "noise"), std::pair(Security::tls, "TLS"),
                                std::pair(Security::plaintext, "plaintext")}) {
    const Idle idle = idle_connections(security);
    rows.push_back({.name = fmt::format("idle connection, {}, each end", name),
                    .value = idle.bytes,
                    .unit = "bytes",
                    .higher_is_better = false,
                    .goal_value = 3072});
    rows.push_back({.name = fmt::format("connect and identify, {}, both ends", name),
                    .value = idle.connect_us,
                    .unit = "us",
                    .higher_is_better = false});
    bench::BenchRow row{.name = fmt::format("a stream over {} and yamux, both ends on one core", name),
                        .unit = "Mbit/s",
                        .rival = "bare TCP",
                        .runs = 3};
    rows.push_back(bench::compare(row, [security] { return node_mbit(security); }, tcp_mbit));
  }
  return bench::report(rows, argc, argv);
}

}  // namespace
}  // namespace ghostnet::libp2p

int main(int argc, char** argv) { return ghostnet::libp2p::run(argc, argv); }
