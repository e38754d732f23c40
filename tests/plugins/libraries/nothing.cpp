// An entry that has nothing to show.
#include "ghostnet/runtime/plugin.hpp"

extern "C" __attribute__((visibility("default"))) const GhostnetPlugin* ghostnet_plugin() { return nullptr; }
