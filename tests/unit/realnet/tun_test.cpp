// TUN devices: two namespaces, each with one, and a cable between them that is a coroutine of the test. Wants a
// privilege.
#include "ghostnet/realnet/tun.hpp"

#include "ghostnet/realnet/link_control.hpp"
#include "ghostnet/realnet/virtio_header.hpp"
#include "live_world.hpp"

namespace ghostnet::realnet::tun_test {
namespace {

using ::testing::HasSubstr;
using StreamPtr = std::unique_ptr<Stream>;

// What passed the cable.
struct Traffic {
  std::size_t packets = 0;
  std::size_t super_packets = 0;
  std::size_t partial_checksums = 0;
  std::size_t largest_bytes = 0;
};

struct Site {
  std::shared_ptr<const NetworkNamespace> where;
  std::unique_ptr<Tun> tun;
  std::unique_ptr<Host> host;
};

Task<> carry(Tun& from, Tun& to, Traffic& traffic) {
  std::array<IpPacket, 16> batch;
  while (true) {
    Result<std::size_t> count = co_await from.recv(batch);
    CO_ASSERT_OK(count);
    for (const IpPacket& packet : std::span(batch).first(*count)) {
      ++traffic.packets;
      traffic.super_packets += packet.segment_bytes != 0;
      traffic.partial_checksums += packet.checksum == Checksum::partial;
      traffic.largest_bytes = std::max(traffic.largest_bytes, packet.data.size());
    }
    const SendOutcome sent = to.send(std::span(batch).first(*count));
    EXPECT_EQ(sent.accepted, *count) << to_string(sent.error.value_or(Errc::internal));
  }
}

// Between two sites, which outlive it.
class Cable {
 public:
  Cable(World& world, Site& one, Site& two) : scope_(world.loop()) {
    scope_.spawn(carry(*one.tun, *two.tun, there));
    scope_.spawn(carry(*two.tun, *one.tun, back));
  }

  Traffic there;
  Traffic back;

 private:
  Scope scope_;
};

class TunDevices : public LiveWorld {
 protected:
  void SetUp() override {
    Result<NetworkNamespace> fresh = NetworkNamespace::create();
    if (!fresh) GTEST_SKIP() << fresh.error().message();
    if (Result<std::unique_ptr<Tun>> probe = Tun::open(world(), {.where = share(std::move(fresh))}); !probe) {
      GTEST_SKIP() << probe.error().message();
    }
  }
  static std::shared_ptr<const NetworkNamespace> share(Result<NetworkNamespace> where) {
    return std::make_shared<const NetworkNamespace>(std::move(*where));
  }

