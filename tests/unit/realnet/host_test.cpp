// realnet::Host: names, interfaces, hosts that share a machine's loopback, hosts in network namespaces.
#include <net/if.h>

#include "ghostnet/realnet/link_control.hpp"
#include "live_world.hpp"

namespace ghostnet::realnet::host_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using StreamPtr = std::unique_ptr<Stream>;

Task<> resolve_into(Host& host, std::string name, Result<std::vector<IpAddress>>& outcome) {
  outcome = co_await host.resolve(name);
}

class Names : public LiveWorld {
 protected:
  Result<std::vector<IpAddress>> resolve(Host& host, const std::string& name) {
    Result<std::vector<IpAddress>> outcome;
    run(resolve_into(host, name, outcome));
    return outcome;
  }
};

TEST_F(Names, LiteralsAreTheirOwnAnswer) {
  EXPECT_THAT(*resolve(a(), "192.0.2.1"), ElementsAre(IpAddress::v4(192, 0, 2, 1)));
  EXPECT_THAT(*resolve(a(), "::1"), ElementsAre(IpAddress::loopback(IpFamily::v6)));
}

TEST_F(Names, TheSystemKnowsLocalhost) {
  const auto addresses = resolve(a(), "localhost");
  ASSERT_TRUE(addresses) << addresses.error().message();
  EXPECT_THAT(*addresses, Not(IsEmpty()));
  for (const IpAddress& address : *addresses) EXPECT_TRUE(address.is_loopback());
}

TEST_F(Names, UnknownNamesAreErrorsThatNameThem) {
  const auto addresses = resolve(a(), "no-such-host.invalid");
  ASSERT_FALSE(addresses);
  EXPECT_TRUE(addresses.error() == Errc::not_found || addresses.error() == Errc::timed_out);
  EXPECT_THAT(std::string(addresses.error().message()), HasSubstr("no-such-host.invalid"));
}

TEST_F(Names, HostsOfAWorldKnowEachOther) {
  Host seven(world(), {.id = 7, .name = "node-7", .address = IpAddress::v4(127, 0, 0, 7)});
  EXPECT_THAT(*resolve(a(), "node-7"), ElementsAre(IpAddress::v4(127, 0, 0, 7)));
}

TEST_F(Names, ADroppedQuestionIsForgotten) {
  {
    Scope scope(world().loop());
    Result<std::vector<IpAddress>> never;
    scope.spawn(resolve_into(a(), "localhost", never));
    world().turn(0ns);
  }
  EXPECT_TRUE(resolve(a(), "localhost"));
}

class Interfaces : public LiveWorld {};

TEST_F(Interfaces, TheMachinesLoopbackIsThere) {
  const std::vector<Interface> all = a().interfaces();
  ASSERT_THAT(all, Contains(Field(&Interface::name, "lo")));
  const Interface& lo = *std::ranges::find(all, "lo", &Interface::name);
  EXPECT_EQ(lo.index, ::if_nametoindex("lo"));
  EXPECT_TRUE(lo.loopback);
  EXPECT_TRUE(lo.up);
  EXPECT_GT(lo.mtu_bytes, 0u);
  EXPECT_THAT(lo.addresses, Contains(InterfaceAddress{IpAddress::v4(127, 0, 0, 1), 8}));
}

class SharedLoopback : public LiveWorld {
 protected:
  Host& one() { return one_; }
  Host& two() { return two_; }

 private:
  Host one_{world(), {.id = 11, .name = "one", .address = IpAddress::v4(127, 0, 0, 11)}};
  Host two_{world(), {.id = 12, .name = "two", .address = IpAddress::v4(127, 0, 0, 12)}};
};

