#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ghostnet/results/compare.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "report.hpp"
#include "results.hpp"
#include "units.hpp"

namespace ghostnet::cli {

namespace {

using nlohmann::json;
using results::ComparedStatistic;
using results::Database;
using results::Estimate;
using results::RunSet;

// A set and the file that it is read from, "old.sqlite:1-5" or "1-5".
struct Side {
  std::optional<Database> database{};
  RunSet set{};
};

Result<Side> open_side(const std::string& words, const std::string& default_db) {
  Side side;
  side.set.label = words;
  std::string path = default_db;
  std::string runs = words;
  // The last colon before the conditions that does not belong to batch:N.
  const std::string_view named(words.data(), std::min(words.find('['), words.size()));
  for (std::size_t at = named.rfind(':'); at != 0 && at != named.npos; at = named.rfind(':', at - 1)) {
    const std::string_view before = named.substr(0, at);
    if (before == "batch" || before.ends_with(":batch")) continue;
    path = before;
    runs = words.substr(at + 1);
    break;
  }
  Result<Database> database = Database::open(path, {});
  if (!database) return fail(std::move(database));
  side.database = std::move(*database);
  Result<std::vector<results::RunRow>> selected = results::select_runs(*side.database, runs);
  if (!selected) return fail(std::move(selected));
  side.set.runs = std::move(*selected);
  return side;
}

std::string_view name_of(ComparedStatistic::Verdict verdict) {
  switch (verdict) {
    case ComparedStatistic::Verdict::same: return "same";
    case ComparedStatistic::Verdict::differs: return "differs";
    case ComparedStatistic::Verdict::unknown: return "unknown";
    case ComparedStatistic::Verdict::added: return "new";
    case ComparedStatistic::Verdict::gone: return "gone";
  }
  return "unknown";
}

json to_json(const std::optional<Estimate>& estimate, double confidence) {
  if (!estimate) return nullptr;
  const bool known = estimate->knows_noise();
  const double width = results::half_width(*estimate, confidence);
  return {{"value", estimate->value},
          {"low", known ? json(estimate->value - width) : json()},
          {"high", known ? json(estimate->value + width) : json()}};
}

std::string in_words(const std::optional<Estimate>& estimate, const std::string& unit, double confidence) {
  if (!estimate) return "-";
  const std::string value = rounded(estimate->value, unit);
  if (!estimate->knows_noise()) return value;
  return fmt::format("{} ±{}", value, rounded(results::half_width(*estimate, confidence), unit));
}

std::string difference_in_words(const ComparedStatistic& row) {
  if (!row.a || !row.b) return row.a ? "only in A" : "only in B";
  if (row.difference.value == 0) return "0";
  const std::string sign = row.difference.value > 0 ? "+" : "-";
  const std::string size = rounded(std::abs(row.difference.value), row.unit);
  if (row.a->value == 0) return sign + size;
  return fmt::format("{}{} ({:+.3g} %)", sign, size, row.difference.value / std::abs(row.a->value) * 100);
}

int print(const ResultsCommand& command, const results::Comparison& comparison, const Side& a, const Side& b,
          double confidence) {
  const auto print_side = [](const char* name, const RunSet& set) {
    const results::RunRow& first = set.runs.front();
    fmt::print("{}: {}: {} run{} of {}, {} {}\n", name, set.label, set.runs.size(), set.runs.size() == 1 ? "" : "s",
               first.name, first.mode, first.carrier);
  };
  print_side("A", a.set);
  print_side("B", b.set);
  if (comparison.identical) fmt::print("the same run: digest {}\n", a.set.runs[0].digest);
  fmt::print("\n  {:<30} {:<6} {:>24} {:>24} {:>24}  {}\n", "", "", "A", "B", "B - A", "p");
  std::size_t same = 0;
  for (const ComparedStatistic& row : comparison.statistics) {
    if (row.verdict == ComparedStatistic::Verdict::same && ++same > 0 && !command.all) continue;
    fmt::print("  {:<30} {:<6} {:>24} {:>24} {:>24}  {:.2g}{}\n", row.metric, row.statistic,
               in_words(row.a, row.unit, confidence), in_words(row.b, row.unit, confidence), difference_in_words(row),
               row.p, row.verdict == ComparedStatistic::Verdict::same ? "" : fmt::format("  {}", name_of(row.verdict)));
  }
  fmt::print("\n{} of {} statistics are the same within their noise, at {:.4g} % confidence{}\n", same,
             comparison.statistics.size(), confidence * 100, command.all || same == 0 ? "" : " (--all shows them)");
  return comparison.differs() ? kFailed : kOk;
}

int print_json(const results::Comparison& comparison, const Side& a, const Side& b, double confidence) {
  json rows = json::array();
  for (const ComparedStatistic& row : comparison.statistics) {
    rows.push_back({{"metric", row.metric},
                    {"statistic", row.statistic},
                    {"unit", row.unit},
                    {"a", to_json(row.a, confidence)},
                    {"b", to_json(row.b, confidence)},
                    {"difference", to_json(row.a && row.b ? std::optional(row.difference) : std::nullopt, confidence)},
                    {"p", row.p},
                    {"verdict", name_of(row.verdict)}});
  }
  const auto side = [](const Side& of) {
    json ids = json::array();
    for (const results::RunRow& run : of.set.runs) ids.push_back(run.id);
    return json{{"selected", of.set.label}, {"file", of.database->path()}, {"runs", std::move(ids)}};
  };
  const json document = {{"schema_version", 1},
                         {"a", side(a)},
                         {"b", side(b)},
                         {"confidence", confidence},
                         {"identical", comparison.identical},
                         {"differs", comparison.differs()},
                         {"statistics", std::move(rows)}};
  fmt::print("{}\n", document.dump(2));
  return comparison.differs() ? kFailed : kOk;
}

Result<double> share_of(const std::string& option, const std::string& text) {
  Result<Probability> share = parse_fraction(text);
  if (!share) return fail(share.error().while_doing(option));
  return share->value();
}

Result<int> compare(const ResultsCommand& command) {
  if (command.runs.size() != 2) return fail(Errc::invalid_argument, "compare: expected two runs, or sets of runs");
  Result<double> confidence = share_of("--confidence", command.confidence);
  if (!confidence) return fail(std::move(confidence));
  if (*confidence <= 0 || *confidence >= 1) {
    return fail(Errc::invalid_argument, "--confidence: expected a share between 0 and 1, as in 95 %");
  }
  Result<Side> a = open_side(command.runs[0], command.db);
  if (!a) return fail(std::move(a));
  Result<Side> b = open_side(command.runs[1], command.db);
  if (!b) return fail(std::move(b));
  a->set.database = &*a->database;
  b->set.database = &*b->database;
  const bool single = a->set.runs.size() == 1 || b->set.runs.size() == 1;
  Result<double> tolerance = single ? results::kSingleRunTolerance : 0.0;
  if (!command.tolerance.empty()) tolerance = share_of("--tolerance", command.tolerance);
  if (!tolerance) return fail(std::move(tolerance));
  Result<results::Comparison> comparison = results::compare(
      a->set, b->set,
      {.confidence = *confidence, .tolerance = *tolerance, .metrics = command.metrics, .strict = command.strict});
  if (!comparison) return fail(std::move(comparison));
  if (comparison->statistics.empty()) return fail(Errc::not_found, "compare: there is no such metric in either");
  if (command.json) return print_json(*comparison, *a, *b, *confidence);
  return print(command, *comparison, *a, *b, *confidence);
}

}  // namespace

int results_compare(const ResultsCommand& command) {
  const Result<int> done = compare(command);
  return done ? *done : refuse(done.error(), command.json);
}

}  // namespace ghostnet::cli