  // 10.9.0.<number> and fd09::<number>, and the way to the other.
  Site make_site(std::uint8_t number, TunOptions options) {
    Site site;
    options.where = site.where = share(NetworkNamespace::create());
    options.name = "wire";
    options.addresses = {{v4(number), 24}, {v6(number), 64}};
    Result<std::unique_ptr<Tun>> tun = Tun::open(world(), options);
    if (!tun) ADD_FAILURE() << tun.error().message();
    site.tun = std::move(*tun);
    site.host = std::make_unique<Host>(
        world(), HostOptions{.id = number, .name = fmt::format("site-{}", number), .where = site.where});
    return site;
  }
  static IpAddress v4(std::uint8_t number) { return IpAddress::v4(10, 9, 0, number); }
  static IpAddress v6(std::uint8_t number) { return IpAddress::v6({0xfd09, 0, 0, 0, 0, 0, 0, number}); }
};

TEST_F(TunDevices, AreSetUpAsAsked) {
  Site site = make_site(1, {.mtu_bytes = 1400});
  EXPECT_EQ(site.tun->name(), "wire");
  EXPECT_EQ(site.tun->mtu_bytes(), 1400u);
  const std::vector<Interface> interfaces = site.host->interfaces();
  const auto wire = std::ranges::find(interfaces, "wire", &Interface::name);
  ASSERT_NE(wire, interfaces.end());
  EXPECT_EQ(wire->index, site.tun->index());
  EXPECT_TRUE(wire->up);
  EXPECT_EQ(wire->mtu_bytes, 1400u);
  EXPECT_THAT(wire->addresses, ::testing::Contains(InterfaceAddress{v4(1), 24}));
  EXPECT_THAT(wire->addresses, ::testing::Contains(InterfaceAddress{v6(1), 64}));
  site.tun.reset();
  const std::vector<Interface> after = site.host->interfaces();
  EXPECT_EQ(std::ranges::find(after, "wire", &Interface::name), after.end());
}

TEST_F(TunDevices, MistakesAreNamed) {
  Site site = make_site(1, {});
  const auto taken = Tun::open(world(), {.name = "wire", .where = site.where});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error(), Errc::busy);
  EXPECT_THAT(std::string(taken.error().message()), HasSubstr("wire"));
  EXPECT_EQ(Tun::open(world(), {.name = "much-too-long-for-linux"}).error(), Errc::invalid_argument);
}

Task<> udp_ping(UdpSocket& from, UdpSocket& to, Endpoint server, std::size_t size) {
  const std::vector<std::uint8_t> payload = pattern(size);
  EXPECT_TRUE(from.send_to(server, payload));
  Result<ReceivedDatagram> request = co_await to.recv();
  CO_ASSERT_OK(request);
  EXPECT_EQ(to_vector(request->data.view()), payload);
  EXPECT_TRUE(to.send_to(request->peer, request->data.view()));
  Result<ReceivedDatagram> answer = co_await from.recv();
  CO_ASSERT_OK(answer);
  EXPECT_EQ(to_vector(answer->data.view()), payload);
}

TEST_F(TunDevices, DatagramsPassWithAndWithoutOffload) {
  for (const bool offload : {true, false}) {
    Site one = make_site(1, {.offload = offload});
    Site two = make_site(2, {.offload = offload});
    Cable cable(world(), one, two);
    for (const IpAddress& address : {v4(2), v6(2)}) {
      auto client = std::move(*one.host->open_udp({.local = Endpoint(IpAddress::any(address.family()), 0)}));
      auto server = std::move(*two.host->open_udp({.local = Endpoint(address, 7000)}));
      SCOPED_TRACE(fmt::format("{} offload {}", address, offload));
      run(udp_ping(*client, *server, server->local(), 100));
      run(udp_ping(*client, *server, server->local(), 1400));
    }
    if (offload) EXPECT_GE(cable.there.partial_checksums, 4u);
  }
}

Task<> send_bulk(Host& host, Endpoint server, const std::vector<std::uint8_t>& bytes) {
  Result<StreamPtr> stream = co_await host.connect({.peer = server});
  CO_ASSERT_OK(stream);
  Result<> written = co_await (*stream)->write(ByteView(bytes));
  CO_ASSERT_OK(written);
  EXPECT_TRUE((*stream)->shutdown_send());
}

Task<> receive_bulk(Listener& listener, std::vector<std::uint8_t>& bytes) {
  Result<StreamPtr> stream = co_await listener.accept();
  CO_ASSERT_OK(stream);
  std::vector<std::uint8_t> buffer(65'536);
  while (true) {
    Result<std::size_t> count = co_await (*stream)->read(buffer);
    CO_ASSERT_OK(count);
    if (*count == 0) break;
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
  }
  EXPECT_TRUE((*stream)->shutdown_send());
}

Task<> both(Task<> first, Task<> second) { co_await all_of(std::move(first), std::move(second)); }

TEST_F(TunDevices, TcpTravelsInSuperPackets) {
  for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    Site one = make_site(1, {});
    Site two = make_site(2, {});
    ASSERT_TRUE(one.tun->offloads());
    EXPECT_GT(one.tun->max_segmented_bytes(), 60'000u);
    Cable cable(world(), one, two);
    const IpAddress address = family == IpFamily::v4 ? v4(2) : v6(2);
    auto listener = std::move(*two.host->listen({.local = Endpoint(address, 80)}));
    const std::vector<std::uint8_t> sent = pattern(3'000'000);
    std::vector<std::uint8_t> got;
    run(both(send_bulk(*one.host, listener->local(), sent), receive_bulk(*listener, got)));
    EXPECT_TRUE(got == sent);
    EXPECT_GT(cable.there.super_packets, 0u);
    EXPECT_GT(cable.there.largest_bytes, 10'000u);
    EXPECT_LT(cable.there.packets, sent.size() / 1460) << "single packets would be that many";
  }
}

TEST_F(TunDevices, WithoutOffloadPacketsAreSingleAndComplete) {
  Site one = make_site(1, {.offload = false});
  Site two = make_site(2, {.offload = false});
  EXPECT_EQ(one.tun->max_segmented_bytes(), 1500u);
  Cable cable(world(), one, two);
  auto listener = std::move(*two.host->listen({.local = Endpoint(v4(2), 80)}));
  const std::vector<std::uint8_t> sent = pattern(300'000);
  std::vector<std::uint8_t> got;
  run(both(send_bulk(*one.host, listener->local(), sent), receive_bulk(*listener, got)));
  EXPECT_TRUE(got == sent);
  EXPECT_EQ(cable.there.super_packets, 0u);
  EXPECT_EQ(cable.there.partial_checksums, 0u);
  EXPECT_LE(cable.there.largest_bytes, 1500u);
}

// Completes what the kernel left open, and takes super-packets out of the way.
Task<> carry_completed(Tun& from, Tun& to, Traffic& traffic) {
  std::array<IpPacket, 1> batch;
  while (true) {
    Result<std::size_t> count = co_await from.recv(batch);
    CO_ASSERT_OK(count);
    traffic.partial_checksums += batch[0].checksum == Checksum::partial;
    EXPECT_EQ(batch[0].segment_bytes, 0);
    Result<> completed = complete_checksum(batch[0]);
    CO_ASSERT_OK(completed);
    batch[0].checksum = Checksum::none;  // let the receiving kernel look
    EXPECT_EQ(to.send(batch).accepted, 1u);
  }
}

TEST_F(TunDevices, PartialChecksumsCanBeCompleted) {
  Site one = make_site(1, {});
  Site two = make_site(2, {});
  Traffic there;
  Traffic back;
  Scope cable(world().loop());
  cable.spawn(carry_completed(*one.tun, *two.tun, there));
  cable.spawn(carry_completed(*two.tun, *one.tun, back));
  for (const IpAddress& address : {v4(2), v6(2)}) {
    auto client = std::move(*one.host->open_udp({.local = Endpoint(IpAddress::any(address.family()), 0)}));
    auto server = std::move(*two.host->open_udp({.local = Endpoint(address, 7000)}));
    for (const std::size_t size : {1UL, 2UL, 99UL, 1400UL}) run(udp_ping(*client, *server, server->local(), size));
    auto listener = std::move(*two.host->listen({.local = Endpoint(address, 80)}));
    std::vector<std::uint8_t> got;
    run(both(send_bulk(*one.host, listener->local(), pattern(1000)), receive_bulk(*listener, got)));
    EXPECT_EQ(got, pattern(1000));
  }
  EXPECT_GT(there.partial_checksums, 8u);
}

TEST_F(TunDevices, UdpSuperDatagramsPass) {
  Site one = make_site(1, {});
  Site two = make_site(2, {});
  Cable cable(world(), one, two);
  auto client = std::move(*one.host->open_udp({}));
  auto server = std::move(*two.host->open_udp({.local = Endpoint(v4(2), 7000)}));
  const std::vector<std::uint8_t> all = pattern(30 * 1200);
  const Datagram super{.peer = server->local(), .payload = all, .segment_bytes = 1200};
  ASSERT_EQ(client->send({&super, 1}).accepted, 1u);
  std::vector<std::uint8_t> got;
  while (got.size() < all.size()) {
    ReceivedDatagram received;
    while (!server->try_recv({&received, 1})) world().turn(kPatience);
    got.insert(got.end(), received.data.begin(), received.data.end());
  }
  EXPECT_EQ(got, all);
}

TEST_F(TunDevices, MulticastReachesMembersOnTheOtherSide) {
  Site one = make_site(1, {});
  Site two = make_site(2, {});
  Cable cable(world(), one, two);
  for (const IpAddress& group : {IpAddress::v4(239, 255, 77, 2), IpAddress::v6({0xff12, 0, 0, 0, 0, 0, 0x77, 2})}) {
    SCOPED_TRACE(group.to_string());
    const Endpoint any(IpAddress::any(group.family()), 0);
    auto member = std::move(*two.host->open_udp({.local = any}));
    ASSERT_TRUE(member->join(group, two.tun->index()));
    auto sender = std::move(*one.host->open_udp({.local = any, .multicast_hop_limit = 3}));
    const Datagram to_group{.peer = Endpoint(group, member->local().port()),
                            .payload = as_bytes("all"),
                            .interface = one.tun->index(),
                            .ecn = Ecn::ect1};
    ASSERT_EQ(sender->send({&to_group, 1}).accepted, 1u);
    ReceivedDatagram received;
    while (!member->try_recv({&received, 1})) world().turn(kPatience);
    EXPECT_EQ(as_text(received.data.view()), "all");
    EXPECT_EQ(received.local.without_scope_id(), group);
    EXPECT_EQ(received.interface, two.tun->index());
    EXPECT_EQ(received.hop_limit, 3);
    EXPECT_EQ(received.ecn, Ecn::ect1);
  }
}

// Both ends dial: their SYNs cross on the wire (RFC 9293 3.5, simultaneous open).
Task<> dial_each_other(Host& one, Endpoint at_one, Host& two, Endpoint at_two) {
  auto [first, second] = co_await all_of(one.connect({.peer = at_two, .local = at_one, .reuse_address = true}),
                                         two.connect({.peer = at_one, .local = at_two, .reuse_address = true}));
  CO_ASSERT_OK(first);
  CO_ASSERT_OK(second);
  EXPECT_EQ((*first)->peer(), at_two);
  EXPECT_EQ((*second)->peer(), at_one);
  Result<> written = co_await (*first)->write(as_bytes("crossed"));
  CO_ASSERT_OK(written);
  std::vector<std::uint8_t> buffer(7);
  Result<> read = co_await (*second)->read_exactly(buffer);
  CO_ASSERT_OK(read);
  EXPECT_EQ(as_text(buffer), "crossed");
}

TEST_F(TunDevices, SimultaneousConnectsMeet) {
  Site one = make_site(1, {});
  Site two = make_site(2, {});
  Cable cable(world(), one, two);
  run(dial_each_other(*one.host, Endpoint(v4(1), 4001), *two.host, Endpoint(v4(2), 4002)));
}

Task<> connect_into(Host& host, Endpoint peer, Result<StreamPtr>& outcome) {
  outcome = co_await host.connect({.peer = peer});
}

TEST_F(TunDevices, ThePathsMtuIsKnown) {
  Site one = make_site(1, {.mtu_bytes = 1300});
  auto socket = std::move(*one.host->open_udp({}));
  EXPECT_EQ(socket->max_payload_bytes(Endpoint(v4(2), 9)), 1300u - 28u);
  const std::vector<std::uint8_t> large(1400);
  const Datagram probe{.peer = Endpoint(v4(2), 9), .payload = large, .dont_fragment = true};
  EXPECT_EQ(socket->send({&probe, 1}).error, Errc::message_too_large);
  const Datagram fragmented{.peer = Endpoint(v4(2), 9), .payload = large};
  EXPECT_EQ(socket->send({&fragmented, 1}).accepted, 1u);
}

TEST_F(TunDevices, RunsThatThePathCannotCarryAreSentOneByOne) {
  Site one = make_site(1, {.mtu_bytes = 1300});
  Site two = make_site(2, {.mtu_bytes = 1300});
  Cable cable(world(), one, two);
  auto client = std::move(*one.host->open_udp({}));
  auto server = std::move(*two.host->open_udp({.local = Endpoint(v4(2), 7000)}));
  const std::vector<std::uint8_t> payload = pattern(2000);  // each is fragmented, so none can be a segment
  std::vector<Datagram> batch(10, {.peer = server->local(), .payload = payload});
  ASSERT_EQ(client->send(batch).accepted, batch.size());
  EXPECT_EQ(client->counters().datagrams_sent, batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    ReceivedDatagram received;
    while (!server->try_recv({&received, 1})) world().turn(kPatience);
    EXPECT_EQ(to_vector(received.data.view()), payload);
  }
}

TEST_F(TunDevices, NowhereIsUnreachable) {
  Site one = make_site(1, {});
  auto socket = std::move(*one.host->open_udp({}));
  const Endpoint nowhere(IpAddress::v4(203, 0, 113, 1), 9);
  const Result<> sent = socket->send_to(nowhere, as_bytes("x"));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), Errc::unreachable);
  Result<StreamPtr> connected;
  run(connect_into(*one.host, nowhere, connected));
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error(), Errc::unreachable);
}

TEST_F(TunDevices, PacketsThatAreNoneAreRefused) {
  Site one = make_site(1, {});
  std::array<IpPacket, 1> batch;
  batch[0].data = PacketBuf::copy_of(as_bytes("not an IP packet"));
  batch[0].checksum = Checksum::partial;
  batch[0].transport_at = 10;
  EXPECT_EQ(one.tun->send(batch).error, Errc::invalid_argument);
  batch[0] = {};
  batch[0].data = PacketBuf::copy_of(std::vector<std::uint8_t>(2000));
  EXPECT_EQ(one.tun->send(batch).error, Errc::message_too_large);
}

Task<> drop_while_receiving(Tun& tun, Clock clock) {
  std::array<IpPacket, 4> batch;
  auto outcome = co_await first_of(tun.recv(batch), clock.sleep(0ns));
  EXPECT_EQ(outcome.index(), 1u);
}

TEST_F(TunDevices, ADroppedReceiveLosesNothing) {
  Site one = make_site(1, {});
  std::array<IpPacket, 8> batch;
  while (one.tun->try_recv(batch)) {
  }  // what the kernel says by itself: router solicitations and the like
  run(drop_while_receiving(*one.tun, one.host->clock()));
  auto socket = std::move(*one.host->open_udp({}));
  ASSERT_TRUE(socket->send_to(Endpoint(v4(2), 9), as_bytes("kept")));
  std::size_t udp_packets = 0;
  while (udp_packets == 0) {
    world().turn(kPatience);
    while (Result<std::size_t> count = one.tun->try_recv(batch)) {
      for (const IpPacket& packet : std::span(batch).first(*count)) {
        udp_packets += as_text(packet.data.view()).ends_with("kept");
      }
    }
  }
  EXPECT_EQ(udp_packets, 1u);
}

}  // namespace
}  // namespace ghostnet::realnet::tun_test
