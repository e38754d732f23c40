// TextResolver against servers that answer, keep silent, refuse, cut short and forge.
#include "ghostnet/dns/text_resolver.hpp"

#include <gtest/gtest.h>

#include "ghostnet/support/test_world.hpp"
#include "ghostnet/support/text_dns_server.hpp"

namespace ghostnet::dns::text_resolver_test {
namespace {

using Manner = support::TextDnsServer::Manner;
using Texts = Result<std::vector<std::string>>;

Task<> ask(TextResolver& resolver, std::string name, std::optional<Texts>& answer) {
  answer = co_await resolver.texts(std::move(name));
}

class Resolving : public testing::Test {
 protected:
  Resolving() {
    for (support::TextDnsServer* server : {&first_, &second_}) server->texts["a.example"] = {"one", "two"};
  }
  Texts texts(std::string name, std::vector<Endpoint> servers) {
    TextResolver resolver(client_, {.servers = std::move(servers)});
    std::optional<Texts> answer;
    Scope scope(world_.loop());
    const TimePoint begun = world_.now();
    scope.spawn(ask(resolver, std::move(name), answer));
    while (!answer && world_.now() < begun + 60s) world_.run_for(1ms);
    took_ = world_.now() - begun;
    return answer ? *answer : Texts(fail(Errc::would_block, "it hangs"));
  }
  const std::vector<std::string> both_{"one", "two"};
  support::TestWorld world_{{.latency = 1ms}};
  support::TestHost& first_host_ = world_.add_host();
  support::TestHost& second_host_ = world_.add_host();
  support::TestHost& client_ = world_.add_host();
  const Endpoint first_at_{IpAddress::v4(10, 0, 0, 1), 53};
  const Endpoint second_at_{IpAddress::v4(10, 0, 0, 2), 53};
  support::TextDnsServer first_{first_host_, first_at_};
  support::TextDnsServer second_{second_host_, second_at_};
  Duration took_{};
};

TEST_F(Resolving, TakesTheAnswerOfTheFirstServer) {
  const Texts answer = texts("a.example", {first_at_, second_at_});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(*answer, both_);
  EXPECT_EQ(second_.asked_udp, 0u);
  EXPECT_EQ(texts("b.example", {first_at_, second_at_}).error(), Errc::not_found);
  EXPECT_EQ(texts("not..a.name", {first_at_}).error(), Errc::invalid_argument);
  EXPECT_EQ(texts("a.example", {}).error(), Errc::not_supported);
}

TEST_F(Resolving, AsksTheNextServerWhereOneIsSilentOrRefuses) {
  first_.manner = Manner::silent;
  EXPECT_EQ(*texts("a.example", {first_at_, second_at_}), both_);
  EXPECT_GE(took_, 2s);
  first_.manner = Manner::refusing;
  EXPECT_EQ(*texts("a.example", {first_at_, second_at_}), both_);
  EXPECT_LT(took_, 1s);
}

TEST_F(Resolving, GivesUpAfterItsTries) {
  first_.manner = second_.manner = Manner::silent;
  EXPECT_EQ(texts("a.example", {first_at_, second_at_}).error(), Errc::timed_out);
  EXPECT_EQ(first_.asked_udp, 2u);
  EXPECT_EQ(second_.asked_udp, 2u);
  EXPECT_LT(took_, 9s);
}

TEST_F(Resolving, AsksOverTcpForWhatDoesNotFit) {
  first_.manner = Manner::truncating;
  EXPECT_EQ(*texts("a.example", {first_at_}), both_);
  EXPECT_EQ(first_.asked_tcp, 1u);
}

TEST_F(Resolving, PassesOverForgedAnswers) {
  first_.manner = Manner::forging;
  EXPECT_EQ(*texts("a.example", {first_at_}), both_);
  EXPECT_EQ(first_.asked_udp, 1u);
}

TEST(ResolvConf, NamesServers) {
  const auto servers =
      servers_of("# nameserver 9.9.9.9\nsearch example\nnameserver 127.0.0.1\nnameserver\t::1 x\nnameserver x\n");
  EXPECT_EQ(servers, (std::vector<Endpoint>{{IpAddress::v4(127, 0, 0, 1), 53}, {*IpAddress::parse("::1"), 53}}));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "nameserver 10.0.0.1\n";
  EXPECT_EQ(servers_of(many).size(), ResolverOptions::kMaxServers);
}

}  // namespace
}  // namespace ghostnet::dns::text_resolver_test
