// UDP over the machine's loopback: what the runtime's contract says of UdpSocket, on the kernel's sockets.
#include <net/if.h>

#include "live_world.hpp"

namespace ghostnet::realnet::udp_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Payload = std::vector<std::uint8_t>;

// The datagrams of a batch, super-datagrams cut apart.
std::vector<Payload> payloads_of(std::span<const ReceivedDatagram> batch) {
  std::vector<Payload> payloads;
  for (const ReceivedDatagram& datagram : batch) {
    ByteView rest = datagram.data.view();
    const std::size_t segment = datagram.segment_bytes != 0 ? datagram.segment_bytes : rest.size();
    if (rest.empty()) payloads.emplace_back();
    while (!rest.empty()) {
      const ByteView piece = rest.first(std::min(segment, rest.size()));
      payloads.push_back(to_vector(piece));
      rest = rest.subspan(piece.size());
    }
  }
  return payloads;
}

class Udp : public LiveWorldBothFamilies {
 protected:
  std::unique_ptr<UdpSocket> open(Host& host, const UdpOptions& options) {
    Result<std::unique_ptr<UdpSocket>> socket = host.open_udp(options);
    if (!socket) ADD_FAILURE() << socket.error().message();
    return std::move(socket).value();
  }
  std::unique_ptr<UdpSocket> open(Host& host) { return open(host, {.local = any_port()}); }

  // Sends the batch and receives as many datagrams as `expected`, in order, whatever the batches they come in.
  std::vector<Payload> carry(UdpSocket& from, std::span<const Datagram> batch, UdpSocket& to, std::size_t expected) {
    std::vector<Payload> got;
    const SendOutcome sent = from.send(batch);
    EXPECT_EQ(sent.accepted, batch.size());
    EXPECT_FALSE(sent.error.has_value());
    run(collect(to, expected, got));
    return got;
  }

  Task<> collect(UdpSocket& socket, std::size_t expected, std::vector<Payload>& got) {
    std::array<ReceivedDatagram, 16> batch;
    while (got.size() < expected) {
      Result<std::size_t> count = co_await socket.recv(batch);
      CO_ASSERT_OK(count);
      batches_ += *count;
      for (Payload& payload : payloads_of(std::span(batch).first(*count))) got.push_back(std::move(payload));
    }
  }

  ReceivedDatagram receive(UdpSocket& socket) {
    ReceivedDatagram received;
    run(receive_into(socket, received));
    return received;
  }
  static Task<> receive_into(UdpSocket& socket, ReceivedDatagram& received) {
    Result<ReceivedDatagram> result = co_await socket.recv();
    CO_ASSERT_OK(result);
    received = std::move(*result);
  }

  std::size_t batches_ = 0;  // ReceivedDatagrams that carry() was given
};

Task<> echo_one(UdpSocket& socket) {
  Result<ReceivedDatagram> request = co_await socket.recv();
  CO_ASSERT_OK(request);
  EXPECT_TRUE(socket.send_to(request->peer, request->data.view()));
}

Task<> ask(UdpSocket& socket, Endpoint server) {
  EXPECT_TRUE(socket.send_to(server, as_bytes("hello")));
  Result<ReceivedDatagram> answer = co_await socket.recv();
  CO_ASSERT_OK(answer);
  EXPECT_EQ(as_text(answer->data.view()), "hello");
  EXPECT_EQ(answer->peer, server);
}

Task<> both(Task<> first, Task<> second) { co_await all_of(std::move(first), std::move(second)); }

TEST_P(Udp, EchoBetweenTwoCoroutines) {
  auto server = open(a());
  auto client = open(b());
  run(both(echo_one(*server), ask(*client, server->local())));
}

TEST_P(Udp, CarriesBatchesInOrder) {
  auto receiver = open(a());
  auto sender = open(b());
  std::vector<Payload> payloads;
  for (std::size_t i = 0; i < 200; ++i) payloads.push_back(pattern(100 + i * 37 % 1300, static_cast<std::uint8_t>(i)));
  std::vector<Datagram> batch;
  for (const Payload& payload : payloads) batch.push_back({.peer = receiver->local(), .payload = payload});
  EXPECT_EQ(carry(*sender, batch, *receiver, payloads.size()), payloads);
  EXPECT_EQ(sender->counters().datagrams_sent, 200u);
  EXPECT_EQ(receiver->counters().datagrams_received, 200u);
  EXPECT_EQ(receiver->counters().dropped_queue_full, 0u);
}

