#include <cstring>

#include "ghostnet/runtime/sync.hpp"
#include "ns3_fixture.hpp"

namespace ghostnet::sim::ns3_test::ns3_tcp_test {
namespace {

constexpr std::uint16_t kPort = 80;

class Ns3TcpOver : public testing::TestWithParam<IpFamily> {
 protected:
  Endpoint any() const { return {IpAddress::any(GetParam()), kPort}; }
  Endpoint at(Rig& rig, HostId host) const { return {rig.address(host, GetParam()), kPort}; }
};
INSTANTIATE_TEST_SUITE_P(Families, Ns3TcpOver, testing::Values(IpFamily::v4, IpFamily::v6),
                         [](const auto& info) { return info.param == IpFamily::v4 ? "IPv4" : "IPv6"; });

// Two hosts and a wire.
struct Pair : Rig {
  explicit Pair(const WireOptions& wire = {}, Ns3Options options = {}) : Rig(std::move(options)) {
    add_hosts(2);
    link = *network->connect(0, 1, wire);
    start();
  }
  LinkId link = 0;
};

TEST_P(Ns3TcpOver, EchoesBytesBothWaysAndEnds) {
  Pair rig({.rate_bps = 10'000'000, .delay = 10ms});
  StreamLog log;
  const std::vector<std::uint8_t> bytes = pattern(300'000);
  rig.host(1).scope().spawn(tcp_echo(rig.host(1), any()));
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), at(rig, 1), bytes, log));
  rig.run(10s);
  EXPECT_TRUE(log.finished) << (log.read_error ? log.read_error->message() : "");
  EXPECT_EQ(log.received, bytes);
  EXPECT_GE(log.connected_at, TimePoint{20ms});
  EXPECT_LT(log.connected_at, TimePoint{21ms});
  EXPECT_TRUE(rig.failures.empty());
}

TEST_P(Ns3TcpOver, EchoesOverALanAndOverRouters) {
  for (const bool routed : {false, true}) {
    Rig rig;
    const std::vector<HostId> hosts = rig.add_hosts(4);
    if (routed) {
      for (HostId i = 0; i < 3; ++i) ASSERT_TRUE(rig.network->connect(i, i + 1, {}));
    } else {
      ASSERT_TRUE(rig.network->add_lan(hosts, {}));
    }
    rig.start();
    StreamLog log;
    const std::vector<std::uint8_t> bytes = pattern(50'000);
    rig.host(3).scope().spawn(tcp_echo(rig.host(3), any()));
    rig.host(0).scope().spawn(tcp_exchange(rig.host(0), at(rig, 3), bytes, log));
    rig.run(5s);
    EXPECT_TRUE(log.finished);
    EXPECT_EQ(log.received, bytes);
  }
}

Task<> discard(Host& host, Endpoint local, std::size_t& total, TimePoint& ended) {
  auto listener = *host.listen({.local = local});
  auto stream = *(co_await listener->accept());
  std::vector<std::uint8_t> buffer(64 * 1024);
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    if (!got || *got == 0) break;
    total += *got;
  }
  ended = host.now();
}

Task<> pour(Host& host, Endpoint to, std::size_t size, Result<>& outcome) {
  auto stream = co_await host.connect({.peer = to});
  EXPECT_TRUE(stream);
  const std::vector<std::uint8_t> bytes = pattern(size);
  outcome = co_await (*stream)->write(bytes);
  if (outcome) outcome = (*stream)->shutdown_send();
}

TEST_P(Ns3TcpOver, BulkReachesTheRateOfTheLink) {
  Pair rig({.rate_bps = 20'000'000, .delay = 5ms});
  std::size_t total = 0;
  TimePoint ended{};
  Result<> outcome;
  rig.host(1).scope().spawn(discard(rig.host(1), any(), total, ended));
  rig.host(0).scope().spawn(pour(rig.host(0), at(rig, 1), 10'000'000, outcome));
  rig.run(10s);
  ASSERT_TRUE(outcome) << outcome.error().message();
  ASSERT_EQ(total, 10'000'000U);
  const double rate_bps = 8e7 / (static_cast<double>(to_ns(ended)) * 1e-9);
  EXPECT_GT(rate_bps, 0.9 * 20e6);
}

TEST_P(Ns3TcpOver, ConnectingWhereNobodyListensIsRefused) {
  Pair rig;
  StreamLog log;
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), at(rig, 1), {}, log));
  rig.run(1s);
  ASSERT_TRUE(log.connect_error);
  EXPECT_EQ(*log.connect_error, Errc::refused);
}

