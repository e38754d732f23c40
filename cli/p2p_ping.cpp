#include "p2p_ping.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "ghostnet/realnet/signals.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/text.hpp"
#include "live_node.hpp"
#include "report.hpp"

namespace ghostnet::cli {
namespace {

constexpr Duration kBetweenPings = 1s;
constexpr Duration kIdentifyPatience = 2s;

double in_ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

nlohmann::json describe(const libp2p::Node& node, const libp2p::ConnectionInfo& connection) {
  const libp2p::PeerId& peer = connection.peer;
  const libp2p::PeerAbout* const about = node.peers().find(peer);
  nlohmann::json protocols = nlohmann::json::array();
  if (about != nullptr) {
    for (std::string_view protocol : about->protocols) protocols.push_back(protocol);
  }
  return {{"peer", peer.text()},
          {"security", connection.security},
          {"muxer", connection.muxer},
          {"agent", about != nullptr ? about->agent : std::string_view()},
          {"protocols", protocols}};
}

Task<Result<>> ping_all(libp2p::Node& node, libp2p::Multiaddr address, const PingCommand& command) {
  const Result<libp2p::PeerId> peer = co_await node.connect(std::move(address));
  if (!peer) co_return fail(peer);
  static_cast<void>(co_await with_timeout(node.host().clock(), kIdentifyPatience, node.identify(*peer)));
  const libp2p::ConnectionInfo* const connection = node.connection(*peer);
  if (connection == nullptr) co_return fail(Errc::reset, "{} closed the connection", peer->text());
  nlohmann::json result = describe(node, *connection);
  if (!command.json) {
    fmt::print("{} ({}), {}, {}\n", peer->text(), result["agent"].get<std::string>(),
               result["security"].get<std::string>(), result["muxer"].get<std::string>());
  }
  result["rtt_ms"] = nlohmann::json::array();
  for (std::uint32_t i = 0; i < command.count; ++i) {
    if (i > 0) co_await node.host().clock().sleep(kBetweenPings);
    const Result<Duration> rtt = co_await node.ping(*peer);
    if (!rtt) co_return fail(rtt);
    result["rtt_ms"].push_back(in_ms(*rtt));
    if (!command.json) fmt::print("ping {}: {:.3f} ms\n", i + 1, in_ms(*rtt));
    std::fflush(stdout);
  }
  if (command.json) fmt::print("{}\n", result.dump(2));
  co_await node.close(node.host().now() + 1s);
  co_return Result<>();
}

Task<Result<>> ping_until(libp2p::Node& node, libp2p::Multiaddr address, const PingCommand& command,
                          realnet::Signals& signals) {
  auto first = co_await first_of(ping_all(node, std::move(address), command), signals.received());
  if (first.index() == 1) co_return fail(Errc::closed, "interrupted");
  co_return std::get<0>(std::move(first));
}

}  // namespace

int p2p_ping(const PingCommand& command) {
  const auto refuse = [&](int code, const Error& error) {
    cli::refuse(error, command.json);
    return code;
  };
  const Result<libp2p::Multiaddr> address = libp2p::Multiaddr::parse(command.address);
  if (!address) return refuse(kBadInput, address.error());
  Result<std::vector<libp2p::Security>> security = security_of(command.security);
  if (!security) return refuse(kBadInput, security.error());
  Result<dns::ResolverOptions> dns = dns_of(command.dns);
  if (!dns) return refuse(kBadInput, dns.error());
  auto world = realnet::World::create();
  if (!world) return refuse(kInternal, world.error());
  auto signals = realnet::Signals::watch(**world);
  if (!signals) return refuse(kInternal, signals.error());
  realnet::Host host(**world, {.name = "ping"});
  crypto::HostRandom random(host);
  libp2p::Node node(host, libp2p::KeyPair::generate_ed25519(random),
                    {.security = std::move(*security), .dns = std::move(*dns)});
  const auto outcome = (*world)->run(ping_until(node, *address, command, **signals));
  if ((*signals)->which() != 0) return kInterrupted;
  if (!outcome || !*outcome) return refuse(kFailed, outcome ? outcome->error() : Error(Errc::closed));
  return kOk;
}

}  // namespace ghostnet::cli
