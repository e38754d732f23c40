// TCP over the machine's loopback, and streams of the Unix domain: what the runtime's contract says of Stream and
// Listener, on the kernel's sockets.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "ghostnet/realnet/linger_set.hpp"
#include "ghostnet/realnet/socket_address.hpp"
#include "live_world.hpp"

namespace ghostnet::realnet::stream_test {
namespace {

using ::testing::HasSubstr;
using StreamPtr = std::unique_ptr<Stream>;

struct StreamPair {
  StreamPtr client;
  StreamPtr server;
};

Task<> accept_into(Listener& listener, StreamPtr& stream) {
  Result<StreamPtr> accepted = co_await listener.accept();
  CO_ASSERT_OK(accepted);
  stream = std::move(*accepted);
}

Task<> connect_into(Host& host, ConnectOptions options, StreamPtr& stream) {
  Result<StreamPtr> connected = co_await host.connect(options);
  CO_ASSERT_OK(connected);
  stream = std::move(*connected);
}

Task<> expect_no_connection(Host& host, ConnectOptions options, Errc code) {
  Result<StreamPtr> connected = co_await host.connect(options);
  EXPECT_FALSE(connected.has_value());
  if (connected) co_return;
  EXPECT_EQ(connected.error(), code);
  EXPECT_THAT(std::string(connected.error().message()), HasSubstr(options.peer.to_string()));
}

Task<> both(Task<> first, Task<> second) { co_await all_of(std::move(first), std::move(second)); }

Task<> write_all(Stream& stream, ByteView bytes) {
  Result<> written = co_await stream.write(bytes);
  CO_ASSERT_OK(written);
}

// Until the end of the peer's stream.
Task<> read_all(Stream& stream, std::vector<std::uint8_t>& all) {
  std::vector<std::uint8_t> buffer(50'000);
  while (true) {
    Result<std::size_t> count = co_await stream.read(buffer);
    CO_ASSERT_OK(count);
    if (*count == 0) co_return;
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
  }
}

Task<> expect_read(Stream& stream, std::string_view expected) {
  std::vector<std::uint8_t> buffer(expected.size());
  Result<> got = co_await stream.read_exactly(buffer);
  CO_ASSERT_OK(got);
  EXPECT_EQ(as_text(buffer), expected);
}

Task<> expect_end(Stream& stream) {
  std::array<std::uint8_t, 16> buffer;
  Result<std::size_t> count = co_await stream.read(buffer);
  CO_ASSERT_OK(count);
  EXPECT_EQ(*count, 0u);
}

Task<> expect_read_fails(Stream& stream, Errc code) {
  std::array<std::uint8_t, 16> buffer;
  Result<std::size_t> count = co_await stream.read(buffer);
  EXPECT_FALSE(count.has_value());
  if (!count) EXPECT_EQ(count.error(), code);
}

Task<> write_until_it_fails(Stream& stream, Errc code) {
  const std::vector<std::uint8_t> chunk(100'000);
  while (true) {
    Result<> written = co_await stream.write(ByteView(chunk));
    if (written) continue;
    EXPECT_EQ(written.error(), code);
    co_return;
  }
}

class Tcp : public LiveWorldBothFamilies {
 protected:
  std::unique_ptr<Listener> listen(ListenOptions options) {
    Result<std::unique_ptr<Listener>> listener = a().listen(options);
    if (!listener) ADD_FAILURE() << listener.error().message();
    return std::move(listener).value();
  }
  std::unique_ptr<Listener> listen() { return listen({.local = any_port()}); }

  StreamPair connect(Listener& listener, ConnectOptions options = {}) {
    StreamPair pair;
    options.peer = listener.local();
    run(both(connect_into(b(), options, pair.client), accept_into(listener, pair.server)));
    return pair;
  }
  StreamPair connect() {
    auto listener = listen();
    return connect(*listener);
  }
};

TEST_P(Tcp, BothEndsKnowEachOther) {
  auto listener = listen();
  const StreamPair pair = connect(*listener);
  EXPECT_EQ(pair.client->peer(), listener->local());
  EXPECT_EQ(pair.server->local(), listener->local());
  EXPECT_EQ(pair.server->peer(), pair.client->local());
}

TEST_P(Tcp, CarriesBytesBothWays) {
  const StreamPair pair = connect();
  run(both(write_all(*pair.client, as_bytes("ping")), expect_read(*pair.server, "ping")));
  run(both(write_all(*pair.server, as_bytes("pong")), expect_read(*pair.client, "pong")));
}

TEST_P(Tcp, AHalfClosedStreamStillReceives) {
  const StreamPair pair = connect();
  run(write_all(*pair.client, as_bytes("last words")));
  ASSERT_TRUE(pair.client->shutdown_send());
  EXPECT_TRUE(pair.client->shutdown_send()) << "twice is no mistake";
  run(expect_read(*pair.server, "last words"));
  run(expect_end(*pair.server));
  run(expect_end(*pair.server));
  run(both(write_all(*pair.server, as_bytes("answer")), expect_read(*pair.client, "answer")));
  EXPECT_EQ(pair.client->try_write(std::array{as_bytes("x")}).error(), Errc::closed);
}

Task<> write_parts(Stream& stream, std::span<const ByteView> parts) {
  Result<> written = co_await stream.write(parts);
  CO_ASSERT_OK(written);
  EXPECT_TRUE(stream.shutdown_send());
}

Task<> read_slowly(Host& host, Stream& stream, std::vector<std::uint8_t>& all) {
  for (int i = 0; i < 5; ++i) co_await host.clock().sleep(1ms);  // the writer has to wait meanwhile
  co_await read_all(stream, all);
}

TEST_P(Tcp, LargeGatheredWritesWaitForTheReader) {
  const StreamPair pair = connect();
  const std::vector<std::uint8_t> large = pattern(5'000'000);
  const std::vector<std::uint8_t> small = pattern(777, 9);
  std::vector<ByteView> parts;
  std::vector<std::uint8_t> expected;
  for (int i = 0; i < 100; ++i) {
    parts.push_back(i == 50 ? ByteView(large) : i % 10 == 0 ? ByteView() : ByteView(small));
    expected.insert(expected.end(), parts.back().begin(), parts.back().end());
  }
  std::vector<std::uint8_t> got;
  run(both(write_parts(*pair.client, parts), read_slowly(b(), *pair.server, got)));
  EXPECT_TRUE(got == expected);
}

TEST_P(Tcp, ReadExactlyTellsAnEarlyEnd) {
  const StreamPair pair = connect();
  run(write_all(*pair.client, as_bytes("abc")));
  ASSERT_TRUE(pair.client->shutdown_send());
  std::vector<std::uint8_t> buffer(10);
  const auto outcome = world().run(pair.server->read_exactly(buffer));
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error(), Errc::end_of_stream);
}

// An option of the socket between these two, as the kernel has it.
int option_between(const Endpoint& local, const Endpoint& peer, int level, int name) {
  for (int fd = 0; fd < 1024; ++fd) {
    if (local_endpoint(fd) != local || peer_endpoint(fd) != peer) continue;
    int value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(fd, level, name, &value, &size) == 0) return value;
  }
  return -1;
}

TEST_P(Tcp, SmallWritesLeaveAtOnceUnlessGathered) {
  auto listener = listen();
  const StreamPair quick = connect(*listener);
  EXPECT_EQ(option_between(quick.client->local(), quick.client->peer(), IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option_between(quick.server->local(), quick.server->peer(), IPPROTO_TCP, TCP_NODELAY), 1);
  const StreamPair gathering = connect(*listener, {.peer = {}, .stream = {.no_delay = false}});
  EXPECT_EQ(option_between(gathering.client->local(), gathering.client->peer(), IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST_P(Tcp, KeepsIdleConnectionsAliveWhenAsked) {
  const StreamOptions alive{.keepalive_idle = 90s, .keepalive_interval = 1500ms};
  auto listener = listen({.local = any_port(), .stream = alive});
  const StreamPair pair = connect(*listener, {.peer = {}, .stream = alive});
  for (Stream* stream : {pair.client.get(), pair.server.get()}) {
    EXPECT_EQ(option_between(stream->local(), stream->peer(), SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option_between(stream->local(), stream->peer(), IPPROTO_TCP, TCP_KEEPIDLE), 90);
    EXPECT_EQ(option_between(stream->local(), stream->peer(), IPPROTO_TCP, TCP_KEEPINTVL), 2) << "rounded up";
  }
  const StreamPair plain = connect();
  EXPECT_EQ(option_between(plain.client->local(), plain.client->peer(), SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST_P(Tcp, NobodyListening) {
  const Endpoint closed = listen()->local();
  run(expect_no_connection(b(), {.peer = closed}, Errc::refused));
}

TEST_P(Tcp, ConnectingToOneselfIsRefused) {
  const Endpoint own = listen()->local();  // free again
  run(expect_no_connection(b(), {.peer = own, .local = own}, Errc::refused));
}

TEST_P(Tcp, ConnectsFromTheGivenEndpoint) {
  auto listener = listen();
  const Endpoint local = listen()->local();  // free again
  const StreamPair pair = connect(*listener, {.peer = {}, .local = local, .reuse_address = true});
  EXPECT_EQ(pair.server->peer(), local);
}

TEST_P(Tcp, ConnectsFromAPortThatAlsoListens) {
  auto listener = listen();
  auto own = listen({.local = any_port(), .reuse_port = true});
  const StreamPair pair = connect(*listener, {.peer = {}, .local = own->local(), .reuse_address = true});
  EXPECT_EQ(pair.server->peer(), own->local());
}

TEST_P(Tcp, AddressesThatCannotBeListenedAt) {
  auto listener = listen();
  const auto taken = b().listen({.local = listener->local()});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error(), Errc::address_in_use);
  EXPECT_THAT(std::string(taken.error().message()), HasSubstr(listener->local().to_string()));
  const IpAddress foreign =
      family() == IpFamily::v4 ? IpAddress::v4(192, 0, 2, 77) : IpAddress::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 7});
  EXPECT_EQ(a().listen({.local = Endpoint(foreign, 0)}).error(), Errc::address_not_available);
}

TEST_P(Tcp, AbortingResetsThePeer) {
  const StreamPair pair = connect();
  pair.client->abort();
  run(expect_read_fails(*pair.server, Errc::reset));
  run(expect_read_fails(*pair.server, Errc::reset));  // it stays so
  EXPECT_EQ(pair.server->try_write(std::array{as_bytes("x")}).error(), Errc::reset);
  run(expect_read_fails(*pair.client, Errc::closed));
  EXPECT_EQ(pair.client->shutdown_send().error(), Errc::closed);
}

TEST_P(Tcp, AbortingEndsOwnOperations) {
  const StreamPair pair = connect();
  Scope scope(world().loop());
  scope.spawn(expect_read_fails(*pair.client, Errc::closed));
  scope.spawn(write_until_it_fails(*pair.client, Errc::closed));
  world().turn(0ns);
  world().turn(0ns);
  pair.client->abort();
  world().turn(0ns);
  EXPECT_TRUE(scope.empty());
}

TEST_P(Tcp, DroppingAStreamResetsThePeer) {
  StreamPair pair = connect();
  pair.client.reset();
  run(expect_read_fails(*pair.server, Errc::reset));
}

TEST_P(Tcp, AFailedWriteDoesNotTurnIntoAnOrdinaryEnd) {
  StreamPair pair = connect();
  pair.client.reset();
  run(write_until_it_fails(*pair.server, Errc::reset));
  run(expect_read_fails(*pair.server, Errc::reset));
}

TEST_P(Tcp, AStreamThatWasShutDownDeliversAfterItsOwnerLeft) {
  StreamPair pair = connect();
  const std::vector<std::uint8_t> answer = pattern(300'000);
  run(write_all(*pair.client, pattern(100'000)));  // never read: closing over it would reset the stream
  run(write_all(*pair.server, answer));
  ASSERT_TRUE(pair.server->shutdown_send());
  pair.server.reset();
  EXPECT_EQ(world().lingering().size(), 1u);
  run(write_all(*pair.client, pattern(100'000)));
  std::vector<std::uint8_t> got;
  run(read_all(*pair.client, got));
  EXPECT_TRUE(got == answer);
  EXPECT_TRUE(pair.client->shutdown_send());
  while (world().lingering().size() != 0) world().turn(kPatience);
}

TEST_P(Tcp, AStreamThatIsFinishedOnBothSidesDoesNotLinger) {
  StreamPair pair = connect();
  ASSERT_TRUE(pair.client->shutdown_send());
  run(expect_end(*pair.server));
  ASSERT_TRUE(pair.server->shutdown_send());
  pair.server.reset();
  EXPECT_EQ(world().lingering().size(), 0u);
  run(expect_end(*pair.client));
}

TEST_P(Tcp, LingeringIsBounded) {
  auto world = make_world({.max_lingering = 2, .linger_limit = 1ms});
  Host host(*world, {.name = "host"});
  auto listener = std::move(*host.listen({.local = any_port()}));
  std::vector<StreamPair> pairs(4);
  for (StreamPair& pair : pairs) {
    EXPECT_TRUE(world->run(
        both(connect_into(host, {.peer = listener->local()}, pair.client), accept_into(*listener, pair.server))));
    EXPECT_TRUE(pair.server->shutdown_send());
  }
  for (StreamPair& pair : pairs) pair.server.reset();
  EXPECT_EQ(world->lingering().size(), 2u);
  while (world->lingering().size() != 0) world->turn(kPatience);  // the limit ends them
}

Task<> accept_many(Listener& listener, std::size_t count, std::vector<StreamPtr>& streams) {
  while (streams.size() < count) {
    Result<StreamPtr> accepted = co_await listener.accept();
    CO_ASSERT_OK(accepted);
    streams.push_back(std::move(*accepted));
  }
}

TEST_P(Tcp, AcceptsAllOfMany) {
  auto listener = listen();
  std::vector<StreamPtr> clients(100);
  Scope scope(world().loop());
  for (StreamPtr& client : clients) scope.spawn(connect_into(b(), {.peer = listener->local()}, client));
  while (!scope.empty()) world().turn(kPatience);  // all wait in the backlog, announced by one event
  std::vector<StreamPtr> servers;
  run(accept_many(*listener, clients.size(), servers));
}

TEST_P(Tcp, ADroppedAcceptLosesNothing) {
  auto listener = listen();
  StreamPtr client;
  StreamPtr never;
  Scope dialling(world().loop());
  {
    Scope scope(world().loop());
    scope.spawn(accept_into(*listener, never));
    dialling.spawn(connect_into(b(), {.peer = listener->local()}, client));
    world().loop().run_ready();
    world().poller().wait(kPatience);
    world().poller().dispatch();  // wakes who accepts, who is dropped before its turn
  }
  EXPECT_EQ(never, nullptr);
  StreamPtr server;
  run(accept_into(*listener, server));
  while (!dialling.empty()) world().turn(kPatience);
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->peer(), client->local());
}

TEST_P(Tcp, ADroppedReadLosesNothing) {
  const StreamPair pair = connect();
  {
    Scope scope(world().loop());
    scope.spawn(expect_read(*pair.server, "never"));
    world().turn(0ns);
    run(write_all(*pair.client, as_bytes("kept")));
    world().poller().wait(kPatience);
    world().poller().dispatch();
  }
  run(expect_read(*pair.server, "kept"));
}

TEST_P(Tcp, ADroppedWriteAborts) {
  const StreamPair pair = connect();
  const std::vector<std::uint8_t> large(20'000'000);
  {
    Scope scope(world().loop());
    scope.spawn(write_all(*pair.client, large));
    for (int i = 0; i < 10; ++i) world().turn(0ns);
    EXPECT_EQ(scope.size(), 1u);
  }
  EXPECT_EQ(pair.client->try_write(std::array{as_bytes("x")}).error(), Errc::closed);
}

TEST_P(Tcp, ADroppedConnectLeavesNothingBehind) {
  auto listener = listen();
  StreamPtr client;
  {
    Scope scope(world().loop());
    scope.spawn(connect_into(b(), {.peer = listener->local()}, client));
    world().loop().run_ready();
  }
  EXPECT_EQ(client, nullptr);
  world().turn(0ns);
}

TEST_P(Tcp, ReadingIntoNothingIsAMistake) {
  const StreamPair pair = connect();
  EXPECT_EQ(pair.client->try_read({}).error(), Errc::invalid_argument);
}

INSTANTIATE_BOTH_FAMILIES(Tcp);

class LocalStream : public LiveWorld {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/ghostnet-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = pattern + "/socket";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  const std::string& path() const { return path_; }

 private:
  std::string directory_;
  std::string path_;
};

Task<> connect_local_into(Host& host, std::string path, StreamPtr& stream) {
  Result<StreamPtr> connected = co_await host.connect_local(path);
  CO_ASSERT_OK(connected);
  stream = std::move(*connected);
}

Task<> expect_no_local_connection(Host& host, std::string path, Errc code) {
  Result<StreamPtr> connected = co_await host.connect_local(path);
  EXPECT_FALSE(connected.has_value());
  if (connected) co_return;
  EXPECT_EQ(connected.error(), code);
  EXPECT_THAT(std::string(connected.error().message()), HasSubstr(path));
}

TEST_F(LocalStream, CarriesBytesBothWays) {
  auto listener = std::move(*a().listen_local(path()));
  StreamPair pair;
  run(both(connect_local_into(b(), path(), pair.client), accept_into(*listener, pair.server)));
  run(both(write_all(*pair.client, as_bytes("ping")), expect_read(*pair.server, "ping")));
  ASSERT_TRUE(pair.client->shutdown_send());
  run(expect_end(*pair.server));
  const std::vector<std::uint8_t> large = pattern(2'000'000);
  std::vector<std::uint8_t> got;
  const std::array<ByteView, 1> parts{large};
  run(both(write_parts(*pair.server, parts), read_all(*pair.client, got)));
  EXPECT_TRUE(got == large);
}

TEST_F(LocalStream, TheFileGoesWithTheListener) {
  auto listener = std::move(*a().listen_local(path()));
  EXPECT_TRUE(std::filesystem::is_socket(path()));
  listener.reset();
  EXPECT_FALSE(std::filesystem::exists(path()));
  run(expect_no_local_connection(b(), path(), Errc::not_found));
}

TEST_F(LocalStream, AnotherListenersFileIsLeftAlone) {
  auto listener = std::move(*a().listen_local(path()));
  const auto second = b().listen_local(path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), Errc::address_in_use);
  std::filesystem::remove(path());
  auto heir = std::move(*b().listen_local(path()));
  listener.reset();
  EXPECT_TRUE(std::filesystem::is_socket(path())) << "it belongs to somebody else by now";
}

TEST_F(LocalStream, AFileThatACrashLeftIsReplaced) {
  {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(fd);
  }
  ASSERT_TRUE(std::filesystem::is_socket(path()));
  run(expect_no_local_connection(b(), path(), Errc::refused));
  const auto listener = a().listen_local(path());
  EXPECT_TRUE(listener) << listener.error().message();
}

TEST_F(LocalStream, PathsThatCannotBe) {
  EXPECT_EQ(a().listen_local(std::string(200, 'x')).error(), Errc::invalid_argument);
  EXPECT_EQ(a().listen_local("").error(), Errc::invalid_argument);
  EXPECT_EQ(a().listen_local(path() + "/no/such/directory").error(), Errc::not_found);
  run(expect_no_local_connection(b(), std::string(200, 'x'), Errc::invalid_argument));
}

}  // namespace
}  // namespace ghostnet::realnet::stream_test
