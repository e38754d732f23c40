#include "ghostnet/echo/client.hpp"

#include <algorithm>
#include <utility>

#include "ghostnet/echo/pattern.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::echo {
namespace {

constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kChunkBytes = 16 * 1024;

Task<Result<>> send_pattern(Stream& stream, std::uint64_t seed, std::uint64_t size_bytes) {
  Pattern pattern(seed);
  std::vector<std::uint8_t> chunk(std::min<std::uint64_t>(size_bytes, kChunkBytes));
  for (std::uint64_t left = size_bytes; left > 0;) {
    const MutableByteView part(chunk.data(), std::min<std::uint64_t>(left, chunk.size()));
    pattern.fill(part);
    Result<> written = co_await stream.write(part);
    if (!written) co_return written;
    left -= part.size();
  }
  co_return stream.shutdown_send();
}

// Aborts the stream on any other content, which ends the sending half too.
Task<Result<>> check_pattern(Stream& stream, std::uint64_t seed, std::uint64_t size_bytes) {
  Pattern pattern(seed);
  std::vector<std::uint8_t> chunk(std::min<std::uint64_t>(size_bytes, kChunkBytes));
  for (std::uint64_t left = size_bytes; left > 0;) {
    const MutableByteView room(chunk.data(), std::min<std::uint64_t>(left, chunk.size()));
    const Result<std::size_t> read = co_await stream.read(room);
    if (!read) co_return fail(read);
    if (*read == 0) co_return fail(Errc::end_of_stream, "the echo ended {} bytes early", left);
    if (!pattern.matches(room.first(*read))) {
      stream.abort();
      co_return fail(Errc::malformed, "the echo differs from what was sent");
    }
    left -= *read;
  }
  co_return Result<>();
}

std::unexpected<Error> no_reply(const Endpoint& server, const EchoRequest& request) {
  return fail(Errc::timed_out, "no echo from {} within {}", server, to_text(request.timeout));
}

}  // namespace

// A request whose reply is awaited. Stands on the frame of its coroutine, and in the table while that lives.
struct EchoClient::Pending {
  Pending(EchoClient& owner, Endpoint server, std::uint64_t number, std::uint64_t seed, std::size_t size_bytes)
      : owner(owner), server(server), number(number), seed(seed), size_bytes(size_bytes), replied(owner.host_.loop()) {
    owner.pending_.emplace(number, this);
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() { owner.pending_.erase(number); }

  EchoClient& owner;
  Endpoint server;
  std::uint64_t number;
  std::uint64_t seed;
  std::size_t size_bytes;
  Event replied;
  bool unchanged = false;
  TimePoint received_at{};
};

EchoClient::EchoClient(Host& host, std::size_t max_outstanding)
    : host_(host),
      metrics_(host.metrics().family<EchoMetrics>()),
      gate_(host.loop(), max_outstanding),
      next_number_(host.random().next_u64()),
      scope_(host.loop()) {}

Task<Result<Duration>> EchoClient::request(Endpoint server, const EchoRequest& request) {
  const Result<OperationGate::Pass> pass = gate_.enter();
  if (!pass) co_return fail(pass);
  metrics_.requests.add();
  if (request.transport == Transport::udp) co_return counted(co_await over_udp(server, request));
  Result<Duration> outcome = co_await with_timeout(host_.clock(), request.timeout, over_stream(server, request));
  if (!outcome && outcome.error() == Errc::timed_out) outcome = no_reply(server, request);
  co_return counted(std::move(outcome));
}

Result<Duration> EchoClient::counted(Result<Duration> outcome) {
  if (outcome) {
    metrics_.replies.add();
    metrics_.rtt.record(*outcome);
  } else if (outcome.error() == Errc::timed_out) {
    metrics_.timeouts.add();
  } else if (outcome.error() == Errc::malformed) {
    metrics_.mismatches.add();
  } else {
    metrics_.failures.add();
  }
  return outcome;
}

Task<Result<Duration>> EchoClient::over_udp(Endpoint server, const EchoRequest& request) {
  if (Result<> valid = request.validate(); !valid) co_return fail(std::move(valid));
  const Result<UdpSocket*> socket = socket_for(server.family());
  if (!socket) co_return fail(socket);

  Pending pending(*this, server, next_number_++, host_.random().next_u64(), request.size.bytes);
  PacketBuf packet = PacketBuf::with_room(0, pending.size_bytes);
  store_be(packet.append(kNumberBytes).data(), pending.number);
  Pattern(pending.seed).fill(packet.append(pending.size_bytes - kNumberBytes));
  const TimePoint sent_at = host_.now();
  if (Result<> sent = (*socket)->send_to(server, std::move(packet)); !sent) co_return fail(std::move(sent));

  const auto first = co_await first_of(pending.replied, host_.clock().sleep(request.timeout));
  if (first.index() == 1) co_return no_reply(server, request);
  if (!pending.unchanged) co_return fail(Errc::malformed, "the echo from {} differs from what was sent", server);
  co_return std::max(pending.received_at - sent_at, Duration{});
}

Task<Result<Duration>> EchoClient::over_stream(Endpoint server, const EchoRequest& request) {
  const TimePoint begun_at = host_.now();
  Result<std::unique_ptr<Stream>> stream = co_await host_.connect({.peer = server});
  if (!stream) co_return fail(std::move(stream));
  const TimePoint sent_at = host_.now();
  metrics_.connect_time.record(sent_at - begun_at);

  const std::uint64_t seed = host_.random().next_u64();
  auto [sent, checked] = co_await all_of(send_pattern(**stream, seed, request.size.bytes),
                                         check_pattern(**stream, seed, request.size.bytes));
  if (!checked) co_return fail(std::move(checked));
  if (!sent) co_return fail(std::move(sent));
  co_return host_.now() - sent_at;
}

Result<UdpSocket*> EchoClient::socket_for(IpFamily family) {
  std::unique_ptr<UdpSocket>& socket = sockets_[static_cast<std::size_t>(family)];
  if (!socket) {
    Result<std::unique_ptr<UdpSocket>> opened = host_.open_udp({.local = Endpoint(IpAddress::any(family), 0)});
    if (!opened) return fail(std::move(opened));
    socket = std::move(*opened);
    scope_.spawn(receive(*socket));
  }
  return socket.get();
}

Task<> EchoClient::receive(UdpSocket& socket) {
  while (true) {
    const Result<ReceivedDatagram> datagram = co_await socket.recv();
    if (datagram)
      take_reply(*datagram);
    else if (datagram.error() == Errc::closed)
      co_return;
  }
}

void EchoClient::take_reply(const ReceivedDatagram& datagram) {
  const std::size_t step = datagram.segment_bytes == 0 ? datagram.data.size() : datagram.segment_bytes;
  ByteView rest = datagram.data.view();
  do {
    const ByteView reply = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(reply.size());
    const auto found =
        reply.size() < kNumberBytes ? pending_.end() : pending_.find(load_be<std::uint64_t>(reply.data()));
    if (found == pending_.end() || found->second->server != datagram.peer || found->second->replied.is_set()) {
      metrics_.strays.add();
      continue;
    }
    Pending& pending = *found->second;
    pending.unchanged =
        reply.size() == pending.size_bytes && Pattern(pending.seed).matches(reply.subspan(kNumberBytes));
    pending.received_at = datagram.received_at;
    pending.replied.set();
  } while (!rest.empty());
}

}  // namespace ghostnet::echo
