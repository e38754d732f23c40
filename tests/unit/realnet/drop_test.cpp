// Dropping at every suspension point: a conversation is begun again and again and dropped after one turn more each
// time. The sanitizers say whether something was left behind; a fresh conversation says whether the hosts are still
// whole.
#include "live_world.hpp"

namespace ghostnet::realnet::drop_test {
namespace {

using StreamPtr = std::unique_ptr<Stream>;

const Endpoint kAnyPort(IpAddress::v4(127, 0, 0, 1), 0);

Task<> serve(Host& host, Endpoint& address, Event& listening) {
  auto listener = std::move(*host.listen({.local = kAnyPort}));
  auto socket = std::move(*host.open_udp({.local = listener->local()}));
  address = listener->local();
  listening.set();
  Result<StreamPtr> stream = co_await listener->accept();
  CO_ASSERT_OK(stream);
  std::vector<std::uint8_t> buffer(40'000);
  while (true) {
    Result<std::size_t> count = co_await (*stream)->read(buffer);
    if (!count || *count == 0) break;
    auto checksum = [bytes = std::vector(buffer.begin(), buffer.begin() + 1)] { return bytes[0]; };
    co_await host.compute({}, checksum);
    Result<> written = co_await (*stream)->write(ByteView(buffer).first(*count));
    if (!written) break;
  }
  EXPECT_TRUE((*stream)->shutdown_send());
  Result<ReceivedDatagram> last = co_await socket->recv();
  CO_ASSERT_OK(last);
  EXPECT_TRUE(socket->send_to(last->peer, last->data.view()));
}

Task<> converse(Host& host, const Endpoint& address, Event& listening, bool& done) {
  co_await listening;
  auto names = co_await host.resolve("localhost");
  CO_ASSERT_OK(names);
  Result<StreamPtr> stream = co_await host.connect({.peer = address});
  CO_ASSERT_OK(stream);
  const std::vector<std::uint8_t> bytes = pattern(100'000);
  std::vector<std::uint8_t> echoed(bytes.size());
  auto [written, read] = co_await all_of((*stream)->write(ByteView(bytes)), (*stream)->read_exactly(echoed));
  CO_ASSERT_OK(written);
  CO_ASSERT_OK(read);
  EXPECT_EQ(echoed, bytes);
  EXPECT_TRUE((*stream)->shutdown_send());
  auto socket = std::move(*host.open_udp({.local = kAnyPort}));
  while (true) {  // the server may still be busy with the stream: ask again
    EXPECT_TRUE(socket->send_to(address, as_bytes("bye")));
    auto answer = co_await first_of(socket->recv(), host.clock().sleep(5ms));
    if (answer.index() == 0) break;
  }
  done = true;
}

struct Conversation {
  explicit Conversation(World& world, Host& server, Host& client) : listening(world.loop()), scope(world.loop()) {
    scope.spawn(serve(server, address, listening));
    scope.spawn(converse(client, address, listening, done));
  }
  Endpoint address;
  bool done = false;
  Event listening;
  Scope scope;
};

class Dropping : public LiveWorld {};

TEST_F(Dropping, AtEverySuspensionPoint) {
  bool done = false;
  int turns = 0;
  for (; !done && turns < 2000; ++turns) {
    Conversation conversation(world(), a(), b());
    for (int i = 0; i < turns && !conversation.done; ++i) world().turn(kPatience);
    done = conversation.done;
  }
  EXPECT_TRUE(done);
  EXPECT_GT(turns, 5);
}

TEST_F(Dropping, BetweenBeingWokenAndRunning) {
  for (int turns = 0; turns < 40; ++turns) {
    Conversation conversation(world(), a(), b());
    for (int i = 0; i < turns && !conversation.done; ++i) world().turn(kPatience);
    if (conversation.done) break;
    world().poller().wait(1ms);
    world().poller().dispatch();
    world().loop().fire_due_timers();
  }
  Conversation whole(world(), a(), b());
  while (!whole.done) world().turn(kPatience);
}

}  // namespace
}  // namespace ghostnet::realnet::drop_test
