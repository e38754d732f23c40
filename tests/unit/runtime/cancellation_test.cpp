// Every awaiter, every combinator and protocols made of them, dropped at every point.
#include "ghostnet/support/cancellation.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/ip_link.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/support/memory_stream.hpp"

namespace ghostnet::cancellation_test {
namespace {

using support::Alive;
using support::drop_everywhere;
using support::DropRun;
using support::TestHost;

// ---- events, semaphores, channels ----

struct Events {
  explicit Events(DropRun& run) : event(run.world().loop()) {
    for (const char* name : {"a", "b"}) run.victim(name).spawn(wait(run, event, done, run.alive()));
    run.victim("setter").spawn(set(run, run.world().clock(), event, run.alive()));
    run.witness().spawn(count(event, done));
  }
  static Task<> wait(DropRun& run, Event& event, int& done, Alive) {
    for (int i = 0; i < 3; ++i) {
      co_await event;
      run.visit();
      event.reset();
      ++done;
    }
  }
  static Task<> set(DropRun& run, const Clock& clock, Event& event, Alive) {
    for (int i = 0; i < 4; ++i) {
      i % 2 == 0 ? event.set() : event.pulse();
      run.visit();
      co_await clock.sleep(1ms);
    }
  }
  static Task<> count(Event& event, int& done) {
    co_await event;
    ++done;
  }
  void finished(DropRun& run) {
    if (!run.dropped()) EXPECT_GT(done, 3);
  }
  Event event;
  int done = 0;
};

TEST(DropEverywhere, EventWaiters) {
  // A setter dropped before its first set leaves the witness waiting: give it a set of its own.
  struct Scenario : Events {
    explicit Scenario(DropRun& run) : Events(run) {
      run.witness().spawn([](const Clock& clock, Event& e) -> Task<> {
        co_await clock.sleep(10ms);
        e.set();
      }(run.world().clock(), event));
    }
  };
  EXPECT_GT(drop_everywhere<Scenario>().drops, 50u);
}

struct Permits {
  explicit Permits(DropRun& run) : semaphore(run.world().loop(), 2) {
    for (const char* name : {"a", "b", "c"}) {
      run.victim(name).spawn(work(run, run.world().clock(), semaphore, in_use, run.alive()));
    }
    run.witness().spawn(work(run, run.world().clock(), semaphore, in_use, Alive(unwatched)));
  }
  struct InUse {
    explicit InUse(int& count) : count_(count) { EXPECT_LE(++count_, 2); }
    ~InUse() { --count_; }
    int& count_;
  };
  static Task<> work(DropRun& run, const Clock& clock, Semaphore& semaphore, int& in_use, Alive) {
    for (int i = 0; i < 3; ++i) {
      Semaphore::Permit permit = co_await semaphore.acquire();
      InUse use(in_use);
      run.visit();
      co_await clock.sleep(1ms);
    }
  }
  void finished(DropRun&) { EXPECT_EQ(semaphore.available(), 2u); }
  Semaphore semaphore;
  int in_use = 0;
  int unwatched = 0;
};

TEST(DropEverywhere, SemaphoreWaiters) { EXPECT_GT(drop_everywhere<Permits>().drops, 80u); }

struct Handover {
  explicit Handover(DropRun& run) : channel(run.world().loop(), 2) {
    run.victim("sender a").spawn(send(run, channel, sent, run.alive()));
    run.victim("sender b").spawn(send(run, channel, sent, run.alive()));
    run.victim("receiver a").spawn(receive(run, channel, received, run.alive()));
    run.victim("receiver b").spawn(receive(run, channel, received, run.alive()));
    run.witness().spawn(close(run.world().clock(), channel, received));
  }
  static Task<> send(DropRun& run, Channel<std::unique_ptr<int>>& channel, int& sent, Alive) {
    for (int i = 0; i < 5; ++i) {
      if (!co_await channel.send(std::make_unique<int>(i))) co_return;
      ++sent;
      run.visit();
    }
  }
  static Task<> receive(DropRun& run, Channel<std::unique_ptr<int>>& channel, int& received, Alive) {
    while (co_await channel.recv()) {
      ++received;
      run.visit();
    }
  }
  static Task<> close(const Clock& clock, Channel<std::unique_ptr<int>>& channel, int& received) {
    co_await clock.sleep(10ms);
    channel.close();
    while (co_await channel.recv()) ++received;
  }
  void finished(DropRun&) { EXPECT_EQ(sent, received + static_cast<int>(channel.size())); }
  Channel<std::unique_ptr<int>> channel;
  int sent = 0;
  int received = 0;
};

TEST(DropEverywhere, ChannelSendersAndReceivers) { EXPECT_GT(drop_everywhere<Handover>().drops, 100u); }

// ---- time ----

struct Timers {
  explicit Timers(DropRun& run) : timer(run.world().clock()) {
    run.victim("waiter").spawn(wait(run, timer, fired, run.alive()));
    run.victim("rearmer").spawn(rearm(run, run.world().clock(), timer, run.alive()));
    run.victim("sleeper").spawn(sleep(run, run.world().clock(), run.alive()));
  }
  static Task<> wait(DropRun& run, Timer& timer, int& fired, Alive) {
    while (fired < 3) {
      co_await timer;
      ++fired;
      run.visit();
    }
  }
  static Task<> rearm(DropRun& run, const Clock& clock, Timer& timer, Alive) {
    for (int i = 0; i < 6; ++i) {
      timer.arm_after(i % 2 == 0 ? 3ms : 1ms);
      run.visit();
      co_await clock.sleep(2ms);
      if (i == 2) timer.cancel();
    }
  }
  static Task<> sleep(DropRun& run, const Clock& clock, Alive) {
    co_await clock.sleep(0ms);
    run.visit();
    co_await clock.sleep(3ms);
    co_await clock.sleep_until(TimePoint{1ms});
  }
  void finished(DropRun& run) {
    if (!run.dropped()) EXPECT_EQ(fired, 3);
  }
  Timer timer;
  int fired = 0;
};

TEST(DropEverywhere, TimersAndSleepers) { EXPECT_GT(drop_everywhere<Timers>().drops, 40u); }

// ---- scopes and combinators ----

struct Family {
  explicit Family(DropRun& run) : event(run.world().loop()) {
    run.victim("parent").spawn(parent(run, event, 3, run.alive()));
    run.victim("other").spawn(parent(run, event, 2, run.alive()));
    run.witness().spawn(release(run.world().clock(), event));
  }
  static Task<> parent(DropRun& run, Event& event, int depth, Alive) {
    if (depth == 0) {
      co_await event;
      run.visit();
      co_return;
    }
    int children = 0;
    Scope scope(run.world().loop());
    for (int i = 0; i < 2; ++i) scope.spawn(parent(run, event, depth - 1, Alive(children)));
    run.visit();
    co_await scope.join();
    EXPECT_EQ(children, 0);
  }
  static Task<> release(const Clock& clock, Event& event) {
    co_await clock.sleep(1ms);
    event.set();
  }
  Event event;
};

TEST(DropEverywhere, NestedScopesAndJoins) { EXPECT_GT(drop_everywhere<Family>().drops, 80u); }

struct Combinations {
  explicit Combinations(DropRun& run) : channel(run.world().loop(), 2), semaphore(run.world().loop(), 1) {
    run.victim("combiner").spawn(combine(run, *this, run.alive()));
    run.victim("feeder").spawn(feed(run, *this, run.alive()));
    run.victim("holder").spawn(hold(run, *this, run.alive()));
  }
  static Task<Result<int>> slow(DropRun& run, Duration delay) {
    co_await run.world().clock().sleep(delay);
    run.visit();
    co_return 1;
  }
  static Task<> feed(DropRun& run, Combinations& t, Alive) {
    for (int i = 0; i < 6; ++i) {
      co_await run.world().clock().sleep(1ms);
      if (t.channel.try_send(i)) ++t.sent;
      run.visit();
    }
  }
  static Task<> hold(DropRun& run, Combinations& t, Alive) {
    for (int i = 0; i < 2; ++i) {
      Semaphore::Permit permit = co_await t.semaphore.acquire();
      co_await run.world().clock().sleep(2ms);
    }
  }
  static Task<> combine(DropRun& run, Combinations& t, Alive) {
    const Clock& clock = run.world().clock();
    auto first = co_await first_of(t.channel.recv(), clock.sleep(5ms));
    if (first.index() == 0 && std::get<0>(first)) ++t.received;
    run.visit();
    auto [item, permit] = co_await all_of(first_of(t.channel.recv(), clock.sleep(3ms)), t.semaphore.acquire());
    if (item.index() == 0 && std::get<0>(item)) ++t.received;
    run.visit();
    permit.release();
    (void)co_await with_timeout(clock, 1ms, slow(run, 2ms));
    (void)co_await with_timeout(clock, 2ms, slow(run, 1ms));
    std::vector<Task<Result<int>>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(slow(run, i * 1ms));
    co_await all_of(std::move(tasks));
    auto nested = co_await first_of(all_of(slow(run, 1ms), slow(run, 2ms)), first_of(clock.sleep(3ms), slow(run, 4ms)));
    EXPECT_EQ(nested.index(), 0u);
  }
  void finished(DropRun&) {
    EXPECT_EQ(semaphore.available(), 1u);
    EXPECT_EQ(sent, received + static_cast<int>(channel.size()));
  }
  Channel<int> channel;
  Semaphore semaphore;
  int sent = 0;
  int received = 0;
};

TEST(DropEverywhere, Combinators) { EXPECT_GT(drop_everywhere<Combinations>().drops, 80u); }

// ---- streams ----

struct Bytestream {
  explicit Bytestream(DropRun& run) {
    auto [left, right] =
        support::MemoryStream::make_pair(run.world().courier(), {.client = {}, .server = {}, .buffer_bytes = 7});
    run.victim("writer").spawn(write(run, std::move(left), run.alive()));
    run.witness().spawn(read(std::move(right), *this));
  }
  static Task<> write(DropRun& run, std::unique_ptr<Stream> stream, Alive) {
    std::array<ByteView, 3> parts = {as_bytes("abcdefgh"), ByteView(), as_bytes("ij")};
    for (int i = 0; i < 3; ++i) {
      Result<> written = co_await stream->write(parts);
      EXPECT_TRUE(written);
      run.visit();
    }
    EXPECT_TRUE(stream->shutdown_send());
    std::array<std::uint8_t, 4> reply;
    EXPECT_TRUE(co_await stream->read_exactly(reply));
  }
  static Task<> read(std::unique_ptr<Stream> stream, Bytestream& t) {
    std::array<std::uint8_t, 3> buffer;
    while (true) {
      Result<std::size_t> got = co_await stream->read(buffer);
      if (!got) {
        t.end = got.error().code();
        co_return;
      }
      if (*got == 0) break;
      t.text += as_text(ByteView(buffer).first(*got));
    }
    t.end = Errc::end_of_stream;
    (void)co_await stream->write(as_bytes("done"));
    (void)stream->shutdown_send();
  }
  void finished(DropRun& run) {
    EXPECT_TRUE(std::string("abcdefghijabcdefghijabcdefghij").starts_with(text)) << text;
    if (end == Errc::end_of_stream) EXPECT_EQ(text.size(), 30u);
    if (!run.dropped()) EXPECT_EQ(end, Errc::end_of_stream);
    EXPECT_TRUE(end == Errc::end_of_stream || end == Errc::reset) << "the peer sees that the stream is over";
  }
  std::string text;
  Errc end = Errc::would_block;
};

TEST(DropEverywhere, StreamWriters) {
  EXPECT_GT(drop_everywhere<Bytestream>().drops, 10u);
  EXPECT_GT(drop_everywhere<Bytestream>({.latency = 1ms}).drops, 10u);
}

// A dropped read loses nothing: what the dropped reader had not been given, the next one reads.
struct Rereading {
  explicit Rereading(DropRun& run) {
    auto [left, right] = support::MemoryStream::make_pair(run.world().courier());
    stream = std::move(right);
    run.victim("first reader").spawn(read(run, *this, run.alive()));
    run.witness().spawn(write(run.world().clock(), std::move(left)));
    run.witness().spawn(read_later(run, *this, Alive(unwatched)));
  }
  static Task<> write(const Clock& clock, std::unique_ptr<Stream> to) {
    for (char c = 'a'; c <= 'h'; ++c) {
      EXPECT_TRUE(co_await to->write(as_bytes(std::string_view(&c, 1))));
      co_await clock.sleep(1ms);
    }
    EXPECT_TRUE(to->shutdown_send());
  }
  static Task<> read(DropRun& run, Rereading& t, Alive) {
    std::array<std::uint8_t, 4> buffer;
    while (true) {
      Result<std::size_t> got = co_await t.stream->read(buffer);
      if (!got || *got == 0) co_return;
      t.text += as_text(ByteView(buffer).first(*got));
      run.visit();
    }
  }
  static Task<> read_later(DropRun& run, Rereading& t, Alive alive) {
    co_await run.world().clock().sleep(20ms);
    co_await read(run, t, std::move(alive));
  }
  void finished(DropRun&) { EXPECT_EQ(text, "abcdefgh"); }
  std::unique_ptr<Stream> stream;
  std::string text;
  int unwatched = 0;
};

TEST(DropEverywhere, StreamReadersLoseNothing) { EXPECT_GT(drop_everywhere<Rereading>().drops, 20u); }

// ---- hosts: accept, connect, resolve, datagrams, compute ----

struct Dialling {
  explicit Dialling(DropRun& run) : client(run.world().add_host("client")), server(run.world().add_host("server")) {
    run.victim("server").spawn(serve(run, server, run.alive()));
    run.victim("client").spawn(ask(run, client, *this, run.alive()));
    run.witness().spawn(ask(run, client, *this, Alive(unwatched)));
  }
  static Task<> serve(DropRun& run, Host& host, Alive) {
    auto listener = host.listen({.local = {IpAddress::any(IpFamily::v4), 80}});
    EXPECT_TRUE(listener);
    for (int i = 0; i < 2; ++i) {
      Result<std::unique_ptr<Stream>> stream = co_await (*listener)->accept();
      run.visit();
      if (!stream) continue;
      std::array<std::uint8_t, 4> request;
      if (!co_await (*stream)->read_exactly(request)) continue;
      if (!co_await (*stream)->write(request)) continue;
      (void)(*stream)->shutdown_send();
    }
  }
  static Task<> ask(DropRun& run, Host& host, Dialling& t, Alive) {
    Result<std::vector<IpAddress>> found = co_await host.resolve("server");
    EXPECT_TRUE(found);
    auto dialled = co_await host.connect({.peer = {found->back(), 80}, .local = {}, .stream = {}});
    run.visit();
    if (!dialled) {
      ++t.refused;
      co_return;
    }
    std::unique_ptr<Stream> stream = *std::move(dialled);
    std::array<std::uint8_t, 4> reply{};
    if (!co_await stream->write(as_bytes("ping")) || !co_await stream->read_exactly(reply)) {
      ++t.broken;
      co_return;
    }
    EXPECT_EQ(as_text(reply), "ping");
    (void)stream->shutdown_send();
    ++t.answered;
  }
  void finished(DropRun& run) {
    if (!run.dropped()) EXPECT_EQ(answered, 2);
    if (run.dropped("client")) EXPECT_GE(answered, 1) << "the other client is served all the same";
  }
  TestHost& client;
  TestHost& server;
  int answered = 0;
  int refused = 0;
  int broken = 0;
  int unwatched = 0;
};

TEST(DropEverywhere, ListenersAndDiallers) {
  EXPECT_GT(drop_everywhere<Dialling>().drops, 30u);
  EXPECT_GT(drop_everywhere<Dialling>({.latency = 3ms}).drops, 30u);
}

struct Datagrams {
  explicit Datagrams(DropRun& run) : client(run.world().add_host("client")), server(run.world().add_host("server")) {
    run.victim("server").spawn(echo(run, server, run.alive()));
    run.victim("client").spawn(ask(run, client, *this, run.alive()));
    run.victim("worker").spawn(compute(run, client, run.alive()));
    run.victim("watcher").spawn(watch(run, client, run.alive()));
    run.witness().spawn(unplug(client));
  }
  static Task<> echo(DropRun& run, Host& host, Alive) {
    auto socket = host.open_udp({.local = {IpAddress::any(IpFamily::v4), 53}});
    EXPECT_TRUE(socket);
    std::array<ReceivedDatagram, 4> batch;
    for (int served = 0; served < 3;) {
      Result<std::size_t> got = co_await (*socket)->recv(batch);
      run.visit();
      if (!got) co_return;
      for (std::size_t i = 0; i < *got; ++i) (void)(*socket)->send_to(batch[i].peer, std::move(batch[i].data));
      served += static_cast<int>(*got);
    }
  }
  static Task<> ask(DropRun& run, TestHost& host, Datagrams& t, Alive) {
    auto socket = host.open_udp({});
    EXPECT_TRUE(socket);
    for (int i = 0; i < 3; ++i) {
      co_await (*socket)->writable();
      (void)(*socket)->send_to(t.server.endpoint(53), as_bytes("who"));
      auto reply = co_await first_of((*socket)->recv(), host.clock().sleep(5ms));
      run.visit();
      if (reply.index() == 0 && std::get<0>(reply)) ++t.answered;
    }
  }
  static Task<> compute(DropRun& run, Host& host, Alive) {
    auto held = std::make_shared<int>(4);
    int square = co_await host.compute({.other = 2ms}, [held] { return *held * *held; });
    EXPECT_EQ(square, 16);
    run.visit();
    co_await host.compute({}, [] {});
  }
  static Task<> watch(DropRun& run, Host& host, Alive) {
    for (int i = 0; i < 2; ++i) {
      co_await host.interfaces_changed();
      run.visit();
    }
  }
  static Task<> unplug(TestHost& host) {
    for (bool up : {false, true}) {
      co_await host.clock().sleep(2ms);
      host.set_up(up);
    }
  }
  void finished(DropRun& run) {
    if (!run.dropped()) EXPECT_EQ(answered, 3);
  }
  TestHost& client;
  TestHost& server;
  int answered = 0;
};

TEST(DropEverywhere, DatagramsComputationsAndInterfaces) {
  EXPECT_GT(drop_everywhere<Datagrams>().drops, 60u);
  EXPECT_GT(drop_everywhere<Datagrams>({.latency = 1ms}).drops, 60u);
}

// ---- links ----

// Packets sent come back, as many as fit into the queue.
class LoopbackLink final : public IpLink {
 public:
  LoopbackLink(Loop& loop, std::size_t limit) : loop_(loop), limit_(limit) {}
  std::size_t mtu_bytes() const override { return 1500; }
  SendOutcome send(std::span<IpPacket> batch) override {
    SendOutcome outcome;
    for (IpPacket& packet : batch) {
      if (!poll_writable()) {
        outcome.error = Errc::would_block;
        break;
      }
      queue_.push_back(std::move(packet));
      ++outcome.accepted;
    }
    if (!queue_.empty()) reader_.wake(loop_);
    return outcome;
  }
  Result<std::size_t> try_recv(std::span<IpPacket> batch) override {
    std::size_t taken = 0;
    for (; taken < batch.size() && !queue_.empty(); ++taken) {
      batch[taken] = std::move(queue_.front());
      queue_.pop_front();
    }
    if (taken == 0) return fail(Errc::would_block);
    writer_.wake(loop_);
    return taken;
  }
  std::size_t queued() const { return queue_.size(); }

