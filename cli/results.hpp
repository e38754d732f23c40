// `ghostnet results`: what results files hold.
#pragma once

#include "command.hpp"

namespace ghostnet::cli {

struct ResultsCommand {
  std::string db = "results.sqlite";
  bool json = false;
  std::string run = "last";  // a run's number, or last
};

int results_list(const ResultsCommand& command);
int results_show(const ResultsCommand& command);

}  // namespace ghostnet::cli
