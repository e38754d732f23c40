#include "live_world.hpp"

namespace ghostnet::realnet {
namespace {

class Udp : public LiveWorldBothFamilies {
 protected:
  std::unique_ptr<UdpSocket> open(Host& host, UdpOptions options) {
    Result<std::unique_ptr<UdpSocket>> socket = host.open_udp(options);
    if (!socket) ADD_FAILURE() << socket.error().message();
    return std::move(socket).value();
  }
  std::unique_ptr<UdpSocket> open(Host& host) { return open(host, {.local = any_port()}); }
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

INSTANTIATE_BOTH_FAMILIES(Udp);

}  // namespace
}  // namespace ghostnet::realnet
