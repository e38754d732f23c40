// The summary of runs in GitHub's Markdown: what passed, and what did not hold, by which value.
#include <algorithm>

#include "export_text.hpp"
#include "ghostnet/results/export.hpp"
#include "ghostnet/results/measured.hpp"

namespace ghostnet::results {

namespace {

constexpr std::size_t kMaxRows = 200;  // of each table; a summary is to be read

// In a cell of a table: nothing of it is taken for Markdown or for its end.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]<>|~#").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c == '\n' || c == '\r' ? ' ' : c;
  }
  return escaped;
}

// As code, where nothing is taken for Markdown but the end of a cell and of the code itself.
std::string code(std::string_view text) {
  std::string inner;
  for (const char c : text) {
    if (c == '|') inner += '\\';
    inner += c == '`' ? '\'' : c == '\n' || c == '\r' ? ' ' : c;
  }
  return "`" + inner + "`";
}

std::string_view sign_of(const RunRow& run) {
  if (run.status == "passed") return "✅";
  return run.status == "interrupted" || run.status == "unfinished" ? "⚠️" : "❌";
}

std::string settings_of(const RunRow& run) {
  std::string words;
  for (const auto& [path, value] : run.parameters)
    words += fmt::format("{}{}={}", words.empty() ? "" : ", ", path, value);
  return words;
}

void add_more(ExportText& text, std::size_t all) {
  if (all > kMaxRows) text.add("\nand {} more\n", all - kMaxRows);
}

void add_runs(ExportText& text, const std::vector<RunRow>& runs) {
  text.add("| | run | scenario | parameters | seed | simulated | wall | digest |\n");
  text.add("|---|---|---|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < std::min(runs.size(), kMaxRows); ++i) {
    const RunRow& run = runs[i];
    text.add("| {} | {} | {} | {} | {} | {:.1f} s | {:.2f} s | {} |\n", sign_of(run), run.id, cell(run.name),
             cell(settings_of(run)), run.seed, run.simulated_s, run.wall_s,
             code(run.digest.empty() ? "-" : run.digest));
  }
  add_more(text, runs.size());
}

struct Broken {
  const RunRow* run;
  std::string what;
  std::string value;
};

Result<std::vector<Broken>> broken_in(const Database& database, const std::vector<RunRow>& runs) {
  std::vector<Broken> broken;
  for (const RunRow& run : runs) {
    if (!run.error.empty()) broken.push_back({&run, cell(run.error), "error"});
    Result<std::vector<ExpectationRow>> all = expectations(database, run.id);
    if (!all) return fail(std::move(all));
    for (const ExpectationRow& one : *all) {
      if (one.held) continue;
      broken.push_back(
          {&run, code(one.expression), one.value ? measured_text(one.expression, *one.value) : "nothing measured"});
    }
  }
  return broken;
}

}  // namespace

Result<> export_markdown(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out) {
  Result<std::vector<Broken>> broken = broken_in(database, runs);
  if (!broken) return fail(std::move(broken));
  const auto passed = std::ranges::count(runs, "passed", &RunRow::status);
  ExportText text(out);
  text.add("### ghostnet: {} of {} runs passed\n\n", passed, runs.size());
  if (!broken->empty()) {
    text.add("| run | scenario | what did not hold | it was |\n|---|---|---|---|\n");
    for (std::size_t i = 0; i < std::min(broken->size(), kMaxRows); ++i) {
      const Broken& one = (*broken)[i];
      text.add("| {} | {} | {} | {} |\n", one.run->id, cell(one.run->name), one.what, one.value);
    }
    add_more(text, broken->size());
    text.add("\n");
  }
  add_runs(text, runs);
  return text.flush();
}

}  // namespace ghostnet::results
