#pragma once

#include "command.hpp"
#include "run_options.hpp"

namespace ghostnet::cli {

int run(const RunCommand& command, Program& program);
int check(const std::vector<std::string>& files, bool json, Program& program);

}  // namespace ghostnet::cli
