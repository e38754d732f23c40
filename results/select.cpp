#include <algorithm>

#include "ghostnet/results/compare.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "setting_number.hpp"

namespace ghostnet::results {

namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

struct Conditions {
  std::string_view runs;
  Settings settings;
};

Result<Conditions> parse_conditions(std::string_view words) {
  Conditions conditions{.runs = words.substr(0, words.find('[')), .settings = {}};
  std::string_view rest = words.substr(conditions.runs.size());
  if (rest.empty()) return conditions;
  if (!rest.ends_with(']')) return fail(Errc::invalid_argument, "'{}': expected ] at the end", words);
  for (std::string_view part : split(rest.substr(1, rest.size() - 2), ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      return fail(Errc::invalid_argument, "'{}': expected PATH=VALUE in brackets, as in batch:3[network.loss=1 %]",
                  words);
    }
    while (part.starts_with(' ')) part.remove_prefix(1);
    conditions.settings.emplace_back(part.substr(0, part.find('=')), part.substr(part.find('=') + 1));
  }
  return conditions;
}

// "7", "7-12": from, to.
Result<std::pair<std::int64_t, std::int64_t>> parse_range(std::string_view part) {
  const std::size_t dash = part.find('-');
  Result<std::uint64_t> from = parse_unsigned(part.substr(0, dash));
  Result<std::uint64_t> to = dash == std::string_view::npos ? from : parse_unsigned(part.substr(dash + 1));
  if (!from || !to) {
    return fail(Errc::invalid_argument, "'{}' names no runs: expected 7, 7,9, 7-12, last or batch:3", part);
  }
  return std::pair(static_cast<std::int64_t>(*from), static_cast<std::int64_t>(*to));
}

// However it is written: 1% is 1 %.
bool is_same(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const std::optional<double> number = setting_number(a);
  return number && number == setting_number(b);
}

bool meets(const RunRow& run, const Settings& settings) {
  return std::ranges::all_of(settings, [&](const auto& wanted) {
    return std::ranges::any_of(run.parameters, [&](const auto& set) {
      return set.first == wanted.first && is_same(set.second, wanted.second);
    });
  });
}

Result<std::vector<RunRow>> named(const std::vector<RunRow>& all, std::string_view words) {
  std::vector<RunRow> chosen;
  if (words == "last") {
    const auto last = std::ranges::find_if(all.rbegin(), all.rend(), &RunRow::finished);
    if (last != all.rend()) chosen.push_back(*last);
    return chosen;
  }
  if (words.starts_with("batch:")) {
    Result<std::uint64_t> batch = parse_unsigned(words.substr(6));
    if (!batch) return fail(Errc::invalid_argument, "'{}': expected the number of a batch", words);
    std::ranges::copy_if(all, std::back_inserter(chosen),
                         [&](const RunRow& run) { return run.batch == static_cast<std::int64_t>(*batch); });
    return chosen;
  }
  for (std::string_view part : split(words, ',')) {
    const auto range = parse_range(part);
    if (!range) return fail(range.error());
    bool found = false;
    for (const RunRow& run : all) {
      if (run.id < range->first || run.id > range->second) continue;
      found = true;
      if (std::ranges::find(chosen, run.id, &RunRow::id) == chosen.end()) chosen.push_back(run);
    }
    if (!found) return fail(Errc::not_found, "there is no run {}", part);
  }
  return chosen;
}

}  // namespace

Result<std::vector<RunRow>> select_runs(const Database& database, const std::string& words) {
  Result<Conditions> conditions = parse_conditions(words);
  if (!conditions) return fail(std::move(conditions));
  Result<std::vector<RunRow>> all = runs(database);
  if (!all) return all;
  Result<std::vector<RunRow>> chosen = named(*all, conditions->runs);
  if (!chosen) return fail(chosen.error().while_doing(database.path()));
  std::erase_if(*chosen, [&](const RunRow& run) { return !run.finished() || !meets(run, conditions->settings); });
  if (chosen->empty()) return fail(Errc::not_found, "{}: no finished run is meant by '{}'", database.path(), words);
  return chosen;
}

}  // namespace ghostnet::results
