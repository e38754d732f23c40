// UdpSocket: datagrams, in batches.
//
// Sending never waits: send() hands over what the socket takes now and says how many that were. Receiving lends
// buffers from a bounded pool of the host: a PacketBuf returns to it when dropped, and a host whose pool is empty
// drops datagrams as a kernel does. One coroutine at a time waits to receive, one to send.
// Destroying a socket closes it; it may not outlive its host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/sole_waiter.hpp"
#include "ghostnet/runtime/task.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

// RFC 3168 5: the two bits of the IP header.
enum class Ecn : std::uint8_t { not_ect = 0, ect1 = 1, ect0 = 2, ce = 3 };

// The most that one UDP datagram carries over IPv4 (RFC 768, RFC 791 3.1: 65535 - 20 - 8).
inline constexpr std::size_t kMaxUdpPayloadBytes = 65507;

// Number of an interface within its host, from 1; 0 leaves the choice to routing.
using InterfaceIndex = std::uint32_t;

// A datagram to send, or several of one size to one peer.
struct Datagram {
  Endpoint peer{};     // port 0: the peer that the socket is connected to
  ByteView payload{};  // must stay valid during send() only
  IpAddress local{};   // the source address; unspecified lets routing choose
  InterfaceIndex interface = 0;
  std::uint16_t segment_bytes = 0;  // 0: payload is one datagram; else it is cut into datagrams of this size (GSO)
  std::uint8_t hop_limit = 0;       // 0: the socket's
  Ecn ecn = Ecn::not_ect;
  bool dont_fragment = false;  // for path-MTU probes; larger than the path fails or vanishes, never fragments
  // Optional: the buffer that `payload` is a view of. A socket that accepts the datagram may keep the buffer instead of
  // copying (simulated networks do); it is then left empty.
  PacketBuf* storage = nullptr;
};

struct ReceivedDatagram {
  PacketBuf data;  // writable: protocols decrypt in place
  Endpoint peer;
  IpAddress local;  // the destination address, which may be a group
  TimePoint received_at;
  InterfaceIndex interface = 0;     // 0: not known; told to sockets of all addresses, or of a group
  std::uint16_t segment_bytes = 0;  // not 0: several datagrams of this size, the last may be shorter (GRO)
  std::uint8_t hop_limit = 0;       // this and ecn: see UdpOptions::header_fields
  Ecn ecn = Ecn::not_ect;
};

// How many datagrams of a batch were accepted and, if not all, why the next one was not. would_block: the socket is
// full; wait for writable().
struct SendOutcome {
  std::size_t accepted = 0;
  std::optional<Errc> error;
};

struct UdpOptions {
  Endpoint local{};  // unspecified address: all; port 0: any free one
  bool v6_only = false;
  bool reuse_address = false;  // several sockets receive the same group
  bool reuse_port = false;     // several sockets share the load of one port
  bool broadcast = false;
  bool dont_fragment = false;
  bool offload = true;  // use segmentation and receive offload where the system has it
  // Tell hop limit and ECN of what is received. Who reads neither spares a live socket some percent of its time.
  bool header_fields = true;
  std::uint8_t hop_limit = 64;
  std::uint8_t multicast_hop_limit = 1;
  bool multicast_loop = true;  // this host's own members receive what is sent to a group
  std::uint32_t receive_queue_bytes = 1 << 20;
  std::uint32_t send_queue_bytes = 1 << 20;
};

struct UdpCounters {
  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t dropped_queue_full = 0;  // arrived, but the receive queue or the pool was full
};

class UdpSocket {
 public:
  UdpSocket() = default;
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  virtual ~UdpSocket() = default;

  virtual Endpoint local() const = 0;

  // Never blocks. Errors: would_block, message_too_large, unreachable, permission, closed, invalid_argument.
  virtual SendOutcome send(std::span<const Datagram> batch) = 0;
  // One datagram; the error's message says where it was going.
  Result<> send_to(const Endpoint& peer, ByteView payload);
  // The same from the sender's own buffer, which the socket may keep.
  Result<> send_to(const Endpoint& peer, PacketBuf payload);

  // Takes up to batch.size() datagrams, at least one, or fails: would_block, closed; in connected mode also refused
  // and unreachable, when the network said so.
  virtual Result<std::size_t> try_recv(std::span<ReceivedDatagram> batch) = 0;

