#include "ghostnet/sim/ns3_tcp_socket.hpp"

#include <ns3/inet-socket-address.h>
#include <ns3/inet6-socket-address.h>
#include <ns3/ipv4-end-point.h>
#include <ns3/ipv6-end-point.h>
#include <ns3/node.h>
#include <ns3/object-factory.h>
#include <ns3/packet.h>
#include <ns3/rtt-estimator.h>
#include <ns3/simulator.h>
#include <ns3/tcp-congestion-ops.h>
#include <ns3/tcp-header.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/tcp-recovery-ops.h>
#include <ns3/tcp-rx-buffer.h>
#include <ns3/tcp-tx-buffer.h>
#include <ns3/type-id.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ghostnet/sim/ns3_address.hpp"

namespace ghostnet::sim {

using ns3::MakeCallback;
using ns3::Ptr;
using ns3::SequenceNumber32;
using ns3::Simulator;
using ns3::TcpHeader;
using ns3::TcpSocketBase;

namespace {

template <class T>
Ptr<T> create_from(const Ptr<ns3::TcpL4Protocol>& tcp, const char* attribute) {
  ns3::TypeIdValue type;
  tcp->GetAttribute(attribute, type);
  ns3::ObjectFactory factory;
  factory.SetTypeId(type.Get());
  return factory.Create<T>();
}

ns3::Address socket_address(const Endpoint& endpoint) {
  if (endpoint.is_v4()) return ns3::InetSocketAddress(to_ns3_v4(endpoint.address()), endpoint.port());
  return ns3::Inet6SocketAddress(to_ns3_v6(endpoint.address()), endpoint.port());
}

TcpSocket& ours(const Ptr<ns3::Socket>& socket) { return static_cast<TcpSocket&>(*socket); }

}  // namespace

Segment Segment::of(const ns3::Packet& packet) {
  constexpr std::uint32_t kFixedBytes = 20;
  std::array<std::uint8_t, kFixedBytes> bytes{};
  const std::uint32_t size = packet.GetSize();
  packet.CopyData(bytes.data(), kFixedBytes);
  auto two = [&](std::size_t at) { return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]); };
  auto four = [&](std::size_t at) { return SequenceNumber32(std::uint32_t{two(at)} << 16 | two(at + 2)); };
  const std::uint32_t header_bytes = bytes[12] >> 4U << 2U;
  return {.source_port = two(0),
          .destination_port = two(2),
          .sequence = four(4),
          .acknowledgment = four(8),
          .flags = bytes[13],
          .payload_bytes = size - std::min(size, header_bytes)};
}

ns3::TypeId TcpSocket::GetTypeId() {
  static ns3::TypeId type = ns3::TypeId("ghostnet::TcpSocket")
                                .SetParent<TcpSocketBase>()
                                .SetGroupName("Internet")
                                .AddConstructor<TcpSocket>();
  return type;
}

Ptr<TcpSocket> TcpSocket::make(const Ptr<ns3::Node>& node, TcpRegistry& registry, const StreamOptions& options,
                               std::uint32_t segment_bytes) {
  auto tcp = node->GetObject<ns3::TcpL4Protocol>();
  Ptr<TcpSocket> socket = ns3::CreateObject<TcpSocket>();
  socket->SetNode(node);
  socket->SetTcp(tcp);
  socket->SetRtt(create_from<ns3::RttEstimator>(tcp, "RttEstimatorType"));
  socket->SetCongestionControlAlgorithm(create_from<ns3::TcpCongestionOps>(tcp, "SocketType"));
  socket->SetRecoveryAlgorithm(create_from<ns3::TcpRecoveryOps>(tcp, "RecoveryType"));
  socket->SetTcpNoDelay(options.no_delay);
  socket->SetSegSize(segment_bytes);
  if (options.receive_buffer_bytes != 0) socket->SetRcvBufSize(options.receive_buffer_bytes);
  if (options.send_buffer_bytes != 0) socket->SetSndBufSize(options.send_buffer_bytes);
  socket->keepalive_idle_ = options.keepalive_idle;
  socket->keepalive_interval_ = std::max<Duration>(options.keepalive_interval, 1ms);
  socket->SetConnectCallback(MakeCallback(&TcpSocket::on_connected), MakeCallback(&TcpSocket::on_connect_failed));
  socket->SetCloseCallbacks(MakeCallback(&TcpSocket::on_closed), MakeCallback(&TcpSocket::on_broken));
  socket->registry_ = &registry;
  registry.push_back(*socket);
  return socket;
}

