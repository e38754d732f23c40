#include "ghostnet/scenarios/metric_windows.hpp"

#include <algorithm>

namespace ghostnet::scenarios {

namespace {

void add(MetricSummary& summary, std::int64_t value) {
  summary.min = summary.hosts == 0 ? value : std::min(summary.min, value);
  summary.max = summary.hosts == 0 ? value : std::max(summary.max, value);
  summary.sum += value;
  ++summary.hosts;
}

MetricSummary& summary_of(std::vector<MetricSummary>& groups, const std::string& group) {
  const auto found = std::ranges::lower_bound(groups, group, {}, &MetricSummary::group);
  if (found != groups.end() && found->group == group) return *found;
  return *groups.insert(found, {.group = group, .histogram = {}});
}

}  // namespace

MetricMark::MetricMark(const MetricHub& hub) {
  for (MetricSnapshot& metric : hub.snapshot()) {
    const std::string name = metric.info.name;
    if (metric.info.kind == MetricKind::histogram) histograms_.emplace(name, std::move(metric));
  }
  for (const MetricId id : hub.metrics_by_name()) {
    if (hub.info(id).kind != MetricKind::counter) continue;
    Values& values = counters_[hub.info(id).name];
    hub.for_each_value(id, [&values](HostId host, std::int64_t value) {
      if (value != 0) values.emplace_back(host, value);
    });
  }
}

std::vector<MetricSnapshot> MetricMark::since(const MetricHub& hub) const {
  std::vector<MetricSnapshot> measured = hub.snapshot();
  if (counters_.empty() && histograms_.empty()) return measured;
  for (MetricSnapshot& metric : measured) metric = later(hub, std::move(metric));
  return measured;
}

MetricSnapshot MetricMark::later(const MetricHub& hub, MetricSnapshot whole) const {
  if (whole.info.kind == MetricKind::histogram) {
    const auto earlier = histograms_.find(whole.info.name);
    if (earlier == histograms_.end()) return whole;
    whole.total.histogram = whole.total.histogram.since(earlier->second.total.histogram);
    for (MetricSummary& group : whole.groups) {
      const auto then = std::ranges::find(earlier->second.groups, group.group, &MetricSummary::group);
      if (then != earlier->second.groups.end()) group.histogram = group.histogram.since(then->histogram);
    }
    return whole;
  }
  const auto earlier = counters_.find(whole.info.name);
  if (whole.info.kind != MetricKind::counter || earlier == counters_.end()) return whole;
  MetricSnapshot part{.info = whole.info, .total = {}, .groups = {}};
  auto then = earlier->second.begin();
  hub.for_each_value(*hub.find(whole.info.name), [&](HostId host, std::int64_t value) {
    while (then != earlier->second.end() && then->first < host) ++then;
    if (then != earlier->second.end() && then->first == host) value -= then->second;
    add(part.total, value);
    if (const std::optional<GroupId> group = hub.group_of(host)) {
      add(summary_of(part.groups, hub.group_name(*group)), value);
    }
  });
  return part;
}

MetricWindows::MetricWindows(const MetricHub& hub, Duration warm_up, std::span<const ExpectationRule> rules)
    : hub_(hub), warm_until_(warm_up), warm_(warm_up == Duration::zero()) {
  for (const ExpectationRule& rule : rules) {
    if (!rule.window() || std::ranges::find(parts_, *rule.window(), &Part::window) != parts_.end()) continue;
    parts_.push_back({.window = *rule.window(), .mark = {}, .measured = {}});
  }
}

TimePoint MetricWindows::next() const {
  TimePoint next = warm_ ? kNever : warm_until_;
  for (const Part& part : parts_) {
    if (!part.begun) next = std::min(next, TimePoint(part.window.from));
    if (part.begun && !part.ended) next = std::min(next, TimePoint(part.window.until));
  }
  return next;
}

void MetricWindows::pass(TimePoint now) {
  if (!warm_ && now >= warm_until_) {
    warm_mark_ = MetricMark(hub_);
    warm_ = true;
  }
  for (Part& part : parts_) {
    if (!part.begun && now >= TimePoint(part.window.from)) {
      if (part.window.from != Duration::zero()) part.mark = MetricMark(hub_);
      part.begun = true;
    }
    if (part.begun && !part.ended && now >= TimePoint(part.window.until)) {
      part.measured = part.mark.since(hub_);
      part.ended = true;
    }
  }
}

void MetricWindows::note_levels() {
  levels_ = hub_.snapshot();
  std::erase_if(levels_, [](const MetricSnapshot& metric) { return metric.info.kind != MetricKind::gauge; });
}

void MetricWindows::finish() {
  // A run that ended during its warm-up measured nothing.
  measured_ = (warm_ ? std::move(warm_mark_) : MetricMark(hub_)).since(hub_);
  for (const MetricSnapshot& level : levels_) {
    const auto metric =
        std::ranges::find(measured_, level.info.name, [](const MetricSnapshot& m) { return m.info.name; });
    if (metric != measured_.end()) *metric = level;
  }
  for (Part& part : parts_) {
    if (part.begun && !part.ended) part.measured = part.mark.since(hub_);
  }
}

ExpectationRule::Verdict MetricWindows::judge(const ExpectationRule& rule) const {
  if (!rule.window()) return rule.judge(measured_);
  const auto part = std::ranges::find(parts_, *rule.window(), &Part::window);
  return rule.judge(part->measured);
}

}  // namespace ghostnet::scenarios
