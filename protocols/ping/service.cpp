#include "ghostnet/ping/service.hpp"

#include <algorithm>
#include <utility>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/listen_on.hpp"
#include "ghostnet/runtime/quantity.hpp"

namespace ghostnet::ping {
namespace {

// After so many datagrams in one go, others get their turn.
constexpr std::size_t kMaxDatagramsPerTurn = 256;

}  // namespace

// A session under way. Stands on the frame of its coroutine, and in the table while that lives.
struct PingService::Session {
  Session(PingService& service, std::uint64_t number, Endpoint responder, const PingRequest& request)
      : service(service),
        responder(responder),
        prober(number, request, service.host_.now()),
        progress(service.host_.loop()) {
    service.sessions_.emplace(number, this);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { service.sessions_.erase(prober.session()); }

  PingService& service;
  Endpoint responder;
  Prober prober;
  Event progress;  // a reply came
  PingSummary summary;
  Duration rtt_sum{};
};

Result<std::unique_ptr<PingService>> PingService::start(const ServiceContext& context, PingOptions options) {
  std::unique_ptr<PingService> service(new PingService(context.host, options));
  if (!options.responder) return service;
  for (const Endpoint& local : listen_on(context.host, options.listen, options.port)) {
    Result<std::unique_ptr<UdpSocket>> socket = context.host.open_udp({.local = local, .offload = false});
    if (!socket) return std::unexpected(socket.error().while_doing("ping responder"));
    service->responding_.spawn(service->respond(*service->responders_.emplace_back(std::move(*socket))));
  }
  return service;
}

PingService::PingService(Host& host, const PingOptions& options)
    : host_(host),
      port_(options.port),
      metrics_(host.metrics().family<PingMetrics>()),
      gate_(host.loop(), options.max_sessions),
      responding_(host.loop()),
      receiving_(host.loop()) {}

Task<Result<PingSummary>> PingService::measure(Endpoint responder, const PingRequest& request) {
  const Result<OperationGate::Pass> pass = gate_.enter();
  if (!pass) co_return fail(pass);
  if (Result<> valid = request.validate(); !valid) co_return fail(std::move(valid));
  const Result<UdpSocket*> socket = socket_for(responder.family());
  if (!socket) co_return fail(socket);

  Session session(*this, host_.random().next_u64(), responder, request);
  while (true) {
    send_due_probes(**socket, session);
    metrics_.lost.add(session.prober.expire(host_.now()));
    if (session.prober.finished()) break;
    session.progress.reset();
    co_await first_of(session.progress, host_.clock().sleep_until(session.prober.next_deadline()));
  }
  PingSummary& summary = session.summary;
  summary.sent = session.prober.sent();
  summary.received = session.prober.received();
  if (summary.received != 0) summary.rtt_mean = session.rtt_sum / static_cast<std::int64_t>(summary.received);
  co_return summary;
}

void PingService::send_due_probes(UdpSocket& socket, Session& session) {
  while (const std::optional<Message> probe = session.prober.next_probe(host_.now())) {
    PacketBuf packet = PacketBuf::with_room(0, probe->size_bytes());
    ByteWriter out(packet);
    emit(*probe, out);
    const Result<> written = out.finish("ping message");
    metrics_.sent.add();
    // Not taken by the network is lost, as for a probe that is lost further on.
    const Result<> sent = written ? socket.send_to(session.responder, std::move(packet)) : written;
    if (sent) continue;
    metrics_.unsent.add();
    if (!session.summary.unsent) session.summary.unsent = sent.error();
  }
}

Task<Result<>> PingService::probe(Peer peer, const PingRequest& request) {
  const Endpoint responder(peer.address, port_);
  const Result<PingSummary> summary = co_await measure(responder, request);
  if (!summary) co_return fail(summary);
  if (summary->received == 0) {
    if (summary->unsent) co_return fail(*summary->unsent);
    co_return fail(Errc::timed_out, "no answer from {} within {}", responder, to_text(request.timeout));
  }
  co_return Result<>();
}

Task<> PingService::stop(TimePoint deadline) {
  gate_.close();
  responding_.close();
  responders_.clear();
  co_await first_of(gate_.idle(), host_.clock().sleep_until(deadline));
}

Task<> PingService::respond(UdpSocket& socket) {
  std::size_t in_a_row = 0;
  while (true) {
    Result<ReceivedDatagram> datagram = co_await socket.recv();
    if (datagram)
      answer(socket, *datagram);
    else if (datagram.error() == Errc::closed)
      co_return;
    if (++in_a_row % kMaxDatagramsPerTurn == 0) co_await host_.clock().sleep(0ns);
  }
}

void PingService::answer(UdpSocket& socket, ReceivedDatagram& datagram) {
  const Result<Message> message = parse(datagram.data.view());
  const IpAddress& to = datagram.local;
  if (!message || message->type != MessageType::request || datagram.peer.port() == 0) {
    metrics_.malformed.add();
    return;
  }
  // Nobody may use a group to make many answer one.
  if (to.is_multicast() || to.is_broadcast()) return;
  turn_into_reply(datagram.data.writable());
  const Datagram reply{.peer = datagram.peer,
                       .payload = datagram.data.view(),
                       .local = to,
                       .interface = datagram.interface,
                       .storage = &datagram.data};
  const bool sent = socket.send(std::span(&reply, 1)).accepted == 1;
  (sent ? metrics_.answered : metrics_.unsent).add();
}

Result<UdpSocket*> PingService::socket_for(IpFamily family) {
  std::unique_ptr<UdpSocket>& socket = sockets_[static_cast<std::size_t>(family)];
  if (!socket) {
    Result<std::unique_ptr<UdpSocket>> opened =
        host_.open_udp({.local = Endpoint(IpAddress::any(family), 0), .offload = false});
    if (!opened) return fail(std::move(opened));
    socket = std::move(*opened);
    receiving_.spawn(receive(*socket));
  }
  return socket.get();
}

Task<> PingService::receive(UdpSocket& socket) {
  std::size_t in_a_row = 0;
  while (true) {
    const Result<ReceivedDatagram> datagram = co_await socket.recv();
    if (datagram)
      take_reply(*datagram);
    else if (datagram.error() == Errc::closed)
      co_return;
    if (++in_a_row % kMaxDatagramsPerTurn == 0) co_await host_.clock().sleep(0ns);
  }
}

void PingService::take_reply(const ReceivedDatagram& datagram) {
  const Result<Message> message = parse(datagram.data.view());
  if (!message) {
    metrics_.malformed.add();
    return;
  }
  const auto found = sessions_.find(message->session);
  if (found == sessions_.end() || found->second->responder != datagram.peer) {
    metrics_.strays.add();
    return;
  }
  Session& session = *found->second;
  const Prober::Reply reply = session.prober.on_reply(*message, datagram.received_at);
  switch (reply.verdict) {
    case Prober::Verdict::stray: metrics_.strays.add(); return;
    case Prober::Verdict::duplicate:
      metrics_.duplicates.add();
      ++session.summary.duplicates;
      return;
    case Prober::Verdict::answer: break;
  }
  metrics_.received.add();
  metrics_.rtt.record(reply.rtt);
  if (reply.reordered) {
    metrics_.reordered.add();
    ++session.summary.reordered;
  }
  PingSummary& summary = session.summary;
  const bool first = session.prober.received() == 1;
  summary.rtt_min = first ? reply.rtt : std::min(summary.rtt_min, reply.rtt);
  summary.rtt_max = std::max(summary.rtt_max, reply.rtt);
  session.rtt_sum += reply.rtt;
  session.progress.set();
}

ServiceDescriptor service() {
  return describe<PingService>("ping", "Measures round-trip times and loss to others over UDP; answers their probes")
      .operation<&PingService::probe>("ping", "a session of probes to one peer");
}

}  // namespace ghostnet::ping
