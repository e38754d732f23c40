#include "ghostnet/services/services.hpp"

#include "ghostnet/echo/service.hpp"
#include "ghostnet/ping/service.hpp"

namespace ghostnet::services {

Result<> add_all(ServiceRegistry& registry) {
  for (ServiceDescriptor (*descriptor)() : {&echo::service, &ping::service}) {
    if (Result<> added = registry.add(descriptor()); !added) return added;
  }
  return {};
}

}  // namespace ghostnet::services
