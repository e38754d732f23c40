#include "ghostnet/runtime/metrics.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace ghostnet {
namespace {

std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

// A counter or gauge over some hosts, small, for who goes over very many values. Most are 0 and need not be included.
struct Tally {
  std::uint64_t included = 0;
  std::int64_t sum = 0;
  std::int64_t min = std::numeric_limits<std::int64_t>::max();
  std::int64_t max = std::numeric_limits<std::int64_t>::min();

  void include(std::int64_t value) {
    ++included;
    sum = saturating_sum(sum, value);
    min = std::min(min, value);
    max = std::max(max, value);
  }
  // Of so many hosts, those that were not included having 0.
  MetricSummary summary(std::uint64_t hosts) const {
    if (hosts == 0) return {};
    MetricSummary all{.group = {}, .hosts = hosts, .sum = sum, .min = min, .max = max, .histogram = {}};
    if (included < hosts) {
      all.min = std::min<std::int64_t>(min, 0);
      all.max = std::max<std::int64_t>(max, 0);
    }
    return all;
  }
};

void include_group(MetricSummary& total, const MetricSummary& group) {
  total.min = total.hosts == 0 ? group.min : std::min(total.min, group.min);
  total.max = total.hosts == 0 ? group.max : std::max(total.max, group.max);
  total.sum = saturating_sum(total.sum, group.sum);
  total.hosts += group.hosts;
  total.histogram.merge(group.histogram);
}

// Of what each group has, by number.
MetricSnapshot snapshot_of(const MetricInfo& info, std::span<MetricSummary> groups,
                           std::span<const std::string> group_names) {
  MetricSnapshot snapshot{info, {}, {}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].hosts == 0) continue;
    include_group(snapshot.total, groups[i]);
    groups[i].group = group_names[i];
    snapshot.groups.push_back(std::move(groups[i]));
  }
  std::ranges::sort(snapshot.groups, {}, &MetricSummary::group);
  return snapshot;
}

}  // namespace

std::string_view to_string(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter: return "counter";
    case MetricKind::gauge: return "gauge";
    case MetricKind::histogram: return "histogram";
  }
  return "unknown";
}

Counter& Metrics::counter(const MetricDesc& desc) const {
  return *std::launder(reinterpret_cast<Counter*>(hub_->single(host_, MetricKind::counter, desc)));
}

Gauge& Metrics::gauge(const MetricDesc& desc) const {
  return *std::launder(reinterpret_cast<Gauge*>(hub_->single(host_, MetricKind::gauge, desc)));
}

Histogram& Metrics::histogram(const MetricDesc& desc) const {
  return MetricHub::histogram_in(hub_->single(host_, MetricKind::histogram, desc));
}

MetricHub::MetricHub(MetricHubOptions options) : options_(std::move(options)) {
  options_.max_groups = std::min<std::uint32_t>(options_.max_groups, std::to_underlying(kNoGroup));
}

MetricHub::~MetricHub() = default;

GroupId MetricHub::group(std::string_view name) {
  if (const auto found = groups_.find(name); found != groups_.end()) return found->second;
  if (name.empty()) throw std::logic_error("metrics: a group without a name");
  if (group_names_.size() >= options_.max_groups) {
    throw std::length_error(fmt::format("metrics: group {:?} is beyond max_groups = {}", name, options_.max_groups));
  }
  const GroupId group{static_cast<std::uint16_t>(group_names_.size())};
  group_names_.emplace_back(name);
  groups_.emplace(name, group);
  return group;
}

Metrics MetricHub::host(HostId host, GroupId group) {
  if (host >= options_.max_hosts) {
    throw std::length_error(fmt::format("metrics: host {} is beyond max_hosts = {}", host, options_.max_hosts));
  }
  if (std::to_underlying(group) >= group_names_.size()) throw std::logic_error("metrics: group of another hub");
  if (host >= host_groups_.size()) host_groups_.resize(host + std::size_t{1}, kNoGroup);
  if (host_groups_[host] != kNoGroup && host_groups_[host] != group) {
    throw std::logic_error(fmt::format("metrics: host {} is already in another group", host));
  }
  host_groups_[host] = group;
  return {*this, host};
}