 protected:
  bool poll_readable() override { return !queue_.empty(); }
  bool poll_writable() override { return queue_.size() < limit_; }

 private:
  Loop& loop_;
  std::size_t limit_;
  std::deque<IpPacket> queue_;
};

struct Link {
  explicit Link(DropRun& run) : link(run.world().loop(), 2) {
    run.victim("sender").spawn(send(run, *this, run.alive()));
    run.victim("receiver").spawn(receive(run, *this, run.alive()));
  }
  static Task<> send(DropRun& run, Link& t, Alive) {
    for (int i = 0; i < 6; ++i) {
      co_await t.link.writable();
      IpPacket packet{.data = PacketBuf::copy_of(as_bytes("packet")), .received_at = {}};
      t.sent += static_cast<int>(t.link.send(std::span(&packet, 1)).accepted);
      run.visit();
    }
  }
  static Task<> receive(DropRun& run, Link& t, Alive) {
    std::array<IpPacket, 3> batch;
    while (t.received < 6) {
      Result<std::size_t> got = co_await t.link.recv(batch);
      EXPECT_TRUE(got);
      t.received += static_cast<int>(*got);
      run.visit();
    }
  }
  void finished(DropRun&) { EXPECT_EQ(sent, received + static_cast<int>(link.queued())); }
  LoopbackLink link;
  int sent = 0;
  int received = 0;
};

TEST(DropEverywhere, Links) { EXPECT_GT(drop_everywhere<Link>().drops, 30u); }

// ---- a protocol made of all of it ----

// A server with a scope of connections, a limit on them, idle timeouts and a common queue of work; clients that give
// up.
class Server {
 public:
  Server(DropRun& run, Host& host)
      : run_(run), host_(host), limit_(host.loop(), 2), work_(host.loop(), 1), scope_(host.loop()) {
    scope_.spawn(do_work());
  }

