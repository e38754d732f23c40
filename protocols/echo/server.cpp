#include "ghostnet/echo/server.hpp"

#include <algorithm>
#include <array>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/listen_on.hpp"

namespace ghostnet::echo {
namespace {

constexpr std::size_t kBatch = 32;
// After so many datagrams in one go, others get their turn.
constexpr std::size_t kMaxAnswersPerTurn = 256;
constexpr std::size_t kStreamBufferBytes = 16 * 1024;
constexpr Duration kAcceptBackoff = 100ms;

// Raises a gauge while it lives, also when its coroutine is dropped.
class Raised {
 public:
  explicit Raised(Gauge& gauge) : gauge_(gauge) { gauge_.add(); }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;
  ~Raised() { gauge_.sub(); }

 private:
  Gauge& gauge_;
};

}  // namespace

Result<std::unique_ptr<EchoServer>> EchoServer::start(Host& host, const EchoOptions& options) {
  std::unique_ptr<EchoServer> server(new EchoServer(host, options));
  for (const Endpoint& local : listen_on(host, options.listen, options.port)) {
    if (Result<> opened = server->open(local, options.streams); !opened) return fail(std::move(opened));
  }
  return server;
}

EchoServer::EchoServer(Host& host, const EchoOptions& options)
    : host_(host),
      stream_idle_(options.stream_idle),
      metrics_(host.metrics().family<EchoMetrics>()),
      stream_permits_(host.loop(), options.max_streams),
      streams_(host.loop()),
      listening_(host.loop()) {}

Result<> EchoServer::open(const Endpoint& local, bool streams) {
  Result<std::unique_ptr<UdpSocket>> socket = host_.open_udp({.local = local});
  if (!socket) return std::unexpected(socket.error().while_doing("echo server"));
  listening_.spawn(serve_datagrams(*sockets_.emplace_back(std::move(*socket))));
  if (!streams) return {};

  Result<std::unique_ptr<Listener>> listener = host_.listen({.local = local});
  if (!listener) {
    if (listener.error() == Errc::not_supported) return {};
    return std::unexpected(listener.error().while_doing("echo server"));
  }
  listening_.spawn(accept_streams(*listeners_.emplace_back(std::move(*listener))));
  return {};
}

void EchoServer::close() {
  listening_.close();
  listeners_.clear();
  sockets_.clear();
}

std::vector<Endpoint> EchoServer::datagram_endpoints() const {
  std::vector<Endpoint> endpoints;
  for (const auto& socket : sockets_) endpoints.push_back(socket->local());
  return endpoints;
}

std::vector<Endpoint> EchoServer::stream_endpoints() const {
  std::vector<Endpoint> endpoints;
  for (const auto& listener : listeners_) endpoints.push_back(listener->local());
  return endpoints;
}

// One datagram is awaited, since an idle host should keep no batch in its frame; the rest is then taken in batches.
Task<> EchoServer::serve_datagrams(UdpSocket& socket) {
  while (true) {
    Result<ReceivedDatagram> datagram = co_await socket.recv();
    if (!datagram) {
      if (datagram.error() == Errc::closed) co_return;
      continue;
    }
    answer(socket, std::span(&*datagram, 1));
    if (answer_waiting(socket) >= kMaxAnswersPerTurn) co_await host_.clock().sleep(0ns);
  }
}

std::size_t EchoServer::answer_waiting(UdpSocket& socket) {
  std::array<ReceivedDatagram, kBatch> batch;
  std::size_t answered = 0;
  while (answered < kMaxAnswersPerTurn) {
    const Result<std::size_t> taken = socket.try_recv(batch);
    if (!taken) break;
    answer(socket, std::span(batch).first(*taken));
    answered += *taken;
  }
  return answered;
}

void EchoServer::answer(UdpSocket& socket, std::span<ReceivedDatagram> batch) {
  std::array<Datagram, kBatch> answers;
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  for (ReceivedDatagram& datagram : batch) {
    if (!wants_answer(socket, datagram)) {
      metrics_.ignored.add();
      continue;
    }
    bytes += datagram.data.size();
    answers[count++] = {.peer = datagram.peer,
                        .payload = datagram.data.view(),
                        .local = datagram.local,
                        .interface = datagram.interface,
                        .segment_bytes = datagram.segment_bytes,
                        .storage = &datagram.data};
  }
  std::size_t unsent = 0;
  for (std::size_t done = 0; done < count;) {
    const SendOutcome sent = socket.send(std::span(answers).subspan(done, count - done));
    done += sent.accepted;
    if (!sent.error) continue;
    // Like a kernel, rather drop than fall behind.
    bytes -= answers[done++].payload.size();
    ++unsent;
  }
  metrics_.unsent.add(unsent);
  metrics_.served_datagrams.add(count - unsent);
  metrics_.served_bytes.add(bytes);
}

bool EchoServer::wants_answer(const UdpSocket& socket, const ReceivedDatagram& datagram) const {
  const IpAddress& to = datagram.local;
  return datagram.peer.port() != 0 && datagram.peer.port() != socket.local().port() && !to.is_multicast() &&
         !to.is_broadcast();
}

Task<> EchoServer::accept_streams(Listener& listener) {
  while (true) {
    Semaphore::Permit permit = co_await stream_permits_.acquire();
    Result<std::unique_ptr<Stream>> stream = co_await listener.accept();
    if (!stream) {
      if (stream.error() == Errc::closed) co_return;
      co_await host_.clock().sleep(kAcceptBackoff);
      continue;
    }
    metrics_.served_streams.add();
    streams_.spawn(serve_stream(std::move(*stream), std::move(permit)));
  }
}

Task<> EchoServer::serve_stream(std::unique_ptr<Stream> stream, Semaphore::Permit permit) {
  const Raised open(metrics_.open_streams);
  const auto buffer = std::make_unique<std::array<std::uint8_t, kStreamBufferBytes>>();
  const Clock& clock = host_.clock();
  while (true) {
    const auto read = co_await first_of(stream->read(*buffer), clock.sleep(stream_idle_));
    if (read.index() == 1 || !std::get<0>(read)) co_return;
    const std::size_t size_bytes = *std::get<0>(read);
    if (size_bytes == 0) break;
    const ByteView echo = ByteView(*buffer).first(size_bytes);
    const auto written = co_await first_of(stream->write(echo), clock.sleep(stream_idle_));
    if (written.index() == 1 || !std::get<0>(written)) co_return;
    metrics_.served_bytes.add(size_bytes);
  }
  static_cast<void>(stream->shutdown_send());
}

}  // namespace ghostnet::echo
