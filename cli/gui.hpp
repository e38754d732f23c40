// `ghostnet gui`: the visualizer, which is a program of its own, so that this one needs no Qt.
#pragma once

#include <string>
#include <vector>

#include "command.hpp"

namespace ghostnet::cli {

// Becomes ghostnet-gui with these words; returns only where that is not built.
int gui(const std::vector<std::string>& words, const Program& program);

}  // namespace ghostnet::cli
