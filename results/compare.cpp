#include "ghostnet/results/compare.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace ghostnet::results {

namespace {

using Key = std::tuple<std::string, std::string, std::string>;  // metric, statistic, unit
using Estimates = std::map<Key, Estimate>;

double p50(const Histogram& h) { return static_cast<double>(h.percentile(50)); }
double p99(const Histogram& h) { return static_cast<double>(h.percentile(99)); }
double mean(const Histogram& h) { return static_cast<double>(h.mean()); }
double count(const Histogram& h) { return static_cast<double>(h.count()); }

struct HistogramStatistic {
  const char* name;
  double (*of)(const Histogram&);
  bool adds_up;  // over the parts of a run
};
constexpr HistogramStatistic kOfHistograms[] = {
    {"count", count, true}, {"mean", mean, false}, {"p50", p50, false}, {"p99", p99, false}};

// What the parts of one run say of the whole: `adds_up` where the whole is their sum, else it is like their mean.
Estimate from_batches(double whole, const std::vector<double>& parts, bool adds_up) {
  if (parts.size() < Comparison::kFewestBatches) return {.value = whole};
  Estimate estimate = mean_of(parts);
  estimate.value = whole;
  if (adds_up) estimate.standard_error *= static_cast<double>(parts.size());
  return estimate;
}

// Cuts a list into kBatches parts of nearly the same length, or into as many as it has items.
template <class Item, class Visit>
void for_each_batch(const std::vector<Item>& items, Visit&& visit) {
  const std::size_t batches = std::min(Comparison::kBatches, items.size());
  for (std::size_t i = 0; i < batches; ++i) {
    const auto at = [&](std::size_t n) {
      return items.begin() + static_cast<std::ptrdiff_t>(items.size() * n / batches);
    };
    visit(at(i), at(i + 1));
  }
}

Result<> add_level(const Database& database, std::int64_t run, const MetricRow& metric, Estimates& out) {
  Result<std::vector<Point>> points = series(database, run, metric.name);
  if (!points) return fail(std::move(points));
  std::vector<double> parts;
  if (metric.kind == "counter") {
    std::vector<double> gains;
    double before = 0;
    for (const Point& point : *points) gains.push_back(point.value - std::exchange(before, point.value));
    for_each_batch(gains, [&](auto from, auto to) {
      double sum = 0;
      for (auto at = from; at != to; ++at) sum += *at;
      parts.push_back(sum);
    });
    out[{metric.name, "sum", metric.unit}] = from_batches(metric.sum.value_or(0), parts, true);
    return {};
  }
  double sum = 0;
  for (const Point& point : *points) sum += point.value;
  const double whole = points->empty() ? metric.sum.value_or(0) : sum / static_cast<double>(points->size());
  for_each_batch(*points, [&](auto from, auto to) {
    double part = 0;
    for (auto at = from; at != to; ++at) part += at->value;
    parts.push_back(part / static_cast<double>(to - from));
  });
  out[{metric.name, "mean", metric.unit}] = from_batches(whole, parts, false);
  return {};
}

Result<> add_histogram(const Database& database, std::int64_t run, const MetricRow& metric, Estimates& out) {
  if (metric.histogram.empty()) {
    out[{metric.name, "count", ""}] = {};
    return {};
  }
  Result<std::vector<WindowRow>> all = windows(database, run, metric.name);
  if (!all) return fail(std::move(all));
  std::vector<Histogram> batches;
  for_each_batch(*all, [&](auto from, auto to) {
    Histogram merged;
    for (auto at = from; at != to; ++at) merged.merge(at->histogram);
    batches.push_back(std::move(merged));
  });
  for (const HistogramStatistic& statistic : kOfHistograms) {
    std::vector<double> parts;
    for (const Histogram& batch : batches) {
      if (!batch.empty() || statistic.adds_up) parts.push_back(statistic.of(batch));
    }
    const std::string unit = statistic.adds_up ? "" : metric.unit;
    out[{metric.name, statistic.name, unit}] = from_batches(statistic.of(metric.histogram), parts, statistic.adds_up);
  }
  return {};
}

Result<Estimates> of_run(const Database& database, std::int64_t run) {
  Result<std::vector<MetricRow>> all = metrics(database, run, false);
  if (!all) return fail(std::move(all));
  Estimates out;
  for (const MetricRow& metric : *all) {
    Result<> added =
        metric.kind == "histogram" ? add_histogram(database, run, metric, out) : add_level(database, run, metric, out);
    if (!added) return fail(std::move(added));
  }
  return out;
}

Result<Estimates> of_set(const RunSet& set) {
  if (set.runs.size() == 1) return of_run(*set.database, set.runs.front().id);
  std::map<Key, std::vector<double>> values;
  for (const RunRow& run : set.runs) {
    Result<Estimates> one = of_run(*set.database, run.id);
    if (!one) return fail(std::move(one));
    for (const auto& [key, estimate] : *one) values[key].push_back(estimate.value);
  }
  Estimates out;
  for (const auto& [key, repeats] : values) out[key] = mean_of(repeats);
  return out;
}

void test(ComparedStatistic& row, const CompareOptions& options) {
  using Verdict = ComparedStatistic::Verdict;
  if (!row.a || !row.b) {
    row.verdict = options.strict ? Verdict::differs : row.a ? Verdict::gone : Verdict::added;
    row.p = 0;
    return;
  }
  row.difference = difference(*row.a, *row.b);
  if (row.difference.value == 0) return;
  if (!row.difference.knows_noise()) {
    row.verdict = Verdict::unknown;
    return;
  }
  row.p = row.difference.standard_error == 0
              ? 0
              : two_sided_p(row.difference.value / row.difference.standard_error, row.difference.degrees_of_freedom);
}

// Holm: the smallest p against alpha / m, the next against alpha / (m - 1), and so on until one is too large.
void judge(std::vector<ComparedStatistic>& rows, const CompareOptions& options) {
  std::vector<ComparedStatistic*> tested;
  for (ComparedStatistic& row : rows) {
    test(row, options);
    if (row.verdict == ComparedStatistic::Verdict::same) tested.push_back(&row);
  }
  std::ranges::sort(tested, {}, &ComparedStatistic::p);
  for (std::size_t i = 0; i < tested.size(); ++i) {
    if (tested[i]->p > (1 - options.confidence) / static_cast<double>(tested.size() - i)) break;
    const bool matters = std::abs(tested[i]->difference.value) > options.tolerance * std::abs(tested[i]->a->value);
    if (matters) tested[i]->verdict = ComparedStatistic::Verdict::differs;
  }
}

// Repeats, and points of one sweep, are of one scenario; a mean over several says nothing of any.
Result<> check_one_scenario(const RunSet& set) {
  for (const RunRow& run : set.runs) {
    const RunRow& first = set.runs.front();
    if (run.name == first.name && run.mode == first.mode && run.carrier == first.carrier) continue;
    return fail(Errc::invalid_argument, "'{}' holds runs of {} ({} {}) and of {} ({} {}): name those of one scenario",
                set.label, first.name, first.mode, first.carrier, run.name, run.mode, run.carrier);
  }
  return {};
}

}  // namespace