std::optional<GroupId> MetricHub::group_of(HostId host) const {
  if (host >= host_groups_.size() || host_groups_[host] == kNoGroup) return std::nullopt;
  return host_groups_[host];
}

std::optional<MetricId> MetricHub::find(std::string_view name) const {
  const auto found = metric_names_.find(name);
  if (found == metric_names_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> MetricHub::value(MetricId id, HostId host) const {
  const Metric& metric = metrics_[std::to_underlying(id)];
  const Cell* const block = find_block(families_[metric.family], host);
  if (block == nullptr || metric.info.kind == MetricKind::histogram) return std::nullopt;
  return value_in(metric.info.kind, block + metric.offset);
}

// Counters and gauges family by family, all of its cells at once: those of one host share cache lines, which a pass for
// each metric would fetch from memory again and again.
std::vector<MetricSnapshot> MetricHub::snapshot() const {
  std::vector<MetricSnapshot> by_id(metrics_.size());
  std::vector<MetricKind> kinds;     // by cell of a family
  std::vector<std::uint64_t> hosts;  // by group
  std::vector<Tally> tallies;        // by group, by cell
  for (const Family& family : families_) {
    const std::size_t cells = family.metrics.size();
    kinds.clear();
    for (const MetricId id : family.metrics) kinds.push_back(info(id).kind);
    hosts.assign(group_names_.size(), 0);
    tallies.assign(cells * group_names_.size(), {});
    for_each_block(family, [&](HostId host, const Cell* block) {
      const std::size_t group = std::to_underlying(host_groups_[host]);
      ++hosts[group];
      Tally* const of_group = tallies.data() + cells * group;
      for (std::size_t i = 0; i < cells; ++i) {
        if (kinds[i] == MetricKind::histogram) continue;
        if (const std::int64_t value = value_in(kinds[i], block + i); value != 0) of_group[i].include(value);
      }
    });
    for (std::size_t i = 0; i < cells; ++i) {
      MetricSnapshot& made = by_id[std::to_underlying(family.metrics[i])];
      if (kinds[i] == MetricKind::histogram) {
        made = histograms_of(metrics_[std::to_underlying(family.metrics[i])], hosts);
        continue;
      }
      std::vector<MetricSummary> groups;
      for (std::size_t group = 0; group < hosts.size(); ++group) {
        groups.push_back(tallies[cells * group + i].summary(hosts[group]));
      }
      made = snapshot_of(info(family.metrics[i]), groups, group_names_);
    }
  }
  std::vector<MetricSnapshot> all;
  all.reserve(by_name_.size());
  for (const MetricId id : by_name_) all.push_back(std::move(by_id[std::to_underlying(id)]));
  return all;
}

// Where each group has so many hosts with this metric.
MetricSnapshot MetricHub::histograms_of(const Metric& metric, std::span<const std::uint64_t> hosts) const {
  std::vector<MetricSummary> groups(hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) groups[i].hosts = hosts[i];
  if (metric.info.per_host_histogram) {
    for_each_block(families_[metric.family], [&](HostId host, const Cell* block) {
      groups[std::to_underlying(host_groups_[host])].histogram.merge(histogram_in(block + metric.offset));
    });
  }
  for (std::size_t i = 0; i < metric.by_group.size(); ++i) {
    if (metric.by_group[i] != nullptr) groups[i].histogram = *metric.by_group[i];
  }
  return snapshot_of(metric.info, groups, group_names_);
}

void MetricHub::merge(const MetricHub& other) {
  if (&other == this) throw std::logic_error("metrics: a hub merged into itself");
  for (HostId id = 0; id < other.host_groups_.size(); ++id) {
    if (const auto group = other.group_of(id)) host(id, this->group(other.group_name(*group)));
  }
  for (const Family& from : other.families_) {
    std::vector<Member> members;
    for (const MetricId id : from.metrics) {
      const MetricInfo& info = other.info(id);
      MetricDesc desc = info.desc();
      if (!from.single) desc.name.remove_prefix(from.name.size() + 1);
      members.push_back({info.kind, desc});
    }
    Family& to = describe(from.name, from.single, members, nullptr);
    other.for_each_block(from, [&](HostId id, const Cell* theirs) { add_cells(to, id, theirs); });
    for (std::size_t i = 0; i < members.size(); ++i) {
      merge_group_histograms(metrics_[std::to_underlying(to.metrics[i])], other,
                             other.metrics_[std::to_underlying(from.metrics[i])]);
    }
  }
}

std::size_t MetricHub::heap_bytes() const {
  std::size_t bytes = chunks_.size() * kCellsPerChunk * sizeof(Cell) + host_groups_.capacity() * sizeof(GroupId);
  for (const Family& family : families_) {
    bytes += family.pages.capacity() * sizeof(family.pages[0]);
    bytes += sizeof(Page) * static_cast<std::size_t>(
                                std::ranges::count_if(family.pages, [](const auto& page) { return page != nullptr; }));
  }
  for (const Histogram& histogram : histograms_) bytes += sizeof(histogram) + histogram.heap_bytes();
  return bytes;
}

MetricHub::Cell* MetricHub::single(HostId host, MetricKind kind, const MetricDesc& desc) {
  Family* family = find_family(desc.name);
  const Member member{kind, desc};
  if (family == nullptr) {
    family = &describe(desc.name, true, {&member, 1}, nullptr);
  } else {
    check_same(*family, true, {&member, 1});
  }
  return block(*family, host);
}

MetricHub::Family& MetricHub::describe(std::string_view name, bool single, std::span<const Member> members,
                                       const void* described_by) {
  Family* family = find_family(name);
  if (family != nullptr) {
    check_same(*family, single, members);
  } else {
    if (metrics_.size() + members.size() > options_.max_metrics) {
      throw std::length_error(fmt::format("metrics: {:?} is beyond max_metrics = {}", name, options_.max_metrics));
    }
    for (const Member& member : members) {
      const std::string full = single ? std::string(name) : fmt::format("{}.{}", name, member.desc.name);
      if (find(full)) throw std::logic_error(fmt::format("metrics: {:?} is already a metric of another family", full));
    }
    family = &families_.emplace_back();
    family->name = name;
    family->number = static_cast<std::uint32_t>(families_.size() - 1);
    family->single = single;
    for (const Member& member : members) add_metric(*family, member);
    family_names_.emplace(name, family);
  }
  if (described_by != nullptr) family->described_by = described_by;
  return *family;
}

MetricHub::Family* MetricHub::find_family(std::string_view name) {
  const auto found = family_names_.find(name);
  return found == family_names_.end() ? nullptr : found->second;
}

void MetricHub::check_same(const Family& family, bool single, std::span<const Member> members) const {
  bool same = family.single == single && family.metrics.size() == members.size();
  for (std::size_t i = 0; same && i < members.size(); ++i) {
    const MetricInfo& info = metrics_[std::to_underlying(family.metrics[i])].info;
    std::string_view name = info.name;
    if (!single) name.remove_prefix(family.name.size() + 1);
    same = info.kind == members[i].kind && name == members[i].desc.name && info.unit == members[i].desc.unit;
  }
  if (!same) throw std::logic_error(fmt::format("metrics: {:?} is described in two different ways", family.name));
}

void MetricHub::add_metric(Family& family, const Member& member) {
  const MetricId id{static_cast<std::uint32_t>(metrics_.size())};
  Metric& metric = metrics_.emplace_back();
  metric.info = {family.single ? family.name : fmt::format("{}.{}", family.name, member.desc.name),
                 std::string(member.desc.unit), std::string(member.desc.help), member.kind, false};
  metric.info.per_host_histogram =
      member.kind == MetricKind::histogram &&
      (options_.every_histogram_per_host || std::ranges::count(options_.per_host_histograms, metric.info.name) != 0);
  metric.family = family.number;
  metric.offset = static_cast<std::uint32_t>(family.metrics.size());
  family.metrics.push_back(id);
  metric_names_.emplace(metric.info.name, id);
  const auto name_of = [this](MetricId other) -> const std::string& { return info(other).name; };
  by_name_.insert(std::ranges::lower_bound(by_name_, metric.info.name, {}, name_of), id);
}

MetricHub::Cell* MetricHub::find_block(const Family& family, HostId host) const {
  const std::size_t page = host / kHostsPerPage;
  if (page >= family.pages.size() || !family.pages[page]) return nullptr;
  const std::uint32_t number = family.pages[page]->block[host % kHostsPerPage];
  return number == kNoBlock ? nullptr : cell_at(number);
}

MetricHub::Cell* MetricHub::block(Family& family, HostId host) {
  Cell* const found = find_block(family, host);
  return found != nullptr ? found : make_block(family, host);
}

MetricHub::Cell* MetricHub::make_block(Family& family, HostId host) {
  const std::size_t page = host / kHostsPerPage;
  if (page >= family.pages.size()) family.pages.resize(page + 1);
  if (!family.pages[page]) {
    family.pages[page] = std::make_unique<Page>();
    family.pages[page]->block.fill(kNoBlock);
  }

  const std::size_t size = family.metrics.size();
  if (cells_used_ % kCellsPerChunk + size > kCellsPerChunk || cells_used_ == chunks_.size() * kCellsPerChunk) {
    cells_used_ = chunks_.size() * kCellsPerChunk;
    if (cells_used_ + kCellsPerChunk > kNoBlock) throw std::length_error("metrics: more than 2^32 cells");
    chunks_.push_back(std::make_unique_for_overwrite<Cell[]>(kCellsPerChunk));
  }
  const auto number = static_cast<std::uint32_t>(cells_used_);
  cells_used_ += size;
  Cell* const cells = cell_at(number);
  for (std::size_t i = 0; i < size; ++i) {
    Metric& metric = metrics_[std::to_underlying(family.metrics[i])];
    switch (metric.info.kind) {
      case MetricKind::counter: new (cells + i) Counter; break;
      case MetricKind::gauge: new (cells + i) Gauge; break;
      case MetricKind::histogram: (new (cells + i) HistogramRef)->bind(histogram_for(metric, host)); break;
    }
  }
  family.pages[page]->block[host % kHostsPerPage] = number;
  return cells;
}

std::int64_t MetricHub::value_in(MetricKind kind, const Cell* cell) {
  if (kind == MetricKind::gauge) return std::launder(reinterpret_cast<const Gauge*>(cell))->value();
  const std::uint64_t count = std::launder(reinterpret_cast<const Counter*>(cell))->value();
  return static_cast<std::int64_t>(std::min<std::uint64_t>(count, std::numeric_limits<std::int64_t>::max()));
}

Histogram& MetricHub::histogram_in(const Cell* cell) {
  return std::launder(reinterpret_cast<const HistogramRef*>(cell))->get();
}

Histogram& MetricHub::histogram_for(Metric& metric, HostId host) {
  if (metric.info.per_host_histogram) return histograms_.emplace_back();
  return group_histogram(metric, host_groups_[host]);
}

Histogram& MetricHub::group_histogram(Metric& metric, GroupId group) {
  const std::size_t index = std::to_underlying(group);
  if (index >= metric.by_group.size()) metric.by_group.resize(index + 1);
  if (metric.by_group[index] == nullptr) metric.by_group[index] = &histograms_.emplace_back();
  return *metric.by_group[index];
}

void MetricHub::add_cells(Family& family, HostId host, const Cell* theirs) {
  Cell* const ours = block(family, host);
  for (std::size_t i = 0; i < family.metrics.size(); ++i) {
    const MetricInfo& info = this->info(family.metrics[i]);
    if (info.kind == MetricKind::counter) {
      std::launder(reinterpret_cast<Counter*>(ours + i))
          ->add(std::launder(reinterpret_cast<const Counter*>(theirs + i))->value());
    } else if (info.kind == MetricKind::gauge) {
      std::launder(reinterpret_cast<Gauge*>(ours + i))->add(value_in(info.kind, theirs + i));
    } else if (info.per_host_histogram) {
      histogram_in(ours + i).merge(histogram_in(theirs + i));
    }
  }
}

void MetricHub::merge_group_histograms(Metric& to, const MetricHub& other, const Metric& from) {
  if (to.info.per_host_histogram != from.info.per_host_histogram) {
    throw std::logic_error(fmt::format("metrics: {:?} is per host in one hub only", to.info.name));
  }
  for (std::size_t i = 0; i < from.by_group.size(); ++i) {
    if (from.by_group[i] == nullptr) continue;
    const std::string& name = other.group_names_[i];
    group_histogram(to, group(name)).merge(*from.by_group[i]);
  }
}

}  // namespace ghostnet
