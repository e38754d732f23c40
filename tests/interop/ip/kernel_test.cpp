// Our IP stack against Linux and programs of other people, over a TUN device in a namespace of the test, on a clean
// line and on one that loses, doubles and reorders.
#include <csignal>

#include "ghostnet/echo/service.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "kernel_peer.hpp"

namespace ghostnet::ip::kernel_test {
namespace {

using testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Line, KernelPeer, testing::ValuesIn(lines()),
                         [](const auto& info) { return info.param.name; });

// ---- ICMP ----

TEST_P(KernelPeer, AnswersThePingOfTheKernel) {
  if (!has("ping")) GTEST_SKIP() << "ping is not installed";
  for (const IpAddress& address : {kStack4, kStack6}) {
    for (const char* const size : {"56", "1400", "8000"}) {
      const Ran ran = shell(fmt::format("ping -c 20 -i 0.02 -W 2 -s {} {}", size, address));
      // On a bad line some are lost; a fragmented one is when any of its twelve fragments is.
      if (!GetParam().shaped) EXPECT_THAT(ran.output, HasSubstr("20 received")) << ran.output;
      EXPECT_EQ(ran.exit_code, 0) << ran.output;
    }
  }
}

TEST_P(KernelPeer, PingsTheKernel) {
  for (const IpAddress& address : {kKernel4, kKernel6}) {
    int answered = 0;
    for (int i = 0; i < 20; ++i) answered += run(stack().ping(address, {.timeout = 200ms})).has_value();
    EXPECT_GE(answered, GetParam().shaped ? 10 : 20) << address.to_string();
  }
}

// ---- UDP ----

Task<int> exchange(ghostnet::Host& host, Endpoint server, std::size_t bytes, int count) {
  echo::EchoOptions options;
  options.server = false;
  Result<std::unique_ptr<echo::EchoService>> client = echo::EchoService::start(host, options);
  if (!client) co_return -1;
  int answered = 0;
  for (int i = 0; i < count; ++i) {
    const echo::EchoRequest request{.size = {bytes}, .timeout = 300ms};
    const Result<Duration> rtt = co_await (*client)->round_trip(server, request);
    answered += rtt.has_value();
  }
  co_return answered;
}

TEST_P(KernelPeer, ExchangesDatagramsWithTheKernelBothWays) {
  auto on_kernel = echo::EchoService::start(kernel(), {.listen = {Endpoint(kKernel4, 7007), Endpoint(kKernel6, 7007)}});
  ASSERT_TRUE(on_kernel) << on_kernel.error().message();
  auto on_stack = echo::EchoService::start(stack(), {.listen = {Endpoint(kStack4, 7008), Endpoint(kStack6, 7008)}});
  ASSERT_TRUE(on_stack) << on_stack.error().message();
  for (const std::size_t bytes : {16u, 1452u, 9000u}) {
    const int least = GetParam().shaped ? 5 : 20;
    for (const IpAddress& address : {kKernel4, kKernel6}) {
      EXPECT_GE(run(exchange(stack(), Endpoint(address, 7007), bytes, 20)), least) << address.to_string() << bytes;
    }
    for (const IpAddress& address : {kStack4, kStack6}) {
      EXPECT_GE(run(exchange(kernel(), Endpoint(address, 7008), bytes, 20)), least) << address.to_string() << bytes;
    }
  }
}

Task<Errc> error_of_closed_port(ghostnet::Host& host, Endpoint peer) {
  auto socket = host.open_udp({.local = Endpoint(IpAddress::any(peer.family()), 0)});
  if (!socket || !(*socket)->connect(peer)) co_return Errc::internal;
  for (int i = 0; i < 20; ++i) {
    static_cast<void>((*socket)->send_to(Endpoint(), as_bytes("anybody?")));
    auto outcome = co_await first_of((*socket)->recv(), host.clock().sleep(200ms));
    if (outcome.index() != 0) continue;
    const auto& received = std::get<0>(outcome);
    co_return received ? Errc::internal : received.error().code();
  }
  co_return Errc::timed_out;
}

TEST_P(KernelPeer, PortsWhereNobodyListensAreRefusedBothWays) {
  for (const IpAddress& address : {kKernel4, kKernel6}) {
    EXPECT_EQ(run(error_of_closed_port(stack(), Endpoint(address, 9))), Errc::refused) << address.to_string();
  }
  for (const IpAddress& address : {kStack4, kStack6}) {
    EXPECT_EQ(run(error_of_closed_port(kernel(), Endpoint(address, 9))), Errc::refused) << address.to_string();
  }
}

// ---- TCP: both sides ours and the kernel's ----

Task<Result<>> converse(ghostnet::Host& host, Endpoint server, std::size_t bytes) {
  echo::EchoOptions options;
  options.server = false;
  Result<std::unique_ptr<echo::EchoService>> client = echo::EchoService::start(host, options);
  if (!client) co_return fail(std::move(client));
  const echo::EchoRequest request{.size = {bytes}, .timeout = 50s, .transport = echo::Transport::stream};
  const Result<Duration> rtt = co_await (*client)->round_trip(server, request);
  if (!rtt) co_return fail(rtt);
  co_return {};
}

TEST_P(KernelPeer, StreamsComeBackUnchangedBothWays) {
  auto on_kernel = echo::EchoService::start(kernel(), {.listen = {Endpoint(kKernel4, 7007), Endpoint(kKernel6, 7007)}});
  ASSERT_TRUE(on_kernel);
  auto on_stack = echo::EchoService::start(stack(), {.listen = {Endpoint(kStack4, 7008), Endpoint(kStack6, 7008)}});
  ASSERT_TRUE(on_stack);
  for (const std::size_t bytes : {16u, 100'000u, 2'000'000u}) {
    for (const IpAddress& address : {kKernel4, kKernel6}) {
      const Result<> done = run(converse(stack(), Endpoint(address, 7007), bytes));
      EXPECT_TRUE(done) << address.to_string() << " " << bytes << ": " << done.error().message();
    }
    for (const IpAddress& address : {kStack4, kStack6}) {
      const Result<> done = run(converse(kernel(), Endpoint(address, 7008), bytes));
      EXPECT_TRUE(done) << address.to_string() << " " << bytes << ": " << done.error().message();
    }
  }
}

TEST_P(KernelPeer, ClosedPortsRefuseStreamsBothWays) {
  EXPECT_EQ(run(stack().connect({.peer = Endpoint(kKernel4, 9)})).error(), Errc::refused);
  EXPECT_EQ(run(stack().connect({.peer = Endpoint(kKernel6, 9)})).error(), Errc::refused);
  EXPECT_EQ(run(kernel().connect({.peer = Endpoint(kStack4, 9)})).error(), Errc::refused);
  EXPECT_EQ(run(kernel().connect({.peer = Endpoint(kStack6, 9)})).error(), Errc::refused);
}

// ---- TCP: programs of other people ----

constexpr std::size_t kPageBytes = 8'000'000;

std::string page() {
  std::string text(kPageBytes, ' ');
  Random random = Random::derive(1, 0, "page");
  for (char& c : text) c = static_cast<char>('a' + random.below(26));
  return text;
}

// One request, one answer, one connection: as much HTTP as curl needs (RFC 9112).
Task<> serve_page(std::unique_ptr<Stream> stream, const std::string& body) {
  std::string request;
  std::array<std::uint8_t, 1024> buffer;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const Result<std::size_t> got = co_await stream->read(buffer);
    if (!got || *got == 0) co_return;
    request.append(as_text(ByteView(buffer).first(*got)));
  }
  const std::string head =
      fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.size());
  const std::array<ByteView, 2> parts{as_bytes(head), as_bytes(body)};
  const Result<> written = co_await stream->write(parts);
  if (!written || !stream->shutdown_send()) co_return;
  static_cast<void>(co_await stream->read(buffer));
}

