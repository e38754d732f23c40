// Reassembler: puts fragments together (RFC 791 3.2, RFC 8200 4.5). Sans I/O.
//
// Fragments that overlap make their whole datagram, and what still comes of it, worthless (RFC 5722 4; for IPv4 too,
// since an overlap is an attack there as well: RFC 1858, RFC 3128); the same fragment once more is harmless. Everything
// is bounded: datagrams under way, memory they hold (blocks, not payload: many small fragments in large buffers count
// for what they cost), fragments of each, and time. Where room is wanted, the datagram that has waited longest goes.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ghostnet/ip/header.hpp"
#include "ghostnet/runtime/ip_link.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::ip {

struct ReassemblyOptions {
  std::size_t max_datagrams = 256;
  std::size_t max_bytes = 4 * 1024 * 1024;
  std::size_t max_fragments = 1024;  // of one datagram
  Duration timeout = 60s;            // RFC 1122 3.3.2, RFC 8200 4.5
};

class Reassembler {
 public:
  explicit Reassembler(const ReassemblyOptions& options = {}) : options_(options) {}

  enum class Verdict : std::uint8_t {
    kept,       // more is missing
    complete,   // `whole` is the datagram
    duplicate,  // it was here already
    malformed,  // a length that no fragment has
    overlap,    // the datagram was given up
    refused,    // a bound was reached, or the datagram had been given up
  };
  struct Outcome {
    Verdict verdict = Verdict::kept;
    IpPacket whole{};
  };
  // `header` is what was parsed of `fragment`, and says that it is one.
  Outcome add(TimePoint now, const Header& header, IpPacket fragment);

  // A datagram whose time is over. `front` is its first fragment as it came, where that had: then the sender is told.
  struct Expired {
    PacketBuf front;
  };
  std::optional<Expired> expire(TimePoint now);
  // When expire() has something to say; kNever when nothing is under way.
  TimePoint next_deadline() const;

  std::size_t datagrams() const { return by_age_.size(); }
  std::size_t held_bytes() const { return held_bytes_; }

 private:
  struct Key {
    IpAddress source;
    IpAddress destination;
    std::uint64_t identification;  // and of IPv4 the protocol

    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return IpAddress::v6(key.source.hash() ^ key.identification, key.destination.hash()).hash();
    }
  };
  struct Fragment {
    PacketBuf packet;
    std::uint16_t payload_at;
    std::uint32_t begin, end;  // within the datagram's payload
  };
  struct Datagram {
    Key key;
    TimePoint deadline;
    std::vector<Fragment> fragments{};  // in order
    Header first{};                     // of the first fragment, once it has come
    std::uint32_t payload_bytes = 0;    // 0: the last fragment has not come
    std::uint32_t received_bytes = 0;
    std::size_t held_bytes = 0;
    std::uint8_t ecn_seen = 0;  // a bit for each of the four marks
    bool given_up = false;
  };
  using Datagrams = std::list<Datagram>;

  Datagram* find_or_begin(TimePoint now, const Header& header);
  Verdict insert(Datagram& datagram, const Header& header, IpPacket& fragment);
  void give_up(Datagram& datagram);
  void forget(Datagrams::iterator datagram);
  static std::optional<IpPacket> join(Datagram& datagram);

  ReassemblyOptions options_;
  Datagrams by_age_;
  std::unordered_map<Key, Datagrams::iterator, KeyHash> by_key_;
  std::size_t held_bytes_ = 0;
};

}  // namespace ghostnet::ip
