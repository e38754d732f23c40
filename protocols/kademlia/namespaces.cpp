#include "ghostnet/kademlia/namespaces.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "ghostnet/kademlia/ipns.hpp"
#include "ghostnet/libp2p/key.hpp"

namespace ghostnet::kademlia {
namespace {

constexpr std::string_view kPublicKeys = "/pk/";

// The peer that a key of this namespace names.
std::optional<libp2p::PeerId> named_by(ByteView key, std::string_view name_space) {
  const auto peer = libp2p::PeerId::from_bytes(key.subspan(name_space.size()));
  return peer ? std::optional(*peer) : std::nullopt;
}

}  // namespace

bool NamespaceValidator::valid(ByteView key, ByteView value) const {
  const std::string_view name = as_text(key);
  if (name.starts_with(IpnsRecord::kPrefix)) {
    const auto peer = named_by(key, IpnsRecord::kPrefix);
    const Result<IpnsRecord> record = peer ? IpnsRecord::open(*peer, value) : fail(Errc::malformed);
    return record && clock_.wall_now() < record->valid_until;
  }
  if (!name.starts_with(kPublicKeys)) return true;
  const auto peer = named_by(key, kPublicKeys);
  const auto public_key = libp2p::PublicKey::decode(value);
  return peer && public_key && public_key->peer_id() == *peer;
}

// Both are valid: they were asked about before.
bool NamespaceValidator::better(ByteView key, ByteView candidate, ByteView known) const {
  if (!as_text(key).starts_with(IpnsRecord::kPrefix)) return false;
  const auto peer = named_by(key, IpnsRecord::kPrefix);
  if (!peer) return false;
  const Result<IpnsRecord> offered = IpnsRecord::open(*peer, candidate);
  const Result<IpnsRecord> held = IpnsRecord::open(*peer, known);
  if (!offered || !held) return offered.has_value();
  const auto rank = [](const IpnsRecord& record) { return std::tuple(record.sequence, record.valid_until); };
  if (rank(*offered) != rank(*held)) return rank(*offered) > rank(*held);
  return std::ranges::lexicographical_compare(known, candidate);  // any order will do where all agree on it
}

}  // namespace ghostnet::kademlia
