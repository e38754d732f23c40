// What the commands of the program share: the registry, exit codes, reading files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/scenarios/source_files.hpp"
#include "ghostnet/scenarios/world.hpp"

namespace ghostnet::cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,  // an expectation did not hold, a digest differed
  kBadInput = 2,
  kInternal = 3,
  kInterrupted = 130,
};

// Over several files the worst wins; an interruption ends everything.
int worse(int a, int b);

// What the world of files, peers and users caused is bad input; what should not have happened is internal.
int exit_code_of(const Error& error);

struct Program {
  ServiceRegistry registry;
  std::filesystem::path executable;

  // A directory or file that lies beside the program, in the build tree and installed alike.
  std::filesystem::path beside(const std::filesystem::path& relative) const;
};

inline constexpr std::size_t kMaxScenarioBytes = 4 * 1024 * 1024;

using scenarios::read_file;
// Says that a results file is waited for; for those who open one.
std::function<void()> tell_of_waiting(const std::string& db);
Result<scenarios::MakeSimWorld> sim_module(const Program& program);

}  // namespace ghostnet::cli
