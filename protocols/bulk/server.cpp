#include "ghostnet/bulk/server.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/listen_on.hpp"

namespace ghostnet::bulk {
namespace {

constexpr std::size_t kBatch = 32;
// After so many datagrams in one go, others get their turn.
constexpr std::size_t kMaxDatagramsPerTurn = 1024;
constexpr std::size_t kStreamBufferBytes = 64 * 1024;
constexpr Duration kAcceptBackoff = 100ms;

}  // namespace

struct BulkServer::Session {
  Session(std::uint64_t token, std::uint64_t nonce, const Endpoint& peer, Duration interval, TimePoint now)
      : token(token), nonce(nonce), peer(peer), receiver(interval), last_active(now) {}

  std::uint64_t token;
  std::uint64_t nonce;
  Endpoint peer;
  Receiver receiver;
  TimePoint last_active;
  bool finished = false;
};

// A transfer that is being received, while this lives.
class BulkServer::Receiving {
 public:
  explicit Receiving(BulkServer& server) : server_(server) { server_.transfer_begun(); }
  Receiving(const Receiving&) = delete;
  Receiving& operator=(const Receiving&) = delete;
  ~Receiving() { server_.transfer_ended(); }

 private:
  BulkServer& server_;
};

Result<std::unique_ptr<BulkServer>> BulkServer::start(Host& host, const BulkOptions& options) {
  std::unique_ptr<BulkServer> server(new BulkServer(host, options));
  for (const Endpoint& local : listen_on(host, options.listen, options.port)) {
    if (Result<> opened = server->open(local); !opened) return fail(std::move(opened));
  }
  return server;
}

BulkServer::BulkServer(Host& host, const BulkOptions& options)
    : host_(host),
      options_(options),
      metrics_(host.metrics().family<BulkMetrics>()),
      idle_(host.loop()),
      stream_permits_(host.loop(), options.max_sessions),
      sweeping_(host.loop()),
      streams_(host.loop()),
      receiving_(host.loop()),
      accepting_(host.loop()) {
  idle_.set();
}

BulkServer::~BulkServer() {
  streams_.close();
  for (const auto& [token, session] : sessions_) {
    if (!session->finished) transfer_ended();
  }
}

Result<> BulkServer::open(const Endpoint& local) {
  Result<std::unique_ptr<UdpSocket>> socket = host_.open_udp({.local = local});
  if (!socket) return std::unexpected(socket.error().while_doing("bulk server"));
  receiving_.spawn(receive_datagrams(*sockets_.emplace_back(std::move(*socket))));
  if (!options_.streams) return {};

  Result<std::unique_ptr<Listener>> listener = host_.listen({.local = local});
  if (!listener) {
    if (listener.error() == Errc::not_supported) return {};
    return std::unexpected(listener.error().while_doing("bulk server"));
  }
  accepting_.spawn(accept_streams(*listeners_.emplace_back(std::move(*listener))));
  return {};
}

void BulkServer::close() {
  closing_ = true;
  accepting_.close();
  listeners_.clear();
}

std::vector<Endpoint> BulkServer::datagram_endpoints() const {
  std::vector<Endpoint> endpoints;
  for (const auto& socket : sockets_) endpoints.push_back(socket->local());
  return endpoints;
}

std::vector<Endpoint> BulkServer::stream_endpoints() const {
  std::vector<Endpoint> endpoints;
  for (const auto& listener : listeners_) endpoints.push_back(listener->local());
  return endpoints;
}

// ---- over UDP ----

Task<> BulkServer::receive_datagrams(UdpSocket& socket) {
  while (true) {
    const Result<ReceivedDatagram> datagram = co_await socket.recv();
    if (datagram)
      take(socket, *datagram);
    else if (datagram.error() == Errc::closed)
      co_return;
    if (take_waiting(socket) >= kMaxDatagramsPerTurn) co_await host_.clock().sleep(0ns);
  }
}

std::size_t BulkServer::take_waiting(UdpSocket& socket) {
  std::array<ReceivedDatagram, kBatch> batch;
  std::size_t taken = 0;
  while (taken < kMaxDatagramsPerTurn) {
    const Result<std::size_t> received = socket.try_recv(batch);
    if (!received) break;
    for (const ReceivedDatagram& datagram : std::span(batch).first(*received)) take(socket, datagram);
    taken += *received;
  }
  return taken;
}

void BulkServer::take(UdpSocket& socket, const ReceivedDatagram& datagram) {
  const std::size_t step = datagram.segment_bytes == 0 ? datagram.data.size() : datagram.segment_bytes;
  ByteView rest = datagram.data.view();
  do {
    const ByteView segment = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(segment.size());
    if (const std::optional<Data> data = parse_data(segment)) {
      take_data(*data, datagram);
      continue;
    }
    const Result<Message> message = parse(segment);
    if (!message || datagram.peer.port() == 0)
      metrics_.malformed.add();
    else if (const auto* open = std::get_if<Open>(&*message))
      take_open(socket, *open, datagram.peer);
    else if (const auto* finish = std::get_if<Finish>(&*message))
      take_finish(socket, *finish, datagram.peer);
    else
      metrics_.strays.add();
  } while (!rest.empty());
}

void BulkServer::take_data(const Data& data, const ReceivedDatagram& datagram) {
  Session* const session = find(data.token, datagram.peer);
  if (session == nullptr || session->finished) {
    metrics_.strays.add();
    return;
  }
  const TimePoint now = datagram.received_at;
  session->last_active = now;
  record_intervals(session->receiver, now);
  switch (session->receiver.on_packet(data.sequence, data.sent_at_ns, data.size_bytes, now)) {
    case Receiver::Verdict::duplicate: metrics_.duplicates.add(); return;
    case Receiver::Verdict::reordered: metrics_.reordered.add(); break;
    case Receiver::Verdict::in_order: break;
  }
  metrics_.received_packets.add();
  metrics_.received_bytes.add(data.size_bytes);
}

void BulkServer::take_open(UdpSocket& socket, const Open& open, const Endpoint& peer) {
  const auto known = sessions_by_nonce_.find({peer, open.nonce});
  Session* const session = known != sessions_by_nonce_.end() ? known->second : add_session(peer, open.nonce);
  if (session == nullptr) {
    metrics_.refused.add();
    reply(socket, peer, Refuse{open.nonce});
    return;
  }
  reply(socket, peer, Accept{open.nonce, session->token});
}

void BulkServer::take_finish(UdpSocket& socket, const Finish& finish, const Endpoint& peer) {
  Session* const session = find(finish.token, peer);
  if (session == nullptr) {
    metrics_.strays.add();
    return;
  }
  if (!session->finished) {
    session->finished = true;
    record_intervals(session->receiver, host_.now());
    transfer_ended();
  }
  session->last_active = host_.now();
  Report report = session->receiver.report(finish.packets);
  report.token = session->token;
  reply(socket, peer, report);
}

void BulkServer::reply(UdpSocket& socket, const Endpoint& peer, const Message& message) {
  std::array<std::uint8_t, kReportBytes> room;
  ByteWriter out(room);
  emit(message, out);
  // What does not get through is asked for again.
  static_cast<void>(socket.send_to(peer, out.written()));
}

BulkServer::Session* BulkServer::find(std::uint64_t token, const Endpoint& peer) {
  const auto found = sessions_.find(token);
  return found == sessions_.end() || found->second->peer != peer ? nullptr : found->second.get();
}

// Null when there is no room, or the server is being stopped.
BulkServer::Session* BulkServer::add_session(const Endpoint& peer, std::uint64_t nonce) {
  if (closing_ || !make_room()) return nullptr;
  const std::uint64_t token = host_.random().next_u64();
  auto session = std::make_unique<Session>(token, nonce, peer, options_.interval, host_.now());
  Session* const added = session.get();
  if (!sessions_.emplace(token, std::move(session)).second) return nullptr;
  sessions_by_nonce_.emplace(std::pair(peer, nonce), added);
  transfer_begun();
  if (sweeping_.empty()) sweeping_.spawn(forget_idle_sessions());
  return added;
}

bool BulkServer::make_room() {
  if (sessions_.size() < options_.max_sessions) return true;
  Session* oldest = nullptr;
  for (const auto& [key, session] : sessions_by_nonce_) {
    if (session->finished && (oldest == nullptr || session->last_active < oldest->last_active)) oldest = session;
  }
  if (oldest == nullptr) return false;
  remove(*oldest);
  return true;
}

void BulkServer::remove(Session& session) {
  if (!session.finished) transfer_ended();
  sessions_by_nonce_.erase({session.peer, session.nonce});
  sessions_.erase(session.token);
}

void BulkServer::record_intervals(Receiver& receiver, TimePoint now) {
  receiver.for_each_interval(now, [this](std::uint64_t bps) { metrics_.interval_goodput.record(bps); });
}

void BulkServer::transfer_begun() {
  ++under_way_;
  idle_.reset();
  metrics_.open_sessions.add();
}

void BulkServer::transfer_ended() {
  metrics_.open_sessions.sub();
  if (--under_way_ == 0) idle_.set();
}

Task<> BulkServer::forget_idle_sessions() {
  while (!sessions_.empty()) {
    co_await host_.clock().sleep(options_.idle / 2);
    std::vector<Session*> idle;
    for (const auto& [key, session] : sessions_by_nonce_) {
      if (host_.now() - session->last_active >= options_.idle) idle.push_back(session);
    }
    for (Session* const session : idle) remove(*session);
  }
}

// ---- over streams ----

Task<> BulkServer::accept_streams(Listener& listener) {
  while (true) {
    Semaphore::Permit permit = co_await stream_permits_.acquire();
    Result<std::unique_ptr<Stream>> stream = co_await listener.accept();
    if (!stream) {
      if (stream.error() == Errc::closed) co_return;
      co_await host_.clock().sleep(kAcceptBackoff);
      continue;
    }
    streams_.spawn(receive_stream(std::move(*stream), std::move(permit)));
  }
}

Task<> BulkServer::receive_stream(std::unique_ptr<Stream> stream, Semaphore::Permit permit) {
  const Receiving under_way(*this);
  const bool opened = co_await read_open(*stream);
  if (!opened) co_return;

  Receiver receiver(options_.interval);
  const auto buffer = std::make_unique_for_overwrite<std::uint8_t[]>(kStreamBufferBytes);
  while (true) {
    const MutableByteView room(buffer.get(), kStreamBufferBytes);
    const auto read = co_await first_of(stream->read(room), host_.clock().sleep(options_.idle));
    if (read.index() == 1 || !std::get<0>(read)) co_return;
    const std::size_t size_bytes = *std::get<0>(read);
    record_intervals(receiver, host_.now());
    if (size_bytes == 0) break;
    receiver.on_bytes(size_bytes, host_.now());
    metrics_.received_bytes.add(size_bytes);
  }

  std::array<std::uint8_t, kReportBytes> report;
  ByteWriter out(report);
  emit(receiver.report(0), out);
  const auto written = co_await first_of(stream->write(report), host_.clock().sleep(options_.idle));
  if (written.index() == 0 && std::get<0>(written)) static_cast<void>(stream->shutdown_send());
}

// False when something else came, or nothing.
Task<bool> BulkServer::read_open(Stream& stream) {
  std::array<std::uint8_t, kOpenBytes> bytes;
  const Result<> read = co_await with_timeout(host_.clock(), options_.idle, stream.read_exactly(bytes));
  if (!read) co_return false;
  const Result<Message> message = parse(bytes);
  if (message && std::holds_alternative<Open>(*message)) co_return true;
  metrics_.malformed.add();
  stream.abort();
  co_return false;
}

}  // namespace ghostnet::bulk