TEST_P(Ns3TcpOver, ConnectingWithoutARouteIsUnreachable) {
  Rig rig({.routing = Ns3Routing::paths});
  rig.add_hosts(3);
  ASSERT_TRUE(rig.network->connect(0, 1, {}));
  rig.start();
  const IpAddress nowhere = GetParam() == IpFamily::v4 ? IpAddress::v4(10, 200, 0, 1) : *IpAddress::parse("fd00::1");
  StreamLog log;
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), {nowhere, kPort}, {}, log));
  rig.run(1s);
  ASSERT_TRUE(log.connect_error);
  EXPECT_EQ(*log.connect_error, Errc::unreachable);
}

TEST_P(Ns3TcpOver, ConnectingToADeadHostTimesOut) {
  Pair rig;
  rig.network->crash(1);
  StreamLog log;
  rig.host(0).scope().spawn(
      tcp_exchange(rig.host(0), Endpoint(rig.host(0).interfaces()[1].addresses[0].address, 1), {}, log));
  rig.run(1s);
  EXPECT_EQ(*log.connect_error, Errc::refused);  // itself
  StreamLog dead;
  const Endpoint peer(GetParam() == IpFamily::v4 ? IpAddress::v4(10, 0, 0, 2) : *IpAddress::parse("fd67:6873::2"),
                      kPort);
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), peer, {}, dead));
  rig.run(300s);
  ASSERT_TRUE(dead.connect_error);
  EXPECT_TRUE(*dead.connect_error == Errc::timed_out || *dead.connect_error == Errc::unreachable);
}

