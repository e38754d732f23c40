#include "ghostnet/kademlia/lookup.hpp"

#include <algorithm>

namespace ghostnet::kademlia {

Lookup::Lookup(const Key& target, std::span<const libp2p::PeerId> seeds, const libp2p::PeerId& own,
               const LookupOptions& options)
    : target_(target), own_(own), options_(options) {
  std::uint16_t path = 0;
  for (const libp2p::PeerId& seed : seeds) {
    hear(seed, 1, path);
    path = static_cast<std::uint16_t>((path + 1) % options_.paths);
  }
}

Lookup::Candidate* Lookup::find(const libp2p::PeerId& peer) {
  const auto found = std::ranges::find(candidates_, peer, &Candidate::peer);
  return found == candidates_.end() ? nullptr : &*found;
}

void Lookup::hear(const libp2p::PeerId& peer, std::uint16_t hops, std::uint16_t path) {
  if (peer == own_ || peer.empty()) return;
  const Distance distance = Key::of(peer).distance_to(target_);
  const auto place = std::ranges::lower_bound(candidates_, distance, {}, &Candidate::distance);
  if (place != candidates_.end() && place->distance == distance) return;  // known, maybe by another path
  if (candidates_.size() >= options_.max_candidates) {
    if (place == candidates_.end()) return;
    // One that was never asked makes room, the farthest first; the answers of the others still count.
    const auto last = std::find_if(candidates_.rbegin(), candidates_.rend(),
                                   [](const Candidate& candidate) { return candidate.state == State::heard; });
    if (last == candidates_.rend() || last->distance < distance) return;
    const auto at = place - candidates_.begin();
    candidates_.erase(std::next(last).base());
    candidates_.insert(candidates_.begin() + at, {.distance = distance, .peer = peer, .hops = hops, .path = path});
    return;
  }
  candidates_.insert(place, {.distance = distance, .peer = peer, .hops = hops, .path = path});
}

std::optional<libp2p::PeerId> Lookup::next() {
  for (std::size_t tried = 0; tried < options_.paths; ++tried) {
    const std::uint16_t path = next_path_;
    next_path_ = static_cast<std::uint16_t>((next_path_ + 1) % options_.paths);
    if (nearest_answered(path, options_.k)) continue;
    if (under_way_ >= options_.alpha && !nearest_answered(path, options_.beta)) continue;
    std::size_t among = 0;  // the k nearest that did not fail: nobody else is needed unless one of them fails
    const auto nearest = std::ranges::find_if(candidates_, [&](const Candidate& candidate) {
      if (candidate.path != path || candidate.state == State::failed || among == options_.k) return false;
      ++among;
      return candidate.state == State::heard;
    });
    if (nearest == candidates_.end()) continue;
    nearest->state = State::asked;
    ++under_way_;
    ++asked_;
    return nearest->peer;
  }
  return std::nullopt;
}

void Lookup::answered(const libp2p::PeerId& peer, std::span<const libp2p::PeerId> closer) {
  Candidate* const candidate = find(peer);
  if (candidate == nullptr || candidate->state != State::asked) return;
  candidate->state = State::answered;
  --under_way_;
  const auto hops = static_cast<std::uint16_t>(candidate->hops + 1);
  const std::uint16_t path = candidate->path;
  for (const libp2p::PeerId& heard : closer) hear(heard, hops, path);
}

void Lookup::failed(const libp2p::PeerId& peer) {
  Candidate* const candidate = find(peer);
  if (candidate == nullptr || candidate->state != State::asked) return;
  candidate->state = State::failed;
  --under_way_;
}

bool Lookup::nearest_answered(std::uint16_t path, std::size_t count) const {
  std::size_t among = 0;
  for (const Candidate& candidate : candidates_) {
    if (candidate.path != path || candidate.state == State::failed) continue;
    if (candidate.state != State::answered) return false;
    if (++among == count) return true;
  }
  return true;
}

bool Lookup::finished() const {
  for (std::uint16_t path = 0; path < options_.paths; ++path) {
    if (!nearest_answered(path, options_.k)) return false;
  }
  return true;
}

std::vector<libp2p::PeerId> Lookup::closest() const {
  std::vector<libp2p::PeerId> peers;
  for (const Candidate& candidate : candidates_) {
    if (candidate.state != State::answered) continue;
    peers.push_back(candidate.peer);
    if (peers.size() == options_.k) break;
  }
  return peers;
}

std::size_t Lookup::hops() const {
  const auto nearest = std::ranges::find(candidates_, State::answered, &Candidate::state);
  return nearest == candidates_.end() ? 0 : nearest->hops;
}

}  // namespace ghostnet::kademlia
