#include "ghostnet/runtime/fault_injection.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::fault_injection_test {
namespace {

using support::TestHost;
using support::TestWorld;

// ---- a small protocol: length-prefixed questions and answers over a stream ----

Task<Result<std::string>> read_message(Stream& stream) {
  std::array<std::uint8_t, 1> length;
  Result<> got = co_await stream.read_exactly(length);
  if (!got) co_return fail(std::move(got));
  std::string text(length[0], '\0');
  got = co_await stream.read_exactly({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!got) co_return fail(std::move(got));
  co_return text;
}

Task<Result<>> write_message(Stream& stream, std::string text) {
  const std::array<std::uint8_t, 1> length = {static_cast<std::uint8_t>(text.size())};
  const std::array<ByteView, 2> parts = {ByteView(length), as_bytes(text)};
  co_return co_await stream.write(parts);
}

Task<> answer(std::unique_ptr<Stream> stream, const Clock& clock) {
  while (true) {
    Result<std::string> question = co_await with_timeout(clock, 1s, read_message(*stream));
    if (!question) break;
    std::string reply = "re: " + *question;
    if (!co_await write_message(*stream, std::move(reply))) break;
  }
  (void)stream->shutdown_send();
}

Task<Result<>> serve(Host& host) {
  Result<std::unique_ptr<Listener>> listener = host.listen({.local = {IpAddress::any(IpFamily::v4), 7}});
  if (!listener) co_return fail(std::move(listener));
  while (true) {
    Result<std::unique_ptr<Stream>> stream = co_await (*listener)->accept();
    if (stream) {
      host.scope().spawn(answer(*std::move(stream), host.clock()));
    } else if (stream.error() == Errc::closed) {
      co_return fail(std::move(stream));
    } else {
      co_await host.clock().sleep(10ms);  // too many files: back off
    }
  }
}

Task<Result<std::vector<std::string>>> ask(Host& host, std::string server) {
  Result<std::vector<IpAddress>> addresses = co_await host.resolve(std::move(server));
  if (!addresses) co_return fail(std::move(addresses));
  Result<std::unique_ptr<Stream>> dialled =
      co_await host.connect({.peer = {addresses->back(), 7}, .local = {}, .stream = {}});
  if (!dialled) co_return fail(std::move(dialled));
  std::unique_ptr<Stream> stream = *std::move(dialled);
  std::vector<std::string> replies;
  for (const char* question : {"one", "two"}) {
    Result<> asked = co_await write_message(*stream, question);
    if (!asked) co_return fail(std::move(asked));
    Result<std::string> reply = co_await with_timeout(host.clock(), 10s, read_message(*stream));
    if (!reply) co_return fail(std::move(reply));
    replies.push_back(*std::move(reply));
  }
  Result<> shut = stream->shutdown_send();
  if (!shut) co_return fail(std::move(shut));
  co_return replies;
}

Task<> store(std::optional<Result<std::vector<std::string>>>& out, Task<Result<std::vector<std::string>>> task) {
  out = co_await std::move(task);
}

struct Tally {
  int complete = 0;
  std::map<Errc, int> failed;
};

void ask_and_answer(FaultPlan& plan, bool faulty_server, Tally& tally) {
  TestWorld world({.latency = 1ms, .stream_buffer_bytes = 6});
  TestHost& client_host = world.add_host("client");
  TestHost& server_host = world.add_host("server");
  FaultyHost client(client_host, plan);
  FaultyHost faulty(server_host, plan);
  Host& server = faulty_server ? static_cast<Host&>(faulty) : server_host;
  server.scope().spawn(serve(server));
  std::optional<Result<std::vector<std::string>>> replies;
  client.scope().spawn(store(replies, ask(client, "server")));
  world.run_for(1min);
  SCOPED_TRACE(plan.to_string());
  ASSERT_TRUE(replies) << "it ends, whatever fails";
  if (*replies) {
    EXPECT_EQ(**replies, (std::vector<std::string>{"re: one", "re: two"})) << "right or not at all";
    ++tally.complete;
  } else {
    EXPECT_TRUE(plan.injected());
    ++tally.failed[replies->error().code()];
  }
  client.scope().close();
  server.scope().close();
}

TEST(FaultInjection, ARequestEndsRightlyOrWithAnErrorWhateverFailsAtTheClient) {
  Tally tally;
  FaultReport report = for_each_io_point([&](FaultPlan& plan) { ask_and_answer(plan, false, tally); });
  EXPECT_GE(report.points, 15u);
  EXPECT_GT(report.runs, 50u);
  EXPECT_EQ(report.injected, report.runs);
  EXPECT_GT(tally.complete, 30) << "delays, short reads and short writes do no harm";
  EXPECT_GT(tally.failed[Errc::reset], 10);
  EXPECT_EQ(tally.failed[Errc::refused], 1);
  EXPECT_EQ(tally.failed[Errc::not_found], 1);
  EXPECT_EQ(tally.failed[Errc::timed_out], 2) << "of the resolution and of the dial";
}

TEST(FaultInjection, ARequestEndsRightlyOrWithAnErrorWhateverFailsAtEitherEnd) {
  Tally tally;
  FaultReport report = for_each_io_point([&](FaultPlan& plan) { ask_and_answer(plan, true, tally); });
  EXPECT_GT(report.points, 30u);
  EXPECT_GT(tally.complete, 60);
  EXPECT_GT(tally.failed[Errc::reset], 20);
}

// The host whose I/O it is goes down within that I/O: its running task is dropped by itself.
TEST(FaultInjection, AHostMayGoDownAtAnyPoint) {
  FaultPlan counting;
  Tally tally;
  ask_and_answer(counting, true, tally);
  for (std::size_t at = 0; at < counting.points().size(); ++at) {
    TestWorld world({.latency = 1ms, .stream_buffer_bytes = 6});
    TestHost& client_host = world.add_host("client");
    TestHost& server_host = world.add_host("server");
    Host* victim = nullptr;
    FaultPlan plan(at, Fault::call([&] { victim->scope().drop_all(); }));
    FaultyHost client(client_host, plan);
    FaultyHost server(server_host, plan);
    victim = counting.points()[at].host == client.id() ? &client : &server;
    server.scope().spawn(serve(server));
    std::optional<Result<std::vector<std::string>>> replies;
    client.scope().spawn(store(replies, ask(client, "server")));
    world.run_for(1min);
    SCOPED_TRACE(plan.to_string());
    EXPECT_TRUE(plan.injected());
    EXPECT_TRUE(victim->scope().empty());
    if (victim == &server) EXPECT_TRUE(replies) << "the client hears of it";
    client.scope().close();
    server.scope().close();
  }
}

// ---- datagrams ----

Task<> echo_datagrams(Host& host) {
  Result<std::unique_ptr<UdpSocket>> socket = host.open_udp({.local = {IpAddress::any(IpFamily::v4), 53}});
  if (!socket) co_return;
  std::array<ReceivedDatagram, 4> batch;
  while (true) {
    Result<std::size_t> got = co_await (*socket)->recv(batch);
    EXPECT_TRUE(got) << "who awaits a datagram is not told would_block";
    if (!got) continue;
    for (std::size_t i = 0; i < *got; ++i) (void)(*socket)->send_to(batch[i].peer, std::move(batch[i].data));
  }
}

// Sends three datagrams in a batch, again after a while until all three have come back.
Task<> ask_by_datagram(Host& host, Endpoint server, std::optional<Result<>>& outcome) {
  Result<std::unique_ptr<UdpSocket>> opened = host.open_udp({});
  if (!opened) {
    outcome = fail(std::move(opened));
    co_return;
  }
  UdpSocket& socket = **opened;
  (void)socket.connect(server);
  const std::array<std::string, 3> texts = {"a", "b", "c"};
  std::array<bool, 3> back{};
  for (int attempt = 0; attempt < 3 && back != std::array{true, true, true}; ++attempt) {
    std::vector<Datagram> batch;
    for (const std::string& text : texts) batch.push_back({.peer = server, .payload = as_bytes(text)});
    for (std::span<const Datagram> rest = batch; !rest.empty();) {
      SendOutcome sent = socket.send(rest);
      rest = rest.subspan(sent.accepted);
      if (!sent.error) continue;
      if (*sent.error != Errc::would_block) break;
      co_await socket.writable();
    }
    while (back != std::array{true, true, true}) {
      auto got = co_await first_of(socket.recv(), host.clock().sleep(1s));
      if (got.index() == 1 || !std::get<0>(got)) break;
      back[static_cast<std::size_t>(std::get<0>(got)->data.data()[0] - 'a')] = true;
    }
  }
  if (back == std::array{true, true, true}) {
    outcome = Result<>();
  } else {
    outcome = fail(Errc::timed_out);
  }
}

TEST(FaultInjection, DatagramsAreAskedAgainUntilTheyAreAnswered) {
  int failed = 0;
  FaultReport report = for_each_io_point([&](FaultPlan& plan) {
    TestWorld world({.latency = 1ms});
    TestHost& client_host = world.add_host("client");
    TestHost& server_host = world.add_host("server");
    FaultyHost client(client_host, plan);
    FaultyHost server(server_host, plan);
    std::optional<Result<>> outcome;
    server.scope().spawn(echo_datagrams(server));
    client.scope().spawn(ask_by_datagram(client, server_host.endpoint(53), outcome));
    world.run_for(1min);
    SCOPED_TRACE(plan.to_string());
    ASSERT_TRUE(outcome);
    const bool opening_failed = plan.injected() && plan.to_string().find("open_udp") != std::string::npos;
    EXPECT_EQ(outcome->has_value(), !opening_failed);
    failed += !outcome->has_value();
    client.scope().close();
    server.scope().close();
  });
  EXPECT_GE(report.points, 8u);
  EXPECT_GT(report.injected, 20u);
  EXPECT_EQ(failed, 4) << "two ways in which opening fails, at either end";
}

// ---- the pieces ----

TEST(FaultPlan, CountsPointsAndInjectsOnce) {
  TestWorld world;
  TestHost& host = world.add_host("host");
  FaultPlan plan(1, Fault::error(Errc::too_many_files));
  FaultyHost faulty(host, plan);
  EXPECT_TRUE(faulty.open_udp({}));
  EXPECT_FALSE(plan.injected());
  Result<std::unique_ptr<UdpSocket>> second = faulty.open_udp({});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), Errc::too_many_files);
  EXPECT_TRUE(plan.injected());
  EXPECT_TRUE(faulty.open_udp({}));
  EXPECT_EQ(plan.points().size(), 3u);
  EXPECT_EQ(plan.to_string(), "I/O point 1 (open_udp of host 0): error too_many_files");
}

