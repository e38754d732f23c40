#include "ghostnet/echo/pattern.hpp"

#include <algorithm>
#include <cstring>

namespace ghostnet::echo {
namespace {

// Calls visit(offset, part of the pattern) until `size` bytes are covered or it returns false.
template <class Visit>
bool for_each_part(Random& random, std::array<std::uint8_t, 8>& block, std::size_t& used, std::size_t size,
                   Visit visit) {
  for (std::size_t done = 0; done < size;) {
    if (used == block.size()) {
      random.fill(block);
      used = 0;
    }
    const std::size_t n = std::min(size - done, block.size() - used);
    if (!visit(done, ByteView(block).subspan(used, n))) return false;
    used += n;
    done += n;
  }
  return true;
}

}  // namespace

void Pattern::fill(MutableByteView out) {
  for_each_part(random_, block_, used_, out.size(), [out](std::size_t at, ByteView part) {
    std::memcpy(out.data() + at, part.data(), part.size());
    return true;
  });
}

bool Pattern::matches(ByteView bytes) {
  return for_each_part(random_, block_, used_, bytes.size(), [bytes](std::size_t at, ByteView part) {
    return std::memcmp(bytes.data() + at, part.data(), part.size()) == 0;
  });
}

}  // namespace ghostnet::echo
