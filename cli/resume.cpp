#include "resume.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
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
  return identity(run, recorded_text(command, scenario));
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

std::uint64_t digest_of_file(const std::string& path) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
  const Result<std::string> bytes = scenarios::read_text_file(path, kMaxBytes);
  return bytes ? scenarios::digest_of(*bytes) : 0;
}

std::string recorded_text(const RunCommand& command, const scenarios::Scenario& scenario) {
  std::string text = scenario.text;
  // Without directories, so that a run is the same from wherever it is started.
  const auto add = [&](const std::string& file, std::uint64_t digest) {
    if (!text.empty() && text.back() != '\n') text += '\n';
    text +=
        fmt::format("# read with it: {}, FNV-1a {:016x}\n", std::filesystem::path(file).filename().string(), digest);
  };
  for (std::size_t i = 1; i < scenario.files.size(); ++i) add(scenario.files[i], scenario.file_digests[i]);
  for (const auto& [file, digest] : command.plugins) add(file, digest);
  if (const std::string& trace = scenario.network.movements; !trace.empty()) add(trace, digest_of_file(trace));
  return text;
}

std::string batch_label() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("{:x}-{:x}", std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), getpid());
}

}  // namespace ghostnet::cli