TEST_P(Udp, RunsOfOneSizeTravelTogether) {
  auto receiver = open(a());
  auto sender = open(b());
  std::vector<Payload> payloads;
  for (std::size_t i = 0; i < 60; ++i) payloads.push_back(pattern(1200, static_cast<std::uint8_t>(i)));
  payloads.push_back(pattern(700));  // a shorter one ends a run
  payloads.push_back(pattern(1200));
  std::vector<Datagram> batch;
  for (const Payload& payload : payloads) batch.push_back({.peer = receiver->local(), .payload = payload});
  EXPECT_EQ(carry(*sender, batch, *receiver, payloads.size()), payloads);
  EXPECT_EQ(sender->counters().datagrams_sent, payloads.size());
  EXPECT_EQ(receiver->counters().datagrams_received, payloads.size());
  EXPECT_LT(batches_, payloads.size() / 4) << "neither UDP_SEGMENT nor UDP_GRO was used";
}

TEST_P(Udp, NothingIsMergedWithoutOffload) {
  auto receiver = open(a(), {.local = any_port(), .offload = false});
  auto sender = open(b());
  std::vector<Payload> payloads(40, pattern(1000));
  std::vector<Datagram> batch;
  for (const Payload& payload : payloads) batch.push_back({.peer = receiver->local(), .payload = payload});
  EXPECT_EQ(carry(*sender, batch, *receiver, payloads.size()), payloads);
  EXPECT_EQ(batches_, payloads.size());
}

