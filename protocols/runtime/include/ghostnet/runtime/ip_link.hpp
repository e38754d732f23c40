// IpPacket and IpLink: IP packets and what carries them: a TUN device, a tunnel, a simulated wire.
//
// A packet is its bytes, from the IP header on, and what is known of them, so that checksums are computed and segments
// cut only where bytes are consumed. Links move packets in batches. One coroutine at a time waits to receive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/sole_waiter.hpp"
#include "ghostnet/runtime/task.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet {

enum class Checksum : std::uint8_t {
  none,      // nothing is known: verify before use
  partial,   // the transport checksum field holds the pseudo-header sum; complete it before the bytes leave the host
  verified,  // found right by whoever handed the packet over, or never left this machine
};

struct IpPacket {
  PacketBuf data;  // from the first byte of the IP header
  TimePoint received_at;
  std::uint32_t flow_hash = 0;      // equal for packets of one flow; 0: not computed
  std::uint16_t transport_at = 0;   // offset of the transport header; 0: not known
  std::uint16_t payload_at = 0;     // offset of the transport payload; 0: not known
  std::uint16_t segment_bytes = 0;  // not 0: a TCP or UDP super-packet, to be cut into payloads of this size
  Checksum checksum = Checksum::none;
  Ecn ecn = Ecn::not_ect;
};

class IpLink {
 public:
  IpLink() = default;
  IpLink(const IpLink&) = delete;
  IpLink& operator=(const IpLink&) = delete;
  virtual ~IpLink() = default;

  virtual std::size_t mtu_bytes() const = 0;
  // The largest super-packet that send() takes; mtu_bytes() where the link has no segmentation offload.
  virtual std::size_t max_segmented_bytes() const { return mtu_bytes(); }

  // Moves from the accepted packets. Never blocks; would_block when the link's queue is full.
  virtual SendOutcome send(std::span<IpPacket> batch) = 0;

  // Takes up to batch.size() packets, at least one; would_block, closed.
  virtual Result<std::size_t> try_recv(std::span<IpPacket> batch) = 0;

  class RecvAwaiter;
  class WritableAwaiter;
  // Awaitable of Result<std::size_t>. Cancel-safe.
  RecvAwaiter recv(std::span<IpPacket> batch);
  WritableAwaiter writable();

 protected:
  virtual bool poll_readable() = 0;
  virtual bool poll_writable() = 0;

  SoleWaiter reader_;
  SoleWaiter writer_;
};

class [[nodiscard]] IpLink::RecvAwaiter : public SoleAwaiter<RecvAwaiter, IpLink, &IpLink::reader_> {
 public:
  RecvAwaiter(IpLink& link, std::span<IpPacket> batch) : SoleAwaiter(link), batch_(batch) {}
  bool await_ready() { return object_->poll_readable(); }
  Result<std::size_t> await_resume() { return resumed().try_recv(batch_); }

 private:
  std::span<IpPacket> batch_;
};

class [[nodiscard]] IpLink::WritableAwaiter : public SoleAwaiter<WritableAwaiter, IpLink, &IpLink::writer_> {
 public:
  explicit WritableAwaiter(IpLink& link) : SoleAwaiter(link) {}
  bool await_ready() { return object_->poll_writable(); }
  void await_resume() { resumed(); }
};

inline IpLink::RecvAwaiter IpLink::recv(std::span<IpPacket> batch) { return {*this, batch}; }
inline IpLink::WritableAwaiter IpLink::writable() { return WritableAwaiter(*this); }

}  // namespace ghostnet