// What ns-3 calls a fork: the socket of a connection that is being opened from outside.
TcpSocket::TcpSocket(const TcpSocket& listening)
    : TcpSocketBase(listening),
      ListLink(),
      registry_(listening.registry_),
      queue_(listening.queue_),
      half_open_(true),
      keepalive_idle_(listening.keepalive_idle_),
      keepalive_interval_(listening.keepalive_interval_) {
  registry_->push_back(*this);
  ++queue_->half_open;
  SetConnectCallback(MakeCallback(&TcpSocket::on_connected), MakeCallback(&TcpSocket::on_connect_failed));
}

TcpSocket::~TcpSocket() {
  leave_queue();
  keepalive_event_.Cancel();
  fin_timeout_.Cancel();
  orphan_timeout_.Cancel();
}

Result<> TcpSocket::bind_at(const Endpoint& local, const Endpoint& peer) {
  if (local.port() == 0) {
    if ((local.is_v4() ? Bind() : Bind6()) == 0) return {};
    return fail(Errc::address_in_use, "no free port left");
  }
  // With the peer's address, so that several connections may leave from one port.
  if (local.is_v4()) {
    m_endPoint =
        m_tcp->Allocate(nullptr, to_ns3_v4(local.address()), local.port(), to_ns3_v4(peer.address()), peer.port());
  } else {
    m_endPoint6 =
        m_tcp->Allocate6(nullptr, to_ns3_v6(local.address()), local.port(), to_ns3_v6(peer.address()), peer.port());
  }
  if (m_endPoint == nullptr && m_endPoint6 == nullptr)
    return fail(Errc::address_in_use, "{} to {} is in use", local, peer);
  m_tcp->AddSocket(this);
  SetupCallback();
  return {};
}

Result<> TcpSocket::connect_to(const Endpoint& local, const Endpoint& peer) {
  if (Result<> bound = bind_at(local, peer); !bound) return bound;
  if (Connect(socket_address(peer)) != 0) return fail(from_ns3(GetErrno()));
  note_endpoints();
  return {};
}

Result<> TcpSocket::listen_at(const Endpoint& local, std::shared_ptr<AcceptQueue> queue) {
  if (Bind(socket_address(local)) != 0 || Listen() != 0) return fail(from_ns3(GetErrno()));
  queue_ = std::move(queue);
  SetAcceptCallback(MakeCallback(&TcpSocket::on_request), MakeCallback(&TcpSocket::on_created));
  note_endpoints();
  return {};
}

ConnectionReading TcpSocket::reading() const {
  const std::int64_t rtt_ns = m_rtt->GetNSamples() == 0 ? 0 : m_rtt->GetEstimate().GetNanoSeconds();
  return {.local = local_,
          .peer = peer_,
          .window_bytes = m_tcb->m_cWnd.Get(),
          .in_flight_bytes = m_tcb->m_bytesInFlight.Get(),
          .smoothed_rtt = Duration(rtt_ns)};
}

void TcpSocket::note_endpoints() {
  if (m_endPoint != nullptr) {
    local_ = Endpoint(from_ns3(m_endPoint->GetLocalAddress()), m_endPoint->GetLocalPort());
    peer_ = Endpoint(from_ns3(m_endPoint->GetPeerAddress()), m_endPoint->GetPeerPort());
  } else if (m_endPoint6 != nullptr) {
    local_ = Endpoint(from_ns3(m_endPoint6->GetLocalAddress()), m_endPoint6->GetLocalPort());
    peer_ = Endpoint(from_ns3(m_endPoint6->GetPeerAddress()), m_endPoint6->GetPeerPort());
  }
}

