#include "ghostnet/kademlia/namespaces.hpp"

#include "ghostnet/libp2p/key.hpp"

namespace ghostnet::kademlia {
namespace {

constexpr std::string_view kPublicKeys = "/pk/";
constexpr std::string_view kNames = "/ipns/";

}  // namespace

bool NamespaceValidator::valid(ByteView key, ByteView value) const {
  const std::string_view name = as_text(key);
  if (name.starts_with(kNames)) return false;
  if (!name.starts_with(kPublicKeys)) return true;
  const auto peer = libp2p::PeerId::from_bytes(key.subspan(kPublicKeys.size()));
  const auto public_key = libp2p::PublicKey::decode(value);
  return peer && public_key && public_key->peer_id() == *peer;
}

bool NamespaceValidator::better(ByteView key, ByteView candidate, ByteView known) const {
  static_cast<void>(key);
  static_cast<void>(candidate);
  static_cast<void>(known);
  return false;
}

}  // namespace ghostnet::kademlia
