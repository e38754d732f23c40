// NamespaceValidator: what a server of a public network may keep (kad-dht, "Entry validation").
//
//   /pk/<peer id>   the public key whose peer id that is: nothing else is valid
//   /ipns/...       refused: its records are not read here, and a record that is not checked may be anybody's
//
// Anything else is valid, and the first value of a key is kept.
#pragma once

#include "ghostnet/kademlia/dht.hpp"

namespace ghostnet::kademlia {

class NamespaceValidator final : public Validator {
 public:
  bool valid(ByteView key, ByteView value) const override;
  bool better(ByteView key, ByteView candidate, ByteView known) const override;
};

}  // namespace ghostnet::kademlia