TEST_P(Udp, CutsSuperDatagrams) {
  auto receiver = open(a());
  const Payload all = pattern(10'000);
  for (const bool offload : {true, false}) {
    auto sender = open(b(), {.local = any_port(), .offload = offload});
    const Datagram super{.peer = receiver->local(), .payload = all, .segment_bytes = 1500};
    const std::vector<Payload> got = carry(*sender, {&super, 1}, *receiver, 7);
    ASSERT_EQ(got.size(), 7u);
    EXPECT_EQ(got.back().size(), 1000u);
    Payload joined;
    for (const Payload& part : got) joined.insert(joined.end(), part.begin(), part.end());
    EXPECT_EQ(joined, all);
    EXPECT_EQ(sender->counters().datagrams_sent, 7u);
  }
}

TEST_P(Udp, CutsMoreSegmentsThanTheKernelWould) {
  auto receiver = open(a());
  auto sender = open(b());
  const Payload all = pattern(1000);
  const Datagram super{.peer = receiver->local(), .payload = all, .segment_bytes = 10};
  EXPECT_EQ(carry(*sender, {&super, 1}, *receiver, 100).size(), 100u);
}

TEST_P(Udp, EmptyDatagramsArrive) {
  auto receiver = open(a());
  auto sender = open(b());
  const std::array batch{Datagram{.peer = receiver->local(), .payload = {}},
                         Datagram{.peer = receiver->local(), .payload = as_bytes("x")},
                         Datagram{.peer = receiver->local(), .payload = {}}};
  EXPECT_THAT(carry(*sender, batch, *receiver, 3), ElementsAre(Payload{}, Payload{'x'}, Payload{}));
}

TEST_P(Udp, LargeDatagramsArriveWhole) {
  auto receiver = open(a());
  auto sender = open(b());
  for (const std::size_t size : {2047UL, 2048UL, 2049UL, 9000UL, 60'000UL}) {
    const Payload payload = pattern(size);
    const Datagram datagram{.peer = receiver->local(), .payload = payload};
    EXPECT_THAT(carry(*sender, {&datagram, 1}, *receiver, 1), ElementsAre(payload));
  }
}

TEST_P(Udp, SmallAndLargeDatagramsMayAlternate) {
  auto receiver = open(a());
  auto sender = open(b());
  std::vector<Payload> payloads;
  for (std::size_t i = 0; i < 24; ++i) {
    payloads.push_back(pattern(i % 3 == 0 ? 100 + i : 20'000 + i, static_cast<std::uint8_t>(i)));
  }
  for (const Payload& payload : payloads) {
    const Datagram datagram{.peer = receiver->local(), .payload = payload};
    EXPECT_THAT(carry(*sender, {&datagram, 1}, *receiver, 1), ElementsAre(payload));
  }
}

TEST_P(Udp, TellsTheHeaderFields) {
  auto receiver = open(a());
  auto sender = open(b());
  const Datagram datagram{.peer = receiver->local(), .payload = as_bytes("marked"), .hop_limit = 33, .ecn = Ecn::ect0};
  ASSERT_EQ(sender->send({&datagram, 1}).accepted, 1u);
  const ReceivedDatagram received = receive(*receiver);
  EXPECT_EQ(received.peer, sender->local());
  EXPECT_EQ(received.local, loopback());
  EXPECT_EQ(received.ecn, Ecn::ect0);
  EXPECT_EQ(received.hop_limit, 33);
  EXPECT_EQ(received.received_at, world().loop().now());
  EXPECT_GE(received.data.headroom(), 64u);
}

TEST_P(Udp, ASocketOfAllAddressesTellsWhereADatagramCame) {
  auto receiver = open(a(), {.local = Endpoint(IpAddress::any(family()), 0)});
  auto sender = open(b());
  ASSERT_TRUE(sender->send_to(Endpoint(loopback(), receiver->local().port()), as_bytes("x")));
  const ReceivedDatagram received = receive(*receiver);
  EXPECT_EQ(received.local, loopback());
  EXPECT_EQ(received.interface, ::if_nametoindex("lo"));
}

TEST_P(Udp, UnmarkedDatagramsHaveTheSocketsHopLimit) {
  auto receiver = open(a());
  auto sender = open(b(), {.local = any_port(), .hop_limit = 7});
  ASSERT_TRUE(sender->send_to(receiver->local(), as_bytes("x")));
  const ReceivedDatagram received = receive(*receiver);
  EXPECT_EQ(received.hop_limit, 7);
  EXPECT_EQ(received.ecn, Ecn::not_ect);
}

TEST_P(Udp, MixedMarksAreNotMerged) {
  auto receiver = open(a());
  auto sender = open(b());
  const Payload payload = pattern(500);
  std::vector<Datagram> batch(6, {.peer = receiver->local(), .payload = payload});
  batch[2].ecn = batch[3].ecn = Ecn::ce;
  ASSERT_EQ(sender->send(batch).accepted, 6u);
  std::vector<Ecn> marks;
  while (marks.size() < 6) {
    const ReceivedDatagram received = receive(*receiver);
    marks.insert(marks.end(), payloads_of({&received, 1}).size(), received.ecn);
  }
  EXPECT_THAT(marks, ElementsAre(Ecn::not_ect, Ecn::not_ect, Ecn::ce, Ecn::ce, Ecn::not_ect, Ecn::not_ect));
}

TEST_P(Udp, TooLargeIsAnError) {
  auto receiver = open(a());
  auto sender = open(b());
  const Payload payload(70'000);
  const Result<> sent = sender->send_to(receiver->local(), payload);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), Errc::message_too_large);
  EXPECT_THAT(std::string(sent.error().message()), HasSubstr(receiver->local().to_string()));
}

TEST_P(Udp, ABatchStopsAtTheFirstError) {
  auto receiver = open(a());
  auto sender = open(b());
  const Payload large(70'000);
  const std::array batch{Datagram{.peer = receiver->local(), .payload = as_bytes("one")},
                         Datagram{.peer = receiver->local(), .payload = as_bytes("two")},
                         Datagram{.peer = receiver->local(), .payload = large},
                         Datagram{.peer = receiver->local(), .payload = as_bytes("three")}};
  const SendOutcome outcome = sender->send(batch);
  EXPECT_EQ(outcome.accepted, 2u);
  EXPECT_EQ(outcome.error, Errc::message_too_large);
}

TEST_P(Udp, RefusesPeersThatItCannotReach) {
  auto sender = open(b());
  const Datagram nowhere{.peer = Endpoint(loopback(), 0), .payload = as_bytes("x")};
  EXPECT_EQ(sender->send({&nowhere, 1}).error, Errc::invalid_argument);
  if (family() == IpFamily::v4) {
    const Datagram other{.peer = Endpoint(IpAddress::loopback(IpFamily::v6), 9), .payload = as_bytes("x")};
    EXPECT_EQ(sender->send({&other, 1}).error, Errc::unreachable);
  }
}

TEST_P(Udp, APortIsHeldByOneSocketUnlessItIsShared) {
  auto first = open(a());
  const Result<std::unique_ptr<UdpSocket>> second = b().open_udp({.local = first->local()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), Errc::address_in_use);
  EXPECT_THAT(std::string(second.error().message()), HasSubstr(first->local().to_string()));

  auto shared = open(a(), {.local = any_port(), .reuse_port = true});
  EXPECT_TRUE(b().open_udp({.local = shared->local(), .reuse_port = true}));
}

TEST_P(Udp, OnlyOwnAddressesCanBeBound) {
  const IpAddress foreign =
      family() == IpFamily::v4 ? IpAddress::v4(192, 0, 2, 77) : IpAddress::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 7});
  const auto socket = a().open_udp({.local = Endpoint(foreign, 0)});
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error(), Errc::address_not_available);
  EXPECT_THAT(std::string(socket.error().message()), HasSubstr(foreign.to_string()));
}

TEST_P(Udp, ConnectedItHearsItsPeerOnly) {
  auto server = open(a());
  auto stranger = open(a());
  auto client = open(b());
  ASSERT_TRUE(stranger->send_to(client->local(), as_bytes("before")));
  ASSERT_TRUE(client->connect(server->local()));
  ASSERT_TRUE(stranger->send_to(client->local(), as_bytes("after")));
  ASSERT_TRUE(server->send_to(client->local(), as_bytes("right")));
  EXPECT_EQ(as_text(receive(*client).data.view()), "right");

  const Datagram to_peer{.peer = {}, .payload = as_bytes("no address")};
  ASSERT_EQ(client->send({&to_peer, 1}).accepted, 1u);
  EXPECT_EQ(as_text(receive(*server).data.view()), "no address");
}

TEST_P(Udp, ConnectingForgetsStrangersThatWereReadAlready) {
  auto server = open(a());
  auto stranger = open(a());
  auto client = open(b());
  ASSERT_TRUE(stranger->send_to(client->local(), as_bytes("one")));
  ASSERT_TRUE(stranger->send_to(client->local(), as_bytes("two")));
  EXPECT_EQ(as_text(receive(*client).data.view()), "one");  // and "two" was gathered
  ASSERT_TRUE(client->connect(server->local()));
  ASSERT_TRUE(server->send_to(client->local(), as_bytes("right")));
  EXPECT_EQ(as_text(receive(*client).data.view()), "right");
}

TEST_P(Udp, DisconnectingKeepsThePort) {
  auto server = open(a());
  auto stranger = open(a());
  auto client = open(b());
  const Endpoint before = client->local();
  ASSERT_TRUE(client->connect(server->local()));
  ASSERT_TRUE(client->connect({}));
  EXPECT_EQ(client->local(), before);
  ASSERT_TRUE(stranger->send_to(client->local(), as_bytes("again")));
  EXPECT_EQ(as_text(receive(*client).data.view()), "again");
}

Task<> expect_refused(UdpSocket& socket) {
  Result<ReceivedDatagram> received = co_await socket.recv();
  EXPECT_FALSE(received.has_value());
  if (!received) EXPECT_EQ(received.error(), Errc::refused);
}

TEST_P(Udp, AConnectedSocketHearsThatNobodyListens) {
  auto gone = open(a());
  auto client = open(b());
  ASSERT_TRUE(client->connect(gone->local()));
  const Endpoint peer = gone->local();
  gone.reset();
  ASSERT_TRUE(client->send_to(peer, as_bytes("anybody?")));
  run(expect_refused(*client));
  // Sending is not to blame for the answer to an earlier datagram.
  ASSERT_TRUE(client->send_to(peer, as_bytes("anybody?")));
  ASSERT_TRUE(client->send_to(peer, as_bytes("anybody?")));
  run(expect_refused(*client));
}

TEST_P(Udp, KnowsTheLargestPayload) {
  auto socket = open(a());
  auto peer = open(b());
  const std::size_t expected = family() == IpFamily::v4 ? 65'507 : 65'488;  // the loopback's MTU is 65536
  const Result<std::size_t> unconnected = socket->max_payload_bytes(peer->local());
  ASSERT_TRUE(unconnected) << unconnected.error().message();
  EXPECT_EQ(*unconnected, expected);
  ASSERT_TRUE(socket->connect(peer->local()));
  EXPECT_EQ(socket->max_payload_bytes(peer->local()), expected);
  EXPECT_TRUE(socket->send_to(peer->local(), Payload(expected)));
  EXPECT_EQ(receive(*peer).data.size(), expected);
}

TEST_P(Udp, DontFragmentCanChangeWithinABatch) {
  auto receiver = open(a());
  auto sender = open(b());
  const Payload payload = pattern(800);
  std::vector<Datagram> batch(9, {.peer = receiver->local(), .payload = payload});
  for (std::size_t i = 0; i < batch.size(); i += 2) batch[i].dont_fragment = true;
  EXPECT_EQ(carry(*sender, batch, *receiver, batch.size()), std::vector<Payload>(9, payload));
}

Task<> first_of_two(UdpSocket& socket, Clock clock, std::size_t& dropped) {
  auto outcome = co_await first_of(socket.recv(), clock.sleep(0ns));
  if (outcome.index() == 1) ++dropped;
}

TEST_P(Udp, ADroppedReceiveLosesNothing) {
  auto receiver = open(a());
  auto sender = open(b());
  std::size_t dropped = 0;
  run(first_of_two(*receiver, a().clock(), dropped));
  EXPECT_EQ(dropped, 1u);
  {
    Scope scope(world().loop());
    ReceivedDatagram never;
    scope.spawn(receive_into(*receiver, never));
    world().turn(0ns);
    ASSERT_TRUE(sender->send_to(receiver->local(), as_bytes("kept")));
    world().loop().set_now(world().loop().now());
    world().poller().wait(0ns);
    world().poller().dispatch();  // the receiver is woken, and dropped before it runs
  }
  EXPECT_EQ(as_text(receive(*receiver).data.view()), "kept");
}

TEST_P(Udp, AFullPoolDropsAndCounts) {
  auto world = make_world({.receive = {.small_buffers = 3, .large_buffers = 1}});
  Host host(*world, {.name = "host"});
  auto receiver = open(host);
  auto sender = open(host);
  std::vector<ReceivedDatagram> held(200);
  std::size_t got = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(sender->send_to(receiver->local(), as_bytes("x")));
    world->turn(0ns);
    if (Result<std::size_t> count = receiver->try_recv(std::span(held).subspan(got)); count) got += *count;
  }
  EXPECT_EQ(got, 3u) << "what readers may hold at once";
  EXPECT_EQ(got + receiver->counters().dropped_queue_full, 160u);
  held.clear();
  ASSERT_TRUE(sender->send_to(receiver->local(), as_bytes("room again")));
  world->turn(0ns);
  ReceivedDatagram datagram;
  ASSERT_TRUE(receiver->try_recv({&datagram, 1}));
  EXPECT_EQ(as_text(datagram.data.view()), "room again");
}

