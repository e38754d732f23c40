// What is said of a library that is given as a plug-in: the file, what is wrong with it, and the way out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ghostnet/scenarios/plugin.hpp"

namespace ghostnet::scenarios::plugin_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string path_of(std::string_view name) {
  const std::filesystem::path program = std::filesystem::canonical("/proc/self/exe");
  return std::filesystem::canonical(program.parent_path() / GHOSTNET_TEST_PLUGINS) / fmt::format("{}.so", name);
}

// What loading says; empty where it works.
std::string said_of(const std::string& path) {
  ServiceRegistry registry;
  Result<> loaded = load_plugin(path, registry);
  return loaded ? "" : std::string(loaded.error().message());
}

TEST(Plugins, OneThatFitsIsTaken) { EXPECT_EQ(said_of(path_of("willing")), ""); }

TEST(Plugins, AFileThatIsNotThereIsNamed) {
  EXPECT_THAT(said_of("/nowhere/lib.so"), AllOf(HasSubstr("plug-in /nowhere/lib.so"), HasSubstr("No such file")));
  EXPECT_THAT(said_of("lib_of_nobody.so"), AllOf(HasSubstr("./lib_of_nobody.so"), HasSubstr("No such file")));
}

TEST(Plugins, WhatIsNoLibraryIsSaidToBeNone) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("ghostnet-plugin-" + std::to_string(::getpid()) + ".so");
  std::ofstream(path) << "#!/bin/sh\n";
  EXPECT_THAT(said_of(path), AllOf(HasSubstr(path), HasSubstr("docs/plugins.md")));
  std::filesystem::remove(path);
}

TEST(Plugins, ALibraryWithoutAnEntryIsNoPlugin) {
  for (const char* name : {"no_entry", "nothing"}) {
    EXPECT_THAT(said_of(path_of(name)),
                AllOf(HasSubstr(path_of(name)), HasSubstr("no plug-in"), HasSubstr("GHOSTNET_PLUGIN")))
        << name;
  }
}

TEST(Plugins, AnotherVersionOfTheEntryIsToBeRebuilt) {
  EXPECT_THAT(said_of(path_of("other_abi")),
              AllOf(HasSubstr(path_of("other_abi")), HasSubstr("version 4711"), HasSubstr("rebuild")));
}

TEST(Plugins, AnotherContractIsToBeRebuilt) {
  EXPECT_THAT(said_of(path_of("other_contract")),
              AllOf(HasSubstr(path_of("other_contract")), HasSubstr("runtime 0, libelsewhere"), HasSubstr("rebuild")));
}

TEST(Plugins, WhatAPluginSaysItselfIsPassedOn) {
  EXPECT_THAT(said_of(path_of("unwilling")),
              AllOf(HasSubstr(path_of("unwilling")), HasSubstr("unwilling 2.1"), HasSubstr("the moon is not full")));
}

}  // namespace
}  // namespace ghostnet::scenarios::plugin_test
