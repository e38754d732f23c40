// A peer-to-peer protocol in one file: whoever opens a stream for /example/greet/1.0.0 says its name and is greeted.
//
//   greet                                                  waits to be asked, at a free port
//   greet ADDRESS NAME                                     asks who waits there
//
// The protocol is the class; main() gives it a node on this machine's sockets. On a host of a simulation it is the
// same.
#include <fmt/core.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/signals.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace {

using namespace ghostnet;

constexpr std::string_view kGreetId = "/example/greet/1.0.0";
constexpr std::size_t kMaxNameBytes = 100;
constexpr Duration kPatience = 10s;

class Greeter final : private libp2p::StreamHandler {
 public:
  explicit Greeter(libp2p::Node& node)
      : node_(node), scope_(node.host().loop()), handling_(*node.handle(kGreetId, *this)) {}

  // Errors: those of Node::open_stream(), and not_supported where the peer does not speak the protocol.
  Task<Result<std::string>> ask(libp2p::PeerId peer, std::string name) {
    const auto stream = co_await node_.open_stream(peer, kGreetId);
    if (!stream) co_return fail(stream);
    if (auto sent = co_await libp2p::write_message(**stream, as_bytes(name)); !sent) co_return fail(sent);
    const Result<Bytes> greeting = co_await libp2p::read_message(**stream, kMaxNameBytes + 100);
    if (!greeting) co_return fail(greeting);
    co_return std::string(greeting->text());
  }

 private:
  void accept(std::unique_ptr<libp2p::PeerStream> stream) override { scope_.spawn(greet(std::move(stream))); }

  // Dropping the stream without its end resets it, which is what a peer gets that says too much or nothing in time.
  Task<> greet(std::unique_ptr<libp2p::PeerStream> stream) {
    Task<Result<Bytes>> reading = libp2p::read_message(*stream, kMaxNameBytes);
    const Result<Bytes> name = co_await with_timeout(node_.host().clock(), kPatience, std::move(reading));
    if (!name) co_return;
    const std::string greeting = fmt::format("Hello {}, I am {}", name->text(), node_.id().text());
    if (co_await libp2p::write_message(*stream, as_bytes(greeting))) static_cast<void>(stream->shutdown_send());
  }

  libp2p::Node& node_;
  Scope scope_;  // of what is under way; it goes before the node does
  libp2p::Registration handling_;
};

Task<Result<>> ask_there(libp2p::Node& node, Greeter& greeter, libp2p::Multiaddr address, std::string name) {
  const Result<libp2p::PeerId> peer = co_await node.connect(std::move(address));
  if (!peer) co_return fail(peer);
  const Result<std::string> greeting = co_await greeter.ask(*peer, std::move(name));
  if (!greeting) co_return fail(greeting);
  fmt::print("{}\n", *greeting);
  co_await node.close(node.host().now() + 1s);
  co_return Result<>();
}

Task<Result<>> wait_there(libp2p::Node& node, realnet::Signals& signals) {
  const Result<libp2p::Multiaddr> at = node.listen(*libp2p::Multiaddr::parse("/ip4/127.0.0.1/tcp/0"));
  if (!at) co_return fail(at);
  fmt::print("{}\n", at->with_peer(node.id()).text());
  static_cast<void>(std::fflush(stdout));
  co_await signals.received();
  co_await node.close(node.host().now() + 1s);
  co_return Result<>();
}

}  // namespace

int main(int argc, char** argv) {
  const std::unique_ptr<realnet::World> world = *realnet::World::create();
  const std::unique_ptr<realnet::Signals> signals = *realnet::Signals::watch(*world);
  realnet::Host host(*world, {.name = "greeter"});
  crypto::HostRandom random(host);
  libp2p::Node node(host, libp2p::KeyPair::generate_ed25519(random));
  Greeter greeter(node);

  const auto address = libp2p::Multiaddr::parse(argc == 3 ? argv[1] : "/ip4/127.0.0.1/tcp/0");
  if (!address || (argc != 1 && argc != 3)) {
    fmt::print(stderr, "greet [MULTIADDR NAME]\n");
    return 2;
  }
  const auto done = world->run(argc == 3 ? ask_there(node, greeter, *address, argv[2]) : wait_there(node, *signals));
  if (done && *done) return 0;
  fmt::print(stderr, "greet: {}\n", done ? done->error().message() : "interrupted");
  return 1;
}
