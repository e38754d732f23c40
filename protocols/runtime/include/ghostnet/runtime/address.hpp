// Addresses of the Internet and of links, as values: IpAddress, IpPrefix, Endpoint, MacAddress.
//
// All are small, trivially copyable, all-zero when default-made, and cheap to compare and to hash: an IpAddress or an
// Endpoint is three 64-bit words. The hash is the same on every machine and in every run, so that the order of a
// table never depends on where memory lies; it has no secret, so bound the tables whose keys a peer chooses.
//
// Text: IPv6 is read as RFC 4291 2.2 writes it and printed as RFC 5952 wants it, with a dotted quad for IPv4-mapped
// addresses. IPv4 is four decimal numbers, without leading zeros or short forms, which other parsers read
// in other ways. Zones (RFC 4007 11) are numbers, `fe80::1%2`, since the names of interfaces belong to a host.
// Nothing here resolves names. Only the parsers and the make functions can fail: `malformed`, with the text and what
// was expected in its place.
#pragma once

#include <fmt/core.h>

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <ranges>
#include <span>
#include <string>
#include <string_view>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet {

enum class IpFamily : std::uint8_t { v4, v6 };

class Endpoint;

class IpAddress {
 public:
  // 0.0.0.0
  constexpr IpAddress() = default;

  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return v4(std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d);
  }
  // 127.0.0.1 is 0x7f000001.
  static constexpr IpAddress v4(std::uint32_t value) { return {0, value, pack(IpFamily::v4, 0)}; }
  // The eight groups as they are written: {0xfe80, 0, 0, 0, 0, 0, 0, 1}. A scope id of 0 is no zone.
  static constexpr IpAddress v6(const std::array<std::uint16_t, 8>& groups, std::uint32_t scope_id = 0) {
    return v6(join(groups, 0), join(groups, 4), scope_id);
  }
  // The upper and the lower 64 bits, as numbers.
  static constexpr IpAddress v6(std::uint64_t high, std::uint64_t low, std::uint32_t scope_id = 0) {
    return {high, low, pack(IpFamily::v6, scope_id)};
  }
  static constexpr IpAddress from_v4_bytes(std::span<const std::uint8_t, 4> bytes) {
    return v4(load_be<std::uint32_t>(bytes.data()));
  }
  static constexpr IpAddress from_v6_bytes(std::span<const std::uint8_t, 16> bytes, std::uint32_t scope_id = 0) {
    return v6(load_be<std::uint64_t>(bytes.data()), load_be<std::uint64_t>(bytes.data() + 8), scope_id);
  }
  // Four or 16 bytes in network order, as messages carry them.
  static Result<IpAddress> from_bytes(ByteView bytes);

  static Result<IpAddress> parse(std::string_view text);

  // The addresses to bind to, and to call oneself, of a family.
  static constexpr IpAddress any(IpFamily family) { return {0, 0, pack(family, 0)}; }
  static constexpr IpAddress loopback(IpFamily family) { return family == IpFamily::v4 ? v4(127, 0, 0, 1) : v6(0, 1); }
  static constexpr IpAddress v4_broadcast() { return v4(0xffff'ffff); }

  constexpr IpFamily family() const { return static_cast<IpFamily>(meta_ >> kFamilyShift); }
  constexpr bool is_v4() const { return family() == IpFamily::v4; }
  constexpr bool is_v6() const { return family() == IpFamily::v6; }

  // Of IPv4 only: the address as a number.
  constexpr std::uint32_t v4_value() const { return static_cast<std::uint32_t>(low_); }
  // The 128 bits of an IPv6 address; of IPv4, zero and v4_value().
  constexpr std::uint64_t high() const { return high_; }
  constexpr std::uint64_t low() const { return low_; }
  // Which link of this host a link-local address is on; 0 says nothing. Two addresses of different zones differ.
  constexpr std::uint32_t scope_id() const { return static_cast<std::uint32_t>(meta_ >> kScopeShift); }
  // IPv4 has no zones and is returned as it is.
  constexpr IpAddress with_scope_id(std::uint32_t scope_id) const {
    return is_v4() ? *this : v6(high_, low_, scope_id);
  }
  constexpr IpAddress without_scope_id() const { return with_scope_id(0); }

  // Network order. v6_bytes of an IPv4 address are those of its mapped form.
  constexpr std::array<std::uint8_t, 4> v4_bytes() const {
    std::array<std::uint8_t, 4> bytes{};
    store_be(bytes.data(), v4_value());
    return bytes;
  }
  constexpr std::array<std::uint8_t, 16> v6_bytes() const {
    const IpAddress address = to_v6();
    std::array<std::uint8_t, 16> bytes{};
    store_be(bytes.data(), address.high_);
    store_be(bytes.data() + 8, address.low_);
    return bytes;
  }
  // 4 or 16 bytes, by family.
  void write_to(ByteWriter& out) const;
  constexpr std::size_t byte_size() const { return is_v4() ? 4 : 16; }
  constexpr unsigned bit_size() const { return is_v4() ? 32 : 128; }

  // ::ffff:a.b.c.d (RFC 4291 2.5.5.2): to and from the form in which IPv6 sockets show IPv4 peers.
  constexpr bool is_v4_mapped() const { return is_v6() && high_ == 0 && low_ >> 32 == 0xffff; }
  constexpr IpAddress to_v6() const { return is_v4() ? v6(0, kMapped | low_) : *this; }
  constexpr IpAddress unmapped() const { return is_v4_mapped() ? v4(static_cast<std::uint32_t>(low_)) : *this; }

  // Classes. A mapped address is classified as the IPv4 address that packets to it reach.
  constexpr bool is_unspecified() const { return unmapped().bits_equal(0, 0); }
  constexpr bool is_loopback() const {
    const IpAddress a = unmapped();
    return a.is_v4() ? a.low_ >> 24 == 127 : a.bits_equal(0, 1);
  }
  constexpr bool is_multicast() const {
    const IpAddress a = unmapped();
    return a.is_v4() ? a.low_ >> 28 == 0xe : a.high_ >> 56 == 0xff;
  }
  // 169.254/16 (RFC 3927), fe80::/10. Multicast of link scope is multicast.
  constexpr bool is_link_local() const {
    const IpAddress a = unmapped();
    return a.is_v4() ? a.low_ >> 16 == 0xa9fe : a.high_ >> 54 == 0xfe80 >> 6;
  }
  // 10/8, 172.16/12 and 192.168/16 (RFC 1918), fc00::/7 (RFC 4193).
  constexpr bool is_private() const {
    const IpAddress a = unmapped();
    return a.is_v4() ? a.low_ >> 24 == 10 || a.low_ >> 20 == 0xac1 || a.low_ >> 16 == 0xc0a8
                     : a.high_ >> 57 == 0xfc >> 1;
  }
  // 100.64/10 (RFC 6598): between a carrier's NAT and its customers.
  constexpr bool is_shared() const {
    const IpAddress a = unmapped();
    return a.is_v4() && a.low_ >> 22 == 0x6440 >> 6;
  }
  // 255.255.255.255; the broadcast address of a subnet is IpPrefix::last().
  constexpr bool is_broadcast() const { return unmapped() == v4_broadcast(); }

  // IPv4 before IPv6, then as numbers, then by scope.
  friend constexpr bool operator==(const IpAddress&, const IpAddress&) = default;
  friend constexpr std::strong_ordering operator<=>(const IpAddress& a, const IpAddress& b) {
    if (const auto order = a.family() <=> b.family(); order != 0) return order;
    if (const auto order = a.high_ <=> b.high_; order != 0) return order;
    if (const auto order = a.low_ <=> b.low_; order != 0) return order;
    return a.meta_ <=> b.meta_;
  }
  constexpr std::uint64_t hash() const { return hash_words(high_, low_, meta_); }
  std::string to_string() const;

 private:
  friend class Endpoint;
  // meta_: family in bits 56..63, the port in 32..47 (of an Endpoint; zero here), the scope id in 0..31.
  static constexpr int kFamilyShift = 56;
  static constexpr int kPortShift = 32;
  static constexpr int kScopeShift = 0;
  static constexpr std::uint64_t kMapped = 0xffff'0000'0000;

  constexpr IpAddress(std::uint64_t high, std::uint64_t low, std::uint64_t meta)
      : high_(high), low_(low), meta_(meta) {}
  static constexpr std::uint64_t pack(IpFamily family, std::uint32_t scope_id) {
    return std::uint64_t{static_cast<std::uint8_t>(family)} << kFamilyShift | std::uint64_t{scope_id} << kScopeShift;
  }
  static constexpr std::uint64_t join(const std::array<std::uint16_t, 8>& groups, std::size_t from) {
    return std::uint64_t{groups[from]} << 48 | std::uint64_t{groups[from + 1]} << 32 |
           std::uint64_t{groups[from + 2]} << 16 | groups[from + 3];
  }
  constexpr bool bits_equal(std::uint64_t high, std::uint64_t low) const { return high_ == high && low_ == low; }
  // A sum of products, then mixed from the top down: every input bit reaches every output bit.
  static constexpr std::uint64_t hash_words(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
    std::uint64_t h = a * 0x9e37'79b9'7f4a'7c15 + b * 0xc2b2'ae3d'27d4'eb4f + c * 0xd6e8'feb8'6659'fd93;
    h = (h ^ h >> 32) * 0xff51'afd7'ed55'8ccd;
    h = (h ^ h >> 29) * 0xc4ce'b9fe'1a85'ec53;
    return h ^ h >> 32;
  }

  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
  std::uint64_t meta_ = 0;
};
static_assert(sizeof(IpAddress) == 24);

// An address and a port of a transport.
class Endpoint {
 public:
  // 0.0.0.0:0
  constexpr Endpoint() = default;
  constexpr Endpoint(const IpAddress& address, std::uint16_t port)
      : high_(address.high_), low_(address.low_), meta_(address.meta_ | std::uint64_t{port} << IpAddress::kPortShift) {}

  // "10.0.0.1:80", "[::1]:80", "[fe80::1%2]:80".
  static Result<Endpoint> parse(std::string_view text);

  constexpr IpAddress address() const { return {high_, low_, meta_ & ~kPortMask}; }
  constexpr std::uint16_t port() const { return static_cast<std::uint16_t>(meta_ >> IpAddress::kPortShift); }
  constexpr IpFamily family() const { return address().family(); }
  constexpr bool is_v4() const { return address().is_v4(); }
  constexpr bool is_v6() const { return address().is_v6(); }
  constexpr Endpoint with_port(std::uint16_t port) const { return {address(), port}; }
  constexpr Endpoint unmapped() const { return {address().unmapped(), port()}; }

  // By address, then by port.
  friend constexpr bool operator==(const Endpoint&, const Endpoint&) = default;
  friend constexpr std::strong_ordering operator<=>(const Endpoint& a, const Endpoint& b) {
    if (const auto order = a.address() <=> b.address(); order != 0) return order;
    return a.port() <=> b.port();
  }
  constexpr std::uint64_t hash() const { return IpAddress::hash_words(high_, low_, meta_); }
  std::string to_string() const;

 private:
  static constexpr std::uint64_t kPortMask = std::uint64_t{0xffff} << IpAddress::kPortShift;

  std::uint64_t high_ = 0;  // the words of IpAddress, with the port where that has zeros
  std::uint64_t low_ = 0;
  std::uint64_t meta_ = 0;
};
static_assert(sizeof(Endpoint) == 24);

// A block of addresses that share their first bits (CIDR, RFC 4632 and RFC 4291 2.3). Its other bits are zero.
class IpPrefix {
 public:
  // 0.0.0.0/0
  constexpr IpPrefix() = default;
  // The block of so many bits around an address; the rest and the zone are cleared. A length beyond the
  // address's bits is taken as all of them.
  constexpr IpPrefix(const IpAddress& address, unsigned length)
      : address_(masked(address, length)),
        length_(static_cast<std::uint8_t>(length < address.bit_size() ? length : address.bit_size())) {}

  // For a length from outside: invalid_argument when the address has fewer bits.
  static Result<IpPrefix> make(const IpAddress& address, unsigned length);

  // "10.0.0.0/8", "2001:db8::/32". Bits beyond the length must be zero, or are cleared where the caller allows them
  // ("10.0.0.1/8" as files often write it); zones are refused.
  enum class HostBits : std::uint8_t { refuse, clear };
  static Result<IpPrefix> parse(std::string_view text, HostBits host_bits = HostBits::refuse);

  constexpr IpAddress address() const { return address_; }
  constexpr unsigned length() const { return length_; }
  constexpr IpFamily family() const { return address_.family(); }
  constexpr IpAddress first() const { return address_; }
  // The highest address of the block: of an IPv4 subnet, its broadcast address.
  constexpr IpAddress last() const;

  // Whatever the address's zone. An address of the other family is in no block, mapped or not.
  constexpr bool contains(const IpAddress& address) const {
    const Mask mask = mask_of(family(), length_);
    return address.family() == family() && ((address.high() ^ address_.high()) & mask.high) == 0 &&
           ((address.low() ^ address_.low()) & mask.low) == 0;
  }
  constexpr bool contains(const IpPrefix& other) const { return other.length_ >= length_ && contains(other.address_); }

  friend constexpr bool operator==(const IpPrefix&, const IpPrefix&) = default;
  friend constexpr std::strong_ordering operator<=>(const IpPrefix&, const IpPrefix&) = default;
  constexpr std::uint64_t hash() const { return Endpoint(address_, length_).hash(); }
  std::string to_string() const;

 private:
  struct Mask {
    std::uint64_t high;
    std::uint64_t low;
  };
  static constexpr Mask mask_of(IpFamily family, unsigned length) {
    if (family == IpFamily::v4) return {0, length == 0 ? 0 : 0xffff'ffff & ~std::uint64_t{0} << (32 - length)};
    return {length == 0 ? 0 : ~std::uint64_t{0} << (length >= 64 ? 0 : 64 - length),
            length <= 64 ? 0 : ~std::uint64_t{0} << (128 - length)};
  }
  static constexpr IpAddress masked(const IpAddress& address, unsigned length) {
    if (length > address.bit_size()) length = address.bit_size();
    const Mask mask = mask_of(address.family(), length);
    return address.is_v4() ? IpAddress::v4(address.v4_value() & static_cast<std::uint32_t>(mask.low))
                           : IpAddress::v6(address.high() & mask.high, address.low() & mask.low);
  }

  IpAddress address_;
  std::uint8_t length_ = 0;
};
static_assert(sizeof(IpPrefix) <= 32);

constexpr IpAddress IpPrefix::last() const {
  const Mask mask = mask_of(family(), length_);
  return address_.is_v4() ? IpAddress::v4(address_.v4_value() | ~static_cast<std::uint32_t>(mask.low))
                          : IpAddress::v6(address_.high() | ~mask.high, address_.low() | ~mask.low);
}

// The element whose prefix contains the address and is the longest, the first such of equals, or end(). Looks at each
// element: for a handful of routes, not for a table of thousands.
template <std::ranges::forward_range Range, class Projection = std::identity>
constexpr std::ranges::borrowed_iterator_t<Range> longest_match(Range&& range, const IpAddress& address,
                                                                Projection prefix_of = {}) {
  const auto end = std::ranges::next(std::ranges::begin(range), std::ranges::end(range));
  auto best = end;
  int best_length = -1;
  for (auto it = std::ranges::begin(range); it != end; ++it) {
    const IpPrefix& prefix = std::invoke(prefix_of, *it);
    if (static_cast<int>(prefix.length()) > best_length && prefix.contains(address)) {
      best = it;
      best_length = static_cast<int>(prefix.length());
    }
  }
  return best;
}

// An IEEE 802 address of 48 bits.
class MacAddress {
 public:
  // 00:00:00:00:00:00
  constexpr MacAddress() = default;
  constexpr explicit MacAddress(const std::array<std::uint8_t, 6>& bytes) : bytes_(bytes) {}

  // "02:00:5e:10:00:01" or "02-00-5E-10-00-01": six pairs of digits, one kind of separator.
  static Result<MacAddress> parse(std::string_view text);
  static constexpr MacAddress broadcast() { return MacAddress({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}); }

  constexpr const std::array<std::uint8_t, 6>& bytes() const { return bytes_; }
  constexpr std::uint64_t value() const { return load_be<std::uint64_t, 6>(bytes_.data()); }
  constexpr bool is_multicast() const { return bytes_[0] & 1; }  // broadcast included
  constexpr bool is_broadcast() const { return *this == broadcast(); }
  constexpr bool is_locally_administered() const { return bytes_[0] & 2; }

  friend constexpr bool operator==(const MacAddress& a, const MacAddress& b) { return a.value() == b.value(); }
  friend constexpr std::strong_ordering operator<=>(const MacAddress& a, const MacAddress& b) {
    return a.value() <=> b.value();
  }
  constexpr std::uint64_t hash() const { return IpAddress::v6(0, value()).hash(); }
  std::string to_string() const;

 private:
  std::array<std::uint8_t, 6> bytes_{};
};
static_assert(sizeof(MacAddress) == 6);

namespace detail {

// Prints through to_string(), so that widths and alignment work as for text: {:>24}.
template <class T>
struct TextFormatter : fmt::formatter<std::string_view> {
  fmt::format_context::iterator format(const T& value, fmt::format_context& context) const;
};
template <class T>
struct MemberHash {
  std::size_t operator()(const T& value) const noexcept { return static_cast<std::size_t>(value.hash()); }
};

}  // namespace detail
}  // namespace ghostnet

template <>
struct fmt::formatter<ghostnet::IpAddress> : ghostnet::detail::TextFormatter<ghostnet::IpAddress> {};
template <>
struct fmt::formatter<ghostnet::Endpoint> : ghostnet::detail::TextFormatter<ghostnet::Endpoint> {};
template <>
struct fmt::formatter<ghostnet::IpPrefix> : ghostnet::detail::TextFormatter<ghostnet::IpPrefix> {};
template <>
struct fmt::formatter<ghostnet::MacAddress> : ghostnet::detail::TextFormatter<ghostnet::MacAddress> {};

template <>
struct std::hash<ghostnet::IpAddress> : ghostnet::detail::MemberHash<ghostnet::IpAddress> {};
template <>
struct std::hash<ghostnet::Endpoint> : ghostnet::detail::MemberHash<ghostnet::Endpoint> {};
template <>
struct std::hash<ghostnet::IpPrefix> : ghostnet::detail::MemberHash<ghostnet::IpPrefix> {};
template <>
struct std::hash<ghostnet::MacAddress> : ghostnet::detail::MemberHash<ghostnet::MacAddress> {};
