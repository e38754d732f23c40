// Every service that comes with ghostnet, for those who want all of them.
#pragma once

#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::services {

Result<> add_all(ServiceRegistry& registry);

}  // namespace ghostnet::services
