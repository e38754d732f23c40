// Compiled for a runtime of another shape.
#include "ghostnet/runtime/plugin.hpp"

static ghostnet::Result<> add(ghostnet::ServiceRegistry&) { return {}; }

extern "C" __attribute__((visibility("default"))) const GhostnetPlugin* ghostnet_plugin() {
  static constexpr GhostnetPlugin kPlugin{ghostnet::kPluginAbi, "runtime 0, libelsewhere", "other", "1.0", add};
  return &kPlugin;
}
