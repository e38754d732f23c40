// HelpFormatter: how --help shows options: what a value is called, and what it does in lines that fit a terminal.
//
// A description that begins with a word in capitals says by it what the value is called: "FILE: writes ..." shows as
// `--junit FILE  writes ...`, "N runs of ..." as `--repeat N  N runs of ...`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ghostnet::cli {

class HelpFormatter final : public CLI::Formatter {
 public:
  static constexpr std::size_t kColumn = 28;  // where descriptions begin
  static constexpr std::size_t kWidth = 100;

  std::string make_option(const CLI::Option* option, bool is_positional) const override;
};

}  // namespace ghostnet::cli
