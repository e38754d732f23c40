// Our part in the transport-interop tests of the libp2p project (repository test-plans, transport-interop).
//
// Said by the environment: transport (tcp), security (noise or tls), muxer (yamux), is_dialer (true or false), ip (to
// listen at; 0.0.0.0), redis_addr (HOST:PORT; redis:6379) and test_timeout_seconds (180). The listener pushes its
// address onto the list "listenerAddr" of Redis and waits until it is ended; the dialer takes it from there, connects,
// pings, and prints one line of JSON: the milliseconds of the handshake with one round trip, and of one round trip.
//
// Exit codes: 0 the dialer pinged, 1 something failed or the time was up, 2 the environment asks for what is not here.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace {

using namespace ghostnet;  // NOLINT

constexpr int kFailed = 1;
constexpr int kNotHere = 2;
constexpr Duration kBetweenTries = 100ms;
constexpr std::size_t kMaxReplyBytes = 4096;
constexpr std::string_view kList = "listenerAddr";

struct Said {
  libp2p::Security security = libp2p::Security::noise;
  bool dials = false;
  std::string ip = "0.0.0.0";
  std::string redis_host = "redis";
  std::uint16_t redis_port = 6379;
  Duration timeout = 180s;
};

std::string environment(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

template <class T>
Result<T> number(const std::string& text, std::string_view name) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value > 0) return value;
  return fail(Errc::invalid_argument, "{}={}: expected a number", name, text);
}

Result<Said> read_environment() {
  Said said;
  const auto only = [](const char* name, std::string_view value) -> Result<> {
    const std::string is = environment(name, "");
    if (is == value) return {};
    return fail(Errc::not_supported, "{}={}: only {} is here", name, is, value);
  };
  if (Result<> fits = only("transport", "tcp"); !fits) return fail(fits);
  if (Result<> fits = only("muxer", "yamux"); !fits) return fail(fits);
  const std::string security = environment("security", "");
  if (security != "noise" && security != "tls") {
    return fail(Errc::not_supported, "security={}: noise and tls are here", security);
  }
  if (security == "tls") said.security = libp2p::Security::tls;
  said.dials = environment("is_dialer", "false") == "true";
  said.ip = environment("ip", "0.0.0.0");
  const std::string redis = environment("redis_addr", "redis:6379");
  const std::size_t colon = redis.rfind(':');
  said.redis_host = redis.substr(0, colon);
  if (colon != std::string::npos) {
    const auto port = number<std::uint16_t>(redis.substr(colon + 1), "redis_addr");
    if (!port) return fail(port);
    said.redis_port = *port;
  }
  const auto seconds = number<std::uint32_t>(environment("test_timeout_seconds", "180"), "test_timeout_seconds");
  if (!seconds) return fail(seconds);
  said.timeout = std::chrono::seconds(*seconds);
  return said;
}

// ---- as much of Redis as it takes: one command, and the last text of its reply (RESP) ----

Task<Result<std::string>> line_of(Stream& stream) {
  std::string line;
  while (!line.ends_with("\r\n")) {
    std::uint8_t byte = 0;
    if (Result<> read = co_await stream.read_exactly({&byte, 1}); !read) co_return fail(read);
    line.push_back(static_cast<char>(byte));
    if (line.size() > kMaxReplyBytes) co_return fail(Errc::limit, "a reply of Redis without an end");
  }
  line.resize(line.size() - 2);
  co_return line;
}

Task<Result<std::string>> ask_once(Host& host, const Said& said, std::vector<std::string> command) {
  const auto addresses = co_await host.resolve(said.redis_host);
  if (!addresses) co_return fail(addresses);
  const auto stream = co_await host.connect({.peer = Endpoint(addresses->front(), said.redis_port)});
  if (!stream) co_return fail(stream);
  std::string text = fmt::format("*{}\r\n", command.size());
  for (const std::string& word : command) text += fmt::format("${}\r\n{}\r\n", word.size(), word);
  if (Result<> written = co_await (*stream)->write(as_bytes(text)); !written) co_return fail(written);
  std::string last;
  for (int left = 1; left > 0; --left) {
    const auto head = co_await line_of(**stream);
    if (!head) co_return fail(head);
    if (head->empty() || head->starts_with('-')) co_return fail(Errc::protocol, "Redis says: {}", *head);
    last = head->substr(1);
    if (head->starts_with('*')) left += std::atoi(last.c_str());
    if (!head->starts_with('$')) continue;
    const auto bulk = co_await line_of(**stream);  // addresses hold no line ends
    if (!bulk) co_return fail(bulk);
    last = *bulk;
  }
  co_return last;
}

