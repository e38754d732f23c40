// How a run is shown: a table for people, one JSON document for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "ghostnet/scenarios/runner.hpp"
#include "plan.hpp"
#include "run_options.hpp"

namespace ghostnet::cli {

// One run of one file, or why there was none.
struct RunRecord {
  std::string file;
  scenarios::Settings sweep_point{};
  std::uint32_t repeat = 0;
  std::string label{};
  std::optional<scenarios::Scenario> scenario{};
  std::optional<scenarios::RunReport> report{};
  std::vector<scenarios::Diagnostic> diagnostics{};
  std::optional<Error> error{};
  std::int64_t recorded_as = 0;  // its number in the results file; 0: not recorded
  double setup_wall_s = 0;
  double wall_s = 0;
  std::optional<double> shared_s{};  // of its time, how much was run together with others that begin alike
  std::uint64_t peak_rss_bytes = 0;
  int exit_code = 0;
};

// A run as it is told: what goes to standard output and to standard error, and the document of --json.
struct RunReply {
  int exit_code = 0;
  nlohmann::json document{};
  std::string out{};
  std::string err{};
};

// What carried it: fabric, ns3, loopback.
std::string carrier_of(const RunCommand& command, const scenarios::Scenario& scenario);
RunReply reply_of(const RunCommand& command, const RunRecord& record);

// An error of the command, which is of no file's.
nlohmann::json error_json(const Error& error);

// The document of --json of a command that came to nothing.
void print_failure(const Error& error);
// Says why a command came to nothing, in that document too where one is wanted; its exit code.
int refuse(const Error& error, bool json_wanted);

// The document of a run of which nothing is known but its name: every field is there, null where it has no value.
nlohmann::json empty_document();

}  // namespace ghostnet::cli
