#include "ghostnet/ip/icmp.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "ghostnet/runtime/internet_checksum.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip {

namespace {

// RFC 792 and RFC 1122 3.2.2.1.
constexpr std::uint8_t kV4Unreachable = 3;
constexpr std::uint8_t kV4SourceQuench = 4;
constexpr std::uint8_t kV4Redirect = 5;
constexpr std::uint8_t kV4TimeExceeded = 11;
constexpr std::uint8_t kV4ParameterProblem = 12;
// RFC 4443.
constexpr std::uint8_t kV6Unreachable = 1;
constexpr std::uint8_t kV6TooBig = 2;
constexpr std::uint8_t kV6TimeExceeded = 3;
constexpr std::uint8_t kV6ParameterProblem = 4;
constexpr std::uint8_t kV6FirstInformational = 128;

struct Form {
  IcmpError error;
  std::uint8_t v4_type, v4_code;
  std::uint8_t v6_type, v6_code;
};
constexpr std::uint8_t kNone = 0xff;
constexpr Form kForms[] = {
    {IcmpError::no_route, kV4Unreachable, 0, kV6Unreachable, 0},
    {IcmpError::host_unreachable, kV4Unreachable, 1, kV6Unreachable, 3},
    {IcmpError::prohibited, kV4Unreachable, 13, kV6Unreachable, 1},
    {IcmpError::protocol_unreachable, kV4Unreachable, 2, kV6ParameterProblem, 1},
    {IcmpError::port_unreachable, kV4Unreachable, 3, kV6Unreachable, 4},
    {IcmpError::too_big, kV4Unreachable, 4, kV6TooBig, 0},
    {IcmpError::hop_limit_exceeded, kV4TimeExceeded, 0, kV6TimeExceeded, 0},
    {IcmpError::reassembly_timeout, kV4TimeExceeded, 1, kV6TimeExceeded, 1},
    {IcmpError::bad_header, kV4ParameterProblem, 0, kV6ParameterProblem, 0},
    {IcmpError::unknown_option, kNone, kNone, kV6ParameterProblem, 2},
    {IcmpError::incomplete_chain, kNone, kNone, kV6ParameterProblem, 3},
};

// Codes that say the same as another, or nearly.
std::optional<IcmpError> similar_error(IpFamily family, std::uint8_t type, std::uint8_t code) {
  if (family == IpFamily::v4 && type == kV4Unreachable) {
    switch (code) {
      case 5: return IcmpError::host_unreachable;  // source route failed
      case 6: return IcmpError::no_route;          // network unknown
      case 7:
      case 8:
      case 12: return IcmpError::host_unreachable;
      case 9:
      case 10:
      case 14:
      case 15: return IcmpError::prohibited;
      case 11: return IcmpError::no_route;
      default: return std::nullopt;
    }
  }
  if (family == IpFamily::v6 && type == kV6Unreachable) {
    switch (code) {
      case 2: return IcmpError::no_route;  // beyond the scope of the source
      case 5: return IcmpError::prohibited;
      case 6: return IcmpError::no_route;  // rejected route
      default: return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<IcmpMessage> IcmpMessage::parse(ByteView bytes) {
  if (bytes.size() < kIcmpHeaderBytes) return std::nullopt;
  return IcmpMessage{.type = bytes[0],
                     .code = bytes[1],
                     .rest = load_be<std::uint32_t>(bytes.data() + 4),
                     .body = bytes.subspan(kIcmpHeaderBytes)};
}

void IcmpMessage::emit(const IpAddress& source, const IpAddress& destination, MutableByteView room) const {
  room[0] = type;
  room[1] = code;
  store_be(room.data() + 2, std::uint16_t{0});
  store_be(room.data() + 4, rest);
  if (!body.empty()) std::memmove(room.data() + kIcmpHeaderBytes, body.data(), body.size());
  const ByteView all = room.first(size_bytes());
  const std::uint16_t pseudo =
      source.is_v4() ? std::uint16_t{0}
                     : pseudo_header_sum(source, destination, kIcmpv6, static_cast<std::uint32_t>(all.size()));
  store_be(room.data() + 2, checksum_of_sum(ones_sum(all, pseudo)));
}

bool icmp_checksum_holds(const IpAddress& source, const IpAddress& destination, ByteView message) {
  if (source.is_v4()) return checksum_holds(message);
  return checksum_holds(message,
                        pseudo_header_sum(source, destination, kIcmpv6, static_cast<std::uint32_t>(message.size())));
}

std::optional<IcmpError> error_of(IpFamily family, const IcmpMessage& message) {
  if (message.body.size() < header_bytes_of(family)) return std::nullopt;
  for (const Form& form : kForms) {
    const std::uint8_t type = family == IpFamily::v4 ? form.v4_type : form.v6_type;
    const std::uint8_t code = family == IpFamily::v4 ? form.v4_code : form.v6_code;
    // RFC 4443 3.2: the code of "packet too big" is ignored.
    const bool any_code = family == IpFamily::v6 && type == kV6TooBig;
    if (message.type == type && (message.code == code || any_code)) return form.error;
  }
  return similar_error(family, message.type, message.code);
}

IcmpMessage message_of(IpFamily family, IcmpError error, std::uint32_t rest, ByteView quoted) {
  IcmpMessage message{.rest = rest, .body = quoted};
  for (const Form& form : kForms) {
    if (form.error != error) continue;
    message.type = family == IpFamily::v4 ? form.v4_type : form.v6_type;
    message.code = family == IpFamily::v4 ? form.v4_code : form.v6_code;
  }
  // RFC 792: the pointer is one byte, the first of the four.
  if (family == IpFamily::v4 && error == IcmpError::bad_header) message.rest = rest << 24;
  return message;
}

bool is_error_type(IpFamily family, std::uint8_t type) {
  if (family == IpFamily::v6) return type < kV6FirstInformational;
  return type == kV4Unreachable || type == kV4SourceQuench || type == kV4Redirect || type == kV4TimeExceeded ||
         type == kV4ParameterProblem;
}

Errc errc_of(IcmpError error) {
  switch (error) {
    case IcmpError::port_unreachable:
    case IcmpError::protocol_unreachable: return Errc::refused;
    case IcmpError::too_big: return Errc::message_too_large;
    default: return Errc::unreachable;
  }
}

std::uint32_t mtu_told(IpFamily family, std::uint32_t rest, std::uint32_t packet_bytes) {
  if (family == IpFamily::v6) return rest;
  if ((rest & 0xffff) != 0) return rest & 0xffff;
  constexpr std::array<std::uint32_t, 11> kPlateaus{32'000, 17'914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68, 0};
  return *std::ranges::find_if(kPlateaus,
                               [&](std::uint32_t plateau) { return plateau < packet_bytes || plateau == 0; });
}

}  // namespace ghostnet::ip