// Reads nothing until it is told to.
Task<> lazy_reader(Host& host, Endpoint local, Event& go, std::vector<std::uint8_t>& received, TimePoint& ended) {
  auto listener = *host.listen({.local = local});
  auto stream = *(co_await listener->accept());
  co_await go;
  std::vector<std::uint8_t> buffer(1000);
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    if (!got || *got == 0) break;
    received.insert(received.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  ended = host.now();
}

Task<> chunked_writer(Host& host, Endpoint to, std::span<const std::uint8_t> bytes, std::size_t& written, bool& done) {
  auto stream = *(co_await host.connect({.peer = to}));
  while (written < bytes.size()) {
    const ByteView chunk = bytes.subspan(written, std::min<std::size_t>(10'000, bytes.size() - written));
    if (Result<> sent = co_await stream->write(chunk); !sent) co_return;
    written += chunk.size();
  }
  static_cast<void>(stream->shutdown_send());
  done = true;
}

TEST_P(Ns3TcpOver, UnreadBytesCloseTheWindowAndReadingOpensItAtOnce) {
  Pair rig({.rate_bps = 100'000'000, .delay = 1ms});
  Event go(rig.timeline.loop());
  std::vector<std::uint8_t> received;
  TimePoint ended{};
  std::size_t written = 0;
  bool done = false;
  const std::vector<std::uint8_t> bytes = pattern(2'000'000);
  rig.host(1).scope().spawn(lazy_reader(rig.host(1), any(), go, received, ended));
  rig.host(0).scope().spawn(chunked_writer(rig.host(0), at(rig, 1), bytes, written, done));
  rig.run(30s);
  EXPECT_FALSE(done);
  EXPECT_GT(written, 200'000U);  // both buffers, 128 KiB each
  EXPECT_LT(written, 300'000U);
  const TimePoint opened = rig.timeline.now();
  go.set();
  rig.run(5s);
  EXPECT_TRUE(done);
  EXPECT_EQ(received, bytes);
  EXPECT_LT(ended - opened, 1s);  // not a persist timeout away
}

TEST_P(Ns3TcpOver, AClosedWindowWaitsWhateverIsLeftToSend) {
  for (const std::size_t left : {0, 1, 2, 2000}) {
    Pair rig({.rate_bps = 100'000'000, .delay = 1ms});
    Event go(rig.timeline.loop());
    std::vector<std::uint8_t> received;
    TimePoint ended{};
    std::size_t written = 0;
    bool done = false;
    const std::vector<std::uint8_t> bytes = pattern(131'072 + left);  // the receiver's buffer, and some
    rig.host(1).scope().spawn(lazy_reader(rig.host(1), any(), go, received, ended));
    rig.host(0).scope().spawn(chunked_writer(rig.host(0), at(rig, 1), bytes, written, done));
    rig.run(120s);
    EXPECT_EQ(received.size(), 0U);
    go.set();
    rig.run(70s);
    EXPECT_TRUE(received == bytes) << received.size() << " with " << left << " left";
    EXPECT_NE(ended, TimePoint{}) << left << " left";
  }
}

Task<> half_closer(Host& host, Endpoint to, std::vector<std::uint8_t>& received, std::optional<Error>& error) {
  auto stream = *(co_await host.connect({.peer = to}));
  const std::vector<std::uint8_t> question = pattern(10);
  Result<> sent = co_await stream->write(question);
  EXPECT_TRUE(sent);
  EXPECT_TRUE(stream->shutdown_send());
  Result<> late = co_await stream->write(question);
  EXPECT_EQ(late.error(), Errc::closed);
  std::vector<std::uint8_t> buffer(5000);
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    if (!got) {
      error = got.error();
      break;
    }
    if (*got == 0) break;
    received.insert(received.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
}

// Waits for the end of the question, then answers at length.
Task<> answerer(Host& host, Endpoint local, std::span<const std::uint8_t> answer) {
  auto listener = *host.listen({.local = local});
  auto stream = *(co_await listener->accept());
  std::vector<std::uint8_t> buffer(100);
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    EXPECT_TRUE(got);
    if (!got || *got == 0) break;
  }
  Result<> sent = co_await stream->write(answer);
  EXPECT_TRUE(sent) << sent.error().message();
  EXPECT_TRUE(stream->shutdown_send());
}  // dropped with everything still under way: it must arrive all the same

TEST_P(Ns3TcpOver, HalfCloseDeliversALongAnswerAlsoOverALossyWire) {
  for (const double loss : {0.0, 0.03}) {
    Pair rig({.rate_bps = 10'000'000, .delay = 10ms, .loss = {.ratio = loss}});
    std::vector<std::uint8_t> received;
    std::optional<Error> error;
    const std::vector<std::uint8_t> answer = pattern(400'000);
    rig.host(1).scope().spawn(answerer(rig.host(1), any(), answer));
    rig.host(0).scope().spawn(half_closer(rig.host(0), at(rig, 1), received, error));
    rig.run(600s);
    EXPECT_FALSE(error) << error->message();
    EXPECT_EQ(received.size(), answer.size());
    EXPECT_TRUE(received == answer);
  }
}

// The first to speak, and the last to care who closes.
Task<> talkative_server(Host& host, Endpoint local, std::vector<std::uint8_t> bytes, StreamLog& log) {
  auto listener = *host.listen({.local = local});
  auto stream = *(co_await listener->accept());
  Result<> sent;
  Scope scope(host.loop());
  scope.spawn(send_all(*stream, bytes, sent));
  std::vector<std::uint8_t> buffer(5000);
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    if (!got) log.read_error = got.error();
    if (!got || *got == 0) break;
    log.received.insert(log.received.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  co_await scope.join();
  log.finished = sent && !log.read_error;
}

TEST_P(Ns3TcpOver, BothSidesSpeakAndFinishAtOnceOverAVeryLossyWire) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Pair rig({.rate_bps = 10'000'000, .delay = 5ms, .loss = {.ratio = 0.15}}, {.seed = seed});
    const std::vector<std::uint8_t> question = pattern(20'000, 1), answer = pattern(seed % 2 == 0 ? 20'000 : 50, 2);
    StreamLog client, server;
    rig.host(1).scope().spawn(talkative_server(rig.host(1), any(), answer, server));
    rig.host(0).scope().spawn(tcp_exchange(rig.host(0), at(rig, 1), question, client));
    rig.run(600s);
    EXPECT_TRUE(client.finished) << "seed " << seed << (client.read_error ? client.read_error->message() : "");
    EXPECT_TRUE(server.finished) << "seed " << seed << (server.read_error ? server.read_error->message() : "");
    EXPECT_TRUE(client.received == answer) << "seed " << seed << ": " << client.received.size();
    EXPECT_TRUE(server.received == question) << "seed " << seed << ": " << server.received.size();
  }
}

Task<> accept_one(Host& host, Endpoint local, std::unique_ptr<Stream>& stream) {
  auto listener = *host.listen({.local = local});
  stream = *(co_await listener->accept());
}

Task<> connect_one(Host& host, ConnectOptions options, std::unique_ptr<Stream>& stream, std::optional<Error>& error) {
  auto made = co_await host.connect(std::move(options));
  if (made) {
    stream = std::move(*made);
  } else {
    error = made.error();
  }
}

// A connection whose ends the test holds.
struct Ends {
  explicit Ends(Rig& rig, Endpoint local, ConnectOptions options) {
    rig.host(1).scope().spawn(accept_one(rig.host(1), local, server));
    rig.host(0).scope().spawn(connect_one(rig.host(0), std::move(options), client, error));
    rig.run(1s);
    EXPECT_TRUE(client);
    EXPECT_TRUE(server);
  }
  std::unique_ptr<Stream> client, server;
  std::optional<Error> error;
};

Errc read_error(Stream& stream) {
  std::uint8_t buffer[10];
  Result<std::size_t> got = stream.try_read(buffer);
  return got ? Errc::internal : got.error().code();
}

TEST_P(Ns3TcpOver, AbortAndDroppingResetThePeer) {
  Pair rig;
  {
    Ends ends(rig, any(), {.peer = at(rig, 1)});
    EXPECT_EQ(ends.client->peer(), at(rig, 1));
    EXPECT_EQ(ends.server->peer(), ends.client->local());
    const ByteView part = as_bytes("hello");
    EXPECT_EQ(ends.client->try_write(std::span(&part, 1)), 5U);
    rig.run(100ms);
    ends.client->abort();
    EXPECT_EQ(read_error(*ends.client), Errc::closed);
    rig.run(100ms);
    EXPECT_EQ(read_error(*ends.server), Errc::reset);
    EXPECT_EQ(ends.server->try_write(std::span(&part, 1)).error(), Errc::reset);
  }
  {
    Ends ends(rig, any(), {.peer = at(rig, 1)});
    ends.server.reset();
    rig.run(100ms);
    EXPECT_EQ(read_error(*ends.client), Errc::reset);
  }
}

TEST_P(Ns3TcpOver, GatheredWritesKeepTheirOrder) {
  Pair rig;
  Ends ends(rig, any(), {.peer = at(rig, 1)});
  const ByteView parts[] = {as_bytes("one "), ByteView(), as_bytes("two "), as_bytes("three")};
  EXPECT_EQ(ends.client->try_write(parts), 13U);
  rig.run(100ms);
  std::uint8_t buffer[64];
  Result<std::size_t> got = ends.server->try_read(buffer);
  ASSERT_EQ(got, 13U);
  EXPECT_EQ(as_text(ByteView(buffer).first(13)), "one two three");
  EXPECT_EQ(ends.server->try_read(buffer).error(), Errc::would_block);
  EXPECT_EQ(ends.server->try_read(MutableByteView()), 0U);
}

TEST_P(Ns3TcpOver, ADroppedStreamThatWasFinishedDeliversAndThenResetsWhoGoesOn) {
  Pair rig({.rate_bps = 1'000'000, .delay = 10ms});
  Ends ends(rig, any(), {.peer = at(rig, 1)});
  const std::vector<std::uint8_t> bytes = pattern(50'000);
  const ByteView part(bytes);
  EXPECT_EQ(ends.client->try_write(std::span(&part, 1)), 50'000U);
  EXPECT_TRUE(ends.client->shutdown_send());
  ends.client.reset();
  rig.run(2s);
  std::vector<std::uint8_t> received(60'000);
  EXPECT_EQ(ends.server->try_read(received), 50'000U);
  EXPECT_EQ(ends.server->try_read(received), 0U);
  EXPECT_EQ(std::memcmp(received.data(), bytes.data(), bytes.size()), 0);
  EXPECT_EQ(ends.server->try_write(std::span(&part, 1)), 50'000U);
  rig.run(2s);
  EXPECT_EQ(read_error(*ends.server), Errc::reset);
}

TEST_P(Ns3TcpOver, KeepaliveFindsADeadPeerAndLeavesALivingOneAlone) {
  Pair rig;
  ConnectOptions options{.peer = at(rig, 1)};
  options.stream.keepalive_idle = 10s;
  options.stream.keepalive_interval = 2s;
  Ends ends(rig, any(), options);
  rig.run(300s);
  EXPECT_EQ(read_error(*ends.client), Errc::would_block);
  rig.network->set_link_up(rig.link, false);
  rig.run(60s);
  EXPECT_EQ(read_error(*ends.client), Errc::timed_out);
}

TEST_P(Ns3TcpOver, AnUnreachablePeerTimesOutWhatIsWritten) {
  Pair rig;
  Ends ends(rig, any(), {.peer = at(rig, 1)});
  rig.network->set_link_up(rig.link, false);
  const ByteView part = as_bytes("lost");
  EXPECT_EQ(ends.client->try_write(std::span(&part, 1)), 4U);
  rig.run(600s);
  EXPECT_EQ(read_error(*ends.client), Errc::timed_out);
}

TEST_P(Ns3TcpOver, AFinOutlivesAnOutageButNotAnEndlessOne) {
  for (const bool endless : {false, true}) {
    Pair rig;
    Ends ends(rig, any(), {.peer = at(rig, 1)});
    rig.network->set_link_up(rig.link, false);
    EXPECT_TRUE(ends.client->shutdown_send());
    rig.run(40s);
    if (!endless) rig.network->set_link_up(rig.link, true);
    rig.run(600s);
    EXPECT_EQ(read_error(*ends.client), endless ? Errc::timed_out : Errc::would_block);
    std::uint8_t buffer[10];
    if (!endless) EXPECT_EQ(ends.server->try_read(buffer), 0U);
  }
}

TEST_P(Ns3TcpOver, LocalPortsAreExclusiveUnlessReused) {
  Pair rig;
  std::unique_ptr<Stream> first, second;
  std::optional<Error> error;
  auto one = *rig.host(1).listen({.local = any()});
  EXPECT_EQ(rig.host(1).listen({.local = any()}).error(), Errc::address_in_use);
  EXPECT_EQ(rig.host(1).listen({.local = any(), .reuse_port = true}).error(), Errc::not_supported);
  auto two = *rig.host(1).listen({.local = any().with_port(81)});
  const Endpoint local(IpAddress::any(GetParam()), 5000);
  rig.host(0).scope().spawn(connect_one(rig.host(0), {.peer = at(rig, 1), .local = local}, first, error));
  rig.run(1s);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->local().port(), 5000);
  rig.host(0).scope().spawn(
      connect_one(rig.host(0), {.peer = at(rig, 1).with_port(81), .local = local}, second, error));
  rig.run(1s);
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, Errc::address_in_use);
  rig.host(0).scope().spawn(connect_one(
      rig.host(0), {.peer = at(rig, 1).with_port(81), .local = local, .reuse_address = true}, second, error));
  rig.run(1s);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->local(), first->local());
}

TEST_P(Ns3TcpOver, ABacklogThatIsFullMakesOthersWait) {
  Pair rig;
  auto listener = *rig.host(1).listen({.local = any(), .backlog = 2});
  std::unique_ptr<Stream> streams[4];
  std::optional<Error> error;
  for (auto& stream : streams) {
    rig.host(0).scope().spawn(connect_one(rig.host(0), {.peer = at(rig, 1)}, stream, error));
  }
  rig.run(1s);
  EXPECT_EQ(std::ranges::count_if(streams, [](const auto& stream) { return stream != nullptr; }), 2);
  ASSERT_TRUE(listener->try_accept());
  ASSERT_TRUE(listener->try_accept());
  EXPECT_EQ(listener->try_accept().error(), Errc::would_block);
  rig.run(5s);  // the others try again after three seconds
  EXPECT_EQ(std::ranges::count_if(streams, [](const auto& stream) { return stream != nullptr; }), 4);
}

TEST_P(Ns3TcpOver, ADroppedListenerResetsWhoWasNotAccepted) {
  Pair rig;
  auto listener = *rig.host(1).listen({.local = any()});
  std::unique_ptr<Stream> stream;
  std::optional<Error> error;
  rig.host(0).scope().spawn(connect_one(rig.host(0), {.peer = at(rig, 1)}, stream, error));
  rig.run(1s);
  ASSERT_TRUE(stream);
  listener.reset();
  rig.run(1s);
  EXPECT_EQ(read_error(*stream), Errc::reset);
  StreamLog log;
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), at(rig, 1), {}, log));
  rig.run(1s);
  EXPECT_EQ(*log.connect_error, Errc::refused);
}

TEST_P(Ns3TcpOver, AHostTalksToItself) {
  Pair rig;
  StreamLog own, loopback;
  const std::vector<std::uint8_t> bytes = pattern(100'000);
  rig.host(0).scope().spawn(tcp_echo(rig.host(0), any()));
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), at(rig, 0), bytes, own));
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), {IpAddress::loopback(GetParam()), kPort}, bytes, loopback));
  rig.run(5s);
  EXPECT_EQ(own.received, bytes);
  EXPECT_EQ(loopback.received, bytes);
}

