#include <netinet/in.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

#include "ghostnet/realnet/kernel_udp_socket.hpp"
#include "ghostnet/realnet/loopback_network.hpp"
#include "ghostnet/realnet/socket_options.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

bool same_headers(const Datagram& a, const Datagram& b) {
  return a.peer == b.peer && a.local == b.local && a.interface == b.interface && a.hop_limit == b.hop_limit &&
         a.ecn == b.ecn && a.dont_fragment == b.dont_fragment;
}

// What the kernel says to a super-datagram that the path or the device cannot take. The same codes have other causes.
bool may_refuse_segments(int errno_value) {
  return errno_value == EINVAL || errno_value == EMSGSIZE || errno_value == EIO || errno_value == EOPNOTSUPP ||
         errno_value == ENOPROTOOPT;
}

}  // namespace

SendOutcome KernelUdpSocket::send(std::span<const Datagram> batch) {
  return site_.network == nullptr ? send_now(batch) : send_through(*site_.network, batch);
}

// Each segment is a packet of its own there.
SendOutcome KernelUdpSocket::send_through(LoopbackNetwork& network, std::span<const Datagram> batch) {
  SendOutcome outcome;
  for (const Datagram& datagram : batch) {
    if (outcome.error = check(datagram); outcome.error) return outcome;
    const Endpoint peer = (datagram.peer.port() != 0 ? datagram.peer : peer_).unmapped();
    if (!network.carries(local_.address(), peer.address())) {
      outcome.error = send_now({&datagram, 1}).error;
      if (outcome.error) return outcome;
    } else {
      ByteView rest = datagram.payload;
      do {
        const ByteView piece =
            is_super(datagram) ? rest.first(std::min<std::size_t>(rest.size(), datagram.segment_bytes)) : rest;
        network.send_datagram(local_, peer, datagram, piece);
        rest = rest.subspan(piece.size());
        ++sent_;
      } while (!rest.empty());
    }
    ++outcome.accepted;
  }
  return outcome;
}

// A full queue of the kernel drops, as one would anywhere else. All were counted when they were sent.
void KernelUdpSocket::release(std::span<const Datagram> batch) {
  const std::uint64_t sent = sent_;
  send_now(batch);
  sent_ = sent;
}

SendOutcome KernelUdpSocket::send_now(std::span<const Datagram> batch) {
  SendOutcome outcome;
  while (outcome.accepted < batch.size() && !outcome.error) {
    outcome.error = send_some(batch.subspan(outcome.accepted), outcome.accepted);
  }
  return outcome;
}

// One call of the kernel, and a second one where it refused to segment.
std::optional<Errc> KernelUdpSocket::send_some(std::span<const Datagram> batch, std::size_t& accepted) {
  const Datagram& first = batch.front();
  if (std::optional<Errc> mistake = check(first)) return mistake;
  set_dont_fragment(first.dont_fragment || dont_fragment_);
  if (is_super(first) && !can_segment(first)) return send_plainly(batch.first(1), accepted);

  SendBatch& messages = world_.send_batch();
  compose(batch);
  const int sent = messages.send(fd_.get());
  if (sent < 0) {
    if (messages.segment_bytes(0) == 0 || !may_refuse_segments(-sent)) return send_failed(-sent);
    const std::size_t refused_bytes = messages.segment_bytes(0);
    const std::optional<Errc> error = send_plainly(batch.first(messages.covers(0)), accepted);
    if (!error && -sent == EIO) segments_ = false;
    if (!error)
      max_segment_bytes_ = static_cast<std::uint16_t>(std::min<std::size_t>(max_segment_bytes_, refused_bytes - 1));
    return error;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(sent); ++i) {
    accepted += messages.covers(i);
    const std::size_t segment = messages.segment_bytes(i);
    sent_ += segment == 0 ? 1 : (messages.bytes(i) + segment - 1) / segment;
  }
  return std::nullopt;
}

// Fills the world's batch with as much of this one as goes in one call.
void KernelUdpSocket::compose(std::span<const Datagram> batch) {
  SendBatch& messages = world_.send_batch();
  messages.clear();
  const bool dont_fragment = batch.front().dont_fragment;
  while (!batch.empty()) {
    const Datagram& next = batch.front();
    if (next.dont_fragment != dont_fragment || (is_super(next) && !can_segment(next)) || check(next)) return;
    const std::size_t run = run_length(batch);
    if (!messages.has_room(run)) return;
    const std::size_t segment_bytes = is_super(next) ? next.segment_bytes : run > 1 ? next.payload.size() : 0;
    messages.add(batch.first(run), static_cast<std::uint16_t>(segment_bytes), families(next));
    batch = batch.subspan(run);
  }
}

