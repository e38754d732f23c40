// RateLimit: so many events a second, with a burst (a virtual scheduling algorithm: ITU-T I.371, the GCRA), and
// ErrorLimit: how many ICMP errors a host sends, in all and to one destination (RFC 4443 2.4 f, RFC 1812 4.3.2.8).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::ip {

struct Rate {
  std::uint32_t per_second = 1000;  // 0: none at all
  std::uint32_t burst = 50;
};

class RateLimit {
 public:
  bool take(TimePoint now, const Rate& rate) {
    if (rate.per_second == 0 || rate.burst == 0) return false;
    const Duration interval = std::chrono::nanoseconds(1s) / rate.per_second;
    if (next_ - now > interval * (rate.burst - 1)) return false;
    next_ = std::max(next_, now) + interval;
    return true;
  }

 private:
  TimePoint next_{};  // when the next event would be due at an even pace
};

struct ErrorLimitOptions {
  Rate all{.per_second = 1000, .burst = 50};
  Rate per_destination{.per_second = 10, .burst = 6};
};

// Destinations share a fixed number of places, by a hash under a secret of the host: a flood from one cannot be aimed
// at another's, and nothing grows with the number of peers. An IPv6 network of 64 bits is one destination.
class ErrorLimit {
 public:
  ErrorLimit(const ErrorLimitOptions& options, std::uint64_t secret) : options_(options), secret_(secret) {}

  bool take(TimePoint now, const IpAddress& destination) {
    if (!places_) places_ = std::make_unique<std::array<RateLimit, kPlaces>>();
    const IpAddress who = destination.is_v4() ? destination : IpAddress::v6(destination.high(), 0);
    const std::uint64_t hash = IpAddress::v6(who.hash(), secret_).hash();
    return (*places_)[hash % kPlaces].take(now, options_.per_destination) && all_.take(now, options_.all);
  }

 private:
  static constexpr std::size_t kPlaces = 256;

  ErrorLimitOptions options_;
  std::uint64_t secret_;
  RateLimit all_;
  std::unique_ptr<std::array<RateLimit, kPlaces>> places_;  // made at the first error
};

}  // namespace ghostnet::ip
