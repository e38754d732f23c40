// NamespaceValidator: what a server of a public network may keep, and which of two values is the better one (kad-dht,
// "Entry validation" and "Entry correction"), as go-libp2p-kad-dht has it.
//
//   /pk/<peer id>     the public key whose peer id that is: nothing else is valid
//   /ipns/<peer id>   a record of IPNS that the name's key has signed and that is not over (ipns.hpp): the one of the
//                     higher sequence, of equal ones the one that is valid for longer, is the better
//
// Anything else is valid, and the first value of a key is kept.
#pragma once

#include "ghostnet/kademlia/dht.hpp"
#include "ghostnet/runtime/clock.hpp"

namespace ghostnet::kademlia {

class NamespaceValidator final : public Validator {
 public:
  // Whether a record is over, the clock's wall time says.
  explicit NamespaceValidator(Clock clock) : clock_(clock) {}

  bool valid(ByteView key, ByteView value) const override;
  bool better(ByteView key, ByteView candidate, ByteView known) const override;

 private:
  Clock clock_;
};

}  // namespace ghostnet::kademlia