std::size_t KernelUdpSocket::run_length(std::span<const Datagram> batch) const {
  const Datagram& first = batch.front();
  const std::size_t size_bytes = first.payload.size();
  if (!segments_ || is_super(first) || size_bytes == 0 || size_bytes > max_segment_bytes_) return 1;
  const std::size_t most =
      std::min({batch.size(), kMaxSegments, std::max<std::size_t>(kMaxSegmentedBytes / size_bytes, 1)});
  std::size_t run = 1;
  while (run < most) {
    const Datagram& next = batch[run];
    const std::size_t next_bytes = next.payload.size();
    if (next_bytes > size_bytes || next_bytes == 0 || is_super(next) || !same_headers(first, next)) break;
    ++run;
    if (next_bytes < size_bytes) break;  // only the last may be shorter
  }
  return run;
}

bool KernelUdpSocket::is_super(const Datagram& datagram) {
  return datagram.segment_bytes != 0 && datagram.payload.size() > datagram.segment_bytes;
}

bool KernelUdpSocket::can_segment(const Datagram& datagram) const {
  const std::size_t size_bytes = datagram.payload.size();
  return segments_ && datagram.segment_bytes <= max_segment_bytes_ && size_bytes <= kMaxSegmentedBytes &&
         size_bytes <= kMaxSegments * datagram.segment_bytes;
}

std::optional<Errc> KernelUdpSocket::check(const Datagram& datagram) const {
  const bool connected = peer_.port() != 0;
  if (datagram.peer.port() == 0 && !connected) return Errc::invalid_argument;
  const IpFamily peer = families(datagram).peer;
  if (family_ == IpFamily::v4 && peer == IpFamily::v6) return Errc::unreachable;
  if (!datagram.local.is_unspecified() && datagram.local.unmapped().family() != peer) return Errc::invalid_argument;
  if (!is_super(datagram) && datagram.payload.size() > kMaxUdpPayloadBytes) return Errc::message_too_large;
  return std::nullopt;
}

Families KernelUdpSocket::families(const Datagram& datagram) const {
  const Endpoint& peer = datagram.peer.port() != 0 ? datagram.peer : peer_;
  return {.socket = family_, .peer = peer.is_v4() ? IpFamily::v4 : peer.unmapped().family()};
}

// Each datagram of the run, or each segment of the one super-datagram, as a message of its own.
std::optional<Errc> KernelUdpSocket::send_plainly(std::span<const Datagram> run, std::size_t& accepted) {
  SendBatch& messages = world_.send_batch();
  messages.clear();
  if (!is_super(run.front())) {
    for (const Datagram& datagram : run) messages.add({&datagram, 1}, 0, families(datagram));
    const int sent = messages.send(fd_.get());
    if (sent < 0) return send_failed(-sent);
    accepted += static_cast<std::size_t>(sent);
    sent_ += static_cast<std::size_t>(sent);
    return std::nullopt;
  }
  const Datagram& super = run.front();
  bool begun = false;
  for (ByteView rest = super.payload; !rest.empty();) {
    messages.clear();
    while (!rest.empty() && messages.has_room(1)) {
      const std::size_t piece = std::min<std::size_t>(rest.size(), super.segment_bytes);
      messages.add_piece(super, rest.first(piece), families(super));
      rest = rest.subspan(piece);
    }
    const int sent = messages.send(fd_.get());
    if (sent < 0 && !begun) return send_failed(-sent);
    if (sent < 0) break;
    begun = true;
    sent_ += static_cast<std::size_t>(sent);
    if (static_cast<std::size_t>(sent) < messages.size()) break;
  }
  ++accepted;
  return std::nullopt;
}

// Nothing: try again.
std::optional<Errc> KernelUdpSocket::send_failed(int errno_value) {
  switch (errno_value) {
    case EAGAIN:
      writable_ = false;
      // Watched only now: each datagram that leaves the machine would be an event.
      world_.poller().change(fd_.get(), *this, EPOLLIN | EPOLLOUT);
      return Errc::would_block;
    case ECONNREFUSED:  // the answer to an earlier datagram, and the reader's business
      error_ = Errc::refused;
      reader_.wake(world_.loop());
      return std::nullopt;
    default: return errc_from_errno(errno_value);
  }
}

void KernelUdpSocket::set_dont_fragment(bool dont_fragment) {
  if (dont_fragment == !fragmenting_) return;
  fragmenting_ = !dont_fragment;
  set_option(fd_.get(), SOL_IP, IP_MTU_DISCOVER, dont_fragment ? IP_PMTUDISC_PROBE : IP_PMTUDISC_WANT);
  if (family_ == IpFamily::v4) return;
  set_option(fd_.get(), SOL_IPV6, IPV6_MTU_DISCOVER, dont_fragment ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_WANT);
  set_option(fd_.get(), SOL_IPV6, IPV6_DONTFRAG, dont_fragment);
}

}  // namespace ghostnet::realnet
