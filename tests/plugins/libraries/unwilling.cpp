// Fits, but does not want to.
#include "ghostnet/runtime/plugin.hpp"

static ghostnet::Result<> add(ghostnet::ServiceRegistry&) {
  return ghostnet::fail(ghostnet::Errc::busy, "the moon is not full");
}
GHOSTNET_PLUGIN("unwilling", "2.1", add)
