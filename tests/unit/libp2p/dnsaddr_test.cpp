// /dnsaddr: names that stand for addresses, and names of names, within bounds.
#include "ghostnet/libp2p/dnsaddr.hpp"

#include <gtest/gtest.h>

#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/support/test_world.hpp"
#include "ghostnet/support/text_dns_server.hpp"

namespace ghostnet::libp2p::dnsaddr_test {
namespace {

using Found = Result<std::vector<Multiaddr>>;
constexpr const char* kOther = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

Task<> resolve(dns::TextResolver& resolver, Multiaddr address, std::optional<Found>& found) {
  found = co_await resolve_dnsaddr(resolver, std::move(address));
}
Task<> connect(Node& node, Multiaddr address, std::optional<Result<PeerId>>& outcome) {
  outcome = co_await node.connect(std::move(address));
}

class Dnsaddr : public testing::Test {
 protected:
  Found found(const std::string& text) {
    dns::TextResolver resolver(client_host_, {.servers = {server_at_}});
    std::optional<Found> outcome;
    Scope scope(world_.loop());
    scope.spawn(resolve(resolver, *Multiaddr::parse(text), outcome));
    world_.run_for(20s);
    return outcome ? *outcome : Found(fail(Errc::would_block));
  }
  std::vector<std::string> texts_of(const Found& found) {
    std::vector<std::string> texts;
    if (found) {
      for (const Multiaddr& address : *found) texts.push_back(address.text());
    }
    return texts;
  }
  std::string of(const std::string& address) const { return "dnsaddr=" + address; }

  support::TestWorld world_{{.latency = 1ms}};
  support::TestHost& server_host_ = world_.add_host();
  support::TestHost& client_host_ = world_.add_host();
  const Endpoint server_at_{IpAddress::v4(10, 0, 0, 1), 53};
  support::TextDnsServer dns_{server_host_, server_at_};
  crypto::SystemRandom random_;
  KeyPair server_key_ = KeyPair::generate_ed25519(random_);
  const std::string peer_ = server_key_.peer_id().text();
};

TEST_F(Dnsaddr, GivesTheAddressesThatEndAlike) {
  dns_.texts["_dnsaddr.example.org"] = {"v=spf1 -all", of("/ip4/10.0.0.1/tcp/4001/p2p/" + peer_), of("nonsense"),
                                        of("/ip4/10.0.0.9/tcp/4001/p2p/" + std::string(kOther)),
                                        of("/ip6/2001:db8::1/tcp/4001/p2p/" + peer_)};
  EXPECT_EQ(
      texts_of(found("/dnsaddr/example.org/p2p/" + peer_)),
      (std::vector<std::string>{"/ip4/10.0.0.1/tcp/4001/p2p/" + peer_, "/ip6/2001:db8::1/tcp/4001/p2p/" + peer_}));
  EXPECT_EQ(texts_of(found("/dnsaddr/example.org")).size(), 3u);
  EXPECT_EQ(found("/dnsaddr/example.com").error(), Errc::not_found);
  EXPECT_EQ(found("/ip4/1.2.3.4/tcp/5").error(), Errc::invalid_argument);
}

TEST_F(Dnsaddr, FollowsNamesOfNamesButNotForEver) {
  dns_.texts["_dnsaddr.a"] = {of("/dnsaddr/b/p2p/" + peer_), of("/dnsaddr/nowhere/p2p/" + peer_)};
  dns_.texts["_dnsaddr.b"] = {of("/ip4/10.0.0.1/tcp/1/p2p/" + peer_)};
  EXPECT_EQ(texts_of(found("/dnsaddr/a/p2p/" + peer_)), std::vector<std::string>{"/ip4/10.0.0.1/tcp/1/p2p/" + peer_});
  dns_.texts["_dnsaddr.loop"] = std::vector<std::string>(10, of("/dnsaddr/loop/p2p/" + peer_));
  dns_.asked_udp = 0;
  EXPECT_EQ(found("/dnsaddr/loop/p2p/" + peer_).error(), Errc::not_found);
  EXPECT_LE(dns_.asked_udp, kMaxDnsaddrQueries);
}

TEST_F(Dnsaddr, NodesConnectByIt) {
  dns_.texts["_dnsaddr.example.org"] = {of("/ip4/10.0.0.1/udp/4001/quic-v1/p2p/" + peer_),
                                        of("/ip4/10.0.0.1/tcp/4001/p2p/" + peer_)};
  Node server(server_host_, server_key_.copy());
  ASSERT_TRUE(server.listen(*Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")));
  for (const std::string& address : {"/dnsaddr/example.org/p2p/" + peer_, std::string("/dnsaddr/example.org")}) {
    Node client(client_host_, KeyPair::generate_ed25519(random_), {.dns = {.servers = {server_at_}}});
    std::optional<Result<PeerId>> outcome;
    Scope scope(world_.loop());
    scope.spawn(connect(client, *Multiaddr::parse(address), outcome));
    world_.run_for(5s);
    ASSERT_TRUE(outcome && *outcome) << (outcome ? outcome->error().message() : "it hangs");
    EXPECT_EQ(**outcome, server_key_.peer_id());
  }
  Node blind(client_host_, KeyPair::generate_ed25519(random_));
  std::optional<Result<PeerId>> outcome;
  Scope scope(world_.loop());
  scope.spawn(connect(blind, *Multiaddr::parse("/dnsaddr/example.org"), outcome));
  world_.run_for(5s);
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error(), Errc::not_supported) << outcome->error().message();
}

}  // namespace
}  // namespace ghostnet::libp2p::dnsaddr_test