TEST_F(SharedLoopback, TheSamePortOnEachHost) {
  const UdpOptions options{.local = Endpoint(IpAddress(), 40'404)};
  auto first = one().open_udp(options);
  auto second = two().open_udp(options);
  ASSERT_TRUE(first) << first.error().message();
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ((*first)->local(), Endpoint(IpAddress::v4(127, 0, 0, 11), 40'404));
  ASSERT_TRUE((*first)->send_to((*second)->local(), as_bytes("x")));
  ReceivedDatagram received;
  while (!(*second)->try_recv({&received, 1})) world().turn(kPatience);
  EXPECT_EQ(received.peer, (*first)->local());
}

Task<> connect_and_accept(Host& from, Listener& listener) {
  auto [connected, accepted] = co_await all_of(from.connect({.peer = listener.local()}), listener.accept());
  CO_ASSERT_OK(connected);
  CO_ASSERT_OK(accepted);
  EXPECT_EQ((*accepted)->peer().address(), from.interfaces()[0].addresses[0].address);
}

TEST_F(SharedLoopback, ConnectionsComeFromTheHostsAddress) {
  auto listener = std::move(*one().listen({.local = Endpoint(IpAddress(), 0)}));
  EXPECT_EQ(listener->local().address(), IpAddress::v4(127, 0, 0, 11));
  run(connect_and_accept(two(), *listener));
}

Task<> expect_no_ipv6_connection(Host& host) {
  const auto connected = co_await host.connect({.peer = Endpoint(IpAddress::loopback(IpFamily::v6), 9)});
  EXPECT_FALSE(connected.has_value());
  if (!connected) EXPECT_EQ(connected.error(), Errc::unreachable);
}

TEST_F(SharedLoopback, WhatALoopbackHasNotIsRefused) {
  EXPECT_EQ(one().open_udp({.local = Endpoint(IpAddress::v4(127, 0, 0, 12), 0)}).error(), Errc::address_not_available);
  EXPECT_EQ(one().open_udp({.local = Endpoint(IpAddress::any(IpFamily::v6), 0)}).error(), Errc::not_supported);
  EXPECT_EQ(one().listen({.local = Endpoint(IpAddress::loopback(IpFamily::v6), 0)}).error(), Errc::not_supported);
  run(expect_no_ipv6_connection(one()));
  auto socket = std::move(*one().open_udp({}));
  EXPECT_EQ(socket->join(IpAddress::v4(239, 1, 2, 3)).error(), Errc::not_supported);
}

TEST_F(SharedLoopback, ItsOneInterfaceHasTheHostsAddress) {
  const std::vector<Interface> interfaces = one().interfaces();
  ASSERT_EQ(interfaces.size(), 1u);
  EXPECT_THAT(interfaces[0].addresses, ElementsAre(InterfaceAddress{IpAddress::v4(127, 0, 0, 11), 8}));
}

// Hosts in namespaces of their own, which want a privilege.
class Namespaces : public LiveWorld {
 protected:
  void SetUp() override {
    Result<NetworkNamespace> fresh = NetworkNamespace::create();
    if (!fresh) GTEST_SKIP() << fresh.error().message();
    where_ = std::make_shared<const NetworkNamespace>(std::move(*fresh));
  }
  const std::shared_ptr<const NetworkNamespace>& where() const { return where_; }

  void inside(auto action) {
    const auto visit = NetworkNamespace::Visit::begin(where_.get());
    ASSERT_TRUE(visit) << visit.error().message();
    const Result<> done = action();
    EXPECT_TRUE(done) << done.error().message();
  }

 private:
  std::shared_ptr<const NetworkNamespace> where_;
};

TEST_F(Namespaces, AVisitEnds) {
  const std::vector<Interface> before = list_interfaces(nullptr);
  inside([] { return set_interface_up("lo", true); });
  EXPECT_EQ(list_interfaces(nullptr), before);
}

TEST_F(Namespaces, AHostThereSeesItsOwnInterfacesOnly) {
  Host host(world(), {.name = "inside", .where = where()});
  const std::vector<Interface> interfaces = host.interfaces();
  EXPECT_THAT(interfaces, Contains(Field(&Interface::name, "lo")));
  EXPECT_THAT(interfaces, Not(Contains(Field(&Interface::name, "eth0"))));
}

TEST_F(Namespaces, PortsAreTheirOwn) {
  inside([] { return set_interface_up("lo", true); });
  Host host(world(), {.name = "inside", .where = where()});
  const Endpoint any(IpAddress::v4(127, 0, 0, 1), 0);
  auto outside = std::move(*a().open_udp({.local = any}));
  auto inside = host.open_udp({.local = outside->local()});
  ASSERT_TRUE(inside) << inside.error().message();
  ASSERT_TRUE(outside->send_to(outside->local(), as_bytes("to myself")));
  world().turn(kPatience);
  ReceivedDatagram received;
  EXPECT_EQ((*inside)->try_recv({&received, 1}).error(), Errc::would_block);
  EXPECT_TRUE(outside->try_recv({&received, 1}));
  auto listener = std::move(*host.listen({.local = any}));
  run(connect_and_accept(host, *listener));
}

Task<> expect_unreachable(Host& host, Endpoint peer) {
  const auto connected = co_await host.connect({.peer = peer});
  EXPECT_FALSE(connected);
  if (connected) co_return;
  EXPECT_EQ(connected.error(), Errc::unreachable) << connected.error().message();
  EXPECT_THAT(connected.error().message(), HasSubstr(peer.to_string()));
}

TEST_F(Namespaces, WhereNoRouteLeadsIsUnreachable) {
  inside([] { return set_interface_up("lo", true); });
  Host host(world(), {.name = "inside", .where = where()});
  for (const char* peer : {"10.1.2.3:7", "[2001:db8::1]:7"}) {
    run(expect_unreachable(host, *Endpoint::parse(peer)));
    auto socket = std::move(*host.open_udp({.local = Endpoint(IpAddress::any(Endpoint::parse(peer)->family()), 0)}));
    const Result<> sent = socket->send_to(*Endpoint::parse(peer), as_bytes("nobody"));
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error(), Errc::unreachable) << sent.error().message();
  }
}

Task<> await_change(Host& host, bool& seen) {
  co_await host.interfaces_changed();
  seen = true;
}

TEST_F(Namespaces, ChangesOfInterfacesAreTold) {
  inside([] { return set_interface_up("lo", true); });
  Host host(world(), {.name = "inside", .where = where()});
  bool seen = false;
  host.scope().spawn(await_change(host, seen));
  world().turn(0ns);
  world().turn(0ns);
  EXPECT_FALSE(seen);
  inside([] { return add_interface_address("lo", {IpAddress::v4(10, 1, 2, 3), 24}); });
  while (!seen) world().turn(kPatience);
  const std::vector<Interface> interfaces = host.interfaces();
  EXPECT_THAT(interfaces[0].addresses, Contains(InterfaceAddress{IpAddress::v4(10, 1, 2, 3), 24}));
}

TEST_F(Namespaces, NamesThatAreNone) {
  EXPECT_EQ(NetworkNamespace::open("no-such-namespace-here").error(), Errc::not_found);
  EXPECT_EQ(NetworkNamespace::open("../etc").error(), Errc::invalid_argument);
  inside([] {
    EXPECT_EQ(set_interface_up("nothing0", true).error(), Errc::not_found);
    return Result<>();
  });
}

}  // namespace
}  // namespace ghostnet::realnet::host_test