TEST(FaultPlan, AScenarioThatDoesNotRepeatIsABug) {
  int runs = 0;
  auto scenario = [&](FaultPlan& plan) {
    TestWorld world;
    FaultyHost host(world.add_host(), plan);
    if (runs++ == 0) {
      (void)host.open_udp({});
    } else {
      (void)host.listen({.local = {IpAddress::any(IpFamily::v4), 1}});
    }
  };
  EXPECT_THROW(for_each_io_point(scenario), std::logic_error);
}

TEST(FaultyHost, IsTheHostThatItStandsOver) {
  TestWorld world;
  TestHost& host = world.add_host("below");
  FaultPlan plan;
  FaultyHost faulty(host, plan);
  EXPECT_EQ(faulty.id(), host.id());
  EXPECT_EQ(faulty.name(), "below");
  EXPECT_EQ(faulty.interfaces(), host.interfaces());
  EXPECT_EQ(&faulty.interfaces_changed(), &host.interfaces_changed());
  EXPECT_EQ(faulty.now(), host.now());
  EXPECT_EQ(faulty.random(), host.random());
  int square = 0;
  faulty.scope().spawn(
      [](Host& h, int& out) -> Task<> { out = co_await h.compute({}, [] { return 9; }); }(faulty, square));
  world.run();
  EXPECT_EQ(square, 9);
}