  class BatchAwaiter;
  class OneAwaiter;
  class ReadableAwaiter;
  class WritableAwaiter;
  // Awaitable of Result<std::size_t>: how many of `batch` were filled. Cancel-safe.
  BatchAwaiter recv(std::span<ReceivedDatagram> batch);
  // Awaitable of Result<ReceivedDatagram>. Cancel-safe.
  OneAwaiter recv();
  // Completes when try_recv() yields something other than would_block. For what stands over a socket. Cancel-safe.
  ReadableAwaiter readable();
  // Completes when send() may accept more. Cancel-safe.
  WritableAwaiter writable();

  // Fixes the peer: only its datagrams are received, and its errors. Port 0 undoes it.
  virtual Result<> connect(const Endpoint& peer) = 0;

  virtual Result<> join(const IpAddress& group, InterfaceIndex interface = 0) = 0;
  virtual Result<> leave(const IpAddress& group, InterfaceIndex interface = 0) = 0;

  // The largest payload that fits one packet to this peer, as far as is known.
  virtual Result<std::size_t> max_payload_bytes(const Endpoint& peer) const = 0;

  virtual UdpCounters counters() const = 0;

 protected:
  // Whether try_recv() would yield something other than would_block. May gather input to find out.
  virtual bool poll_readable() = 0;
  // Null when send() may accept more; else where the one waits who wants to send, woken when it may.
  virtual SoleWaiter* full() = 0;

  // The reader is woken only when poll_readable() holds.
  SoleWaiter reader_;
};

class [[nodiscard]] UdpSocket::BatchAwaiter : public SoleAwaiter<BatchAwaiter, UdpSocket, &UdpSocket::reader_> {
 public:
  BatchAwaiter(UdpSocket& socket, std::span<ReceivedDatagram> batch) : SoleAwaiter(socket), batch_(batch) {}
  bool await_ready() { return object_->poll_readable(); }
  Result<std::size_t> await_resume() { return resumed().try_recv(batch_); }

 private:
  std::span<ReceivedDatagram> batch_;
};

class [[nodiscard]] UdpSocket::OneAwaiter : public SoleAwaiter<OneAwaiter, UdpSocket, &UdpSocket::reader_> {
 public:
  explicit OneAwaiter(UdpSocket& socket) : SoleAwaiter(socket) {}
  bool await_ready() { return object_->poll_readable(); }
  Result<ReceivedDatagram> await_resume() {
    Result<ReceivedDatagram> datagram(std::in_place);
    Result<std::size_t> taken = resumed().try_recv(std::span(&*datagram, 1));
    if (!taken) return fail(std::move(taken));
    return datagram;
  }
};

class [[nodiscard]] UdpSocket::ReadableAwaiter : public SoleAwaiter<ReadableAwaiter, UdpSocket, &UdpSocket::reader_> {
 public:
  explicit ReadableAwaiter(UdpSocket& socket) : SoleAwaiter(socket) {}
  bool await_ready() { return object_->poll_readable(); }
  void await_resume() { resumed(); }
};

class [[nodiscard]] UdpSocket::WritableAwaiter : public AwaiterBase<WritableAwaiter> {
 public:
  explicit WritableAwaiter(UdpSocket& socket) : socket_(&socket) {}
  WritableAwaiter(WritableAwaiter&&) = default;
  ~WritableAwaiter() {
    if (waiter_.continuation()) place_->forget(waiter_);
  }
  bool await_ready() {
    place_ = socket_->full();
    return place_ == nullptr;
  }
  PromiseBase* start(Continuation continuation) {
    place_->await(waiter_, continuation);
    return nullptr;
  }
  void await_resume() { waiter_.continue_with(Continuation()); }

 private:
  UdpSocket* socket_;
  SoleWaiter* place_ = nullptr;
  Waiter waiter_;
};

inline UdpSocket::BatchAwaiter UdpSocket::recv(std::span<ReceivedDatagram> batch) { return {*this, batch}; }
inline UdpSocket::OneAwaiter UdpSocket::recv() { return OneAwaiter(*this); }
inline UdpSocket::ReadableAwaiter UdpSocket::readable() { return ReadableAwaiter(*this); }
inline UdpSocket::WritableAwaiter UdpSocket::writable() { return WritableAwaiter(*this); }

}  // namespace ghostnet
