// Metrics: counters, gauges and histograms of many hosts, cheap enough for a world of 100,000.
//
// A MetricHub holds the metrics of one thread of control; main owns it and it outlives every view, cell and service
// that uses it. A Metrics is one host's view of the hub: 16 bytes, copied freely. A service names its metrics once, as
// a struct (a *family*), and keeps one reference to it per host:
//
//   struct EchoMetrics {
//     Counter requests;
//     Gauge open_streams;
//     HistogramRef latency;
//
//     static constexpr std::string_view kFamily = "echo";
//     static constexpr FamilyMetric<EchoMetrics> kMetrics[] = {
//         {&EchoMetrics::requests, "requests", "requests", "requests answered"},
//         {&EchoMetrics::open_streams, "open_streams", "streams", "streams open now"},
//         {&EchoMetrics::latency, "latency", "ns", "from a request sent to its answer"},
//     };
//   };
//   EchoMetrics& metrics = host.metrics().family<EchoMetrics>();   // echo.requests, echo.open_streams, echo.latency
//   metrics.requests.add();
//
// Cells appear when a host first asks for them and stay until the hub goes, at the same address, so one host's cells of
// a family share cache lines; an increment is one add, without a lock or an atomic. A host that restarts finds its old
// cells. Histograms are shared by the hosts of a group unless the hub's options say otherwise.
//
// Threads: a hub, its views and its cells belong to one thread of control. Where a live world has several, each has a
// hub; merge() adds one hub to another when both are at rest. Where hosts are read while they run, their own thread
// merges its hub into a fresh one and hands that over.
//
// Naming a metric twice with another kind or unit, or going past a bound of MetricHubOptions, is a bug of the caller
// and throws std::logic_error; a runner checks a scenario's numbers against the bounds first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ghostnet/runtime/histogram.hpp"
#include "ghostnet/runtime/host_id.hpp"

namespace ghostnet {

class Metrics;
class MetricHub;

enum class MetricKind : std::uint8_t { counter, gauge, histogram };
std::string_view to_string(MetricKind kind);

// What one metric is. Units are written as the field does: "bytes", "ns", "datagrams", "bit/s".
struct MetricDesc {
  std::string_view name;  // "udp.datagrams_sent"
  std::string_view unit;
  std::string_view help;
};

// Dense, in order of first use; means nothing outside its hub.
enum class MetricId : std::uint32_t {};
enum class GroupId : std::uint16_t {};

// Only ever grows. A local one, outside any hub, works too.
class Counter {
 public:
  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  void add(std::uint64_t n = 1) { value_ += n; }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

// A level that rises and falls. Who raised it lowers it, also when dropped, so that a restart finds it right.
class Gauge {
 public:
  Gauge() = default;
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;

  void set(std::int64_t value) { value_ = value; }
  void add(std::int64_t n = 1) { value_ += n; }
  void sub(std::int64_t n = 1) { value_ -= n; }
  std::int64_t value() const { return value_; }

 private:
  std::int64_t value_ = 0;
};

// A host's place in a histogram that its group shares (or its own). Set by the hub.
class HistogramRef {
 public:
  HistogramRef() = default;
  HistogramRef(const HistogramRef&) = delete;
  HistogramRef& operator=(const HistogramRef&) = delete;

  void record(std::uint64_t value) { histogram_->record(value); }
  void record(Duration value) { histogram_->record(value); }
  Histogram& get() const { return *histogram_; }
  // Points this at a histogram; for a family outside any hub, in a test.
  void bind(Histogram& histogram) { histogram_ = &histogram; }

 private:
  Histogram* histogram_ = nullptr;
};

// One member of a family struct: the member says its kind and place, so neither can be stated wrongly.
template <class Family>
struct FamilyMetric {
  constexpr FamilyMetric(Counter Family::* member, std::string_view name, std::string_view unit, std::string_view help)
      : kind(MetricKind::counter), counter(member), desc{name, unit, help} {}
  constexpr FamilyMetric(Gauge Family::* member, std::string_view name, std::string_view unit, std::string_view help)
      : kind(MetricKind::gauge), gauge(member), desc{name, unit, help} {}
  constexpr FamilyMetric(HistogramRef Family::* member, std::string_view name, std::string_view unit,
                         std::string_view help)
      : kind(MetricKind::histogram), histogram(member), desc{name, unit, help} {}

