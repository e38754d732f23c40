#pragma once

#include "command.hpp"
#include "run_options.hpp"

namespace ghostnet::cli {

int run(RunCommand command, const Program& program);
int check(const std::vector<std::string>& files, bool json, const Program& program);

}  // namespace ghostnet::cli
