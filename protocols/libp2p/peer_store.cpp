#include "ghostnet/libp2p/peer_store.hpp"

#include <algorithm>

namespace ghostnet::libp2p {

PeerStore::Entry* PeerStore::entry_for(const PeerId& peer) {
  if (const auto found = peers_.find(peer); found != peers_.end()) return &found->second;
  if (peers_.size() >= max_peers_ && !make_room()) return nullptr;
  Entry& entry = peers_[peer];
  entry.place = order_.insert(order_.end(), peer);
  return &entry;
}

bool PeerStore::make_room() {
  const auto oldest = std::ranges::find_if(order_, [this](const PeerId& peer) { return peers_.at(peer).pins == 0; });
  if (oldest == order_.end()) return false;
  peers_.erase(*oldest);
  order_.erase(oldest);
  return true;
}

void PeerStore::add_addresses(const PeerId& peer, std::span<const Multiaddr> addresses, TimePoint now,
                              Duration lifetime) {
  Entry* const entry = entry_for(peer);
  if (entry == nullptr) return;
  const TimePoint until = saturating_add(now, lifetime);
  std::erase_if(entry->addresses, [now](const Address& known) { return known.until <= now; });
  for (const Multiaddr& given : addresses) {
    if (const std::optional<PeerId> named = given.peer(); named && *named != peer) continue;
    const Multiaddr address = given.without_peer();
    if (address.empty()) continue;
    const auto known = std::ranges::find(entry->addresses, address, &Address::address);
    if (known != entry->addresses.end()) {
      known->until = std::max(known->until, until);
      continue;
    }
    if (entry->addresses.size() == kMaxAddresses) entry->addresses.erase(entry->addresses.begin());
    entry->addresses.push_back({address, until});
  }
}

std::vector<Multiaddr> PeerStore::addresses(const PeerId& peer, TimePoint now) const {
  std::vector<Multiaddr> addresses;
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return addresses;
  const std::vector<Address>& known = found->second.addresses;
  for (auto address = known.rbegin(); address != known.rend(); ++address) {
    if (address->until > now) addresses.push_back(address->address);
  }
  return addresses;
}

void PeerStore::remove_addresses(const PeerId& peer) {
  if (const auto found = peers_.find(peer); found != peers_.end()) found->second.addresses.clear();
}

const PeerAbout* PeerStore::find(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? nullptr : &found->second.about;
}

bool PeerStore::supports(const PeerId& peer, std::string_view protocol) const {
  const PeerAbout* const about = find(peer);
  return about != nullptr && std::ranges::find(about->protocols, protocol) != about->protocols.end();
}

void PeerStore::set_about(const PeerId& peer, PeerAbout about) {
  if (Entry* const entry = entry_for(peer)) entry->about = std::move(about);
}

std::optional<std::string_view> PeerStore::keep(std::string_view text) {
  if (const auto kept = texts_.find(text); kept != texts_.end()) return *kept;
  if (texts_.size() >= kMaxTexts) return std::nullopt;
  return *texts_.emplace(text).first;
}

void PeerStore::pin(const PeerId& peer) {
  if (Entry* const entry = entry_for(peer)) ++entry->pins;
}

void PeerStore::unpin(const PeerId& peer) {
  const auto found = peers_.find(peer);
  if (found != peers_.end() && found->second.pins > 0) --found->second.pins;
}

std::vector<PeerId> PeerStore::peers() const { return {order_.begin(), order_.end()}; }

}  // namespace ghostnet::libp2p