  MetricKind kind;
  Counter Family::* counter = nullptr;
  Gauge Family::* gauge = nullptr;
  HistogramRef Family::* histogram = nullptr;
  MetricDesc desc;  // its name follows "family."
};

// Whether no two share a name or a member.
template <class Family, std::size_t kSize>
constexpr bool distinct(const FamilyMetric<Family> (&metrics)[kSize]) {
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const FamilyMetric<Family>&a = metrics[i], &b = metrics[j];
      if (a.desc.name == b.desc.name) return false;
      if (a.kind == b.kind && a.counter == b.counter && a.gauge == b.gauge && a.histogram == b.histogram) return false;
    }
  }
  return true;
}

// A struct of nothing but cells, each described in kMetrics.
template <class T>
concept MetricFamily =
    std::is_standard_layout_v<T> && std::is_default_constructible_v<T> && std::is_trivially_destructible_v<T> &&
    alignof(T) == alignof(Counter) && sizeof(T) == sizeof(Counter) * std::extent_v<decltype(T::kMetrics)> &&
    requires { std::string_view{T::kFamily}; };

// One host's view of its hub. Does not own; valid as long as the hub.
class Metrics {
 public:
  // The host's cells of a family, made when first asked for. A hash lookup (some 20 ns): keep the reference.
  template <MetricFamily T>
  T& family() const;

  // Single metrics, for names known only at run time.
  Counter& counter(const MetricDesc& desc) const;
  Gauge& gauge(const MetricDesc& desc) const;
  Histogram& histogram(const MetricDesc& desc) const;

  MetricHub& hub() const { return *hub_; }
  HostId host() const { return host_; }

 private:
  friend class MetricHub;
  Metrics(MetricHub& hub, HostId host) : hub_(&hub), host_(host) {}

  MetricHub* hub_;
  HostId host_;
};

struct MetricHubOptions {
  std::uint32_t max_hosts = 1U << 20;
  std::uint32_t max_groups = 4096;
  std::uint32_t max_metrics = 4096;
  // Histograms that every host has to itself, by full name: up to 30 KiB a host each.
  std::vector<std::string> per_host_histograms{};
  // All of them.
  bool every_histogram_per_host = false;
};

struct MetricInfo {
  std::string name;
  std::string unit;
  std::string help;
  MetricKind kind;
  bool per_host_histogram = false;

  MetricDesc desc() const { return {name, unit, help}; }
};

// A metric over some hosts: those that have a cell of it. A counter or gauge fills sum, min and max (over hosts), a
// histogram the histogram. Sums are held at the ends of their type.
struct MetricSummary {
  std::string group;
  std::uint64_t hosts = 0;
  std::int64_t sum = 0;
  std::int64_t min = 0;
  std::int64_t max = 0;
  Histogram histogram;
};

struct MetricSnapshot {
  MetricInfo info;
  MetricSummary total;                // its group is empty
  std::vector<MetricSummary> groups;  // by name; only groups with a cell
};

class MetricHub {
 public:
  static constexpr std::size_t kMaxFamilyMetrics = 256;

  explicit MetricHub(MetricHubOptions options = {});
  ~MetricHub();
  MetricHub(const MetricHub&) = delete;
  MetricHub& operator=(const MetricHub&) = delete;

  // The group of this name, made when new. A name is not empty: that is how totals are marked.
  GroupId group(std::string_view name);
  // Declares a host and gives its view; again with the same group is the same host.
  Metrics host(HostId host, GroupId group);

  std::size_t group_count() const { return group_names_.size(); }
  const std::string& group_name(GroupId group) const { return group_names_[std::to_underlying(group)]; }
  std::optional<GroupId> group_of(HostId host) const;

