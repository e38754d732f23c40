// Flight: a datagram, or a segment of TCP, on its way through the fabric.
//
// The record stands at the front of the buffer block that holds the datagram's bytes, in what is headroom to everybody
// else, so that a packet in flight is one piece of memory: sending from a received buffer copies nothing, and what the
// path needs lies in the cache lines before the payload.
#pragma once

#include <cstdint>
#include <new>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::sim {

class FabricHost;

struct Flight {
  // What happens to it at the instant that it waits for.
  enum class Stage : std::uint8_t {
    edge,     // it has crossed the core and reaches the receiver's access link
    router,   // it reaches a router of the graph
    deliver,  // it reaches the receiver
    process,  // the receiver's CPU has dealt with it
  };
  enum class Kind : std::uint8_t {
    datagram,
    segment,           // of TCP: the payload is the segment, header and all, but for its checksum
    port_unreachable,  // the answer to a datagram for a port where nobody listens (ICMP type 3 code 3)
  };

  Flight* next = nullptr;  // in a receive queue
  FabricHost* to = nullptr;
  Endpoint source;
  Endpoint destination;
  std::uint64_t content_hash = 0;  // of the payload as it will be delivered
  std::uint32_t from = 0;          // HostId of the sender
  std::uint32_t router = 0;        // the router it is at
  std::uint32_t headroom_bytes = 0;
  std::uint32_t size_bytes = 0;    // of the payload
  std::int64_t left_at_ns = 0;     // when its last bit left the sender; in a receive queue, when it was received
  std::uint16_t to_interface = 0;  // number of the receiving interface
  std::uint16_t to_ground = 0;     // number of the region, LAN or router that it is attached to
  std::uint8_t hop_limit = 0;
  Ecn ecn = Ecn::not_ect;
  Stage stage = Stage::deliver;
  Kind kind = Kind::datagram;
  bool dont_fragment = false;
  bool corrupted = false;  // the receiver's checksum will not match
  bool followed = false;   // an observer wants to hear what becomes of it
  bool to_group = false;   // multicast or broadcast
  std::uint8_t boot = 0;   // of the sender, counted
  std::uint8_t via = 0;    // number of the sending interface

  static constexpr std::size_t kRecordBytes = 128;  // headroom that a buffer needs to travel without being copied

  detail::BufferBlock* block() { return detail::BufferBlock::of(reinterpret_cast<std::uint8_t*>(this)); }
  const void* block_address() const {
    return reinterpret_cast<const std::uint8_t*>(this) - sizeof(detail::BufferBlock);
  }
  MutableByteView payload() { return {block()->bytes() + headroom_bytes, size_bytes}; }

  // Turns a buffer with enough headroom into a flight, and back.
  static Flight& embark(PacketBuf buffer) {
    auto headroom = static_cast<std::uint32_t>(buffer.headroom());
    auto size = static_cast<std::uint32_t>(buffer.size());
    auto* flight = new (buffer.release_block()->bytes()) Flight;
    flight->headroom_bytes = headroom;
    flight->size_bytes = size;
    return *flight;
  }
  PacketBuf disembark() { return PacketBuf::adopt(block(), headroom_bytes, size_bytes); }
};
static_assert(sizeof(Flight) <= Flight::kRecordBytes && alignof(Flight) <= 16);

constexpr std::uint32_t kUdpHeaderBytes = 8;

// Bytes of the headers that a UDP datagram has on the wire: IPv4 or IPv6, and UDP.
constexpr std::uint32_t header_bytes(IpFamily family) { return (family == IpFamily::v4 ? 20 : 40) + kUdpHeaderBytes; }

// What of a packet is accounted for and not built: the header of a segment is in its payload.
inline std::uint32_t transport_header_bytes(const Flight& flight) {
  return flight.kind == Flight::Kind::segment ? 0 : kUdpHeaderBytes;
}
inline std::uint32_t wire_bytes(const Flight& flight) {
  return flight.size_bytes + (flight.destination.is_v4() ? 20 : 40) + transport_header_bytes(flight);
}

}  // namespace ghostnet::sim
