#pragma once

#include "command.hpp"

namespace ghostnet::cli {

// Runs the benchmark programs that lie beside this one; without names, all of them.
int bench(const std::vector<std::string>& names, bool json, const Program& program);

}  // namespace ghostnet::cli
