#include "ghostnet/bulk/client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::bulk {
namespace {

constexpr Duration kFirstRetry = 200ms;
constexpr Duration kLongestRetry = 1s;
// What goes down to the network in one piece: as much as a GSO send takes.
constexpr std::size_t kMaxBurstBytes = 65'000;
constexpr std::size_t kMaxBurstPackets = 64;
// After so many bursts in one go, others get their turn.
constexpr std::uint64_t kMaxPacketsPerTurn = 1024;
constexpr std::size_t kStreamChunkBytes = 128 * 1024;

}  // namespace

BulkClient::BulkClient(Host& host, std::size_t max_transfers)
    : host_(host), metrics_(host.metrics().family<BulkMetrics>()), gate_(host.loop(), max_transfers) {}

Task<Result<Summary>> BulkClient::transfer(Endpoint server, const BulkRequest& request) {
  const Result<OperationGate::Pass> pass = gate_.enter();
  if (!pass) co_return fail(pass);
  metrics_.transfers.add();
  const bool udp = request.transport == Transport::udp;
  Result<Summary> outcome = co_await (udp ? over_udp(server, request) : over_stream(server, request));
  count(outcome, udp);
  co_return outcome;
}

void BulkClient::count(const Result<Summary>& outcome, bool udp) {
  if (!outcome) {
    metrics_.failed.add();
    return;
  }
  const Report& received = outcome->received;
  metrics_.completed.add();
  metrics_.goodput.record(received.goodput_bps());
  if (!udp) return;
  metrics_.lost.add(received.lost);
  metrics_.jitter.record(Duration{received.jitter_ns});
}

// ---- over UDP ----

Task<Result<Summary>> BulkClient::over_udp(Endpoint server, const BulkRequest& request) {
  Result<std::unique_ptr<UdpSocket>> opened = host_.open_udp({.local = Endpoint(IpAddress::any(server.family()), 0)});
  if (!opened) co_return fail(std::move(opened));
  UdpSocket& socket = **opened;
  if (Result<> connected = socket.connect(server); !connected) co_return fail(std::move(connected));

  const Result<std::uint64_t> token = co_await open_session(socket, request);
  if (!token) co_return fail(token);
  Summary summary;
  if (Result<> sent = co_await send_paced(socket, *token, request, summary); !sent) co_return fail(std::move(sent));

  const auto is_our_report = [token = *token](const Message& message) {
    const auto* const report = std::get_if<Report>(&message);
    return report != nullptr && report->token == token;
  };
  const Result<Message> report =
      co_await ask(socket, Finish{*token, summary.sent_packets}, request.patience, is_our_report);
  if (!report) co_return fail(report);
  summary.received = std::get<Report>(*report);
  co_return summary;
}

Task<Result<std::uint64_t>> BulkClient::open_session(UdpSocket& socket, const BulkRequest& request) {
  const std::uint64_t nonce = host_.random().next_u64();
  const auto is_our_answer = [nonce](const Message& message) {
    const auto* const accept = std::get_if<Accept>(&message);
    const auto* const refuse = std::get_if<Refuse>(&message);
    return (accept != nullptr && accept->nonce == nonce) || (refuse != nullptr && refuse->nonce == nonce);
  };
  const Result<Message> answer = co_await ask(socket, Open{nonce}, request.patience, is_our_answer);
  if (!answer) co_return fail(answer);
  if (const auto* const accept = std::get_if<Accept>(&*answer)) co_return accept->token;
  co_return fail(Errc::refused, "the bulk server has no room for another transfer");
}

// Sends the question, again and again, until an answer comes that `accepts`, or patience ends.
template <class Accepts>
Task<Result<Message>> BulkClient::ask(UdpSocket& socket, Message question, Duration patience, Accepts accepts) {
  std::array<std::uint8_t, std::max(kOpenBytes, kReportBytes)> room;
  ByteWriter out(room);
  emit(question, out);
  const TimePoint end = saturating_add(host_.now(), patience);
  for (Duration retry = kFirstRetry; host_.now() < end; retry = std::min(2 * retry, kLongestRetry)) {
    if (Result<> sent = socket.send_to({}, out.written()); !sent && sent.error() != Errc::would_block) {
      co_return fail(std::move(sent));
    }
    const TimePoint again = std::min(end, host_.now() + retry);
    while (host_.now() < again) {
      auto first = co_await first_of(socket.recv(), host_.clock().sleep_until(again));
      if (first.index() == 1) break;
      const Result<ReceivedDatagram>& datagram = std::get<0>(first);
      if (!datagram) co_return fail(datagram);
      Result<Message> message = parse(datagram->data.view());
      if (message && accepts(*message)) co_return message;
      metrics_.strays.add();
    }
  }
  co_return fail(Errc::timed_out, "the bulk server did not answer within {}", to_text(patience));
}