  Task<> serve() {
    auto listener = host_.listen({.local = {IpAddress::any(IpFamily::v4), 9}});
    EXPECT_TRUE(listener);
    while (true) {
      Semaphore::Permit permit = co_await limit_.acquire();
      auto accepted = co_await first_of((*listener)->accept(), host_.clock().sleep(30ms));
      if (accepted.index() == 1) co_return;
      auto stream = std::get<0>(std::move(accepted));
      run_.visit();
      if (stream) scope_.spawn(converse(*std::move(stream), std::move(permit)));
    }
  }
  int worked() const { return worked_; }

 private:
  Task<> converse(std::unique_ptr<Stream> stream, Semaphore::Permit permit) {
    std::array<std::uint8_t, 2> request;
    while (true) {
      Result<> got = co_await with_timeout(host_.clock(), 4ms, stream->read_exactly(request));
      run_.visit();
      if (!got) break;
      auto [queued, written] = co_await all_of(work_.send(1), stream->write(request));
      if (!queued || !written) break;
    }
    (void)stream->shutdown_send();
    permit.release();
  }
  Task<> do_work() {
    while (co_await work_.recv()) {
      co_await host_.clock().sleep(1ms);
      ++worked_;
    }
  }

  DropRun& run_;
  Host& host_;
  Semaphore limit_;
  Channel<int> work_;
  int worked_ = 0;
  Scope scope_;
};

struct Service {
  explicit Service(DropRun& run) : client(run.world().add_host("client")), host(run.world().add_host("server")) {
    run.victim("server").spawn(serve(run, host, run.alive()));
    run.victim("client a").spawn(converse(run, *this, run.alive()));
    run.victim("client b").spawn(converse(run, *this, run.alive()));
    run.witness().spawn(converse(run, *this, Alive(unwatched)));
  }
  static Task<> serve(DropRun& run, Host& host, Alive) {
    Server server(run, host);
    co_await server.serve();
  }
  static Task<> converse(DropRun& run, Service& t, Alive) {
    auto dialled = co_await t.client.connect({.peer = t.host.endpoint(9), .local = {}, .stream = {}});
    if (!dialled) co_return;
    std::unique_ptr<Stream> stream = *std::move(dialled);
    std::array<std::uint8_t, 2> reply;
    for (int i = 0; i < 3; ++i) {
      Result<> asked = co_await stream->write(as_bytes("hi"));
      if (!asked) co_return;
      Result<> answered = co_await with_timeout(t.client.clock(), 50ms, stream->read_exactly(reply));
      run.visit();
      if (!answered) co_return;
      ++t.answers;
    }
    (void)stream->shutdown_send();
  }
  void finished(DropRun& run) {
    if (!run.dropped()) EXPECT_EQ(answers, 9);
    if (run.dropped("client a") || run.dropped("client b")) EXPECT_GE(answers, 6);
  }
  TestHost& client;
  TestHost& host;
  int answers = 0;
  int unwatched = 0;
};

TEST(DropEverywhere, AServerWithItsClients) {
  EXPECT_GT(drop_everywhere<Service>().drops, 150u);
  EXPECT_GT(drop_everywhere<Service>({.latency = 1ms}).drops, 150u);
}

// ---- the harness itself ----

struct Forgetful {
  explicit Forgetful(DropRun& run) : clock(run.world().loop()) {
    run.victim("leaker").spawn(leak(clock, *this, run.alive()));
  }
  static Task<> leak(const Clock& clock, Forgetful& t, Alive alive) {
    t.kept.push_back(std::move(alive));  // outlives the frame, as a forgotten registration would
    co_await clock.sleep(1ms);
    t.kept.clear();
  }
  Clock clock;
  std::vector<Alive> kept;
};

TEST(DropHarness, SeesWhatADropLeavesBehind) {
  support::DropRun run({}, support::DropPoint{.victim = 0, .resumptions = 1, .visit = {}});
  Forgetful scenario(run);
  EXPECT_NONFATAL_FAILURE(run.run(), "frames of what was dropped are still there");
}

struct Waiting {
  explicit Waiting(DropRun& run) : never(run.world().loop()) {
    run.witness().spawn([](Event& event) -> Task<> { co_await event; }(never));
  }
  Event never;
};

TEST(DropHarness, SeesAWitnessThatWaitsForEver) {
  support::DropRun run({}, std::nullopt);
  Waiting scenario(run);
  EXPECT_NONFATAL_FAILURE(run.run(), "waits for ever");
  run.close();
}

struct Restless {
  explicit Restless(DropRun& run) {
    run.witness().spawn([](const Clock& clock) -> Task<> {
      while (true) co_await clock.sleep(1ms);
    }(run.world().clock()));
  }
};

TEST(DropHarness, SeesAScenarioThatNeverRests) {
  support::DropRun run({}, std::nullopt);
  Restless scenario(run);
  EXPECT_NONFATAL_FAILURE(run.run(), "does not come to rest");
  run.close();
}

TEST(DropHarness, CountsEveryPointOnce) {
  struct Three {
    explicit Three(DropRun& run) {
      run.victim("only").spawn([](DropRun& r, Alive) -> Task<> {
        co_await r.world().clock().sleep(1ms);
        r.visit();
        co_await r.world().clock().sleep(1ms);
      }(run, run.alive()));
    }
  };
  support::DropReport report = drop_everywhere<Three>();
  EXPECT_EQ(report.resumptions, 3u);
  EXPECT_EQ(report.drops, 5u) << "before, between and after three resumptions, and at the visit";
}

}  // namespace
}  // namespace ghostnet::cancellation_test
