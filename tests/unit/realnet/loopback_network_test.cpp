// Shaped loopback: datagrams and streams between hosts of one machine go through the links and ways of a scenario.
// Nothing here depends on how fast the machine is: only that things do not come early, and what the models compute.
#include "ghostnet/realnet/loopback_network.hpp"

#include <time.h>

#include "ghostnet/realnet/address_block.hpp"
#include "ghostnet/realnet/tun_port.hpp"
#include "live_world.hpp"

namespace ghostnet::realnet::loopback_network_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using StreamPtr = std::unique_ptr<Stream>;
using Way = LoopbackNetwork::Way;
using Links = LoopbackNetwork::Links;

constexpr std::uint64_t kSeed = 7;
const IpAddress kOne = IpAddress::v4(127, 0, 1, 1);
const IpAddress kTwo = IpAddress::v4(127, 0, 1, 2);

// A parcel that writes down when it came.
class Note final : public Parcel {
 public:
  explicit Note(std::vector<TimePoint>& arrivals) : arrivals_(arrivals) {}
  void arrive(TimePoint at, bool) override { arrivals_.push_back(at); }
  std::unique_ptr<Parcel> copy() const override { return std::make_unique<Note>(arrivals_); }

 private:
  std::vector<TimePoint>& arrivals_;
};

class ShapedLoopback : public LiveWorld {
 protected:
  // Two hosts in one region.
  void lay(Way way, const Links& links_of_one = {}, const Links& links_of_two = {}) {
    network_ = std::make_unique<LoopbackNetwork>(world(), kSeed, std::vector{way});
    ASSERT_TRUE(network_->attach(kOne, 0, links_of_one));
    ASSERT_TRUE(network_->attach(kTwo, 0, links_of_two));
    one_ = std::make_unique<Host>(world(),
                                  HostOptions{.id = 21, .name = "one", .address = kOne, .network = network_.get()});
    two_ = std::make_unique<Host>(world(),
                                  HostOptions{.id = 22, .name = "two", .address = kTwo, .network = network_.get()});
  }

  LoopbackNetwork& network() { return *network_; }
  Host& one() { return *one_; }
  Host& two() { return *two_; }
  std::unique_ptr<UdpSocket> open(Host& host, std::uint16_t port = 0) {
    return std::move(*host.open_udp({.local = Endpoint(IpAddress(), port)}));
  }
  ReceivedDatagram receive(UdpSocket& socket) {
    ReceivedDatagram received;
    while (!socket.try_recv({&received, 1})) world().turn(kPatience);
    return received;
  }
  TimePoint now() { return world().loop().now(); }
  // Turns until nothing is under way.
  void settle() {
    while (world().idle_time() < 1s) world().turn(1s);
  }

 private:
  std::unique_ptr<LoopbackNetwork> network_;
  std::unique_ptr<Host> one_;
  std::unique_ptr<Host> two_;
};

link::LinkParams link_of(std::uint64_t rate_bps) {
  link::LinkParams params;
  params.rate_bps = rate_bps;
  return params;
}

TEST_F(ShapedLoopback, DatagramsTakeTheTimeOfTheWay) {
  lay({.delay = 5ms});
  auto sender = open(one());
  auto receiver = open(two());
  world().turn(0ns);
  const TimePoint sent_at = now();
  const Datagram marked{.peer = receiver->local(), .payload = as_bytes("far"), .hop_limit = 9, .ecn = Ecn::ect0};
  ASSERT_EQ(sender->send({&marked, 1}).accepted, 1u);
  const ReceivedDatagram received = receive(*receiver);
  EXPECT_GE(received.received_at, sent_at + 5ms);
  EXPECT_EQ(as_text(received.data.view()), "far");
  EXPECT_EQ(received.peer, sender->local());
  EXPECT_EQ(received.hop_limit, 9);
  EXPECT_EQ(received.ecn, Ecn::ect0);
}

TEST_F(ShapedLoopback, AHostReachesItselfAtOnce) {
  lay({.delay = std::chrono::hours(1)});
  auto socket = open(one());
  ASSERT_TRUE(socket->send_to(socket->local(), as_bytes("me")));
  EXPECT_EQ(as_text(receive(*socket).data.view()), "me");
  EXPECT_EQ(network().counters().sent, 0u);
}

