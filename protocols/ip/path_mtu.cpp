#include "ghostnet/ip/path_mtu.hpp"

#include <algorithm>
#include <tuple>

namespace ghostnet::ip {

bool PathMtuCache::report(TimePoint now, const IpAddress& destination, std::uint32_t mtu_bytes) {
  if (mtu_bytes < (destination.is_v4() ? kMinIpv4MtuBytes : kMinIpv6MtuBytes)) return false;
  const bool fragile = destination.is_v4() && mtu_bytes < options_.min_v4_bytes;
  if (fragile) mtu_bytes = options_.min_v4_bytes;
  if (const std::optional<std::uint32_t> known = find(now, destination); known && *known <= mtu_bytes) {
    if (!fragile || is_fragile(now, destination)) return false;
    mtu_bytes = *known;
  }
  if (!paths_.contains(destination) && paths_.size() >= options_.max_paths) make_room(now);
  if (options_.max_paths == 0) return false;
  paths_[destination] = {mtu_bytes, saturating_add(now, options_.lifetime), fragile};
  return true;
}

std::optional<std::uint32_t> PathMtuCache::find(TimePoint now, const IpAddress& destination) const {
  if (paths_.empty()) return std::nullopt;
  const auto found = paths_.find(destination);
  if (found == paths_.end() || found->second.expires_at <= now) return std::nullopt;
  return found->second.mtu_bytes;
}

bool PathMtuCache::is_fragile(TimePoint now, const IpAddress& destination) const {
  return find(now, destination) && paths_.find(destination)->second.fragile;
}

// What has expired goes; where nothing has, what would first. Ties are broken by address, not by where things lie.
void PathMtuCache::make_room(TimePoint now) {
  std::erase_if(paths_, [now](const auto& path) { return path.second.expires_at <= now; });
  if (paths_.size() < options_.max_paths || paths_.empty()) return;
  paths_.erase(std::ranges::min_element(
      paths_, {}, [](const auto& path) { return std::tuple(path.second.expires_at, path.first); }));
}

}  // namespace ghostnet::ip
