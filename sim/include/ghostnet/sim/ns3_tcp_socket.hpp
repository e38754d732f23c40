// TcpSocket: ns-3's TCP with what an honest stream over it needs and TcpSocketBase of ns-3 3.37 does not do.
//
// ns-3 opens connections and moves data; closing is ours, and while it goes on ns-3 believes in ESTABLISHED. Its own
// states take the beginning of a segment for the place of its FIN, leave FIN-WAIT-2 for LAST-ACK when a hole is filled,
// and stop repairing data in CLOSING. Here a FIN is sent when all before it was, repeated with the retransmission
// time-out of RFC 6298, and taken when all before it is there (RFC 9293 3.6 and 3.10.7.4).
//
// Besides:
// - It says why a connection ended: refused, reset, timed out. ns-3 does not understand a refusal and tries on.
// - Where it listens, it answers segments of connections that are gone, as those of a host that restarted.
// - It answers a SYN+ACK that comes again: the peer has lost the end of the handshake, and may be the first to speak.
// - It offers the window again when a reader has made room (RFC 9293 3.8.6.2.2). In ns-3 the sender finds out by its
//   persist timer, six seconds later at the earliest.
// - A probe of a closed window may be acknowledged, and need not have anything to send.
// - It takes the data of a segment whose acknowledgment is old.
// - It can abort from any state, and sends keep-alives (RFC 9293 3.8.4).
// - It lives as long as ns-3's events name it by a raw pointer.
//
// Who holds it: ns-3's demultiplexer while it is bound, and its owner, a stream or a listener of ours, until that lets
// go. The owner is told of changes in the middle of ns-3's work: it may only wake somebody up.
// Only for the sources of the ns3 carrier: it includes ns-3.
#pragma once

#include <ns3/event-id.h>
#include <ns3/nstime.h>
#include <ns3/packet.h>
#include <ns3/ptr.h>
#include <ns3/sequence-number.h>
#include <ns3/tcp-socket-base.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/waiter.hpp"
#include "ghostnet/sim/readings.hpp"

namespace ghostnet::sim {

class TcpSocket;

// Told that something may be possible now that was not, or impossible that was.
class TcpOwner {
 public:
  virtual void tcp_changed() = 0;

 protected:
  ~TcpOwner() = default;
};

// The connections of a listener that nobody has accepted yet; shared with the sockets that are on their way into it.
struct AcceptQueue {
  TcpOwner* listener = nullptr;  // null once it is closed
  std::uint32_t backlog = 0;     // bound of half_open and ready together; a SYN beyond it is ignored
  std::uint32_t half_open = 0;
  std::deque<ns3::Ptr<TcpSocket>> ready;
};

// All of one host, so that a crash finds them.
using TcpRegistry = IntrusiveList<TcpSocket>;

// What decides over a segment (RFC 9293 3.1), read without making a header of ns-3's, which costs an allocation an
// option.
struct Segment {
  static Segment of(const ns3::Packet& packet);
  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }

  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  ns3::SequenceNumber32 sequence;
  ns3::SequenceNumber32 acknowledgment;
  std::uint8_t flags = 0;
  std::uint32_t payload_bytes = 0;
};

class TcpSocket final : public ns3::TcpSocketBase, public ListLink {
 public:
  static constexpr std::uint32_t kMaxKeepaliveProbes = 9;
  static constexpr Duration kOrphanTimeout = 60s;  // for the peer's FIN, without an owner

  static ns3::TypeId GetTypeId();
  TcpSocket() = default;
  TcpSocket(const TcpSocket& listening);
  ~TcpSocket() override;

  // Unbound. Congestion control, estimator and recovery are those of the node's ns3::TcpL4Protocol.
  static ns3::Ptr<TcpSocket> make(const ns3::Ptr<ns3::Node>& node, TcpRegistry& registry, const StreamOptions& options,
                                  std::uint32_t segment_bytes);

  // `local` is the address that routing chose, with port 0 for any free one.
  Result<> connect_to(const Endpoint& local, const Endpoint& peer);
  Result<> listen_at(const Endpoint& local, std::shared_ptr<AcceptQueue> queue);

