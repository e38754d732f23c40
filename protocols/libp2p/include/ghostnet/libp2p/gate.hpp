// Gate: with whom a node connects at all: lists of peers and of blocks of addresses, allowed and denied.
//
// What is denied is never admitted. Where anything of a kind is allowed, only that is; an empty gate admits everybody.
// A node asks before it dials, when it has accepted a stream, and once a peer has proved who it is.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::libp2p {

class Gate {
 public:
  static constexpr std::size_t kMaxRules = 4096;

  // A peer id, an address, or a block as in 10.0.0.0/8. Errors: invalid_argument, limit.
  Result<> allow(std::string_view rule) { return add(allowed_, rule); }
  Result<> deny(std::string_view rule) { return add(denied_, rule); }

  // Errors: permission.
  Result<> admits(const PeerId& peer) const;
  Result<> admits(const IpAddress& address) const;

 private:
  struct Rules {
    std::vector<PeerId> peers;
    std::vector<IpPrefix> blocks;
  };
  static Result<> add(Rules& rules, std::string_view rule);

  Rules allowed_;
  Rules denied_;
};

}  // namespace ghostnet::libp2p
