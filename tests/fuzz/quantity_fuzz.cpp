// Quantities: whatever is accepted is printed as something that is read back as the same.
#include <cstdlib>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/quantity.hpp"

namespace {

void check(auto parse, std::string_view text) {
  const auto value = parse(text);
  if (!value) return;
  const auto again = parse(ghostnet::to_text(*value));
  if (!again || *again != *value) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ghostnet;
  const std::string_view text = as_text(ByteView(data, size));
  check(parse_duration, text);
  check(parse_data_size, text);
  check(parse_data_rate, text);
  check(parse_frequency, text);
  check(parse_fraction, text);
  check(parse_real, text);
  static_cast<void>(parse_integer(text));
  static_cast<void>(parse_unsigned(text));
  return 0;
}
