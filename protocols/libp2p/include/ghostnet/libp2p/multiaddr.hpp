// Multiaddr: where and how a peer is reached, as a path of protocols: /ip4/10.0.0.1/tcp/4001/p2p/12D3KooW...
//
// Binary and text forms (multiformats/multiaddr). Shared, immutable, 16 bytes to copy. What a Multiaddr holds was
// checked: every component is of a known protocol and its value is well-formed. Unknown protocols are refused as
// not_supported, so that a list of addresses can skip what it does not understand; malformed otherwise.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::libp2p {

// Codes of the multicodec table.
enum class MultiaddrCode : std::uint32_t {
  ip4 = 0x04,
  tcp = 0x06,
  dccp = 0x21,
  ip6 = 0x29,
  ip6zone = 0x2a,
  ipcidr = 0x2b,
  dns = 0x35,
  dns4 = 0x36,
  dns6 = 0x37,
  dnsaddr = 0x38,
  sctp = 0x84,
  udp = 0x0111,
  webrtc_direct = 0x0118,
  webrtc = 0x0119,
  p2p_circuit = 0x0122,
  unix_path = 0x0190,
  p2p = 0x01a5,
  https = 0x01bb,
  onion3 = 0x01bd,
  tls = 0x01c0,
  sni = 0x01c1,
  noise = 0x01c6,
  quic = 0x01cc,
  quic_v1 = 0x01cd,
  webtransport = 0x01d1,
  certhash = 0x01d2,
  ws = 0x01dd,
  wss = 0x01de,
  http = 0x01e0,
  memory = 0x0309,
};

// One protocol and its value, a view into the Multiaddr.
struct MultiaddrPart {
  MultiaddrCode code;
  ByteView value;
};

class Multiaddr {
 public:
  static constexpr std::size_t kMaxBytes = 1024;
  static constexpr std::size_t kMaxParts = 32;

  Multiaddr() = default;  // of no parts

  static Result<Multiaddr> parse(std::string_view text);
  static Result<Multiaddr> from_bytes(ByteView bytes);
  // /ip4/a.b.c.d/tcp/port and its kin.
  static Multiaddr tcp(const Endpoint& endpoint);
  static Multiaddr udp(const Endpoint& endpoint);

  ByteView bytes() const { return bytes_.view(); }
  bool empty() const { return bytes_.empty(); }
  std::string text() const;
  std::vector<MultiaddrPart> parts() const;
  bool has(MultiaddrCode code) const;

  // The peer at the end of the path, or nothing.
  std::optional<PeerId> peer() const;
  // With /p2p/<peer> at the end, in place of one that stands there.
  Multiaddr with_peer(const PeerId& peer) const;
  Multiaddr without_peer() const;
  // The parts of the other after those of this one. limit where that is too long.
  Result<Multiaddr> join(const Multiaddr& other) const;

  friend bool operator==(const Multiaddr&, const Multiaddr&) = default;
  friend std::strong_ordering operator<=>(const Multiaddr&, const Multiaddr&) = default;

 private:
  explicit Multiaddr(Bytes bytes) : bytes_(std::move(bytes)) {}
  Bytes bytes_;
};

// Where to open a TCP connection for an address, /p2p at its end aside: a literal address or a name to resolve.
struct TcpTarget {
  IpAddress address{};               // where no name is given
  std::string name{};                // of dns, dns4, dns6
  std::optional<IpFamily> family{};  // that the name is to have
  std::uint16_t port = 0;
};

// not_supported for anything that is not TCP alone (circuits, websockets, QUIC).
Result<TcpTarget> tcp_target(const Multiaddr& address);

}  // namespace ghostnet::libp2p
