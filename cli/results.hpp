// `ghostnet results`: what results files hold.
#pragma once

#include "command.hpp"

namespace ghostnet::cli {

struct ResultsCommand {
  std::string db = "results.sqlite";
  bool json = false;
  std::vector<std::string> runs;  // as select_runs() takes them; of compare: two, each with a FILE: in front if wanted
  // compare
  std::string confidence = "95 %";
  std::string tolerance;  // empty: kSingleRunTolerance where a side is one run, else 0
  std::vector<std::string> metrics;
  bool all = false;     // also what does not differ
  bool strict = false;  // what only one side measured differs, too
  // export and report
  std::string format = "csv";
  std::string table = "series";
  std::string output;  // a file; empty: standard output, or report.html
};

int results_list(const ResultsCommand& command);
int results_show(const ResultsCommand& command);
int results_compare(const ResultsCommand& command);
int results_export(const ResultsCommand& command);
int results_report(const ResultsCommand& command);

}  // namespace ghostnet::cli
