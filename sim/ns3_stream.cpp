#include "ghostnet/sim/ns3_stream.hpp"

#include <ns3/packet.h>

#include <algorithm>
#include <utility>

#include "ghostnet/sim/ns3_host.hpp"

namespace ghostnet::sim {

Ns3Stream::Ns3Stream(Ns3Host& host, ns3::Ptr<TcpSocket> socket)
    : host_(host), socket_(std::move(socket)), settled_(host.loop()) {
  socket_->set_owner(this);
  if (socket_->established()) settled_.set();
}

Ns3Stream::~Ns3Stream() {
  socket_->set_owner(nullptr);
  if (shut_ && !socket_->failure()) {
    socket_->let_go();
  } else {
    socket_->abort();
  }
}

Loop& Ns3Stream::loop() { return host_.loop(); }

Result<std::size_t> Ns3Stream::try_read(MutableByteView buffer) {
  if (aborted_) return fail(Errc::closed);
  if (socket_->failure()) return fail(*socket_->failure());
  if (buffer.empty()) return 0;
  if (const std::size_t size = socket_->read(buffer); size != 0) {
    host_.record_delivery(buffer.first(size));
    return size;
  }
  if (socket_->at_end()) return 0;
  return fail(Errc::would_block);
}

Result<std::size_t> Ns3Stream::try_write(std::span<const ByteView> parts) {
  if (aborted_ || shut_) return fail(Errc::closed);
  if (socket_->failure()) return fail(*socket_->failure());
  if (!socket_->can_send()) return fail(Errc::closed);
  const std::size_t room = socket_->room_bytes();
  if (room == 0) return fail(Errc::would_block);
  std::size_t taken = 0;
  ns3::Ptr<ns3::Packet> packet;
  for (ByteView part : parts) {
    part = part.first(std::min(part.size(), room - taken));
    if (part.empty()) continue;
    auto piece = ns3::Create<ns3::Packet>(part.data(), static_cast<std::uint32_t>(part.size()));
    if (packet == nullptr) {
      packet = piece;
    } else {
      packet->AddAtEnd(piece);
    }
    taken += part.size();
  }
  if (packet != nullptr) socket_->write(packet);
  return taken;
}

Result<> Ns3Stream::shutdown_send() {
  if (aborted_) return fail(Errc::closed);
  if (socket_->failure()) return fail(*socket_->failure());
  if (!std::exchange(shut_, true)) socket_->finish();
  return {};
}

void Ns3Stream::abort() {
  if (std::exchange(aborted_, true)) return;
  socket_->abort();
  wake_reader();
  wake_writer();
}

void Ns3Stream::show() { seen_.emplace(host_, peer().address(), LinkName{.kind = "tcp"}); }

void Ns3Stream::tcp_changed() {
  const bool over = socket_->failure().has_value();
  if (over || socket_->established()) settled_.set();
  if (over || socket_->has_data() || socket_->at_end()) wake_reader();
  // Not for every acknowledged segment: small pieces cost ns-3's buffer dearly, which joins them into segments again.
  if (over || !socket_->can_send() || socket_->room_bytes() >= socket_->worthwhile_room_bytes()) wake_writer();
  if (host_.loop().has_ready()) host_.request_turn();
}

// ---- Ns3Listener ----

Ns3Listener::Ns3Listener(Ns3Host& host, std::uint32_t backlog) : host_(host), queue_(std::make_shared<AcceptQueue>()) {
  queue_->listener = this;
  queue_->backlog = std::max<std::uint32_t>(1, backlog);
}

Ns3Listener::~Ns3Listener() {
  queue_->listener = nullptr;
  for (const ns3::Ptr<TcpSocket>& socket : sockets_) {
    socket->set_owner(nullptr);
    socket->abort();
  }
  for (const ns3::Ptr<TcpSocket>& waiting : queue_->ready) waiting->abort();
}

Result<> Ns3Listener::add(const Endpoint& local, const StreamOptions& options) {
  ns3::Ptr<TcpSocket> socket =
      TcpSocket::make(host_.node(), host_.tcp_registry(), options, host_.tcp_segment_bytes(local.family()));
  if (Result<> listening = socket->listen_at(local, queue_); !listening) {
    return std::unexpected(Error(listening.error().code(), "listening at {}: {}", local, listening.error().message()));
  }
  socket->set_owner(this);
  sockets_.push_back(socket);
  return {};
}

Result<std::unique_ptr<Listener>> Ns3Listener::open(Ns3Host& host, const ListenOptions& options) {
  std::unique_ptr<Ns3Listener> listener(new Ns3Listener(host, options.backlog));
  const Endpoint local(options.local.address().unmapped().without_scope_id(), options.local.port());
  if (Result<> added = listener->add(local, options.stream); !added) return fail(std::move(added));
  listener->local_ = listener->sockets_.front()->local_endpoint();
  if (local.is_v6() && local.address().is_unspecified() && !options.v6_only && host.has(IpFamily::v4)) {
    const Endpoint other(IpAddress::any(IpFamily::v4), listener->local_.port());
    if (Result<> added = listener->add(other, options.stream); !added) return fail(std::move(added));
  }
  return listener;
}

bool Ns3Listener::closed() const {
  return std::ranges::any_of(sockets_, [](const auto& socket) { return socket->failure().has_value(); });
}

bool Ns3Listener::poll_acceptable() { return !queue_->ready.empty() || closed(); }

Result<std::unique_ptr<Stream>> Ns3Listener::try_accept() {
  if (closed()) return fail(Errc::closed);
  if (queue_->ready.empty()) return fail(Errc::would_block);
  ns3::Ptr<TcpSocket> socket = queue_->ready.front();
  queue_->ready.pop_front();
  auto stream = std::make_unique<Ns3Stream>(host_, std::move(socket));
  stream->show();
  return stream;
}

void Ns3Listener::tcp_changed() {
  if (!poll_acceptable()) return;
  acceptor_.wake(host_.loop());
  if (host_.loop().has_ready()) host_.request_turn();
}

}  // namespace ghostnet::sim
