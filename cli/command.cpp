#include "command.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "ghostnet/build_info.hpp"

namespace ghostnet::cli {

int worse(int a, int b) {
  auto rank = [](int code) {
    switch (code) {
      case kInterrupted: return 4;
      case kInternal: return 3;
      case kBadInput: return 2;
      case kFailed: return 1;
      default: return 0;
    }
  };
  return rank(a) >= rank(b) ? a : b;
}

int exit_code_of(const Error& error) { return error.code() == Errc::internal ? kInternal : kBadInput; }

std::filesystem::path Program::beside(const std::filesystem::path& relative) const {
  return (executable.parent_path() / relative).lexically_normal();
}

std::function<void()> tell_of_waiting(const std::string& db) {
  return [db] { fmt::print(stderr, "waiting for {}: another program writes in it\n", db); };
}

Result<scenarios::MakeSimWorld> sim_module(const Program& program) {
  std::filesystem::path module = program.beside(build_info::module_dir()) / "ghostnet_sim.so";
  return scenarios::load_sim_module(module.string());
}

}  // namespace ghostnet::cli