// Receives what it sends itself: there is always something to read.
Task<> never_rest(UdpSocket& socket, const bool& enough) {
  while (!enough) {
    EXPECT_TRUE(socket.send_to(socket.local(), as_bytes("again")));
    Result<ReceivedDatagram> received = co_await socket.recv();
    CO_ASSERT_OK(received);
  }
}

Task<> say_enough(Clock clock, bool& enough) {
  co_await clock.sleep(1ms);
  enough = true;
}

TEST_P(Udp, AnInsatiableReaderLetsOthersRun) {
  auto socket = open(a());
  bool enough = false;
  run(both(never_rest(*socket, enough), say_enough(b().clock(), enough)));
}

INSTANTIATE_BOTH_FAMILIES(Udp);

class UdpDualStack : public LiveWorld {};

TEST_F(UdpDualStack, OneSocketServesBothFamiliesAndShowsPlainAddresses) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
  auto server = std::move(*a().open_udp({.local = Endpoint(IpAddress::any(IpFamily::v6), 0)}));
  for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    const IpAddress loopback = IpAddress::loopback(family);
    auto client = std::move(*b().open_udp({.local = Endpoint(loopback, 0)}));
    const Endpoint address(loopback, server->local().port());
    ASSERT_TRUE(client->send_to(address, as_bytes("to both")));
    ReceivedDatagram request;
    while (!server->try_recv({&request, 1})) world().turn(kPatience);
    EXPECT_EQ(request.peer, client->local());
    EXPECT_EQ(request.local, loopback);
    const Datagram answer{
        .peer = request.peer, .payload = as_bytes("back"), .local = request.local, .hop_limit = 9, .ecn = Ecn::ect1};
    ASSERT_EQ(server->send({&answer, 1}).accepted, 1u);
    ReceivedDatagram received;
    while (!client->try_recv({&received, 1})) world().turn(kPatience);
    EXPECT_EQ(received.peer, address);
    EXPECT_EQ(received.hop_limit, 9);
    EXPECT_EQ(received.ecn, Ecn::ect1);
  }
}

