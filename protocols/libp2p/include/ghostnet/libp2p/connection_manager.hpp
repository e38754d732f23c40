// ConnectionManager: which connections go when there are too many, and which addresses are not dialled again yet.
//
// Pure bookkeeping: it is told of peers and failures, and asked. As in go-libp2p, a peer's worth is the sum of its
// tags, protected peers always stay, and a failed address rests for backoff_base + k^2 seconds' worth of it, at most
// backoff_max, after k failures in a row.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ghostnet/libp2p/multiaddr.hpp"
#include "ghostnet/libp2p/node_options.hpp"
#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::libp2p {

class ConnectionManager {
 public:
  static constexpr std::size_t kMaxTaggedPeers = 4096;

  explicit ConnectionManager(const NodeOptions& options) : options_(options) {}

  void tag(const PeerId& peer, std::string_view tag, std::int32_t value);
  void protect(const PeerId& peer, std::string_view tag);
  void unprotect(const PeerId& peer, std::string_view tag);
  std::int64_t worth(const PeerId& peer) const;
  bool is_protected(const PeerId& peer) const;

  struct Candidate {
    PeerId peer;
    TimePoint opened;
    std::size_t streams = 0;
  };
  // Which of them to close, so that low_water are left; none while there are no more than high_water. The least worth
  // first; of equal worth those without streams, then the youngest beyond the grace period.
  std::vector<std::size_t> to_close(const std::vector<Candidate>& open, TimePoint now) const;

  // By peer and address: who tells a wrong address of one peer keeps nobody from another who is there. The empty id is
  // for whoever answers.
  bool rests(const PeerId& peer, const Multiaddr& address, TimePoint now) const;
  void dial_failed(const PeerId& peer, const Multiaddr& address, TimePoint now);
  void dial_succeeded(const PeerId& peer, const Multiaddr& address) { backoffs_.erase(std::pair(peer, address)); }

 private:
  struct Tagged {
    std::map<std::string, std::int32_t, std::less<>> values;
    std::set<std::string, std::less<>> protections;
    bool empty() const { return values.empty() && protections.empty(); }
  };
  struct Backoff {
    std::uint32_t failures = 0;
    TimePoint until{};
  };

  const NodeOptions& options_;
  std::unordered_map<PeerId, Tagged> tagged_;
  std::map<std::pair<PeerId, Multiaddr>, Backoff> backoffs_;
};

}  // namespace ghostnet::libp2p
