// What this build is: for --version and for the record of a run.
#pragma once

#include <string_view>

namespace ghostnet::build_info {

// The version of the project, as 0.1.0.
std::string_view version();

// The commit that the build was made from, or "unknown" outside of a clone. Changes not committed do not show.
std::string_view revision();

// Where modules are, relative to the directory of the program that loads them; the same in a build and an installation.
std::string_view module_dir();

}  // namespace ghostnet::build_info
