// The numbers of the protocols above IP, and of the extension headers of IPv6 (IANA, Assigned Internet Protocol
// Numbers).
#pragma once

#include <cstdint>

namespace ghostnet::ip {

inline constexpr std::uint8_t kHopByHopOptions = 0;
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kIgmp = 2;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kRoutingHeader = 43;
inline constexpr std::uint8_t kFragmentHeader = 44;
inline constexpr std::uint8_t kAuthenticationHeader = 51;
inline constexpr std::uint8_t kIcmpv6 = 58;
inline constexpr std::uint8_t kNoNextHeader = 59;
inline constexpr std::uint8_t kDestinationOptions = 60;

inline constexpr std::uint8_t kDefaultHopLimit = 64;  // RFC 1700; IANA, IP option numbers

}  // namespace ghostnet::ip
