// Made for an entry of another version, whose members may stand elsewhere.
#include <cstdint>

extern "C" __attribute__((visibility("default"))) const void* ghostnet_plugin() {
  static constexpr std::uint32_t kLater = 4711;
  return &kLater;
}
