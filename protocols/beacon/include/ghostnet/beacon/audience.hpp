// Audience: what a listener knows of the senders it hears: an engine, without sockets or clocks.
//
// Of each sender it keeps the epoch and the highest sequence; so a gap shows what was missed, and a sender that starts
// anew is not taken for one that lost much. Bounded by max_senders: whoever comes when it is full is not followed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "ghostnet/beacon/wire.hpp"
#include "ghostnet/runtime/address.hpp"

namespace ghostnet::beacon {

class Audience {
 public:
  explicit Audience(std::size_t max_senders) : max_senders_(max_senders) {}

  struct Heard {
    enum class Kind : std::uint8_t {
      fresh,    // from a sender, or an epoch, that is new
      next,     // later than all so far
      late,     // not later: reordered, or a copy
      ignored,  // no room for another sender
    };
    Kind kind = Kind::fresh;
    std::uint64_t missed = 0;  // sequences between the last one and this, of `next`

    friend bool operator==(const Heard&, const Heard&) = default;
  };
  Heard on_beacon(const Endpoint& sender, const Message& message);

  std::size_t senders() const { return senders_.size(); }

 private:
  struct Sender {
    std::uint64_t epoch;
    std::uint64_t highest;
  };

  std::size_t max_senders_;
  std::map<Endpoint, Sender> senders_;
};

}  // namespace ghostnet::beacon
