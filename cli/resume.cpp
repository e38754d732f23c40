#include "resume.hpp"

#include <unistd.h>

#include <chrono>
#include <map>

#include "ghostnet/build_info.hpp"
#include "ghostnet/results/document.hpp"
#include "ghostnet/results/reader.hpp"

namespace ghostnet::cli {

namespace {

using nlohmann::json;

std::string sorted(const results::Settings& settings) {
  json object = json::object();
  for (const auto& [path, value] : settings) object[path] = value;
  return object.dump();
}

std::string identity(const results::RunRow& run, const std::string& text) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", run.name, run.mode, run.carrier, run.seed, run.repeat,
                     run.revision, sorted(run.parameters), run.planned_s, text);
}

std::string identity(const RunCommand& command, const PlannedRun& planned, const scenarios::Scenario& scenario) {
  results::RunRow run;
  run.name = scenario.run.name;
  run.mode = command.mode;
  run.carrier = carrier_of(command, scenario);
  run.seed = std::to_string(scenario.run.seed);
  run.repeat = planned.repeat;
  run.revision = build_info::revision();
  run.parameters = scenario.parameters;
  run.planned_s = static_cast<double>(scenario.run.duration.count()) / 1e9;
  return identity(run, *planned.text);
}

RunReply reply_of_known(const RunCommand& command, const results::RunRow& run, json document) {
  RunReply reply;
  reply.exit_code = run.status == "passed" ? kOk : kFailed;
  reply.document = std::move(document);
  if (!command.quiet) reply.out = fmt::format("{}: {} as run {}\n", run.name, run.status, run.id);
  return reply;
}

}  // namespace

Result<std::vector<FinishedRun>> finished_runs(const RunCommand& command, const Program& program, const Plan& plan) {
  Result<results::Database> database = results::Database::open(command.db, {});
  if (!database) return fail(std::move(database));
  Result<std::vector<results::RunRow>> rows = results::runs(*database);
  if (!rows) return fail(std::move(rows));
  std::map<std::string, const results::RunRow*> known;
  for (const results::RunRow& row : *rows) {
    if (!row.finished()) continue;
    Result<std::string> text = results::scenario_text(*database, row.id);
    if (!text) return fail(std::move(text));
    known[identity(row, *text)] = &row;
  }
  std::vector<FinishedRun> finished;
  for (std::size_t index = 0; index < plan.runs.size(); ++index) {
    const PlannedRun& planned = plan.runs[index];
    const scenarios::LoadResult loaded =
        scenarios::load_scenario(*planned.text, planned.file, program.registry, planned.overrides);
    if (!loaded) continue;  // said when it is run
    const auto found = known.find(identity(command, planned, *loaded));
    if (found == known.end()) continue;
    Result<json> document = results::run_document(*database, *found->second);
    if (!document) return fail(std::move(document));
    finished.push_back({index, reply_of_known(command, *found->second, std::move(*document))});
  }
  return finished;
}

std::string batch_label() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("{:x}-{:x}", std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), getpid());
}

}  // namespace ghostnet::cli
