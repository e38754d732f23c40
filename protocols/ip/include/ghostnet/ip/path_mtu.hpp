// PathMtuCache: what routers have told of the paths to destinations (RFC 1191, RFC 8201).
//
// Only what was reported is kept, and for a while: a path may have become wider (RFC 8201 4). The caller has made sure
// that a report answers a packet that this host may have sent; here a report can only lower what is known, and not
// below the smallest packet of IPv6, or of IPv4 `min_v4_bytes`: what lies below is a lie more often than a link. Should
// it be a link, routers before it cut what they may: is_fragile() tells who would forbid them to.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::ip {

inline constexpr std::uint32_t kMinIpv6MtuBytes = 1280;  // RFC 8200 5
inline constexpr std::uint32_t kMinIpv4MtuBytes = 68;    // RFC 791 3.2

struct PathMtuOptions {
  std::size_t max_paths = 1024;
  Duration lifetime = 10min;  // RFC 1191 6.3, RFC 8201 5.3
  std::uint32_t min_v4_bytes = 552;
};

class PathMtuCache {
 public:
  explicit PathMtuCache(const PathMtuOptions& options = {}) : options_(options) {}

  // False: the report says nothing that is to be believed, or nothing new.
  bool report(TimePoint now, const IpAddress& destination, std::uint32_t mtu_bytes);
  std::optional<std::uint32_t> find(TimePoint now, const IpAddress& destination) const;
  // Whether some link of the path was said to be narrower than find() tells.
  bool is_fragile(TimePoint now, const IpAddress& destination) const;
  std::size_t size() const { return paths_.size(); }

 private:
  struct Path {
    std::uint32_t mtu_bytes;
    TimePoint expires_at;
    bool fragile;
  };

  void make_room(TimePoint now);

  PathMtuOptions options_;
  std::unordered_map<IpAddress, Path> paths_;
};

}  // namespace ghostnet::ip
