#include "sweep_summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ghostnet/results/measured.hpp"
#include "ghostnet/results/statistics.hpp"

namespace ghostnet::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxColumns = 6;  // of expectations: more do not fit a terminal
constexpr double kConfidence = 0.95;
constexpr int kDigits = 4;

// Null where there is none.
json field_of(const json& document, const char* field) {
  const auto found = document.find(field);
  return found == document.end() ? json() : *found;
}

std::string text_in(const json& document, const char* field) {
  const json value = field_of(document, field);
  return value.is_string() ? value.get<std::string>() : "";
}

// "98.93 % ± 0.41 %", or what one run found.
std::string mean_text(const std::string& expression, const std::vector<double>& values) {
  if (values.empty()) return "-";
  const results::Estimate mean = results::mean_of(values);
  std::string text = results::measured_text(expression, mean.value, kDigits);
  if (!mean.knows_noise() || mean.standard_error == 0) return text;
  return text + " ± " + results::measured_text(expression, results::half_width(mean, kConfidence), 2);
}

std::string plural(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// As many characters as a terminal shows of it.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

void SweepSummary::add(const json& document) {
  const std::string file = text_in(document, "file"), name = text_in(document, "name");
  if (name.empty()) return;  // it was not even loaded
  auto scenario = std::ranges::find_if(scenarios_, [&](const Scenario& s) { return s.file == file && s.name == name; });
  if (scenario == scenarios_.end()) scenario = scenarios_.insert(scenario, {.file = file, .name = name});
  json settings = field_of(document, "sweep_point");
  if (!settings.is_object()) settings = json::object();
  auto point = std::ranges::find(scenario->points, settings, &Point::settings);
  if (point == scenario->points.end()) point = scenario->points.insert(point, {.settings = settings});
  const bool passed = text_in(document, "status") == "passed";
  ++scenario->runs;
  ++point->runs;
  scenario->passed += passed ? 1 : 0;
  point->passed += passed ? 1 : 0;
  for (const json& verdict : field_of(document, "expectations")) {
    const std::string text = text_in(verdict, "expr");
    auto expectation = std::ranges::find(scenario->expectations, text, &Expectation::text);
    if (expectation == scenario->expectations.end()) {
      expectation = scenario->expectations.insert(expectation, {.text = text});
    }
    ++expectation->judged;
    expectation->held += verdict["ok"].get<bool>() ? 1 : 0;
    const auto number = static_cast<std::size_t>(expectation - scenario->expectations.begin());
    if (point->values.size() <= number) point->values.resize(number + 1);
    if (verdict["value"].is_number()) point->values[number].push_back(verdict["value"].get<double>());
  }
}

// Those that have the first setting in common stand together, of these those with the second, and so on; the values of
// each in the order in which they came.
std::vector<const SweepSummary::Point*> SweepSummary::Scenario::by_columns(
    const std::vector<std::string>& paths) const {
  std::vector<std::pair<std::vector<std::ptrdiff_t>, const Point*>> ranked;
  for (const Point& point : points) ranked.emplace_back(std::vector<std::ptrdiff_t>{}, &point);
  for (const std::string& path : paths) {
    std::vector<std::string> values;
    for (auto& [ranks, point] : ranked) {
      const std::string value = point->settings.value(path, "");
      const auto known = std::ranges::find(values, value);
      ranks.push_back(known - values.begin());
      if (known == values.end()) values.push_back(value);
    }
  }
  std::ranges::sort(ranked);  // points stand in one array, in the order in which they came
  std::vector<const Point*> ordered;
  for (const auto& [ranks, point] : ranked) ordered.push_back(point);
  return ordered;
}

std::vector<std::vector<std::string>> SweepSummary::Scenario::table() const {
  std::vector<std::string> paths;
  for (const Point& point : points) {
    for (const auto& [path, value] : point.settings.items()) {
      if (std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
    }
  }
  const std::size_t columns = std::min(expectations.size(), kMaxColumns);
  std::vector<std::vector<std::string>> rows(1);
  for (const std::string& path : paths) rows[0].push_back(path);
  rows[0].emplace_back("passed");
  for (std::size_t i = 0; i < columns; ++i) rows[0].push_back(fmt::format("({})", i + 1));
  for (const Point* point : by_columns(paths)) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::string& path : paths) row.push_back(point->settings.value(path, ""));
    row.push_back(fmt::format("{} of {}", point->passed, point->runs));
    for (std::size_t i = 0; i < columns; ++i) {
      row.push_back(i < point->values.size() ? mean_text(expectations[i].text, point->values[i]) : "-");
    }
  }
  return rows;
}

std::string SweepSummary::Scenario::text() const {
  std::string out =
      fmt::format("\n{}: {}, {}, {} passed\n\n", name, plural(points.size(), "point"), plural(runs, "run"), passed);
  const std::vector<std::vector<std::string>> rows = table();
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      std::size_t width = 0;
      for (const std::vector<std::string>& each : rows) width = std::max(width, width_of(each[column]));
      out += "  " + std::string(width - width_of(row[column]), ' ') + row[column];
    }
    out += '\n';
  }
  out += '\n';
  for (std::size_t i = 0; i < expectations.size(); ++i) {
    const Expectation& each = expectations[i];
    out += fmt::format("  {:>4} {} {}{}\n", i < kMaxColumns ? fmt::format("({})", i + 1) : "",
                       each.held == each.judged ? "ok    " : "FAILED", each.text,
                       each.held == each.judged ? "" : fmt::format("   (held in {} of {})", each.held, each.judged));
  }
  return out;
}

std::string SweepSummary::text() const {
  std::string out;
  for (const Scenario& scenario : scenarios_) {
    if (scenario.runs > 1) out += scenario.text();
  }
  return out;
}

}  // namespace ghostnet::cli