class FaultyStreamTest : public testing::Test {
 public:
  std::unique_ptr<Stream> connect(FaultPlan& plan) {
    auto listener = host.listen({.local = host.endpoint(1), .stream = {}}).value();
    std::unique_ptr<Stream> stream;
    host.scope().spawn([](TestHost& h, std::unique_ptr<Stream>& out) -> Task<> {
      out = (co_await h.connect({.peer = h.endpoint(1), .local = {}, .stream = {}})).value();
    }(host, stream));
    world.run();
    peer = listener->try_accept().value();
    return make_faulty(std::move(stream), host, plan);
  }

  TestWorld world;
  TestHost& host = world.add_host();
  std::unique_ptr<Stream> peer;
  std::array<std::uint8_t, 8> buffer;
};

TEST_F(FaultyStreamTest, AnErrorBreaksTheStreamAtBothEnds) {
  FaultPlan plan(0, Fault::error(Errc::timed_out));
  auto stream = connect(plan);
  EXPECT_EQ(stream->try_read(buffer).error(), Errc::timed_out);
  EXPECT_EQ(stream->try_read(buffer).error(), Errc::timed_out);
  EXPECT_EQ(stream->try_write(std::array{as_bytes("x")}).error(), Errc::timed_out);
  EXPECT_EQ(peer->try_read(buffer).error(), Errc::reset);
}

