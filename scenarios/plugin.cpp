#include "ghostnet/scenarios/plugin.hpp"

#include <dlfcn.h>

#include <cstring>

#include "ghostnet/runtime/plugin.hpp"

namespace ghostnet::scenarios {

Result<> load_plugin(const std::string& path, ServiceRegistry& registry) {
  // Without a slash, dlopen would search the system's directories instead of taking the file.
  std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // never unloaded: its code may be on any stack
  if (library == nullptr) {
    return fail(Errc::not_found, "plug-in {}: {}; how one is built is in docs/plugins.md", path, dlerror());
  }
  auto entry = reinterpret_cast<GhostnetPluginEntry>(dlsym(library, "ghostnet_plugin"));
  const GhostnetPlugin* plugin = entry != nullptr ? entry() : nullptr;
  if (plugin == nullptr) {
    return fail(Errc::invalid_argument,
                "plug-in {}: it is a library, but no plug-in: it has no GHOSTNET_PLUGIN entry (docs/plugins.md)", path);
  }
  if (plugin->abi != kPluginAbi) {
    return fail(Errc::invalid_argument,
                "plug-in {}: made for version {} of the plug-in entry, this program has {}: rebuild it", path,
                plugin->abi, kPluginAbi);
  }
  if (std::strcmp(plugin->contract, kPluginContract) != 0) {
    return fail(Errc::invalid_argument,
                "plug-in {}: built for '{}', this program is '{}': rebuild it against this version", path,
                plugin->contract, kPluginContract);
  }
  Result<> added = plugin->add(registry);
  if (!added)
    return fail(added.error().while_doing(fmt::format("plug-in {} ({} {})", path, plugin->name, plugin->version)));
  return {};
}

}  // namespace ghostnet::scenarios