std::size_t TcpSocket::read(MutableByteView buffer) {
  Ptr<ns3::TcpRxBuffer> received = m_tcb->m_rxBuffer;
  auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(buffer.size(), received->Available()));
  if (wanted == 0) return 0;
  Ptr<ns3::Packet> packet = received->Extract(wanted);
  std::uint32_t size = packet->CopyData(buffer.data(), wanted);
  offer_window();
  return size;
}

bool TcpSocket::has_data() const { return m_tcb->m_rxBuffer->Available() != 0; }

bool TcpSocket::at_end() const {
  Ptr<ns3::TcpRxBuffer> received = m_tcb->m_rxBuffer;
  return received->Available() == 0 && (received->Finished() || m_state == CLOSED);
}

std::size_t TcpSocket::room_bytes() const { return m_txBuffer->Available(); }

std::size_t TcpSocket::worthwhile_room_bytes() const {
  const std::uint32_t buffer_bytes = m_txBuffer->MaxBufferSize();
  return std::min(buffer_bytes, std::max(GetSegSize(), buffer_bytes / 8));
}

bool TcpSocket::can_send() const { return !finishing_ && m_state == ESTABLISHED; }

void TcpSocket::write(const Ptr<ns3::Packet>& packet) { Send(packet, 0); }

void TcpSocket::offer_window() {
  if (m_state != ESTABLISHED) return;
  Ptr<ns3::TcpRxBuffer> received = m_tcb->m_rxBuffer;
  if (received->GotFin()) return;
  // A sender is stuck only when the last window it heard of was about nothing.
  const std::uint32_t worthwhile = std::min(2 * GetSegSize(), received->MaxBufferSize() / 2);
  const auto window = static_cast<std::uint32_t>(received->MaxRxSequence() - received->NextRxSequence());
  if (m_advWnd < worthwhile && window >= worthwhile) SendEmptyPacket(TcpHeader::ACK);
}

void TcpSocket::abort() {
  if (m_state == CLOSED && m_endPoint == nullptr && m_endPoint6 == nullptr) return;
  if (m_state != LISTEN && m_state != SYN_SENT && m_state != CLOSED && m_state != TIME_WAIT) {
    SendEmptyPacket(TcpHeader::RST);
  }
  if (!failure_) failure_ = Errc::closed;
  tear_down();
}

void TcpSocket::vanish() {
  vanished_ = true;
  if (!failure_) failure_ = Errc::closed;
  tear_down();
  changed();
}

void TcpSocket::tear_down() {
  keep_for_this_instant();
  leave_queue();
  keepalive_event_.Cancel();
  fin_timeout_.Cancel();
  orphan_timeout_.Cancel();
  CancelAllTimers();
  DeallocateEndPoint();
  m_state = CLOSED;
}

void TcpSocket::DoForwardUp(Ptr<ns3::Packet> packet, const ns3::Address& from, const ns3::Address& to) {
  Ptr<TcpSocket> self(this);
  const Segment segment = Segment::of(*packet);
  const TcpStates_t before = m_state;
  last_heard_ = Simulator::Now();
  keepalive_probes_ = 0;

  switch (before) {
    case SYN_SENT:
      // RFC 9293 3.10.7.3: a reset that acknowledges our SYN is a refusal. ns-3 takes it for a stray acknowledgment.
      if (!segment.has(TcpHeader::RST)) break;
      if (segment.acknowledgment != m_tcb->m_nextTxSequence.Get() + 1) return;
      fail_with(Errc::refused);
      tear_down();
      return changed();
    case LISTEN:
      // RFC 9293 3.10.7.2: what acknowledges something here is of a connection that is no more. ns-3 lets it wait.
      if (segment.has(TcpHeader::RST) || !segment.has(TcpHeader::ACK)) break;
      return send_reset(segment, from, to);
    case SYN_RCVD:
      if (segment.has(TcpHeader::RST) || segment.has(TcpHeader::SYN)) break;
      return receive(packet, segment, from, to);
    case ESTABLISHED: return receive(packet, segment, from, to);
    case TIME_WAIT:
      // RFC 9293 3.10.7.4: the peer has not heard that its FIN arrived.
      if (!segment.has(TcpHeader::RST)) SendEmptyPacket(TcpHeader::ACK);
      return;
    default: break;
  }
  TcpSocketBase::DoForwardUp(packet, from, to);
  if (m_state == CLOSED && before != CLOSED) {
    keep_for_this_instant();
    if (segment.has(TcpHeader::RST)) fail_with(Errc::reset);
  }
  changed();
}