TEST_F(FaultyStreamTest, APartialReadAndAPartialWriteMoveOneByte) {
  FaultPlan reading(0, Fault::partial());
  auto stream = connect(reading);
  ASSERT_TRUE(peer->try_write(std::array{as_bytes("abc")}));
  EXPECT_EQ(stream->try_read(buffer).value(), 1u);
  EXPECT_EQ(stream->try_read(buffer).value(), 2u);
  FaultPlan writing(0, Fault::partial());
  stream = connect(writing);
  EXPECT_EQ(stream->try_write(std::array{ByteView(), as_bytes("abc"), as_bytes("def")}).value(), 1u);
  EXPECT_EQ(stream->try_write(std::array{as_bytes("bc"), as_bytes("def")}).value(), 5u);
}

TEST_F(FaultyStreamTest, ADelayedReadCompletesThatMuchLater) {
  FaultPlan plan(0, Fault::delayed(20ms));
  auto stream = connect(plan);
  ASSERT_TRUE(peer->try_write(std::array{as_bytes("abc")}));
  std::optional<TimePoint> at;
  host.scope().spawn([](TestHost& h, Stream& from, std::optional<TimePoint>& out) -> Task<> {
    std::array<std::uint8_t, 8> into;
    EXPECT_EQ((co_await from.read(into)).value(), 3u);
    out = h.now();
  }(host, *stream, at));
  TimePoint start = world.now();
  world.run();
  EXPECT_EQ(at, start + 20ms);
}

TEST(Fault, FitsWhereItMeansSomething) {
  EXPECT_FALSE(Fault::partial().fits(IoOp::connect));
  EXPECT_FALSE(Fault::would_block().fits(IoOp::open_udp));
  EXPECT_TRUE(Fault::delayed(1s).fits(IoOp::resolve));
  for (IoOp op : {IoOp::open_udp, IoOp::listen, IoOp::connect, IoOp::accept, IoOp::resolve, IoOp::read, IoOp::write,
                  IoOp::shutdown_send, IoOp::send, IoOp::recv}) {
    EXPECT_FALSE(usual_faults(op).empty());
    for (const Fault& fault : usual_faults(op))
      EXPECT_TRUE(fault.fits(op)) << to_string(op) << ' ' << fault.to_string();
  }
}

}  // namespace
}  // namespace ghostnet::fault_injection_test
