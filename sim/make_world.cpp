#include "ghostnet/sim/fabric_world.hpp"
#include "ghostnet/sim/ns3_world.hpp"
#include "ghostnet/sim/world.hpp"

namespace ghostnet::sim {

Result<std::unique_ptr<World>> make_world(const WorldSpec& spec, MetricHub& metrics, LogHub& log) {
  switch (spec.carrier) {
    case Carrier::fabric: return FabricWorld::make(spec, metrics, log);
    case Carrier::ns3: return Ns3World::make(spec, metrics, log);
  }
  return fail(Errc::internal, "a carrier that nobody knows");
}

}  // namespace ghostnet::sim