TEST_F(UdpDualStack, SendsFromTheAddressThatIsAsked) {
  auto sender = std::move(*a().open_udp({.local = Endpoint(IpAddress(), 0)}));
  auto receiver = std::move(*b().open_udp({.local = Endpoint(IpAddress::v4(127, 0, 0, 1), 0)}));
  const Datagram datagram{.peer = receiver->local(), .payload = as_bytes("x"), .local = IpAddress::v4(127, 0, 0, 9)};
  ASSERT_EQ(sender->send({&datagram, 1}).accepted, 1u);
  ReceivedDatagram received;
  while (!receiver->try_recv({&received, 1})) world().turn(kPatience);
  EXPECT_EQ(received.peer, Endpoint(IpAddress::v4(127, 0, 0, 9), sender->local().port()));
}

TEST_F(UdpDualStack, BroadcastWantsTheOption) {
  auto quiet = std::move(*a().open_udp({}));
  auto loud = std::move(*a().open_udp({.broadcast = true}));
  const Endpoint everybody(IpAddress::v4(127, 255, 255, 255), 9);
  const Result<> refused = quiet->send_to(everybody, as_bytes("x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::permission);
  EXPECT_TRUE(loud->send_to(everybody, as_bytes("x")));
}

class UdpMulticast : public LiveWorldBothFamilies {
 protected:
  static IpAddress group() {
    return family() == IpFamily::v4 ? IpAddress::v4(239, 255, 77, 1) : IpAddress::v6({0xff12, 0, 0, 0, 0, 0, 0x77, 1});
  }
};

TEST_P(UdpMulticast, MembersReceiveAndOthersDoNot) {
  const InterfaceIndex lo = ::if_nametoindex("lo");
  const Endpoint any(IpAddress::any(family()), 0);
  auto member = std::move(*a().open_udp({.local = any, .reuse_address = true}));
  ASSERT_TRUE(member->join(group(), lo));
  EXPECT_TRUE(member->join(group(), lo)) << "joining twice is no mistake";
  const std::uint16_t port = member->local().port();
  auto other = std::move(*b().open_udp({.local = any.with_port(port), .reuse_address = true}));
  auto sender = std::move(*b().open_udp({.local = any}));

  const Datagram to_group{.peer = Endpoint(group(), port), .payload = as_bytes("all"), .interface = lo};
  const SendOutcome sent = sender->send({&to_group, 1});
  if (sent.accepted == 0) GTEST_SKIP() << "no multicast on this loopback: " << to_string(*sent.error);
  ReceivedDatagram received;
  while (!member->try_recv({&received, 1})) world().turn(kPatience);
  EXPECT_EQ(received.local.without_scope_id(), group());
  EXPECT_EQ(received.hop_limit, 1);
  EXPECT_EQ(other->try_recv({&received, 1}).error(), Errc::would_block) << "it is no member";

  ASSERT_TRUE(member->leave(group(), lo));
  ASSERT_EQ(sender->send({&to_group, 1}).accepted, 1u);
  ASSERT_TRUE(sender->send_to(Endpoint(IpAddress::loopback(family()), port), as_bytes("you")));
  // Unicast to a shared port reaches the socket bound last.
  while (!other->try_recv({&received, 1})) world().turn(kPatience);
  EXPECT_EQ(as_text(received.data.view()), "you");
  EXPECT_EQ(member->try_recv({&received, 1}).error(), Errc::would_block);
  EXPECT_EQ(member->leave(group(), lo).error(), Errc::not_found);
}

TEST_P(UdpMulticast, OnlyGroupsCanBeJoined) {
  auto socket = std::move(*a().open_udp({.local = Endpoint(IpAddress::any(family()), 0)}));
  EXPECT_EQ(socket->join(IpAddress::loopback(family()), 0).error(), Errc::invalid_argument);
}

INSTANTIATE_BOTH_FAMILIES(UdpMulticast);

}  // namespace
}  // namespace ghostnet::realnet::udp_test
