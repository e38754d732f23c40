#include "test_sockets.hpp"

#include <algorithm>
#include <utility>

namespace ghostnet::support {

TestListener::TestListener(TestWorld& world, const Endpoint& local, std::string path, std::uint32_t backlog)
    : world_(world), local_(local), path_(std::move(path)), backlog_(backlog) {
  if (path_.empty()) {
    world_.listeners_[local_] = this;
  } else {
    world_.local_listeners_[path_] = this;
  }
}

TestListener::~TestListener() {
  if (path_.empty()) {
    world_.listeners_.erase(local_);
  } else {
    world_.local_listeners_.erase(path_);
  }
}

Result<std::unique_ptr<Stream>> TestListener::try_accept() {
  if (waiting_.empty()) return fail(Errc::would_block);
  std::unique_ptr<Stream> stream = std::move(waiting_.front());
  waiting_.pop_front();
  return stream;
}

bool TestListener::offer(std::unique_ptr<Stream> stream) {
  if (waiting_.size() >= backlog_) return false;
  waiting_.push_back(std::move(stream));
  acceptor_.wake(world_.loop());
  return true;
}

TestUdpSocket::TestUdpSocket(TestHost& host, const UdpOptions& options, const Endpoint& local)
    : host_(host), options_(options), local_(local) {
  host_.world().sockets_.push_back(this);
}

TestUdpSocket::~TestUdpSocket() { std::erase(host_.world().sockets_, this); }

bool TestUdpSocket::keeps_out(const TestHost& host, const Endpoint& local, bool shared) const {
  if (&host != &host_ || local.port() != local_.port() || local.family() != local_.family()) return false;
  if (shared && (options_.reuse_address || options_.reuse_port)) return false;
  return local == local_ || local.address().is_unspecified() || local_.address().is_unspecified();
}

SendOutcome TestUdpSocket::send(std::span<const Datagram> batch) {
  SendOutcome outcome;
  for (const Datagram& datagram : batch) {
    outcome.error = send_one(datagram);
    if (outcome.error) break;
    ++outcome.accepted;
  }
  return outcome;
}

std::optional<Errc> TestUdpSocket::send_one(const Datagram& datagram) {
  Endpoint to = datagram.peer.port() == 0 ? peer_ : datagram.peer;
  if (to.port() == 0) return Errc::invalid_argument;
  std::size_t segment_bytes = datagram.segment_bytes == 0 ? datagram.payload.size() : datagram.segment_bytes;
  if (segment_bytes > host_.world().options().datagram_bytes) return Errc::message_too_large;
  IpAddress source = datagram.local.is_unspecified() ? local_.address() : datagram.local;
  if (source.is_unspecified()) source = to.address().is_loopback() ? to.address() : host_.address(to.family());
  Endpoint from(source, local_.port());
  ByteView rest = datagram.payload;
  do {
    ByteView segment = rest.first(std::min(segment_bytes, rest.size()));
    rest = rest.subspan(segment.size());
    carry(from, to, segment, datagram);
  } while (!rest.empty());
  if (datagram.storage != nullptr) *datagram.storage = PacketBuf();
  return std::nullopt;
}

void TestUdpSocket::carry(const Endpoint& from, const Endpoint& to, ByteView payload, const Datagram& datagram) {
  ++counters_.datagrams_sent;
  TestWorld& world = host_.world();
  if (world.lose_ && world.lose_(from, datagram)) return;
  ReceivedDatagram arriving{.data = PacketBuf::copy_of(payload),
                            .peer = from,
                            .local = to.address(),
                            .received_at = {},
                            .interface = 1,
                            .hop_limit = datagram.hop_limit == 0 ? options_.hop_limit : datagram.hop_limit,
                            .ecn = datagram.ecn};
  world.courier_.send([&world, from, to, arriving = std::move(arriving)] { deliver(world, from, to, arriving); });
}

void TestUdpSocket::deliver(TestWorld& world, const Endpoint& from, const Endpoint& to,
                            const ReceivedDatagram& datagram) {
  bool taken = false;
  for (TestUdpSocket* socket : world.sockets_) {
    if (!socket->takes(to, from)) continue;
    socket->take(datagram);
    taken = true;
    if (!to.address().is_multicast()) return;
  }
  if (taken || to.address().is_multicast()) return;
  // The sender hears of it where it is connected, as from an ICMP port unreachable.
  for (TestUdpSocket* socket : world.sockets_) {
    if (socket->peer_ == to && socket->takes(from, to)) socket->refuse();
  }
}

bool TestUdpSocket::takes(const Endpoint& to, const Endpoint& from) const {
  if (to.port() != local_.port() || to.family() != local_.family()) return false;
  if (peer_.port() != 0 && from != peer_) return false;
  if (to.address().is_multicast()) return groups_.contains(to.address());
  return local_.address().is_unspecified() ? host_.owns(to.address()) : local_.address() == to.address();
}

void TestUdpSocket::take(const ReceivedDatagram& datagram) {
  if (queued_bytes_ + datagram.data.size() > options_.receive_queue_bytes) {
    ++counters_.dropped_queue_full;
    return;
  }
  ++counters_.datagrams_received;
  queued_bytes_ += datagram.data.size();
  queue_.push_back({.data = PacketBuf::copy_of(datagram.data.view()),
                    .peer = datagram.peer,
                    .local = datagram.local,
                    .received_at = host_.now(),
                    .interface = datagram.interface,
                    .hop_limit = datagram.hop_limit,
                    .ecn = datagram.ecn});
  reader_.wake(host_.loop());
}

void TestUdpSocket::refuse() {
  error_ = Errc::refused;
  reader_.wake(host_.loop());
}

Result<std::size_t> TestUdpSocket::try_recv(std::span<ReceivedDatagram> batch) {
  if (error_) return fail(*std::exchange(error_, std::nullopt));
  if (queue_.empty()) return fail(Errc::would_block);
  std::size_t taken = 0;
  for (; taken < batch.size() && !queue_.empty(); ++taken) {
    batch[taken] = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= batch[taken].data.size();
  }
  return taken;
}

Result<> TestUdpSocket::connect(const Endpoint& peer) {
  peer_ = peer;
  return {};
}

Result<> TestUdpSocket::join(const IpAddress& group, InterfaceIndex) {
  if (!group.is_multicast()) return fail(Errc::invalid_argument, "joining {}: not a group", group.to_string());
  groups_.insert(group);
  return {};
}

Result<> TestUdpSocket::leave(const IpAddress& group, InterfaceIndex) {
  if (groups_.erase(group) == 0) return fail(Errc::not_found, "leaving {}: not joined", group.to_string());
  return {};
}

Result<std::size_t> TestUdpSocket::max_payload_bytes(const Endpoint&) const {
  return host_.world().options().datagram_bytes;
}

}  // namespace ghostnet::support