Task<> serve_pages(Listener& listener, Scope& scope, const std::string& body) {
  while (Result<std::unique_ptr<Stream>> stream = co_await listener.accept()) {
    scope.spawn(serve_page(std::move(*stream), body));
  }
}

TEST_P(KernelPeer, CurlFetchesAPageFromOurStack) {
  if (!has("curl")) GTEST_SKIP() << "curl is not installed";
  const std::string body = page();
  std::ofstream(directory() + "/expected") << body;
  auto listener = stack().listen({.local = Endpoint(IpAddress::any(IpFamily::v6), 80)});
  ASSERT_TRUE(listener) << listener.error().message();
  Scope scope(world().loop());
  scope.spawn(serve_pages(**listener, scope, body));
  for (const IpAddress& address : {kStack4, kStack6}) {
    const Ran ran = shell(fmt::format("curl -s -S -o {0}/got http://{1}/ && cmp {0}/got {0}/expected", directory(),
                                      Endpoint(address, 80)));
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
  }
}

Task<Result<std::string>> fetch(ghostnet::Host& host, Endpoint server) {
  Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = server});
  if (!stream) co_return fail(std::move(stream));
  const std::string request = "GET /page HTTP/1.0\r\n\r\n";
  const Result<> written = co_await (*stream)->write(as_bytes(request));
  if (!written) co_return fail(written);
  std::string answer;
  std::vector<std::uint8_t> buffer(65'536);
  while (true) {
    const Result<std::size_t> got = co_await (*stream)->read(buffer);
    if (!got) co_return fail(got);
    if (*got == 0) co_return answer;
    answer.append(as_text(ByteView(buffer).first(*got)));
  }
}

