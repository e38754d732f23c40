// Shell completion, made from the program's own table of commands and options.
//
//   source <(ghostnet completion bash)      zsh: ghostnet completion zsh > "${fpath[1]}/_ghostnet"
//   ghostnet completion fish | source
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace ghostnet::cli {

// The script for bash, zsh or fish.
std::string completion_script(const CLI::App& app, std::string_view shell);

}  // namespace ghostnet::cli