// Without options, and of no consequence for ns-3: it neither counts nor repeats it.
void TcpSocket::send_segment(std::uint8_t flags, SequenceNumber32 sequence, std::uint32_t garbage_bytes) {
  TcpHeader header;
  header.SetFlags(flags);
  header.SetSequenceNumber(sequence);
  header.SetAckNumber(m_tcb->m_rxBuffer->NextRxSequence());
  header.SetWindowSize(AdvertisedWindowSize());
  header.SetSourcePort(local_.port());
  header.SetDestinationPort(peer_.port());
  AddOptions(header);
  auto packet = ns3::Create<ns3::Packet>(garbage_bytes);
  if (m_endPoint != nullptr) {
    m_tcp->SendPacket(packet, header, m_endPoint->GetLocalAddress(), m_endPoint->GetPeerAddress(), m_boundnetdevice);
  } else if (m_endPoint6 != nullptr) {
    m_tcp->SendPacket(packet, header, m_endPoint6->GetLocalAddress(), m_endPoint6->GetPeerAddress(), m_boundnetdevice);
  }
}

void TcpSocket::send_reset(const Segment& answered, const ns3::Address& from, const ns3::Address& to) {
  TcpHeader header;
  header.SetFlags(TcpHeader::RST);
  header.SetSequenceNumber(answered.acknowledgment);
  header.SetSourcePort(answered.destination_port);
  header.SetDestinationPort(answered.source_port);
  m_tcp->SendPacket(ns3::Create<ns3::Packet>(), header, to, from, m_boundnetdevice);
}

Ptr<TcpSocketBase> TcpSocket::Fork() { return ns3::CopyObject<TcpSocket>(this); }

void TcpSocket::CompleteFork(Ptr<ns3::Packet> packet, const TcpHeader& header, const ns3::Address& from,
                             const ns3::Address& to) {
  if (vanished_ || queue_ == nullptr || queue_->listener == nullptr) return;
  TcpSocketBase::CompleteFork(packet, header, from, to);
}

std::uint32_t TcpSocket::SendDataPacket(SequenceNumber32 sequence, std::uint32_t max_bytes, bool with_ack) {
  const std::uint32_t sent = TcpSocketBase::SendDataPacket(sequence, max_bytes, with_ack);
  send_fin_when_due();
  return sent;
}

void TcpSocket::SendEmptyPacket(std::uint8_t flags) {
  Ptr<TcpSocket> self(this);
  // A FIN takes a place in the sequence, which ns-3 does not know of.
  const SequenceNumber32 next = m_tcb->m_nextTxSequence;
  if (fin_) m_tcb->m_nextTxSequence = *fin_ + 1;
  TcpSocketBase::SendEmptyPacket(flags);
  if (fin_) m_tcb->m_nextTxSequence = next;
}

void TcpSocket::PersistTimeout() {
  const SequenceNumber32 next = m_tcb->m_nextTxSequence;
  if (m_txBuffer->SizeFromSequence(next) != 0) {
    TcpSocketBase::PersistTimeout();
    // The probe is a byte of the stream: its acknowledgment is none of something that was never sent.
    m_tcb->m_highTxMark = std::max(m_tcb->m_highTxMark.Get(), next + 1);
    return send_fin_when_due();
  }
  // Nothing to probe with; there may be when it is due again.
  m_persistTimeout = std::min(ns3::Seconds(60), ns3::Time(2 * m_persistTimeout));
  m_persistEvent = Simulator::Schedule(m_persistTimeout, [this] { PersistTimeout(); });
}

