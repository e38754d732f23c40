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

bool TcpSocket::can_send() const { return !m_shutdownSend && (m_state == ESTABLISHED || m_state == CLOSE_WAIT); }

void TcpSocket::write(const Ptr<ns3::Packet>& packet) { Send(packet, 0); }

void TcpSocket::offer_window() {
  if (m_state != ESTABLISHED && m_state != FIN_WAIT_1 && m_state != FIN_WAIT_2) return;
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
  orphan_timeout_.Cancel();
  CancelAllTimers();
  DeallocateEndPoint();
  m_state = CLOSED;
}

void TcpSocket::let_go() {
  owner_ = nullptr;
  if (m_state == CLOSED || m_state == TIME_WAIT) return;
  orphaned_ = true;
  await_orphan();
  tend_orphan(false);
}

// As kernels do: who has delivered everything does not wait for ever for the peer to finish too, and goes in silence.
void TcpSocket::await_orphan() {
  orphan_timeout_ = Simulator::Schedule(ns3::NanoSeconds(kOrphanTimeout.count()), [this] {
    if (m_state == FIN_WAIT_2) return tear_down();
    if (m_state != CLOSED && m_state != TIME_WAIT) await_orphan();
  });
}

void TcpSocket::tend_orphan(bool received_data) {
  // Nobody will read what the peer still sends: once all of ours has arrived, tell it so (RFC 1122 4.2.2.13).
  if (received_data && m_state == FIN_WAIT_2) return abort();
  Ptr<ns3::TcpRxBuffer> received = m_tcb->m_rxBuffer;
  if (received->Available() != 0) {
    received->Extract(received->Available());
    offer_window();
  }
}

void TcpSocket::DoForwardUp(Ptr<ns3::Packet> packet, const ns3::Address& from, const ns3::Address& to) {
  Ptr<TcpSocket> self(this);
  TcpHeader header;
  const std::uint32_t header_bytes = packet->PeekHeader(header);
  const bool has_data = packet->GetSize() > header_bytes;
  const bool reset = (header.GetFlags() & TcpHeader::RST) != 0;
  const TcpStates_t before = m_state;
  last_heard_ = Simulator::Now();
  keepalive_probes_ = 0;

  // RFC 9293 3.10.7.3: a reset that acknowledges our SYN is a refusal. ns-3 takes it for a stray acknowledgment.
  if (before == SYN_SENT && reset) {
    if (header.GetAckNumber() != m_tcb->m_nextTxSequence.Get() + 1) return;
    fail_with(Errc::refused);
    tear_down();
    return changed();
  }

  // RFC 9293 3.10.7.2: what acknowledges something here is of a connection that is no more. ns-3 lets it wait.
  if (before == LISTEN && !reset && (header.GetFlags() & TcpHeader::ACK) != 0) return send_reset(header, from, to);

  // RFC 9293 3.10.7.4: only the acknowledgment of our FIN ends LAST-ACK. CLOSE-WAIT treats all others as they deserve.
  const bool fin_unacknowledged = before == LAST_ACK && !reset && header.GetAckNumber() < m_tcb->m_highTxMark.Get() + 1;
  if (fin_unacknowledged) m_state = CLOSE_WAIT;
  TcpSocketBase::DoForwardUp(packet, from, to);
  if (fin_unacknowledged && m_state == CLOSE_WAIT) m_state = LAST_ACK;

  if (m_state == CLOSED && before != CLOSED) {
    keep_for_this_instant();
    if (reset) fail_with(Errc::reset);
  }
  if (orphaned_) tend_orphan(has_data);
  changed();
}

void TcpSocket::send_reset(const TcpHeader& answered, const ns3::Address& from, const ns3::Address& to) {
  TcpHeader header;
  header.SetFlags(TcpHeader::RST);
  header.SetSequenceNumber(answered.GetAckNumber());
  header.SetSourcePort(answered.GetDestinationPort());
  header.SetDestinationPort(answered.GetSourcePort());
  m_tcp->SendPacket(ns3::Create<ns3::Packet>(), header, to, from, m_boundnetdevice);
}

Ptr<TcpSocketBase> TcpSocket::Fork() { return ns3::CopyObject<TcpSocket>(this); }

void TcpSocket::CompleteFork(Ptr<ns3::Packet> packet, const TcpHeader& header, const ns3::Address& from,
                             const ns3::Address& to) {
  if (vanished_ || queue_ == nullptr || queue_->listener == nullptr) return;
  TcpSocketBase::CompleteFork(packet, header, from, to);
}

void TcpSocket::SendEmptyPacket(std::uint8_t flags) {
  Ptr<TcpSocket> self(this);
  if ((flags & TcpHeader::FIN) != 0 && fins_sent_++ > GetDataRetries()) {
    fail_with(Errc::timed_out);
    tear_down();
    return changed();
  }
  TcpSocketBase::SendEmptyPacket(flags);
}

void TcpSocket::PersistTimeout() {
  if (m_txBuffer->SizeFromSequence(m_tcb->m_nextTxSequence) != 0) return TcpSocketBase::PersistTimeout();
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
  Ptr<ns3::Packet> packet = ns3::Create<ns3::Packet>(1);
  TcpHeader header;
  header.SetFlags(TcpHeader::ACK);
  header.SetSequenceNumber(m_tcb->m_nextTxSequence.Get() - 1);
  header.SetAckNumber(m_tcb->m_rxBuffer->NextRxSequence());
  header.SetWindowSize(AdvertisedWindowSize());
  header.SetSourcePort(local_.port());
  header.SetDestinationPort(peer_.port());
  AddOptions(header);
  if (m_endPoint != nullptr) {
    m_tcp->SendPacket(packet, header, m_endPoint->GetLocalAddress(), m_endPoint->GetPeerAddress(), m_boundnetdevice);
  } else if (m_endPoint6 != nullptr) {
    m_tcp->SendPacket(packet, header, m_endPoint6->GetLocalAddress(), m_endPoint6->GetPeerAddress(), m_boundnetdevice);
  }
}

}  // namespace ghostnet::sim
