// Libp2pService: a libp2p node as scenarios start it: it listens, and stays connected to some of the others.
//
//   protocols: { libp2p: { security: [noise, tls], peers: 6 } }
//
// Protocols that stand on libp2p (gossipsub, kademlia) need it beside them and use its node.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/crypto/shared_results.hpp"
#include "ghostnet/libp2p/metrics.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet::libp2p {

// Where a host's identity comes from: drawn by itself, or of its number, so that whoever knows its number knows its
// peer id (the libp2p project's own simulations of gossipsub do so). Anybody can have such a key: for tests only.
enum class IdentityFrom : std::uint8_t { chance, number };

struct Libp2pOptions {
  std::vector<Security> security = {Security::noise};
  bool share_crypto = false;
  IdentityFrom identity = IdentityFrom::chance;
  std::uint16_t port = 4001;
  std::uint32_t peers = 6;
  Duration spread = 5s;
  Duration check = 5s;
  Duration dial_timeout = 15s;
  std::uint32_t max_connections = 1024;
  std::uint32_t low_water = 160;
  std::uint32_t high_water = 192;

  static constexpr OptionDesc kOptions[] = {
      option<&Libp2pOptions::security>(
          "security", "how connections are secured, the best first; plaintext proves nothing about peers"),
      option<&Libp2pOptions::share_crypto>("share_crypto",
                                           "compute once what several hosts of this process would: verifications of "
                                           "one signature, both ends' Diffie-Hellman"),
      option<&Libp2pOptions::identity>(
          "identity",
          "chance: each host draws its key; number: made from the host's number, so that others know its peer id"),
      option<&Libp2pOptions::port>("port", "TCP port that the node listens on", in(1, 65535)),
      option<&Libp2pOptions::peers>("peers", "others that it dials and stays connected to; they dial it too",
                                    in(0, 1000), unit("peers")),
      option<&Libp2pOptions::spread>("spread", "the first dials are spread over so long", in(0s, 1h)),
      option<&Libp2pOptions::check>("check", "how often lost connections are replaced", in(10ms, 1h)),
      option<&Libp2pOptions::dial_timeout>("dial_timeout", "of one dial, handshakes included", in(10ms, 1h)),
      option<&Libp2pOptions::max_connections>("max_connections", "more are refused", in(1, 65'536),
                                              unit("connections")),
      option<&Libp2pOptions::low_water>("low_water", "what is left when connections are closed for being too many",
                                        in(0, 65'536), unit("connections")),
      option<&Libp2pOptions::high_water>("high_water", "beyond so many the least valued are closed, down to low_water",
                                         in(0, 65'536), unit("connections")),
  };

  // Errors: invalid_argument.
  Result<> validate() const;
};

struct PingRequest {
  static constexpr std::span<const OptionDesc> kOptions{};
};

class Libp2pService final : public Service {
 public:
  using Options = Libp2pOptions;
  using Metrics = NodeMetrics;

  // Errors: those of Node::listen().
  static Result<std::unique_ptr<Libp2pService>> start(const ServiceContext& context, const Libp2pOptions& options);

  Node& node() { return node_; }
  // Nothing: its identity is its own secret.
  std::optional<PeerId> id_of(const Peer& peer) const;
  Multiaddr address_of(const Peer& peer) const;

  // One round trip to a peer, which is connected to first where need be.
  Task<Result<>> ping(Peer peer, const PingRequest& request);
  Task<> stop(TimePoint deadline) override;

 private:
  Libp2pService(const ServiceContext& context, const Libp2pOptions& options, KeyPair key);

  Task<> stay_connected(Random random);
  std::size_t dialled() const;

  Host& host_;
  const Directory* directory_;
  Libp2pOptions options_;
  std::shared_ptr<crypto::SharedResults> shared_results_;
  Node node_;
  Scope scope_;
};

ServiceDescriptor service();

}  // namespace ghostnet::libp2p

template <>
inline constexpr ghostnet::OptionChoice<ghostnet::libp2p::Security> ghostnet::kChoices<ghostnet::libp2p::Security>[] = {
    {ghostnet::libp2p::Security::noise, "noise"},
    {ghostnet::libp2p::Security::tls, "tls"},
    {ghostnet::libp2p::Security::plaintext, "plaintext"}};
template <>
inline constexpr ghostnet::OptionChoice<ghostnet::libp2p::IdentityFrom>
    ghostnet::kChoices<ghostnet::libp2p::IdentityFrom>[] = {{ghostnet::libp2p::IdentityFrom::chance, "chance"},
                                                            {ghostnet::libp2p::IdentityFrom::number, "number"}};