bool Comparison::differs() const {
  return std::ranges::any_of(statistics, [](const ComparedStatistic& statistic) {
    return statistic.verdict == ComparedStatistic::Verdict::differs;
  });
}

Result<std::vector<Statistic>> statistics_of(const RunSet& set) {
  Result<Estimates> estimates = of_set(set);
  if (!estimates) return fail(std::move(estimates));
  std::vector<Statistic> all;
  for (const auto& [key, estimate] : *estimates) {
    const auto& [metric, statistic, unit] = key;
    all.push_back({metric, statistic, unit, estimate});
  }
  return all;
}

Result<Comparison> compare(const RunSet& a, const RunSet& b, const CompareOptions& options) {
  if (Result<> one = check_one_scenario(a); !one) return fail(std::move(one));
  if (Result<> one = check_one_scenario(b); !one) return fail(std::move(one));
  Result<Estimates> of_a = of_set(a);
  if (!of_a) return fail(std::move(of_a));
  Result<Estimates> of_b = of_set(b);
  if (!of_b) return fail(std::move(of_b));
  std::set<Key> keys;
  for (const auto& [key, estimate] : *of_a) keys.insert(key);
  for (const auto& [key, estimate] : *of_b) keys.insert(key);
  Comparison comparison;
  for (const Key& key : keys) {
    const auto& [metric, statistic, unit] = key;
    if (!options.metrics.empty() && std::ranges::find(options.metrics, metric) == options.metrics.end()) continue;
    ComparedStatistic row{.metric = metric, .statistic = statistic, .unit = unit, .a = {}, .b = {}};
    if (const auto found = of_a->find(key); found != of_a->end()) row.a = found->second;
    if (const auto found = of_b->find(key); found != of_b->end()) row.b = found->second;
    comparison.statistics.push_back(std::move(row));
  }
  judge(comparison.statistics, options);
  comparison.identical =
      a.runs.size() == 1 && b.runs.size() == 1 && !a.runs[0].digest.empty() && a.runs[0].digest == b.runs[0].digest;
  return comparison;
}

}  // namespace ghostnet::results