// Redis may be there later than we.
Task<Result<std::string>> ask(Host& host, const Said& said, std::vector<std::string> command) {
  const TimePoint deadline = host.now() + said.timeout;
  while (true) {
    std::vector<std::string> again = command;
    Result<std::string> reply = co_await ask_once(host, said, std::move(again));
    if (reply || reply.error() == Errc::protocol || host.now() >= deadline) co_return reply;
    co_await host.clock().sleep(kBetweenTries);
  }
}

// ---- the two parts ----

double in_ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

Task<Result<>> dial(libp2p::Node& node, const Said& said) {
  std::vector<std::string> command{
      "BLPOP", std::string(kList),
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(said.timeout).count())};
  const auto text = co_await ask(node.host(), said, std::move(command));
  if (!text) co_return fail(text);
  const Result<libp2p::Multiaddr> address = libp2p::Multiaddr::parse(*text);
  if (!address) co_return fail(address);
  const TimePoint begun = node.host().now();
  const Result<libp2p::PeerId> peer = co_await node.connect(*address);
  if (!peer) co_return fail(peer);
  const Result<Duration> rtt = co_await node.ping(*peer);
  if (!rtt) co_return fail(rtt);
  const Duration together = node.host().now() - begun;
  // The second name is spelt as the contract spells it.
  fmt::print("{{\"handshakePlusOneRTTMillis\":{:.3f},\"pingRTTMilllis\":{:.3f}}}\n", in_ms(together), in_ms(*rtt));
  co_return Result<>();
}

Task<Result<>> listen(libp2p::Node& node, const Said& said) {
  const Result<libp2p::Multiaddr> at = libp2p::Multiaddr::parse(fmt::format("/ip4/{}/tcp/0", said.ip));
  if (!at) co_return fail(at);
  if (const auto listening = node.listen(*at); !listening) co_return fail(listening);
  const std::vector<libp2p::Multiaddr> addresses = node.addresses();
  if (addresses.empty()) co_return fail(Errc::address_not_available, "there is no address to listen at");
  auto best = std::ranges::find_if(addresses, [](const libp2p::Multiaddr& address) {
    const auto target = libp2p::tcp_target(address);
    return target && !target->address.is_loopback();
  });
  if (best == addresses.end()) best = addresses.begin();
  std::vector<std::string> command{"RPUSH", std::string(kList), best->with_peer(node.id()).text()};
  if (const auto pushed = co_await ask(node.host(), said, std::move(command)); !pushed) co_return fail(pushed);
  co_await node.host().clock().sleep(said.timeout);
  co_return fail(Errc::timed_out, "nobody ended the test");
}

Task<Result<>> take_part(libp2p::Node& node, const Said& said) {
  Task<Result<>> part = said.dials ? dial(node, said) : listen(node, said);
  co_return co_await with_timeout(node.host().clock(), said.timeout, std::move(part));
}

int say(int code, const Error& error) {
  fmt::print(stderr, "transport_peer: {}\n", error.message());
  return code;
}

}  // namespace

int main() {
  const Result<Said> said = read_environment();
  if (!said) return say(kNotHere, said.error());
  auto world = realnet::World::create();
  if (!world) return say(kFailed, world.error());
  realnet::Host host(**world, {.name = "transport_peer"});
  crypto::HostRandom random(host);
  libp2p::Node node(host, libp2p::KeyPair::generate_ed25519(random), {.security = {said->security}});
  const auto outcome = (*world)->run(take_part(node, *said));
  if (!outcome || !*outcome) return say(kFailed, outcome ? outcome->error() : Error(Errc::closed));
  return 0;
}
