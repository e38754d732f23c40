#include "ghostnet/services/services.hpp"

#include "ghostnet/beacon/service.hpp"
#include "ghostnet/bulk/service.hpp"
#include "ghostnet/echo/service.hpp"
#include "ghostnet/gossipsub/attack.hpp"
#include "ghostnet/gossipsub/service.hpp"
#include "ghostnet/kademlia/service.hpp"
#include "ghostnet/libp2p/service.hpp"
#include "ghostnet/ping/service.hpp"

namespace ghostnet::services {

Result<> add_all(ServiceRegistry& registry) {
  for (ServiceDescriptor (*descriptor)() :
       {&beacon::service, &bulk::service, &echo::service, &gossipsub::attack_service, &gossipsub::service,
        &kademlia::service, &libp2p::service, &ping::service}) {
    if (Result<> added = registry.add(descriptor()); !added) return added;
  }
  return {};
}

}  // namespace ghostnet::services