TEST_P(Ns3TcpOver, LossIsRepaired) {
  Pair rig({.rate_bps = 10'000'000, .delay = 5ms, .loss = {.ratio = 0.02, .burst_packets = 2}});
  StreamLog log;
  const std::vector<std::uint8_t> bytes = pattern(500'000);
  rig.host(1).scope().spawn(tcp_echo(rig.host(1), any()));
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), at(rig, 1), bytes, log));
  rig.run(600s);
  EXPECT_TRUE(log.finished) << (log.read_error ? log.read_error->message() : "");
  EXPECT_TRUE(log.received == bytes);
}

TEST(Ns3Tcp, ADualListenerAcceptsBothFamilies) {
  Pair rig;
  StreamLog v4, v6;
  rig.host(1).scope().spawn(tcp_echo(rig.host(1), {IpAddress::any(IpFamily::v6), kPort}));
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), {rig.address(1, IpFamily::v4), kPort}, pattern(100), v4));
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), {rig.address(1, IpFamily::v6), kPort}, pattern(100), v6));
  rig.run(2s);
  EXPECT_TRUE(v4.finished);
  EXPECT_TRUE(v6.finished);
}

TEST(Ns3Tcp, SegmentsFillTheMtuUnlessAnAttributeSaysOtherwise) {
  // The larger segment carries more of the link's rate.
  auto seconds = [](Ns3Options options) {
    Pair rig({.rate_bps = 10'000'000, .delay = 1ms}, std::move(options));
    std::size_t total = 0;
    TimePoint ended{};
    Result<> outcome;
    rig.host(1).scope().spawn(discard(rig.host(1), {IpAddress(), kPort}, total, ended));
    rig.host(0).scope().spawn(pour(rig.host(0), {rig.address(1, IpFamily::v4), kPort}, 3'000'000, outcome));
    rig.run(20s);
    EXPECT_EQ(total, 3'000'000U);
    return static_cast<double>(to_ns(ended)) * 1e-9;
  };
  const double full = seconds({});
  const double small = seconds({.attributes = {{"ns3::TcpSocket::SegmentSize", "200"}}});
  EXPECT_NEAR(full, 2.4 * 1502 / 1448, 0.05);
  EXPECT_NEAR(small, 2.4 * 254 / 200, 0.05);
}