  void set_owner(TcpOwner* owner) { owner_ = owner; }
  bool established() const { return m_connected; }
  ConnectionReading reading() const;
  std::optional<Errc> failure() const { return failure_; }
  Endpoint local_endpoint() const { return local_; }
  Endpoint peer_endpoint() const { return peer_; }

  // 0 when nothing is there.
  std::size_t read(MutableByteView buffer);
  bool has_data() const;
  // Whether the peer has finished and everything was read.
  bool at_end() const;
  std::size_t room_bytes() const;
  // What a writer that waits is woken for: an eighth of the buffer, or a segment where that is more.
  std::size_t worthwhile_room_bytes() const;
  bool can_send() const;
  // At most room_bytes().
  void write(const ns3::Ptr<ns3::Packet>& packet);

  // A FIN after all that was written.
  void finish();
  // A reset to the peer, where there is one.
  void abort();
  // The owner goes after finish(): what it wrote is still delivered, what comes in is thrown away.
  void let_go();
  // The host has lost its power: gone without a word.
  void vanish();

 private:
  void DoForwardUp(ns3::Ptr<ns3::Packet> packet, const ns3::Address& from, const ns3::Address& to) override;
  ns3::Ptr<ns3::TcpSocketBase> Fork() override;
  void CompleteFork(ns3::Ptr<ns3::Packet> packet, const ns3::TcpHeader& header, const ns3::Address& from,
                    const ns3::Address& to) override;
  std::uint32_t SendDataPacket(ns3::SequenceNumber32 sequence, std::uint32_t max_bytes, bool with_ack) override;
  void SendEmptyPacket(std::uint8_t flags) override;
  void PersistTimeout() override;

  static bool on_request(ns3::Ptr<ns3::Socket> socket, const ns3::Address& from);
  static void on_created(ns3::Ptr<ns3::Socket> socket, const ns3::Address& from);
  static void on_connected(ns3::Ptr<ns3::Socket> socket);
  static void on_connect_failed(ns3::Ptr<ns3::Socket> socket);
  static void on_closed(ns3::Ptr<ns3::Socket> socket);
  static void on_broken(ns3::Ptr<ns3::Socket> socket);

  Result<> bind_at(const Endpoint& local, const Endpoint& peer);
  void note_endpoints();
  void leave_queue();
  void fail_with(Errc code);
  void changed() {
    if (owner_ != nullptr) owner_->tcp_changed();
  }
  void keep_for_this_instant();
  void tear_down();
  void send_segment(std::uint8_t flags, ns3::SequenceNumber32 sequence, std::uint32_t garbage_bytes);
  void send_reset(const Segment& answered, const ns3::Address& from, const ns3::Address& to);
  void offer_window();

  // ---- closing (ns3_tcp_closing.cpp) ----

  void receive(const ns3::Ptr<ns3::Packet>& packet, const Segment& segment, const ns3::Address& from,
               const ns3::Address& to);
  void note_fin(const Segment& segment);
  void take_fin(const Segment& segment);
  void send_fin_when_due();
  void await_fin_acknowledgment();
  void fin_due();
  void end_when_both_finished();
  void await_orphan();
  void tend_orphan(bool received_data);

  void start_keepalive();
  void keepalive_due();
  void send_keepalive();

  TcpRegistry* registry_ = nullptr;
  TcpOwner* owner_ = nullptr;
  std::shared_ptr<AcceptQueue> queue_;  // of a listening socket, and of those forked from it until they are accepted
  std::optional<Errc> failure_;
  Endpoint local_;
  Endpoint peer_;
  bool half_open_ = false;
  bool orphaned_ = false;
  bool vanished_ = false;

  bool finishing_ = false;                    // no more is written
  std::optional<ns3::SequenceNumber32> fin_;  // ours, once it is sent
  bool fin_acknowledged_ = false;
  std::uint32_t fin_retries_ = 0;
  ns3::Time fin_wait_;
  ns3::EventId fin_timeout_;
  std::optional<ns3::SequenceNumber32> peer_fin_;  // theirs, once it is known, though not all before it is there
  bool peer_finished_ = false;
  bool closed_first_ = false;
  ns3::EventId orphan_timeout_;

  Duration keepalive_idle_{};
  Duration keepalive_interval_{};
  std::uint32_t keepalive_probes_ = 0;
  ns3::Time last_heard_;
  ns3::EventId keepalive_event_;
};

}  // namespace ghostnet::sim