Task<Result<>> BulkClient::send_paced(UdpSocket& socket, std::uint64_t token, const BulkRequest& request,
                                      Summary& summary) {
  const std::size_t packet_bytes = request.packet.bytes;
  std::vector<std::uint8_t> buffer(packet_bytes *
                                   std::clamp<std::size_t>(kMaxBurstBytes / packet_bytes, 1, kMaxBurstPackets));
  Pacer pacer(request, host_.now());
  while (true) {
    const std::uint64_t due = std::min(pacer.due(host_.now()), kMaxPacketsPerTurn);
    const Result<std::uint64_t> sent = send_packets(socket, token, pacer.sent(), due, buffer, packet_bytes);
    if (!sent) co_return fail(sent);
    pacer.on_sent(*sent);
    summary.sent_packets += *sent;
    summary.sent_bytes += *sent * packet_bytes;

    const TimePoint now = host_.now();
    if (pacer.finished(now)) co_return Result<>();
    TimePoint next = pacer.next_deadline(now);
    if (pacer.due(now) > 0) next = now;
    // A full socket has what is due sent a tick later.
    if (*sent < due) next = now + request.tick;
    co_await host_.clock().sleep_until(next);
  }
}

// How many of them the socket took.
Result<std::uint64_t> BulkClient::send_packets(UdpSocket& socket, std::uint64_t token, std::uint64_t first,
                                               std::uint64_t count, std::vector<std::uint8_t>& buffer,
                                               std::size_t packet_bytes) {
  std::uint64_t done = 0;
  while (done < count) {
    const std::size_t packets = std::min<std::uint64_t>(count - done, buffer.size() / packet_bytes);
    for (std::size_t i = 0; i < packets; ++i) {
      // The rest of each packet is zeros, and stays.
      ByteWriter out(MutableByteView(buffer).subspan(i * packet_bytes, kDataHeaderBytes));
      emit(Data{.token = token, .sequence = first + done + i, .sent_at_ns = to_ns(host_.now())}, out);
    }
    const Datagram burst{.peer = {},
                         .payload = ByteView(buffer).first(packets * packet_bytes),
                         .segment_bytes = static_cast<std::uint16_t>(packets == 1 ? 0 : packet_bytes)};
    const SendOutcome outcome = socket.send(std::span(&burst, 1));
    if (outcome.accepted == 1) {
      done += packets;
      continue;
    }
    if (outcome.error && *outcome.error != Errc::would_block && *outcome.error != Errc::no_buffers) {
      return fail(*outcome.error);
    }
    break;
  }
  metrics_.sent_packets.add(done);
  metrics_.sent_bytes.add(done * packet_bytes);
  return done;
}

// ---- over a stream ----

Task<Result<Summary>> BulkClient::over_stream(Endpoint server, const BulkRequest& request) {
  Result<std::unique_ptr<Stream>> stream =
      co_await with_timeout(host_.clock(), request.patience, host_.connect({.peer = server}));
  if (!stream) co_return fail(std::move(stream));
  Summary summary;
  if (Result<> sent = co_await send_stream(**stream, request, summary); !sent) co_return fail(std::move(sent));

  std::array<std::uint8_t, kReportBytes> bytes;
  Result<> read = co_await with_timeout(host_.clock(), request.patience, (*stream)->read_exactly(bytes));
  if (!read) co_return fail(std::move(read));
  const Result<Message> message = parse(bytes);
  if (!message) co_return fail(message);
  const auto* const report = std::get_if<Report>(&*message);
  if (report == nullptr) co_return fail(Errc::malformed, "expected a report at the end of a bulk stream");
  summary.received = *report;
  co_return summary;
}

Task<Result<>> BulkClient::send_stream(Stream& stream, const BulkRequest& request, Summary& summary) {
  std::vector<std::uint8_t> chunk(kStreamChunkBytes);
  ByteWriter out(chunk);
  emit(Open{}, out);
  Result<> opened = co_await stream.write(ByteView(chunk).first(kOpenBytes));
  if (!opened) co_return opened;

  const TimePoint end = request.bytes ? kNever : saturating_add(host_.now(), request.duration);
  std::uint64_t left = request.bytes ? request.bytes->bytes : UINT64_MAX;
  while (left > 0 && host_.now() < end) {
    const ByteView part = ByteView(chunk).first(std::min<std::uint64_t>(left, chunk.size()));
    // A stream that stands still is given up; that it still sends when the time is over is not standing still.
    const TimePoint patience_ends =
        saturating_add(std::max(host_.now(), end == kNever ? host_.now() : end), request.patience);
    auto written = co_await first_of(stream.write(part), host_.clock().sleep_until(patience_ends));
    if (written.index() == 1) co_return fail(Errc::timed_out, "the stream stood still");
    if (!std::get<0>(written)) co_return std::get<0>(std::move(written));
    left -= part.size();
    summary.sent_bytes += part.size();
    metrics_.sent_bytes.add(part.size());
  }
  co_return stream.shutdown_send();
}

}  // namespace ghostnet::bulk