bool TcpSocket::on_request(Ptr<ns3::Socket> socket, const ns3::Address&) {
  const AcceptQueue& queue = *ours(socket).queue_;
  return queue.listener != nullptr && queue.half_open + queue.ready.size() < queue.backlog;
}

void TcpSocket::on_created(Ptr<ns3::Socket> socket, const ns3::Address&) {
  TcpSocket& accepted = ours(socket);
  std::shared_ptr<AcceptQueue> queue = accepted.queue_;
  accepted.leave_queue();
  accepted.note_endpoints();
  accepted.start_keepalive();
  if (queue == nullptr || queue->listener == nullptr) {
    // Not now: ns-3 is about to process the segment that completed the handshake.
    Simulator::ScheduleNow([doomed = Ptr<TcpSocket>(&accepted)] { doomed->abort(); });
    return;
  }
  queue->ready.push_back(Ptr<TcpSocket>(&accepted));
  queue->listener->tcp_changed();
}

void TcpSocket::leave_queue() {
  if (half_open_) --queue_->half_open;
  half_open_ = false;
  queue_.reset();
}

void TcpSocket::on_connected(Ptr<ns3::Socket> socket) {
  ours(socket).note_endpoints();
  ours(socket).start_keepalive();
  ours(socket).changed();
}

void TcpSocket::on_connect_failed(Ptr<ns3::Socket> socket) {
  ours(socket).keep_for_this_instant();
  ours(socket).fail_with(Errc::timed_out);
  ours(socket).changed();
}

// Also when the peer has merely finished sending.
void TcpSocket::on_closed(Ptr<ns3::Socket> socket) {
  ours(socket).keep_for_this_instant();
  ours(socket).changed();
}

// Too many retransmissions, or something from the peer that made ns-3 answer with a reset.
void TcpSocket::on_broken(Ptr<ns3::Socket> socket) {
  TcpSocket& broken = ours(socket);
  broken.keep_for_this_instant();
  broken.fail_with(broken.m_dataRetrCount == 0 ? Errc::timed_out : Errc::reset);
  broken.changed();
}

void TcpSocket::fail_with(Errc code) {
  if (!failure_) failure_ = code;
  leave_queue();
}

// Events that ns-3 scheduled for this instant name the socket by a raw pointer.
void TcpSocket::keep_for_this_instant() {
  Simulator::ScheduleNow([self = Ptr<TcpSocket>(this)] {});
}

void TcpSocket::start_keepalive() {
  if (keepalive_idle_ <= Duration{}) return;
  last_heard_ = Simulator::Now();
  keepalive_event_ = Simulator::Schedule(ns3::NanoSeconds(keepalive_idle_.count()), [this] { keepalive_due(); });
}

void TcpSocket::keepalive_due() {
  if (m_state == CLOSED || m_state == TIME_WAIT) return;
  const Duration silent{(Simulator::Now() - last_heard_).GetNanoSeconds()};
  Duration next = keepalive_interval_;
  if (silent < keepalive_idle_) {
    next = keepalive_idle_ - silent;
  } else if (keepalive_probes_ == kMaxKeepaliveProbes) {
    fail_with(Errc::timed_out);
    abort();
    return changed();
  } else {
    ++keepalive_probes_;
    send_keepalive();
  }
  keepalive_event_ = Simulator::Schedule(ns3::NanoSeconds(next.count()), [this] { keepalive_due(); });
}

// RFC 9293 3.8.4: one garbage octet just before the window, which every receiver answers.
void TcpSocket::send_keepalive() {
  const SequenceNumber32 next = fin_ ? *fin_ + 1 : m_tcb->m_nextTxSequence.Get();
  send_segment(TcpHeader::ACK, next - 1, 1);
}

}  // namespace ghostnet::sim
