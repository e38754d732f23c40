#pragma once

#include "command.hpp"
#include "run_options.hpp"

namespace ghostnet::cli {

int run(RunCommand command, const Program& program);
// The document of `run --json` when no run came about.
void print_no_runs(const Error& error);

int check(const std::vector<std::string>& files, bool json, const Program& program);

}  // namespace ghostnet::cli
