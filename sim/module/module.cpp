// What a program finds in the module that it loads.
#include "ghostnet/sim/world.hpp"

extern "C" const ghostnet::sim::Module* ghostnet_sim_module() {
  static const ghostnet::sim::Module kModule{ghostnet::sim::Module::kVersion, &ghostnet::sim::make_world};
  return &kModule;
}