  std::optional<MetricId> find(std::string_view name) const;
  const MetricInfo& info(MetricId metric) const { return metrics_[std::to_underlying(metric)].info; }
  // Every metric that any host has asked for, by name.
  std::span<const MetricId> metrics_by_name() const { return by_name_; }

  // visit(HostId, std::int64_t) over every cell of a counter or gauge, in order of host. Nothing for a histogram.
  template <class Visit>
  void for_each_value(MetricId metric, Visit&& visit) const;
  // visit(HostId, const Histogram&) over a per-host histogram, in order of host. Nothing for others.
  template <class Visit>
  void for_each_host_histogram(MetricId metric, Visit&& visit) const;
  // The value of one host's counter or gauge; nothing where the host has no such cell.
  std::optional<std::int64_t> value(MetricId metric, HostId host) const;

  // Every metric over every group and in total, by metric name, then group name.
  std::vector<MetricSnapshot> snapshot() const;

  // Adds the hosts, groups and cells of another hub: counters, gauges and histograms add up where both have them (a
  // host lives in one hub, so what adds up is its parts). Both hubs name their histograms per host or per group alike.
  void merge(const MetricHub& other);

  // The heap held by cells and their indexes, histograms included.
  std::size_t heap_bytes() const;

 private:
  friend class Metrics;

  // A cell is a Counter, Gauge or HistogramRef: eight bytes, in blocks of one host's family.
  using Cell = std::uint64_t;
  static constexpr std::size_t kCellsPerChunk = 1024;
  static constexpr std::size_t kBlocksAhead = 8;
  static constexpr std::size_t kHostsPerPage = 64;
  static constexpr std::uint32_t kNoBlock = UINT32_MAX;
  static constexpr GroupId kNoGroup{UINT16_MAX};

  struct Page {
    std::array<std::uint32_t, kHostsPerPage> block;  // number of the host's first cell, or kNoBlock
  };
  struct Family {
    std::string name;
    std::uint32_t number;
    bool single;
    const void* described_by = nullptr;  // the kMetrics last compared with ours: skips comparing again
    std::vector<MetricId> metrics;       // in order of their cells
    std::vector<std::unique_ptr<Page>> pages;
  };
  struct Metric {
    MetricInfo info;
    std::uint32_t family;
    std::uint32_t offset;
    std::vector<Histogram*> by_group;
  };
  struct Member {
    MetricKind kind;
    MetricDesc desc;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  template <class Value>
  using ByName = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  template <MetricFamily T>
  T& family(HostId host);
  template <MetricFamily T>
  Family& describe();
  Cell* single(HostId host, MetricKind kind, const MetricDesc& desc);

  // The family of this name and these members, made when new. A single metric is a family of one, under its own name.
  Family& describe(std::string_view name, bool single, std::span<const Member> members, const void* described_by);
  Family* find_family(std::string_view name);
  void check_same(const Family& family, bool single, std::span<const Member> members) const;
  void add_metric(Family& family, const Member& member);

  Cell* find_block(const Family& family, HostId host) const;
  // The host's cells of a family, made when new.
  Cell* block(Family& family, HostId host);
  Cell* make_block(Family& family, HostId host);
  template <class Visit>
  void for_each_block(const Family& family, Visit&& visit) const;
  MetricSnapshot histograms_of(const Metric& metric, std::span<const std::uint64_t> hosts) const;
  void prefetch(const Family& family, std::uint32_t number) const;
  static std::int64_t value_in(MetricKind kind, const Cell* cell);
  static Histogram& histogram_in(const Cell* cell);
  Cell* cell_at(std::uint32_t number) const { return chunks_[number / kCellsPerChunk].get() + number % kCellsPerChunk; }
  Histogram& histogram_for(Metric& metric, HostId host);
  Histogram& group_histogram(Metric& metric, GroupId group);
  void add_cells(Family& family, HostId host, const Cell* theirs);
  void merge_group_histograms(Metric& to, const MetricHub& other, const Metric& from);

