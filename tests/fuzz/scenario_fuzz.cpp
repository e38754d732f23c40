// Any bytes as a scenario: a result or diagnostics, in bounded time.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ghostnet/scenarios/scenario.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ghostnet::ServiceRegistry registry;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ghostnet::scenarios::load_scenario(text, "fuzz", registry);
  (void)ghostnet::scenarios::ExpectationRule::parse(text.substr(0, 200));
  return 0;
}
