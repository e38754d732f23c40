// Loading plug-ins: see ghostnet/runtime/plugin.hpp for what one is.
#pragma once

#include <string>

#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::scenarios {

// Adds the services of a shared library. Errors name the file: not_found when it cannot be loaded, invalid_argument
// when it is no plug-in, or one for another version of ghostnet or built differently.
Result<> load_plugin(const std::string& path, ServiceRegistry& registry);

}  // namespace ghostnet::scenarios
