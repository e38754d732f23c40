// Secrets: the numbers of a TCP that an attacker off the path must not guess, each a keyed hash (SipHash-2-4) of whom
// it is for: initial sequence numbers (RFC 6528), timestamp offsets (RFC 7323 5.4), ports (RFC 6056 3.3.3), SYN cookies
// (RFC 4987 3.6), and the seed of the demultiplexing table.
//
// The key comes from the host's stream of chance, so simulated runs repeat.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/tcp/connection.hpp"

namespace ghostnet::tcp {

std::uint64_t siphash(const std::array<std::uint64_t, 2>& key, ByteView bytes);

class Secrets {
 public:
  explicit Secrets(Random& random) : key_{random.next_u64(), random.next_u64()} {}

  // For demultiplexing: fast, and not to be foreseen by who does not know the key.
  std::uint32_t flow_hash(const Endpoint& local, const Endpoint& peer) const {
    std::uint64_t hash = (local.hash() ^ key_[0]) * 0x9e37'79b9'7f4a'7c15 + peer.hash();
    hash = (hash ^ hash >> 29) * (key_[1] | 1);
    return static_cast<std::uint32_t>(hash >> 32);
  }

  SeqNumber initial_sequence(TimePoint now, const Endpoint& local, const Endpoint& peer) const;
  std::uint32_t timestamp_offset(const Endpoint& local, const Endpoint& peer) const;
  std::uint32_t port_offset(const IpAddress& local, const Endpoint& peer) const;

  // The sequence number of a SYN-ACK that remembers the SYN, and what an ACK of it tells; nothing when it is none of
  // ours, or too old. The options beyond the MSS stand in the low bits of the timestamp, where the peer echoes it.
  SeqNumber cookie(TimePoint now, const Endpoint& local, const Endpoint& peer, SeqNumber peer_sequence,
                   std::uint16_t peer_mss) const;
  std::optional<std::uint16_t> mss_of_cookie(TimePoint now, const Endpoint& local, const Endpoint& peer,
                                             SeqNumber peer_sequence, SeqNumber cookie) const;

 private:
  enum class Purpose : std::uint8_t { sequence, timestamp, port, cookie };
  std::uint64_t hash(Purpose purpose, const Endpoint& local, const Endpoint& peer, std::uint64_t extra = 0) const;
  SeqNumber cookie_of(std::uint32_t period, std::uint32_t mss_index, const Endpoint& local, const Endpoint& peer,
                      SeqNumber peer_sequence) const;

  std::array<std::uint64_t, 2> key_;
};

}  // namespace ghostnet::tcp
