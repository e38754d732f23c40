#include "ghostnet/libp2p/connection_manager.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace ghostnet::libp2p {

void ConnectionManager::tag(const PeerId& peer, std::string_view tag, std::int32_t value) {
  if (!tagged_.contains(peer) && (value == 0 || tagged_.size() >= kMaxTaggedPeers)) return;
  Tagged& tagged = tagged_[peer];
  if (value == 0) {
    if (const auto found = tagged.values.find(tag); found != tagged.values.end()) tagged.values.erase(found);
  } else {
    tagged.values[std::string(tag)] = value;
  }
  if (tagged.empty()) tagged_.erase(peer);
}

void ConnectionManager::protect(const PeerId& peer, std::string_view tag) {
  if (!tagged_.contains(peer) && tagged_.size() >= kMaxTaggedPeers) return;
  tagged_[peer].protections.emplace(tag);
}

void ConnectionManager::unprotect(const PeerId& peer, std::string_view tag) {
  const auto found = tagged_.find(peer);
  if (found == tagged_.end()) return;
  std::set<std::string, std::less<>>& protections = found->second.protections;
  if (const auto known = protections.find(tag); known != protections.end()) protections.erase(known);
  if (found->second.empty()) tagged_.erase(found);
}

std::int64_t ConnectionManager::worth(const PeerId& peer) const {
  const auto found = tagged_.find(peer);
  if (found == tagged_.end()) return 0;
  std::int64_t sum = 0;
  for (const auto& [tag, value] : found->second.values) sum += value;
  return sum;
}

bool ConnectionManager::is_protected(const PeerId& peer) const {
  const auto found = tagged_.find(peer);
  return found != tagged_.end() && !found->second.protections.empty();
}

std::vector<std::size_t> ConnectionManager::to_close(const std::vector<Candidate>& open, TimePoint now) const {
  if (open.size() <= options_.high_water) return {};
  std::vector<std::tuple<std::int64_t, bool, Duration, std::size_t>> order;
  for (std::size_t i = 0; i < open.size(); ++i) {
    const Duration age = now - open[i].opened;
    if (age < options_.grace_period || is_protected(open[i].peer)) continue;
    order.emplace_back(worth(open[i].peer), open[i].streams > 0, age, i);
  }
  std::ranges::sort(order);
  std::vector<std::size_t> closing;
  const std::size_t wanted = open.size() - std::min(open.size(), options_.low_water);
  for (const auto& candidate : order) {
    if (closing.size() == wanted) break;
    closing.push_back(std::get<3>(candidate));
  }
  return closing;
}

bool ConnectionManager::rests(const PeerId& peer, const Multiaddr& address, TimePoint now) const {
  const auto found = backoffs_.find(std::pair(peer, address));
  return found != backoffs_.end() && now < found->second.until;
}

void ConnectionManager::dial_failed(const PeerId& peer, const Multiaddr& address, TimePoint now) {
  const std::pair dialled(peer, address);
  if (!backoffs_.contains(dialled) && backoffs_.size() >= options_.max_backoffs) {
    std::erase_if(backoffs_, [now](const auto& entry) { return entry.second.until <= now; });
    if (backoffs_.size() >= options_.max_backoffs) return;
  }
  Backoff& backoff = backoffs_[dialled];
  const auto k = static_cast<std::int64_t>(std::min<std::uint32_t>(backoff.failures++, 1000));
  backoff.until = saturating_add(now, std::min(options_.backoff_max, options_.backoff_base + k * k * Duration(1s)));
}

}  // namespace ghostnet::libp2p