TEST_P(KernelPeer, OurStackFetchesAPageFromNginx) {
  if (!has("nginx")) GTEST_SKIP() << "nginx is not installed";
  const std::string body = page();
  const std::string home = directory();
  std::ofstream(home + "/page") << body;
  std::ofstream(home + "/nginx.conf") << "daemon off; master_process off; pid " << home << "/pid; error_log " << home
                                      << "/error; events {} http { access_log off; client_body_temp_path " << home
                                      << "/t1; proxy_temp_path " << home << "/t2; fastcgi_temp_path " << home
                                      << "/t3; uwsgi_temp_path " << home << "/t4; scgi_temp_path " << home
                                      << "/t5; server { listen 10.9.0.1:80; listen [fd09::1]:80; root " << home
                                      << "; } }\n";
  background("exec nginx -c " + home + "/nginx.conf -p " + home + " -e " + home + "/error");
  for (const IpAddress& address : {kKernel4, kKernel6}) {
    Result<std::string> answer = run(fetch(stack(), Endpoint(address, 80)));
    for (int i = 0; i < 50 && !answer && answer.error() == Errc::refused; ++i) {  // it takes a while to begin
      run([](const Clock& clock) -> Task<bool> {
        co_await clock.sleep(100ms);
        co_return true;
      }(world().clock()));
      answer = run(fetch(stack(), Endpoint(address, 80)));
    }
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_THAT(answer->substr(0, 20), HasSubstr("200 OK"));
    const std::size_t at = answer->find("\r\n\r\n");
    ASSERT_NE(at, std::string::npos);
    EXPECT_TRUE(answer->substr(at + 4) == body) << address.to_string();
  }
}

// Everything that arrives at `from` goes on to `to`.
Task<> pump(Stream& from, Stream& to) {
  std::vector<std::uint8_t> buffer(256 * 1024);
  while (true) {
    const Result<std::size_t> got = co_await from.read(buffer);
    if (!got) co_return to.abort();
    if (*got == 0) break;
    const Result<> written = co_await to.write(ByteView(buffer).first(*got));
    if (!written) co_return from.abort();
  }
  static_cast<void>(to.shutdown_send());
}

Task<> relay(std::unique_ptr<Stream> near, ghostnet::Host& host, Endpoint far_end) {
  Result<std::unique_ptr<Stream>> far = co_await host.connect({.peer = far_end});
  if (!far) co_return;
  co_await all_of(pump(*near, **far), pump(**far, *near));
}

Task<> relay_all(Listener& listener, Scope& scope, ghostnet::Host& host, Endpoint far_end) {
  while (Result<std::unique_ptr<Stream>> stream = co_await listener.accept()) {
    scope.spawn(relay(std::move(*stream), host, far_end));
  }
}

TEST_P(KernelPeer, Iperf3RunsThroughOurStackBothWays) {
  if (!has("iperf3")) GTEST_SKIP() << "iperf3 is not installed";
  background("exec iperf3 -s -B 127.0.0.1 -p 5201 > /dev/null 2>&1");
  auto listener = stack().listen({.local = Endpoint(IpAddress::any(IpFamily::v6), 5201)});
  ASSERT_TRUE(listener);
  Scope scope(world().loop());
  scope.spawn(relay_all(**listener, scope, kernel(), Endpoint(IpAddress::loopback(IpFamily::v4), 5201)));
  for (const IpAddress& address : {kStack4, kStack6}) {
    for (const char* const direction : {"", "-R"}) {
      const Ran ran = shell(
          fmt::format("for i in 1 2 3 4 5 6 7 8 9 10; do iperf3 -c {} -n 20M {} && exit 0; sleep 0.3; done; exit 1",
                      address, direction));
      EXPECT_EQ(ran.exit_code, 0) << ran.output;
      EXPECT_THAT(ran.output, HasSubstr("iperf Done")) << ran.output;
    }
  }
}

}  // namespace
}  // namespace ghostnet::ip::kernel_test
