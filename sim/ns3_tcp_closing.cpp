// How a connection of the ns3 carrier ends: the FINs of both sides, and what is left when its owner has gone.
#include <ns3/packet.h>
#include <ns3/simulator.h>
#include <ns3/tcp-header.h>
#include <ns3/tcp-rx-buffer.h>
#include <ns3/tcp-tx-buffer.h>

#include <algorithm>

#include "ghostnet/sim/ns3_tcp_socket.hpp"

namespace ghostnet::sim {

using ns3::Ptr;
using ns3::SequenceNumber32;
using ns3::Simulator;
using ns3::TcpHeader;
using ns3::TcpSocketBase;

// ns-3 sees segments without FIN, and acknowledgments of data alone.
void TcpSocket::receive(const Ptr<ns3::Packet>& packet, const Segment& segment, const ns3::Address& from,
                        const ns3::Address& to) {
  if (segment.has(TcpHeader::RST)) {
    fail_with(Errc::reset);
    tear_down();
    return changed();
  }
  // RFC 9293 3.10.7.4 (RFC 5961 4): where the end of the handshake was lost, the SYN+ACK comes again.
  if (segment.has(TcpHeader::SYN)) return SendEmptyPacket(TcpHeader::ACK);

  SequenceNumber32 acknowledged = segment.acknowledgment;
  if (fin_ && acknowledged == *fin_ + 1) {
    fin_acknowledged_ = true;
    fin_timeout_.Cancel();
    acknowledged = *fin_;
  }
  // ns-3 throws a segment away whose acknowledgment is old, and its data with it.
  const bool carries = segment.payload_bytes != 0 || segment.has(TcpHeader::FIN);
  if (carries && m_state == ESTABLISHED) acknowledged = std::max(acknowledged, m_txBuffer->HeadSequence());
  if (acknowledged != segment.acknowledgment || segment.has(TcpHeader::FIN)) {
    TcpHeader header;
    packet->RemoveHeader(header);
    header.SetFlags(static_cast<std::uint8_t>(header.GetFlags() & ~TcpHeader::FIN));
    header.SetAckNumber(acknowledged);
    packet->AddHeader(header);
  }
  note_fin(segment);
  TcpSocketBase::DoForwardUp(packet, from, to);
  if (m_state == ESTABLISHED) take_fin(segment);
  end_when_both_finished();
  if (orphaned_) tend_orphan(segment.payload_bytes != 0);
  changed();
}

void TcpSocket::note_fin(const Segment& segment) {
  if (!segment.has(TcpHeader::FIN) || peer_finished_) return;
  Ptr<ns3::TcpRxBuffer> received = m_tcb->m_rxBuffer;
  const SequenceNumber32 at = segment.sequence + segment.payload_bytes;
  if (at >= received->NextRxSequence() && at <= received->MaxRxSequence()) peer_fin_ = at;
}

void TcpSocket::take_fin(const Segment& segment) {
  Ptr<ns3::TcpRxBuffer> received = m_tcb->m_rxBuffer;
  if (peer_fin_ && !peer_finished_ && received->NextRxSequence() == *peer_fin_) {
    received->SetFinSequence(*peer_fin_);
    peer_finished_ = true;
    SendEmptyPacket(TcpHeader::ACK);
  } else if (segment.has(TcpHeader::FIN) && segment.payload_bytes == 0) {
    SendEmptyPacket(TcpHeader::ACK);  // it came again, or too early
  }
}

void TcpSocket::finish() {
  finishing_ = true;
  m_shutdownSend = true;
  send_fin_when_due();
}

void TcpSocket::send_fin_when_due() {
  if (!finishing_ || fin_ || m_state != ESTABLISHED || m_txBuffer->TailSequence() != m_tcb->m_highTxMark.Get()) return;
  fin_ = m_tcb->m_highTxMark.Get();
  closed_first_ = !peer_finished_;
  send_segment(TcpHeader::FIN | TcpHeader::ACK, *fin_, 0);
  fin_wait_ = m_rto.Get();
  await_fin_acknowledgment();
}

void TcpSocket::await_fin_acknowledgment() {
  fin_timeout_ = Simulator::Schedule(fin_wait_, [this] { fin_due(); });
}

void TcpSocket::fin_due() {
  Ptr<TcpSocket> self(this);
  // Data are repaired first, by ns-3, which also gives up on them.
  if (m_txBuffer->Size() != 0) return await_fin_acknowledgment();
  if (fin_retries_++ == m_dataRetries) {
    fail_with(Errc::timed_out);
    tear_down();
    return changed();
  }
  send_segment(TcpHeader::FIN | TcpHeader::ACK, *fin_, 0);
  fin_wait_ = std::min(ns3::Seconds(60), ns3::Time(2 * fin_wait_));
  await_fin_acknowledgment();
}

void TcpSocket::end_when_both_finished() {
  if (m_state != ESTABLISHED || !fin_acknowledged_ || !peer_finished_) return;
  keepalive_event_.Cancel();
  orphan_timeout_.Cancel();
  if (closed_first_) return TimeWait();
  keep_for_this_instant();
  CloseAndNotify();
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
    if (fin_acknowledged_) return tear_down();
    await_orphan();
  });
}

void TcpSocket::tend_orphan(bool received_data) {
  // Nobody will read what the peer still sends: once all of ours has arrived, tell it so (RFC 1122 4.2.2.13).
  if (received_data && m_state == ESTABLISHED && fin_acknowledged_) return abort();
  Ptr<ns3::TcpRxBuffer> received = m_tcb->m_rxBuffer;
  if (received->Available() != 0) {
    received->Extract(received->Available());
    offer_window();
  }
}

}  // namespace ghostnet::sim
