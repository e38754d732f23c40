// A plug-in: a shared library that adds services to a program's registry.
//
// It defines one C function, which GHOSTNET_PLUGIN writes:
//   static ghostnet::Result<> add_services(ghostnet::ServiceRegistry& registry) { return
//   registry.add(rumour::service()); } GHOSTNET_PLUGIN("rumour", "1.0", add_services)
// The program looks at the version of this entry, then at the contract, and calls add() only when both are its own:
// objects of C++ pass between the two, so they must agree on everything that shapes them. A plug-in is compiled against
// the installed headers and links nothing of ghostnet: the program exports the runtime. It is never unloaded, since
// its code may be anywhere on a stack.
//
// Loading is done by who may open files: scenarios::load_plugin(). docs/plugins.md is the tutorial.
#pragma once

#include <fmt/core.h>

#include <cstdint>

#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet {

// Of the entry point itself. It only ever grows at its end.
inline constexpr std::uint32_t kPluginAbi = 1;

// Raised with every change to the headers of the runtime that changes what compiled code sees of them.
inline constexpr std::uint32_t kRuntimeContract = 1;

}  // namespace ghostnet

// All that must be the same on both sides: the runtime's headers, the standard library, fmt, and sanitizers.
#define GHOSTNET_STRINGIFY_(x) #x
#define GHOSTNET_STRINGIFY(x) GHOSTNET_STRINGIFY_(x)
#if defined(__GLIBCXX__)
#define GHOSTNET_PLUGIN_STDLIB_ "libstdc++ cxx11abi=" GHOSTNET_STRINGIFY(_GLIBCXX_USE_CXX11_ABI)
#elif defined(_LIBCPP_VERSION)
#define GHOSTNET_PLUGIN_STDLIB_ "libc++ abi=" GHOSTNET_STRINGIFY(_LIBCPP_ABI_VERSION)
#else
#define GHOSTNET_PLUGIN_STDLIB_ "other"
#endif
#if defined(__SANITIZE_ADDRESS__)
#define GHOSTNET_PLUGIN_SANITIZER_ " asan"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GHOSTNET_PLUGIN_SANITIZER_ " asan"
#elif __has_feature(thread_sanitizer)
#define GHOSTNET_PLUGIN_SANITIZER_ " tsan"
#endif
#endif
#ifndef GHOSTNET_PLUGIN_SANITIZER_
#define GHOSTNET_PLUGIN_SANITIZER_ ""
#endif

namespace ghostnet {

inline constexpr char kPluginContract[] =
    "runtime 1, " GHOSTNET_PLUGIN_STDLIB_ ", fmt " GHOSTNET_STRINGIFY(FMT_VERSION) GHOSTNET_PLUGIN_SANITIZER_;
static_assert(kRuntimeContract == 1, "say the new number in kPluginContract too");

}  // namespace ghostnet

extern "C" {

// Read member by member, from the top: what stands behind `abi` is looked at only when that is kPluginAbi.
struct GhostnetPlugin {
  std::uint32_t abi;
  const char* contract;
  const char* name;
  const char* version;
  ghostnet::Result<> (*add)(ghostnet::ServiceRegistry& registry);
};

using GhostnetPluginEntry = const GhostnetPlugin* (*)();
}

#define GHOSTNET_PLUGIN(plugin_name, plugin_version, add_function)                                        \
  extern "C" __attribute__((visibility("default"))) const GhostnetPlugin* ghostnet_plugin() {             \
    static constexpr GhostnetPlugin kPlugin{ghostnet::kPluginAbi, ghostnet::kPluginContract, plugin_name, \
                                            plugin_version, add_function};                                \
    return &kPlugin;                                                                                      \
  }