TEST_F(ShapedLoopback, OthersAreReachedWithoutShaping) {
  lay({.delay = std::chrono::hours(1)});
  auto outside = std::move(*a().open_udp({.local = Endpoint(IpAddress::v4(127, 0, 0, 1), 0)}));
  auto socket = open(one());
  ASSERT_TRUE(socket->send_to(outside->local(), as_bytes("out")));
  EXPECT_EQ(as_text(receive(*outside).data.view()), "out");
}

TEST_F(ShapedLoopback, ALateProcessDoesNotDelayTheLink) {
  lay({.delay = 1ms}, {.out = link_of(8'000'000), .in = {}});  // a thousand bytes take a millisecond
  world().turn(0ns);
  const TimePoint begin = now();
  std::vector<TimePoint> arrivals;
  for (int i = 0; i < 5; ++i) network().send(kOne, kTwo, std::make_unique<Note>(arrivals), {.size_bytes = 1000});
  const timespec nap{.tv_sec = 0, .tv_nsec = 20'000'000};
  ::nanosleep(&nap, nullptr);  // the process is held up, well beyond all of them
  world().turn(kPatience);
  EXPECT_THAT(arrivals, ElementsAre(begin + 2ms, begin + 3ms, begin + 4ms, begin + 5ms, begin + 6ms));
}

TEST_F(ShapedLoopback, BothLinksAreCrossedInOrder) {
  lay({.delay = 1ms}, {.out = link_of(8'000'000), .in = {}}, {.out = {}, .in = link_of(4'000'000)});
  world().turn(0ns);
  const TimePoint begin = now();
  std::vector<TimePoint> arrivals;
  for (int i = 0; i < 3; ++i) network().send(kOne, kTwo, std::make_unique<Note>(arrivals), {.size_bytes = 1000});
  while (arrivals.size() < 3) world().turn(kPatience);
  EXPECT_THAT(arrivals, ElementsAre(begin + 4ms, begin + 6ms, begin + 8ms));  // the slower link sets the pace
}

TEST_F(ShapedLoopback, QueuesHaveTheirLimit) {
  link::LinkParams slow = link_of(8'000'000);
  slow.queue_limit_bytes = 5 * 128;
  lay({}, {.out = slow, .in = {}});
  auto sender = open(one());
  auto receiver = open(two());
  const std::vector<std::uint8_t> payload = pattern(100);  // with headers 128 bytes
  const std::vector<Datagram> batch(20, {.peer = receiver->local(), .payload = payload});
  EXPECT_EQ(sender->send(batch).accepted, 20u) << "nobody tells the sender";
  settle();
  EXPECT_EQ(network().counters().sent, 20u);
  EXPECT_EQ(network().counters().arrived, 5u);
  EXPECT_EQ(network().counters().dropped, 15u);
}

TEST_F(ShapedLoopback, WhatIsLostDoesNotArrive) {
  lay({.loss = Probability::ratio(1, 2)});
  auto sender = open(one());
  auto receiver = open(two());
  const std::vector<std::uint8_t> all = pattern(100 * 10);
  const Datagram super{.peer = receiver->local(), .payload = all, .segment_bytes = 10};
  ASSERT_EQ(sender->send({&super, 1}).accepted, 1u);
  settle();
  EXPECT_EQ(network().counters().sent, 100u) << "each segment is a packet of its own";
  EXPECT_EQ(network().counters().arrived + network().counters().dropped, 100u);
  EXPECT_GT(network().counters().dropped, 20u);
  EXPECT_GT(network().counters().arrived, 20u);
  std::size_t got = 0;
  while (got < network().counters().arrived) {
    const ReceivedDatagram received = receive(*receiver);
    got += received.segment_bytes == 0 ? 1 : received.data.size() / received.segment_bytes;
  }
  EXPECT_EQ(got, network().counters().arrived);
}

