#include "ghostnet/libp2p/peer_store.hpp"

#include <algorithm>

namespace ghostnet::libp2p {

PeerStore::Entry* PeerStore::entry_for(const PeerId& peer) {
  if (const auto found = peers_.find(peer); found != peers_.end()) return &found->second;
  if (peers_.size() >= max_peers_ && !make_room()) return nullptr;
  Entry& entry = peers_[peer];
  entry.place = heard_.insert(heard_.end(), peer);
  entry.order = &heard_;
  return &entry;
}

bool PeerStore::make_room() {
  const std::size_t share = std::max<std::size_t>(max_peers_ / 4, 1);
  const Order& from = met_.empty() || heard_.size() >= share ? heard_ : met_;
  if (from.empty()) return false;
  forget(PeerId(from.front()));
  return true;
}

void PeerStore::forget(const PeerId& peer) {
  const auto found = peers_.find(peer);
  PeerAbout nothing;
  replace_texts(nothing, found->second.about);
  found->second.order->erase(found->second.place);
  peers_.erase(found);
}

// Puts an entry where it belongs by what it has become.
void PeerStore::file(Entry& entry) {
  Order& order = entry.pins > 0 ? pinned_ : entry.met ? met_ : heard_;
  if (entry.order == &order) return;
  order.splice(order.end(), *entry.order, entry.place);
  entry.order = &order;
}

// ---- addresses ----

// What others tell makes room for what the peer tells, and then the oldest for what is new; never the other way round.
void PeerStore::add(std::vector<Address>& to, Address address) {
  const auto known = std::ranges::find(to, address.address, &Address::address);
  if (known != to.end()) {
    address.until = std::max(known->until, address.until);
    if (known->told >= address.told) {
      known->until = address.until;
      return;
    }
    to.erase(known);
  }
  if (to.size() == kMaxAddresses) {
    auto leaving = std::ranges::find(to, Told::by_others, &Address::told);
    if (leaving == to.end()) {
      if (address.told == Told::by_others) return;
      leaving = to.begin();
    }
    to.erase(leaving);
  }
  to.push_back(std::move(address));
}

void PeerStore::add_addresses(const PeerId& peer, std::span<const Multiaddr> addresses, TimePoint now,
                              Duration lifetime, Told told) {
  Entry* const entry = entry_for(peer);
  if (entry == nullptr) return;
  const TimePoint until = saturating_add(now, lifetime);
  const bool pinned = entry->pins > 0;
  std::erase_if(entry->addresses,
                [&](const Address& known) { return known.until <= now && !(pinned && known.told == Told::by_itself); });
  for (const Multiaddr& given : addresses) {
    if (const std::optional<PeerId> named = given.peer(); named && *named != peer) continue;
    Multiaddr address = given.without_peer();
    if (!address.empty()) add(entry->addresses, {std::move(address), until, told});
  }
}

void PeerStore::prolong(const PeerId& peer, TimePoint now, Duration lifetime) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  const TimePoint until = saturating_add(now, lifetime);
  for (Address& known : found->second.addresses) {
    if (known.told == Told::by_itself) known.until = std::max(known.until, until);
  }
}

std::vector<Multiaddr> PeerStore::addresses(const PeerId& peer, TimePoint now, Told told) const {
  std::vector<Multiaddr> addresses;
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return addresses;
  const bool stays = told == Told::by_itself && found->second.pins > 0;
  const std::vector<Address>& known = found->second.addresses;
  for (auto address = known.rbegin(); address != known.rend(); ++address) {
    if (address->told == told && (stays || address->until > now)) addresses.push_back(address->address);
  }
  return addresses;
}

std::vector<Multiaddr> PeerStore::addresses(const PeerId& peer, TimePoint now) const {
  std::vector<Multiaddr> all = addresses(peer, now, Told::by_itself);
  const std::vector<Multiaddr> heard = addresses(peer, now, Told::by_others);
  all.insert(all.end(), heard.begin(), heard.end());
  return all;
}

void PeerStore::remove_addresses(const PeerId& peer) {
  if (const auto found = peers_.find(peer); found != peers_.end()) found->second.addresses.clear();
}

// ---- what peers say of themselves ----

const PeerAbout* PeerStore::find(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? nullptr : &found->second.about;
}

bool PeerStore::supports(const PeerId& peer, std::string_view protocol) const {
  const PeerAbout* const about = find(peer);
  return about != nullptr && std::ranges::find(about->protocols, protocol) != about->protocols.end();
}

void PeerStore::set_about(const PeerId& peer, PeerAbout about) {
  Entry* const entry = entry_for(peer);
  if (entry == nullptr) return;
  entry->met = true;
  file(*entry);
  // Who was met longest ago makes room for the texts of this one.
  constexpr std::size_t kRoomed = kMaxTexts - kMaxStrangeTexts;
  while (texts_.size() > kRoomed && !met_.empty() && met_.front() != peer) forget(PeerId(met_.front()));
  replace_texts(about, entry->about);
  entry->about = std::move(about);
}

// Points the texts of `about` into the store, and lets go of those `before`, which may be the same. Only then are texts
// that nobody says any more forgotten, since `about` may show them.
void PeerStore::replace_texts(PeerAbout& about, const PeerAbout& before) {
  std::vector<std::string_view> left = before.protocols;
  left.insert(left.end(), {before.agent, before.protocol_version});
  std::erase_if(left, [](std::string_view text) { return text.empty(); });
  for (const std::string_view text : left) --texts_.find(text)->second;

  std::size_t strange = 0;
  const auto keep = [&](std::string_view text) -> std::string_view {
    if (text.empty()) return {};
    auto kept = texts_.find(text);
    if ((kept == texts_.end() || kept->second == 0) && ++strange > kMaxStrangeTexts) return {};
    if (kept == texts_.end()) {
      if (texts_.size() >= kMaxTexts) return {};
      kept = texts_.emplace(text, 0).first;
    }
    ++kept->second;
    return kept->first;
  };
  about.agent = keep(about.agent);
  about.protocol_version = keep(about.protocol_version);
  if (about.protocols.size() > kMaxProtocols) about.protocols.resize(kMaxProtocols);
  for (std::string_view& protocol : about.protocols) protocol = keep(protocol);
  std::erase_if(about.protocols, [](std::string_view text) { return text.empty(); });

  std::ranges::sort(left);
  left.erase(std::ranges::unique(left).begin(), left.end());
  for (const std::string_view text : left) {
    if (const auto kept = texts_.find(text); kept != texts_.end() && kept->second == 0) texts_.erase(kept);
  }
}

// ---- who stays ----

void PeerStore::pin(const PeerId& peer) {
  Entry* const entry = entry_for(peer);
  if (entry == nullptr) return;
  ++entry->pins;
  entry->met = true;
  file(*entry);
}

void PeerStore::unpin(const PeerId& peer) {
  const auto found = peers_.find(peer);
  if (found == peers_.end() || found->second.pins == 0) return;
  --found->second.pins;
  file(found->second);
}

std::vector<PeerId> PeerStore::peers() const {
  std::vector<PeerId> all(pinned_.begin(), pinned_.end());
  all.insert(all.end(), met_.begin(), met_.end());
  all.insert(all.end(), heard_.begin(), heard_.end());
  return all;
}

}  // namespace ghostnet::libp2p