  MetricHubOptions options_;
  std::vector<GroupId> host_groups_;
  std::vector<std::string> group_names_;
  ByName<GroupId> groups_;
  std::deque<Metric> metrics_;
  ByName<MetricId> metric_names_;
  std::vector<MetricId> by_name_;
  std::deque<Family> families_;
  ByName<Family*> family_names_;
  std::vector<std::unique_ptr<Cell[]>> chunks_;
  std::size_t cells_used_ = 0;
  std::deque<Histogram> histograms_;
};

template <MetricFamily T>
T& Metrics::family() const {
  return hub_->family<T>(host_);
}

template <MetricFamily T>
T& MetricHub::family(HostId host) {
  Family* found = find_family(T::kFamily);
  if (found == nullptr || found->described_by != &T::kMetrics) [[unlikely]]
    found = &describe<T>();
  // The block's cells are T's members: describe() checked that they match in kind and place.
  return *std::launder(reinterpret_cast<T*>(block(*found, host)));
}

// Reads the members of T off an instance, in order of their place.
template <MetricFamily T>
MetricHub::Family& MetricHub::describe() {
  static_assert(std::extent_v<decltype(T::kMetrics)> <= kMaxFamilyMetrics);
  static_assert(distinct(T::kMetrics), "two metrics of one family share a name or a member");
  T instance{};
  std::array<Member, std::extent_v<decltype(T::kMetrics)>> members{};
  for (const FamilyMetric<T>& metric : T::kMetrics) {
    const void* const member = metric.counter ? static_cast<const void*>(&(instance.*metric.counter))
                               : metric.gauge ? static_cast<const void*>(&(instance.*metric.gauge))
                                              : static_cast<const void*>(&(instance.*metric.histogram));
    const auto at = static_cast<std::size_t>(static_cast<const char*>(member) - reinterpret_cast<char*>(&instance));
    members[at / sizeof(Cell)] = {metric.kind, metric.desc};
  }
  return describe(T::kFamily, false, members, &T::kMetrics);
}

// Blocks lie apart, and a pass over many hosts would wait for each of them.
inline void MetricHub::prefetch(const Family& family, std::uint32_t number) const {
  constexpr std::size_t kCellsPerLine = 64 / sizeof(Cell);
  if (number == kNoBlock) return;
  const Cell* const block = cell_at(number);
  for (std::size_t i = 0; i < family.metrics.size(); i += kCellsPerLine) __builtin_prefetch(block + i);
}

template <class Visit>
void MetricHub::for_each_block(const Family& family, Visit&& visit) const {
  for (std::size_t page = 0; page < family.pages.size(); ++page) {
    if (!family.pages[page]) continue;
    const auto& blocks = family.pages[page]->block;
    for (std::size_t i = 0; i < kHostsPerPage; ++i) {
      if (i + kBlocksAhead < kHostsPerPage) prefetch(family, blocks[i + kBlocksAhead]);
      const std::uint32_t number = blocks[i];
      if (number != kNoBlock) visit(static_cast<HostId>(page * kHostsPerPage + i), cell_at(number));
    }
  }
}

template <class Visit>
void MetricHub::for_each_value(MetricId id, Visit&& visit) const {
  const Metric& metric = metrics_[std::to_underlying(id)];
  if (metric.info.kind == MetricKind::histogram) return;
  for_each_block(families_[metric.family], [&](HostId host, const Cell* block) {
    visit(host, value_in(metric.info.kind, block + metric.offset));
  });
}

template <class Visit>
void MetricHub::for_each_host_histogram(MetricId id, Visit&& visit) const {
  const Metric& metric = metrics_[std::to_underlying(id)];
  if (!metric.info.per_host_histogram) return;
  for_each_block(families_[metric.family], [&](HostId host, const Cell* block) {
    visit(host, std::as_const(histogram_in(block + metric.offset)));
  });
}

}  // namespace ghostnet
