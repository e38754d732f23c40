// Parses any bytes as a histogram: what is accepted is consistent, merges, and serialises to the very same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "ghostnet/runtime/histogram.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ghostnet::Histogram;
  const auto parsed = Histogram::parse({data, size});
  if (!parsed) return 0;

  std::vector<std::uint8_t> bytes;
  parsed->serialize(bytes);
  require(std::ranges::equal(bytes, std::vector<std::uint8_t>(data, data + size)));

  std::uint64_t count = 0;
  parsed->for_each_bucket([&](std::uint64_t lowest, std::uint64_t highest, std::uint64_t times) {
    require(lowest <= highest);
    count += times;
  });
  require(count == parsed->count());
  std::uint64_t last = parsed->min();
  for (const double percent : {0.0, 1.0, 50.0, 99.0, 99.99, 100.0}) {
    const std::uint64_t value = parsed->percentile(percent);
    require(value >= last && value <= parsed->max());
    last = value;
  }
  require(parsed->empty() || (parsed->mean() >= parsed->min() && parsed->mean() <= parsed->max()));

  Histogram twice = *parsed;
  twice.merge(*parsed);
  require(twice.count() == 2 * parsed->count() && twice.mean() == parsed->mean());
  return 0;
}
