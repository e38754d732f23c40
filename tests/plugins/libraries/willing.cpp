// Fits, and adds nothing.
#include "ghostnet/runtime/plugin.hpp"

static ghostnet::Result<> add(ghostnet::ServiceRegistry&) { return {}; }
GHOSTNET_PLUGIN("willing", "1.0", add)
