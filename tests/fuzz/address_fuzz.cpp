// Any text is an address of some kind or an error that can be shown; what is read prints to a text that reads the same.
#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// An error's message is bounded, whatever the text was.
template <class T>
void check_error(const Result<T>& failed) {
  constexpr std::size_t kMaxMessageBytes = 512;
  require(failed.error() == Errc::malformed && !failed.error().message().empty() &&
          failed.error().message().size() <= kMaxMessageBytes);
}

template <class T>
void check_round_trip(const Result<T>& parsed) {
  if (!parsed) return check_error(parsed);
  const std::string printed = parsed->to_string();
  const auto again = T::parse(printed);
  require(again && *again == *parsed && again->hash() == parsed->hash() && (*again <=> *parsed) == 0);
  require(again->to_string() == printed && fmt::format("{}", *parsed) == printed);
}

void check_address(std::string_view text) {
  const auto address = IpAddress::parse(text);
  check_round_trip(address);
  if (!address) return;
  // Whatever is an address is an endpoint once it has a port, and a prefix once it has a length and no zone.
  const Endpoint endpoint(*address, 8080);
  const auto reread = Endpoint::parse(address->is_v6() ? fmt::format("[{}]:8080", text) : fmt::format("{}:8080", text));
  require(reread && *reread == endpoint && reread->address() == *address && reread->port() == 8080);
  const IpPrefix whole(*address, address->bit_size());
  require(whole.contains(*address) && whole.first() == whole.last());
  require(IpPrefix::parse(whole.to_string()).value() == whole);
  if (address->is_v4()) {
    require(IpAddress::from_bytes(address->v4_bytes()).value() == *address);
    require(address->to_v6().unmapped() == *address);
  } else {
    require(IpAddress::from_bytes(address->v6_bytes()).value() == address->without_scope_id());
  }
}

void check_prefix(std::string_view text) {
  const auto strict = IpPrefix::parse(text);
  const auto forgiving = IpPrefix::parse(text, IpPrefix::HostBits::clear);
  check_round_trip(strict);
  check_round_trip(forgiving);
  require(!strict || (forgiving && *forgiving == *strict));
  if (!forgiving) return;
  require(forgiving->contains(forgiving->first()) && forgiving->contains(forgiving->last()));
  require(forgiving->first() <= forgiving->last());
}

}  // namespace
}  // namespace ghostnet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ghostnet;  // NOLINT: the one function outside
  const std::string_view text = as_text({data, size});
  check_address(text);
  check_prefix(text);
  check_round_trip(Endpoint::parse(text));
  check_round_trip(MacAddress::parse(text));
  const auto bytes = IpAddress::from_bytes({data, size});
  require(bytes.has_value() == (size == 4 || size == 16));
  if (bytes) check_address(bytes->to_string());
  return 0;
}