// A dialogue of every operation, to be dropped wherever it stands.
Task<> dialogue(Host& host, Endpoint to, int& steps) {
  auto socket = open_udp(host, {});
  ++steps;
  while (true) {
    auto stream = co_await host.connect({.peer = to});
    ++steps;
    if (!stream) continue;
    const std::vector<std::uint8_t> bytes = pattern(40'000);
    Result<> sent = co_await (*stream)->write(bytes);
    ++steps;
    std::vector<std::uint8_t> buffer(7'000);
    if (sent) {
      Result<> got = co_await (*stream)->read_exactly(buffer);
      ++steps;
    }
    static_cast<void>(socket->send_to({to.address(), 7}, pattern(10)));
    static_cast<void>(co_await first_of(socket->recv(), host.clock().sleep(3ms)));
    ++steps;
    if (steps % 2 == 0) static_cast<void>((*stream)->shutdown_send());
  }
}

TEST_P(Ns3TcpOver, TasksMayBeDroppedAtAnyMoment) {
  Pair rig({.rate_bps = 20'000'000, .delay = 1ms});
  rig.host(1).scope().spawn(tcp_echo(rig.host(1), any()));
  rig.host(1).scope().spawn(udp_echo(rig.host(1), {IpAddress::any(GetParam()), 7}));
  int steps = 0;
  // Times that fall everywhere: in handshakes, transfers, closing, and at the same instants as ns-3's own events.
  for (int i = 0; i < 400; ++i) {
    Scope scope(rig.timeline.loop());
    scope.spawn(dialogue(rig.host(0), at(rig, 1), steps));
    scope.spawn(dialogue(rig.host(0), at(rig, 1), steps));
    rig.run(Duration(1 + i * 77'777LL));
  }
  rig.run(10s);
  EXPECT_GT(steps, 400);
  StreamLog log;
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), at(rig, 1), pattern(1000), log));
  rig.run(10s);
  EXPECT_TRUE(log.finished);
  EXPECT_TRUE(rig.failures.empty());
}

}  // namespace
}  // namespace ghostnet::sim::ns3_test::ns3_tcp_test
