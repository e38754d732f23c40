#include "exposition.hpp"

#include <fmt/core.h>

#include <iterator>

namespace ghostnet::cli {
namespace {

std::string name_of(const MetricInfo& info) {
  std::string name = "ghostnet_" + info.name;
  for (char& c : name) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!allowed) c = '_';
  }
  const std::string_view suffix = info.unit == "ns" ? "_seconds" : info.unit == "bytes" ? "_bytes" : "";
  if (!name.ends_with(suffix)) name += suffix;
  return name;
}

}  // namespace

void Exposition::head(std::string_view name, std::string_view help, std::string_view type) {
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::counter(std::string_view name, std::string_view help, std::uint64_t value) {
  head(name, help, "counter");
  fmt::format_to(std::back_inserter(text_), "{} {}\n", name, value);
}

void Exposition::gauge(std::string_view name, std::string_view help, std::int64_t value) {
  head(name, help, "gauge");
  fmt::format_to(std::back_inserter(text_), "{} {}\n", name, value);
}

void Exposition::add(const MetricHub& hub) {
  for (const MetricSnapshot& metric : hub.snapshot()) add(metric);
}

void Exposition::add(const MetricSnapshot& metric) {
  const double factor = metric.info.unit == "ns" ? 1e-9 : 1;
  const std::string name = name_of(metric.info);
  auto out = std::back_inserter(text_);
  if (metric.info.kind == MetricKind::histogram) {
    head(name, metric.info.help, "histogram");
    std::uint64_t below = 0;
    metric.total.histogram.for_each_bucket([&](std::uint64_t, std::uint64_t highest, std::uint64_t count) {
      below += count;
      fmt::format_to(out, "{}_bucket{{le=\"{}\"}} {}\n", name, static_cast<double>(highest) * factor, below);
    });
    fmt::format_to(out, "{}_bucket{{le=\"+Inf\"}} {}\n", name, metric.total.histogram.count());
    fmt::format_to(out, "{}_sum {}\n", name, static_cast<double>(metric.total.histogram.sum()) * factor);
    fmt::format_to(out, "{}_count {}\n", name, metric.total.histogram.count());
    return;
  }
  const bool counts = metric.info.kind == MetricKind::counter;
  const std::string full = counts ? name + "_total" : name;
  head(full, metric.info.help, counts ? "counter" : "gauge");
  fmt::format_to(out, "{} {}\n", full, static_cast<double>(metric.total.sum) * factor);
}

}  // namespace ghostnet::cli
