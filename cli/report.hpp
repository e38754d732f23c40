// How a run is shown: a table for people, one JSON document for programs.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "ghostnet/scenarios/runner.hpp"
#include "run_options.hpp"

namespace ghostnet::cli {

// One run of one file, or why there was none.
struct RunRecord {
  std::string file;
  std::optional<scenarios::Scenario> scenario;
  std::optional<scenarios::RunReport> report;
  std::vector<scenarios::Diagnostic> diagnostics;
  std::optional<Error> error;
  double setup_wall_s = 0;
  double wall_s = 0;
  std::uint64_t peak_rss_bytes = 0;
  int exit_code = 0;
};

// What carried it: fabric, ns3, loopback.
std::string carrier_of(const RunCommand& command, const scenarios::Scenario& scenario);
void print_for_people(const RunCommand& command, const RunRecord& record);
nlohmann::json to_json(const RunCommand& command, const RunRecord& record, std::size_t number);

}  // namespace ghostnet::cli
