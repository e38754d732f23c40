// The text exposition format of Prometheus, version 0.0.4.
#include <algorithm>
#include <map>

#include "export_text.hpp"
#include "ghostnet/results/export.hpp"

namespace ghostnet::results {

namespace {

// Prometheus wants base units: seconds.
struct BaseUnit {
  std::string suffix;
  double factor = 1;
};

std::string name_part(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += allowed ? c : '_';
  }
  return name;
}

BaseUnit base_unit(const std::string& unit) {
  if (unit == "ns") return {"_seconds", 1e-9};
  if (unit == "bytes") return {"_bytes", 1};
  return {"", 1};
}

std::string name_of(const MetricRow& metric) {
  std::string name = "ghostnet_" + name_part(metric.name);
  const BaseUnit unit = base_unit(metric.unit);
  if (!name.ends_with(unit.suffix)) name += unit.suffix;
  if (metric.kind == "counter") name += "_total";
  return name;
}

// Of a label's value: backslash, quote and line feed.
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string labels_of(const RunRow& run, const MetricRow& metric) {
  std::string labels = fmt::format("run=\"{}\",name=\"{}\",seed=\"{}\"", run.id, escaped(run.name, true), run.seed);
  if (!metric.group.empty()) labels += fmt::format(",group=\"{}\"", escaped(metric.group, true));
  for (const auto& [path, value] : run.sweep_point) {
    labels += fmt::format(",{}=\"{}\"", name_part(path), escaped(value, true));
  }
  return labels;
}

void add_histogram(ExportText& text, const std::string& name, const std::string& labels, const MetricRow& metric) {
  const double factor = base_unit(metric.unit).factor;
  std::uint64_t below = 0;
  metric.histogram.for_each_bucket([&](std::uint64_t, std::uint64_t highest, std::uint64_t count) {
    below += count;
    text.add("{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, static_cast<double>(highest) * factor, below);
  });
  text.add("{}_bucket{{{},le=\"+Inf\"}} {}\n", name, labels, metric.histogram.count());
  text.add("{}_sum{{{}}} {}\n", name, labels, static_cast<double>(metric.histogram.sum()) * factor);
  text.add("{}_count{{{}}} {}\n", name, labels, metric.histogram.count());
}

}  // namespace

Result<> export_prometheus(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out) {
  // All lines of one metric stand together.
  std::map<std::string, std::vector<std::pair<const RunRow*, MetricRow>>> by_name;
  for (const RunRow& run : runs) {
    Result<std::vector<MetricRow>> all = metrics(database, run.id, true);
    if (!all) return fail(std::move(all));
    for (MetricRow& metric : *all) {
      std::string name = name_of(metric);
      by_name[std::move(name)].emplace_back(&run, std::move(metric));
    }
  }
  ExportText text(out);
  for (const auto& [name, rows] : by_name) {
    text.add("# HELP {} {}\n", name, escaped(rows.front().second.help, false));
    text.add("# TYPE {} {}\n", name, rows.front().second.kind);
    for (const auto& [run, metric] : rows) {
      const std::string labels = labels_of(*run, metric);
      if (metric.kind == "histogram") {
        add_histogram(text, name, labels, metric);
      } else if (metric.sum) {
        text.add("{}{{{}}} {}\n", name, labels, *metric.sum * base_unit(metric.unit).factor);
      }
    }
  }
  return text.flush();
}

}  // namespace ghostnet::results
