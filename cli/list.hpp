#pragma once

#include "command.hpp"

namespace ghostnet::cli {

int list(bool json, const Program& program);

}  // namespace ghostnet::cli