TEST_F(ShapedLoopback, LargeDatagramsTravelInFragments) {
  link::LinkParams narrow;
  narrow.mtu_bytes = 1500;
  lay({}, {.out = narrow, .in = {}});
  auto sender = open(one());
  auto receiver = open(two());
  EXPECT_EQ(sender->max_payload_bytes(receiver->local()), 1472u);
  const std::vector<std::uint8_t> large = pattern(4000);
  ASSERT_TRUE(sender->send_to(receiver->local(), large));
  EXPECT_EQ(to_vector(receive(*receiver).data.view()), large);
  EXPECT_EQ(network().counters().sent, 3u);
  const Datagram probe{.peer = receiver->local(), .payload = large, .dont_fragment = true};
  ASSERT_EQ(sender->send({&probe, 1}).accepted, 1u);
  settle();
  EXPECT_EQ(network().counters().dropped, 1u);
}

TEST_F(ShapedLoopback, ASocketThatWasClosedStillDelivers) {
  lay({.delay = 2ms});
  auto receiver = open(two());
  for (const bool taken_again : {false, true}) {
    auto sender = open(one(), 40'405);
    ASSERT_TRUE(sender->send_to(receiver->local(), as_bytes("goodbye")));
    sender.reset();
    if (taken_again) sender = open(one(), 40'405);
    const ReceivedDatagram received = receive(*receiver);
    EXPECT_EQ(as_text(received.data.view()), "goodbye");
    EXPECT_EQ(received.peer, Endpoint(kOne, 40'405));
  }
}

TEST_F(ShapedLoopback, LinksChangeWhilePacketsAreOnThem) {
  lay({.delay = 1ms}, {.out = link_of(8'000'000), .in = {}});
  world().turn(0ns);
  std::vector<TimePoint> arrivals;
  network().send(kOne, kTwo, std::make_unique<Note>(arrivals), {.size_bytes = 1000});
  ASSERT_TRUE(network().set_links(kOne, {.out = link_of(80'000'000), .in = {}}));
  const TimePoint changed_at = now();
  network().send(kOne, kTwo, std::make_unique<Note>(arrivals), {.size_bytes = 1000});
  while (arrivals.size() < 2) world().turn(kPatience);
  EXPECT_GE(arrivals[1], changed_at + 1100us);
  EXPECT_LT(arrivals[1] - arrivals[0], 500us) << "a tenth of a millisecond behind the first";
  link::LinkParams fair = link_of(8'000'000);
  fair.discipline = link::Discipline::fq_codel;
  EXPECT_EQ(network().set_links(kOne, {.out = fair, .in = {}}).error(), Errc::invalid_argument);
}

TEST_F(ShapedLoopback, AHostThatIsDownIsSilent) {
  lay({});
  auto one_socket = open(one());
  auto two_socket = open(two());
  network().set_up(kTwo, false);
  ASSERT_TRUE(one_socket->send_to(two_socket->local(), as_bytes("to the dead")));
  ASSERT_TRUE(two_socket->send_to(one_socket->local(), as_bytes("from the dead")));
  settle();
  EXPECT_EQ(network().counters().dropped, 2u);
  network().set_up(kTwo, true);
  ASSERT_TRUE(one_socket->send_to(two_socket->local(), as_bytes("again")));
  EXPECT_EQ(as_text(receive(*two_socket).data.view()), "again");
}

TEST_F(ShapedLoopback, PartitionsCutInTheirDirection) {
  lay({});
  auto one_socket = open(one());
  auto two_socket = open(two());
  network().partition({{kTwo, 1}}, {{false, true}, {false, false}});  // from cell 0 to cell 1
  ASSERT_TRUE(one_socket->send_to(two_socket->local(), as_bytes("cut")));
  ASSERT_TRUE(two_socket->send_to(one_socket->local(), as_bytes("not cut")));
  EXPECT_EQ(as_text(receive(*one_socket).data.view()), "not cut");
  settle();
  EXPECT_EQ(network().counters().dropped, 1u);
  network().partition({}, {});
  ASSERT_TRUE(one_socket->send_to(two_socket->local(), as_bytes("healed")));
  EXPECT_EQ(as_text(receive(*two_socket).data.view()), "healed");
}

TEST_F(ShapedLoopback, ParcelsHopByTheWayOfLeastDelayAndShareItsLinks) {
  LoopbackNetwork network(world(), kSeed, std::vector<Way>(9));
  link::LinkParams quick = link_of(8'000'000), slow = link_of(8'000'000'000);
  quick.delay = 1ms;
  slow.delay = 10ms;
  ASSERT_TRUE(network.lay_link(0, 1, quick));
  ASSERT_TRUE(network.lay_link(1, 2, quick));
  ASSERT_TRUE(network.lay_link(0, 2, slow));
  const IpAddress three = IpAddress::v4(127, 0, 1, 3);
  ASSERT_TRUE(network.attach(kOne, 0, {}));
  ASSERT_TRUE(network.attach(kTwo, 0, {}));
  ASSERT_TRUE(network.attach(three, 2, {}));
  EXPECT_EQ(network.delay(kOne, three), 2ms);
  EXPECT_EQ(network.lay_link(2, 7, quick).error(), Errc::invalid_argument);
  world().turn(0ns);
  const TimePoint begin = now();
  std::vector<TimePoint> arrivals;
  network.send(kOne, three, std::make_unique<Note>(arrivals), {.size_bytes = 1000});
  network.send(kTwo, three, std::make_unique<Note>(arrivals), {.size_bytes = 1000});
  while (arrivals.size() < 2) world().turn(kPatience);
  EXPECT_THAT(arrivals, ElementsAre(begin + 4ms, begin + 5ms));  // the second waits for the first, once
  network.send(three, kOne, std::make_unique<Note>(arrivals), {.size_bytes = 1000});
  while (world().idle_time() < 1s) world().turn(1s);
  EXPECT_EQ(network.counters().dropped, 1u) << "there is no way back";
}

TEST_F(ShapedLoopback, RunsSideBySideHaveAddressesOfTheirOwn) {
  auto first = AddressBlock::reserve();
  auto second = AddressBlock::reserve();
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->at(0), second->at(0));
  EXPECT_TRUE(first->at(4095).is_loopback());
  const IpAddress again = first->at(0);
  first = std::move(second);  // the first block is free again
  auto third = AddressBlock::reserve();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->at(0), again);
}

// Two kernels' network stacks, joined by our links. Wants a privilege.
TEST_F(ShapedLoopback, NamespacesAreJoinedByItsLinks) {
  auto first = NetworkNamespace::create();
  if (!first) GTEST_SKIP() << first.error().message();
  const IpAddress here = IpAddress::v4(10, 0, 0, 1), there = IpAddress::v4(10, 0, 0, 2);
  LoopbackNetwork network(world(), kSeed, std::vector{Way{.delay = 5ms}});
  ASSERT_TRUE(network.attach(here, 0, {}));
  ASSERT_TRUE(network.attach(there, 0, {}));
  const auto near = std::make_shared<const NetworkNamespace>(std::move(*first));
  const auto far = std::make_shared<const NetworkNamespace>(std::move(*NetworkNamespace::create()));
  auto near_port = TunPort::open(world(), network, near, {.address = here});
  if (!near_port) GTEST_SKIP() << near_port.error().message();
  auto far_port = TunPort::open(world(), network, far, {.address = there});
  ASSERT_TRUE(far_port) << far_port.error().message();
  Host one(world(), {.id = 31, .name = "near", .where = near});
  Host two(world(), {.id = 32, .name = "far", .where = far});
  auto sender = std::move(*one.open_udp({}));
  auto receiver = std::move(*two.open_udp({}));
  const TimePoint sent_at = now();
  ASSERT_TRUE(sender->send_to(Endpoint(there, receiver->local().port()), as_bytes("through two kernels")));
  const ReceivedDatagram received = receive(*receiver);
  EXPECT_EQ(as_text(received.data.view()), "through two kernels");
  EXPECT_EQ(received.peer.address(), here);
  EXPECT_GE(received.received_at, sent_at + 5ms);
  EXPECT_EQ(network.counters().arrived, 1u);
}

TEST_F(ShapedLoopback, MistakesInLayingItAreNamed) {
  LoopbackNetwork network(world(), kSeed, std::vector<Way>(4));
  EXPECT_TRUE(network.attach(kOne, 1, {}));
  EXPECT_EQ(network.attach(kOne, 1, {}).error(), Errc::address_in_use);
  EXPECT_EQ(network.attach(kTwo, 2, {}).error(), Errc::invalid_argument);
  link::LinkParams wrong;
  wrong.delay = -1ms;
  EXPECT_EQ(network.attach(kTwo, 0, {.out = wrong, .in = {}}).error(), Errc::invalid_argument);
}

// ---- streams ----

struct Talk {
  StreamPtr client;
  StreamPtr server;
  TimePoint began{};
  TimePoint connected{};
};

Task<> meet(Host& client, Listener& listener, Talk& talk) {
  talk.began = client.now();
  auto [connected, accepted] = co_await all_of(client.connect({.peer = listener.local()}), listener.accept());
  CO_ASSERT_OK(connected);
  CO_ASSERT_OK(accepted);
  talk.connected = client.now();
  talk.client = std::move(*connected);
  talk.server = std::move(*accepted);
}

Task<> write_all(Stream& stream, ByteView bytes, bool end) {
  Result<> written = co_await stream.write(bytes);
  CO_ASSERT_OK(written);
  if (end) EXPECT_TRUE(stream.shutdown_send());
}

Task<> read_all(Stream& stream, std::vector<std::uint8_t>& all) {
  std::vector<std::uint8_t> buffer(10'000);
  while (true) {
    Result<std::size_t> count = co_await stream.read(buffer);
    CO_ASSERT_OK(count);
    if (*count == 0) co_return;
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
  }
}

Task<> both(Task<> first, Task<> second) { co_await all_of(std::move(first), std::move(second)); }

class ShapedStreams : public ShapedLoopback {
 protected:
  void SetUp() override { talk_ = std::make_unique<Talk>(); }
  void TearDown() override { talk_.reset(); }
  Talk& meet_up() {
    listener_ = std::move(*two().listen({.local = Endpoint(IpAddress(), 0)}));
    run(meet(one(), *listener_, *talk_));
    listener_.reset();
    return *talk_;
  }

 private:
  std::unique_ptr<Talk> talk_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(ShapedStreams, ConnectingTakesARoundTrip) {
  lay({.delay = 3ms});
  const Talk& talk = meet_up();
  EXPECT_GE(talk.connected, talk.began + 6ms);
}

TEST_F(ShapedStreams, BytesTakeTheTimeOfTheWayAndArriveWhole) {
  lay({.delay = 3ms});
  Talk& talk = meet_up();
  const std::vector<std::uint8_t> sent = pattern(300'000);
  std::vector<std::uint8_t> got;
  const TimePoint begin = now();
  run(both(write_all(*talk.client, sent, true), read_all(*talk.server, got)));
  EXPECT_TRUE(got == sent);
  // Ten segments at once, then twice as many each round trip: 300 kB want five rounds (RFC 6928, RFC 5681 3.1).
  EXPECT_GE(now() - begin, 3ms + 4 * 6ms);
  std::vector<std::uint8_t> answer;
  run(both(write_all(*talk.server, as_bytes("answer"), true), read_all(*talk.client, answer)));
  EXPECT_EQ(as_text(answer), "answer");
}

TEST_F(ShapedStreams, TheLinkSetsThePace) {
  lay({.delay = 1ms}, {.out = link_of(40'000'000), .in = {}});
  Talk& talk = meet_up();
  const std::vector<std::uint8_t> sent = pattern(500'000);
  std::vector<std::uint8_t> got;
  const TimePoint begin = now();
  run(both(write_all(*talk.client, sent, true), read_all(*talk.server, got)));
  EXPECT_TRUE(got == sent);
  EXPECT_GE(now() - begin, 100ms) << "five hundred thousand bytes at 40 Mbit/s";
}

TEST_F(ShapedStreams, NothingIsMissingAfterLosses) {
  link::LinkParams lossy = link_of(100'000'000);
  lossy.loss = Probability::ratio(1, 20);
  lossy.queue_limit_bytes = 20'000;
  lay({.delay = 1ms}, {.out = lossy, .in = {}});
  Talk& talk = meet_up();
  const std::vector<std::uint8_t> sent = pattern(400'000);
  std::vector<std::uint8_t> got;
  run(both(write_all(*talk.client, sent, true), read_all(*talk.server, got)));
  EXPECT_TRUE(got == sent);
  EXPECT_GT(network().counters().dropped, 5u);
}

TEST_F(ShapedStreams, AWriterWaitsForTheWay) {
  lay({.delay = 1ms}, {.out = link_of(8'000'000), .in = {}});
  Talk& talk = meet_up();
  const std::vector<std::uint8_t> large = pattern(5'000'000);
  const Result<std::size_t> taken = talk.client->try_write(std::array{ByteView(large)});
  ASSERT_TRUE(taken);
  EXPECT_LT(*taken, 100'000u);
  EXPECT_EQ(talk.client->try_write(std::array{ByteView(large)}).error(), Errc::would_block);
}

Task<> expect_reset_after(Stream& stream, std::string_view before) {
  std::vector<std::uint8_t> buffer(before.size());
  Result<> got = co_await stream.read_exactly(buffer);
  CO_ASSERT_OK(got);
  EXPECT_EQ(as_text(buffer), before);
  std::array<std::uint8_t, 1> more;
  Result<std::size_t> count = co_await stream.read(more);
  EXPECT_FALSE(count.has_value());
  if (!count) EXPECT_EQ(count.error(), Errc::reset);
}

TEST_F(ShapedStreams, TheOwnerMayLeaveBeforeItArrives) {
  lay({.delay = 2ms});
  Talk& talk = meet_up();
  const std::vector<std::uint8_t> sent = pattern(100'000);
  std::vector<std::uint8_t> got;
  run(write_all(*talk.client, sent, true));
  talk.client.reset();
  run(read_all(*talk.server, got));
  EXPECT_TRUE(got == sent);
}

TEST_F(ShapedStreams, ADroppedStreamResetsItsPeerAfterWhatHadLeft) {
  lay({.delay = 2ms});
  Talk& talk = meet_up();
  run(write_all(*talk.client, as_bytes("left"), false));
  talk.client.reset();
  run(expect_reset_after(*talk.server, "left"));
}

TEST_F(ShapedStreams, AbortingEndsIt) {
  lay({.delay = 2ms});
  Talk& talk = meet_up();
  talk.client->abort();
  EXPECT_EQ(talk.client->try_write(std::array{as_bytes("x")}).error(), Errc::closed);
  run(expect_reset_after(*talk.server, ""));
}

Task<> expect_refused(Host& host, Endpoint peer, TimePoint& told) {
  Result<StreamPtr> connected = co_await host.connect({.peer = peer});
  EXPECT_FALSE(connected.has_value());
  if (!connected) EXPECT_EQ(connected.error(), Errc::refused);
  told = host.now();
}

TEST_F(ShapedStreams, ARefusalTakesARoundTrip) {
  lay({.delay = 3ms});
  world().turn(0ns);
  const TimePoint begin = now();
  TimePoint told{};
  run(expect_refused(one(), Endpoint(kTwo, 1), told));
  EXPECT_GE(told, begin + 6ms);
}

TEST_F(ShapedStreams, DroppingAtEveryTurnLeavesNothingBehind) {
  link::LinkParams lossy = link_of(50'000'000);
  lossy.loss = Probability::ratio(1, 10);
  lay({.delay = 100us}, {.out = lossy, .in = lossy}, {.out = lossy, .in = lossy});
  const std::vector<std::uint8_t> bytes = pattern(60'000);
  for (int turns = 0; turns < 60; ++turns) {
    auto listener = std::move(*two().listen({.local = Endpoint(IpAddress(), 0)}));
    Talk talk;
    std::vector<std::uint8_t> got;
    Scope scope(world().loop());
    scope.spawn(meet(one(), *listener, talk));
    for (int i = 0; i < turns; ++i) {
      world().turn(1ms);
      if (!talk.client || !scope.empty()) continue;
      if (!got.empty()) break;  // all of it arrived
      scope.spawn(both(write_all(*talk.client, bytes, true), read_all(*talk.server, got)));
    }
    scope.drop_all();
  }
}

}  // namespace
}  // namespace ghostnet::realnet::loopback_network_test
