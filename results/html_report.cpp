#include "ghostnet/results/html_report.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <tuple>

#include "ghostnet/results/junit.hpp"
#include "ghostnet/results/larger_units.hpp"
#include "ghostnet/results/measured.hpp"
#include "report_parts.hpp"
#include "svg_chart.hpp"

namespace ghostnet::results {

namespace {

constexpr std::size_t kMaxRunsInTable = 500;

std::string date_of(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &fields);
  return text;
}

std::string plural(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string with_unit(double value, const std::string& unit) {
  const DisplayUnit display = display_unit(unit, std::abs(value));
  const bool is_scaled = !larger_units(unit).empty();
  return is_scaled ? fmt::format("{:.4g} {}", value * display.factor, display.name) : short_number(value);
}

// To the last of what was counted.
std::string in_full(double value, const std::string& unit) {
  return larger_units(unit).empty() ? fmt::format("{:.15g}", value) : with_unit(value, unit);
}

void add_fact(std::string& html, std::string_view name, const std::string& value) {
  html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, xml_escaped(value));
}

std::string header(const std::vector<RunRow>& runs) {
  const RunRow& first = runs.front();
  const auto passed = static_cast<std::size_t>(std::ranges::count(runs, "passed", &RunRow::status));
  const bool all = passed == runs.size();
  const bool has_digest = runs.size() == 1 && !first.digest.empty();
  const std::string digest = has_digest ? fmt::format(" &middot; digest {}", first.digest) : "";
  std::string html =
      fmt::format("<h1>{}</h1><p class=\"soft\">{} &middot; {} {} &middot; {} &middot; ghostnet {}{}</p>",
                  xml_escaped(first.name), xml_escaped(first.file), first.mode, first.carrier,
                  date_of(first.started_unix_ms), xml_escaped(first.revision), digest);
  html += fmt::format("<p class=\"verdict {}\">{}</p>", all ? "passed" : "failed",
                      runs.size() == 1 ? first.status
                      : all            ? fmt::format("all {} runs passed", runs.size())
                                       : fmt::format("{} of {} runs passed", passed, runs.size()));
  html += "<dl class=\"facts\">";
  add_fact(html, "hosts", fmt::format("{}", first.hosts));
  add_fact(html, "simulated", fmt::format("{:.4g} s", first.simulated_s));
  if (runs.size() > 1) add_fact(html, "runs", fmt::format("{}", runs.size()));
  add_fact(html, runs.size() > 1 ? "wall time of the first" : "wall time", fmt::format("{:.3g} s", first.wall_s));
  add_fact(html, "datagrams", short_number(static_cast<double>(first.datagrams)));
  add_fact(html, "peak memory", fmt::format("{} MiB", first.peak_rss_bytes >> 20));
  add_fact(html, "seed", first.seed);
  return html + "</dl>";
}

// Each expectation once, with in how many runs it held.
Result<std::string> expectations_table(const Database& database, const std::vector<RunRow>& runs) {
  struct Verdicts {
    std::string expression;
    std::size_t held = 0;
    std::size_t judged = 0;
    std::optional<double> least{}, most{};
  };
  std::vector<Verdicts> all;
  for (const RunRow& run : runs) {
    Result<std::vector<ExpectationRow>> rows = expectations(database, run.id);
    if (!rows) return fail(std::move(rows));
    for (const ExpectationRow& row : *rows) {
      auto at = std::ranges::find(all, row.expression, &Verdicts::expression);
      if (at == all.end()) at = all.insert(all.end(), {.expression = row.expression});
      ++at->judged;
      at->held += row.held ? 1 : 0;
      if (!row.value) continue;
      at->least = std::min(at->least.value_or(*row.value), *row.value);
      at->most = std::max(at->most.value_or(*row.value), *row.value);
    }
  }
  if (all.empty()) return std::string();
  std::string html =
      "<h2>Expectations</h2><div class=\"scroll\"><table><tr><th></th><th>expected</th><th class=\"n\">measured</th>";
  html += runs.size() > 1 ? "<th class=\"n\">held in</th></tr>" : "</tr>";
  for (const Verdicts& row : all) {
    const bool held = row.held == row.judged;
    std::string value = row.least ? measured_text(row.expression, *row.least) : "nothing";
    if (row.least != row.most) value += " to " + measured_text(row.expression, *row.most);
    html += fmt::format("<tr><td class=\"verdict {}\">{}</td><td><code>{}</code></td><td class=\"n\">{}</td>",
                        held ? "ok" : "failed", held ? "held" : "broken", xml_escaped(row.expression), value);
    html += runs.size() > 1 ? fmt::format("<td class=\"n\">{} of {}</td></tr>", row.held, row.judged) : "</tr>";
  }
  return html + "</table></div>";
}

Result<std::string> metrics_table(const Database& database, const RunRow& run) {
  Result<std::vector<MetricRow>> all = metrics(database, run.id, false);
  if (!all) return fail(std::move(all));
  std::string html =
      "<div class=\"scroll\"><table><tr><th>metric</th><th class=\"help\"></th><th class=\"n\">count or sum</th><th "
      "class=\"n\">mean</th>"
      "<th class=\"n\">p50</th><th class=\"n\">p90</th><th class=\"n\">p99</th><th class=\"n\">max</th></tr>";
  for (const MetricRow& metric : *all) {
    html += fmt::format("<tr><td><code>{}</code></td><td class=\"soft help\">{}</td>", xml_escaped(metric.name),
                        xml_escaped(metric.help));
    if (metric.kind != "histogram") {
      html += fmt::format("<td class=\"n\">{}</td><td></td><td></td><td></td><td></td><td></td></tr>",
                          metric.sum ? in_full(*metric.sum, metric.unit) : "");
      continue;
    }
    const Histogram& h = metric.histogram;
    html += fmt::format("<td class=\"n\">{}</td>", h.count());
    for (const std::uint64_t value : {h.mean(), h.percentile(50), h.percentile(90), h.percentile(99), h.max()}) {
      html +=
          fmt::format("<td class=\"n\">{}</td>", h.empty() ? "" : with_unit(static_cast<double>(value), metric.unit));
    }
    html += "</tr>";
  }
  return html + "</table></div>";
}

std::string runs_table(const std::vector<RunRow>& runs) {
  std::string html =
      "<h2>Runs</h2><div class=\"scroll\"><table><tr><th class=\"n\">run</th><th>parameters</th><th "
      "class=\"n\">repeat</th>"
      "<th>seed</th><th>status</th><th class=\"n\">wall</th><th class=\"n\">memory</th><th>digest</th></tr>";
  for (std::size_t i = 0; i < std::min(runs.size(), kMaxRunsInTable); ++i) {
    const RunRow& run = runs[i];
    std::string parameters;
    for (const auto& [path, value] : run.parameters) parameters += fmt::format("{}={} ", path, value);
    html += fmt::format(
        "<tr><td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td><td class=\"verdict {}\">{}</td>"
        "<td class=\"n\">{:.2f} s</td><td class=\"n\">{} MiB</td><td><code>{}</code></td></tr>",
        run.id, xml_escaped(parameters), run.repeat, run.seed, run.status, run.status, run.wall_s,
        run.peak_rss_bytes >> 20, run.digest);
  }
  html += "</table></div>";
  if (runs.size() > kMaxRunsInTable)
    html += fmt::format("<p class=\"soft\">and {} more</p>", runs.size() - kMaxRunsInTable);
  return html;
}

std::string warnings_list(const std::vector<RunRow>& runs) {
  std::string html;
  for (const RunRow& run : runs) {
    for (const std::string& warning : run.warnings) {
      html +=
          fmt::format("<p><span class=\"soft\">{}:</span> {}</p>", xml_escaped(run_label(run)), xml_escaped(warning));
    }
    if (!run.error.empty())
      html += fmt::format("<p class=\"error\">{}: {}</p>", xml_escaped(run_label(run)), xml_escaped(run.error));
    if (html.size() > 20'000) return html + "<p class=\"soft\">and more</p>";
  }
  return html.empty() ? html : "<h2>Warnings</h2>" + html;
}

// Points in the order in which they were first begun, and of each its repeats.
std::vector<RunRow> in_order(std::vector<RunRow> runs) {
  std::map<Settings, std::int64_t> begun;
  for (const RunRow& run : runs) {
    const auto [at, fresh] = begun.try_emplace(run.sweep_point, run.id);
    at->second = std::min(at->second, run.id);
  }
  std::ranges::sort(runs, {},
                    [&](const RunRow& run) { return std::tuple(begun[run.sweep_point], run.repeat, run.id); });
  return runs;
}

std::string section(const std::string& title, const std::string& charts) {
  return charts.empty() ? "" : fmt::format("<h2>{}</h2><div class=\"charts\">{}</div>", xml_escaped(title), charts);
}

// Scenarios in the order in which they were chosen, and of each its runs.
std::vector<std::vector<RunRow>> by_scenario(const std::vector<RunRow>& runs) {
  const auto scenario = [](const RunRow& run) { return std::tie(run.name, run.file, run.mode, run.carrier); };
  std::vector<std::vector<RunRow>> groups;
  for (const RunRow& run : runs) {
    auto at = std::ranges::find_if(groups, [&](const auto& group) { return scenario(group.front()) == scenario(run); });
    if (at == groups.end()) at = groups.emplace(groups.end());
    at->push_back(run);
  }
  for (std::vector<RunRow>& group : groups) group = in_order(std::move(group));
  return groups;
}

std::string summary(const std::vector<std::vector<RunRow>>& groups) {
  std::string html = fmt::format(
      "<h1>{}</h1><div class=\"scroll\"><table><tr><th>scenario</th><th>file</th><th>carried by</th>"
      "<th class=\"n\">runs</th><th class=\"n\">passed</th><th class=\"n\">wall</th></tr>",
      plural(groups.size(), "scenario"));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const RunRow& first = groups[i].front();
    const auto passed = static_cast<std::size_t>(std::ranges::count(groups[i], "passed", &RunRow::status));
    double wall_s = 0;
    for (const RunRow& run : groups[i]) wall_s += run.wall_s;
    html += fmt::format(
        "<tr><td><a href=\"#scenario-{}\">{}</a></td><td>{}</td><td>{} {}</td><td class=\"n\">{}</td>"
        "<td class=\"n verdict {}\">{}</td><td class=\"n\">{:.3g} s</td></tr>",
        i + 1, xml_escaped(first.name), xml_escaped(first.file), first.mode, first.carrier, groups[i].size(),
        passed == groups[i].size() ? "passed" : "failed", passed, wall_s);
  }
  return html + "</table></div>";
}

Result<std::string> sweep_section(const Database& database, const std::vector<RunRow>& runs) {
  Result<SweepCharts> made = sweep_charts(database, runs);
  if (!made) return fail(std::move(made));
  const bool repeated = std::ranges::any_of(
      runs, [&](const RunRow& run) { return run.sweep_point == runs[0].sweep_point && run.id != runs[0].id; });
  std::string html = section("Over the sweep", made->charts);
  if (!made->charts.empty()) {
    html += repeated
                ? "<p class=\"soft\">Dots are means over the repeats, whiskers their 95 % confidence intervals.</p>"
                : "<p class=\"soft\">Each dot is one run; how much of a difference is chance, repeats would tell.</p>";
  }
  if (made->unchanged.empty()) return html;
  html += "<p class=\"soft\">The same at every point: ";
  for (std::size_t i = 0; i < made->unchanged.size(); ++i) {
    html += fmt::format("{}{}", i == 0 ? "" : "; ", xml_escaped(made->unchanged[i]));
  }
  return html + "</p>";
}

// All that there is to say of the runs of one scenario.
Result<std::string> scenario_section(const Database& database, const std::vector<RunRow>& runs) {
  const RunRow& first = runs.front();
  const std::string of_first = runs.size() > 1 ? fmt::format(" of {}", run_label(first)) : "";
  std::string body = header(runs);
  const auto add = [&](Result<std::string> part, const std::string& title) -> Result<> {
    if (!part) return fail(std::move(part));
    body += title.empty() ? *part : section(title, *part);
    return {};
  };
  Result<> added = add(expectations_table(database, runs), "");
  if (added) added = add(sweep_section(database, runs), "");
  if (added) added = add(time_charts(database, first), "Over time" + of_first);
  if (added) added = add(distribution_charts(database, runs), "Distributions");
  if (added) {
    Result<std::string> topology = topology_chart(database, first);
    if (topology && !topology->empty()) *topology = "<h2>Hosts</h2>" + *topology;
    added = add(std::move(topology), "");
  }
  if (added) {
    body += fmt::format("<h2>Metrics{}</h2>", xml_escaped(of_first));
    added = add(metrics_table(database, first), "");
  }
  if (!added) return fail(std::move(added));
  if (runs.size() > 1) body += runs_table(runs);
  body += warnings_list(runs);
  Result<std::string> text = scenario_text(database, first.id);
  if (!text) return text;
  return body + fmt::format("<h2>Scenario</h2><pre>{}</pre>", xml_escaped(*text));
}

}  // namespace

Result<std::string> html_report(const Database& database, const std::vector<RunRow>& chosen) {
  if (chosen.empty()) return fail(Errc::not_found, "{}: there is no run to report on", database.path());
  const std::vector<std::vector<RunRow>> groups = by_scenario(chosen);
  std::string body = groups.size() > 1 ? summary(groups) : "";
  for (std::size_t i = 0; i < groups.size(); ++i) {
    Result<std::string> one = scenario_section(database, groups[i]);
    if (!one) return one;
    body += fmt::format("<section id=\"scenario-{}\">{}</section>", i + 1, *one);
  }
  const std::string title = groups.size() > 1 ? plural(groups.size(), "scenario") : groups.front().front().name;
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{}: "
      "{}</title><style>{}</style></head>"
      "<body><main>{}</main></body></html>\n",
      xml_escaped(title), plural(chosen.size(), "run"), report_style(), body);
}

}  // namespace ghostnet::results
