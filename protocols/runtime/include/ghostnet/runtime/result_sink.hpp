// ResultSink: where a run's record goes: who ran, what was measured when, what happened, how it ended.
//
// The runner calls begin() once, then host() and metric() before the first record that names them, then samples,
// windows, events, links, messages and positions in any order, histograms and totals near the end, and finish() last. A
// run without finish() was cut short and readers mark it unfinished. Everything handed over is copied or written before
// the call returns: no view is kept. A sink is used by one thread of control and outlives its users; it is not asked
// for anything while the run is on.
//
// Failure (a full disk) is sticky: a sink that failed ignores what follows and says so from status() and finish(); the
// runner looks at status() now and then, since measuring must never stop a protocol.
//
// Merging. One run may be carried by several threads or processes, each with a sink of its own. Host ids are world-wide
// (host_id.hpp), metrics are the same where their names are, and the parts merge in any order to the same whole: the
// union of hosts, samples, windows, events, links, messages, positions and expectations, histograms merged by metric
// and group, totals added by metric and group. Samples are read in order of (time, metric name, host), events of (time,
// host, order written). MemorySink::merge does it; JSON lines of several parts may simply be concatenated.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "ghostnet/runtime/byte_sink.hpp"
#include "ghostnet/runtime/histogram.hpp"
#include "ghostnet/runtime/host_id.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

struct RunInfo {
  std::string name{};
  std::string scenario_text{};  // as loaded, before parameters were applied
  std::string scenario_file{};
  std::vector<std::pair<std::string, std::string>> parameters{};   // path and value, as given; sweep point included
  std::vector<std::pair<std::string, std::string>> sweep_point{};  // those of them that a sweep set
  std::uint64_t seed = 0;
  std::uint32_t repeat = 0;
  std::string mode{};      // "sim" or "live"
  std::string carrier{};   // "fabric", "ns3", "loopback", "netns"
  std::string revision{};  // of ghostnet
  Duration planned{};      // how far the world's clock is to advance
};

// Where a host stands: on the map, in degrees, or on a plane, in metres.
struct OnMap {
  double longitude = 0;
  double latitude = 0;
};
struct OnPlane {
  double x_m = 0;
  double y_m = 0;
};

using HostPlace = std::variant<std::monostate, OnMap, OnPlane>;

struct HostInfo {
  HostId id = kNoHost;
  std::string name{};
  std::string group{};
  std::string region{};
  HostPlace position{};
};

// One point of a time series. `metric` was declared by metric(); host kNoHost is the whole world. Counters are
// sampled as their running total.
struct Sample {
  TimePoint time{};
  MetricId metric{};
  HostId host = kNoHost;
  double value = 0;
};

// What a histogram gained in a part of the run, of a group or, with an empty one, of everything.
struct Window {
  MetricId metric{};
  std::string_view group{};
  TimePoint from{};
  TimePoint to{};
};

// A link or a connection between two hosts came up or went down. Links of one kind between the same two are told apart
// by their fields, which are the same when one goes down as when it came up.
struct LinkChange {
  TimePoint time{};
  HostId a = kNoHost;  // kNoHost: the network around the hosts
  HostId b = kNoHost;
  std::string_view kind{};  // "wire", "radio", "tcp", "mesh", "dht"
  bool up = true;
  std::string_view json{};  // more fields, as one valid JSON object; empty: none
};

// One point of a link's time series, of the direction from a to b. `metric` was declared by metric().
struct LinkSample {
  TimePoint time{};
  std::string_view kind{};
  HostId a = kNoHost;
  HostId b = kNoHost;
  MetricId metric{};
  double value = 0;
};

// Where a host that moves is at an instant.
struct HostPosition {
  TimePoint time{};
  HostId host = kNoHost;
  OnPlane at{};
};

// One of the messages that were chosen to be seen.
struct MessageSample {
  TimePoint sent{};
  std::optional<TimePoint> received{};  // nothing: lost
  HostId from = kNoHost;
  HostId to = kNoHost;
  std::uint32_t bytes = 0;
  std::string_view kind{};  // "datagram", "segment", "gossip"
  std::uint64_t trace = 0;  // shared by all hops of one and the same message; 0: none
};

// Something that happened. The views are read during the call only.
struct RunEvent {
  TimePoint time{};
  HostId host = kNoHost;
  std::string_view kind{};  // "crash", "link_down", "joined"
  std::string_view text{};  // for people; may be empty
  std::string_view json{};  // more fields, as one valid JSON object; empty: none
};

// What a counter or gauge came to over a group, over a host (sum is its value), or over everything (both left out).
struct Total {
  MetricId metric{};
  std::string_view group{};
  HostId host = kNoHost;
  std::uint64_t hosts = 0;
  double sum = 0;
  double min = 0;
  double max = 0;
};

struct Expectation {
  std::string expression{};
  std::optional<double> value{};  // nothing was measured: not held
  bool held = false;
};

enum class RunStatus : std::uint8_t { passed, failed, interrupted, error };
std::string_view to_string(RunStatus status);

struct RunOutcome {
  RunStatus status = RunStatus::passed;
  std::string error{};
  std::optional<std::uint64_t> digest{};  // nothing: a live run
  Duration simulated{};                   // what the world's clock advanced
  Duration setup_wall{};
  Duration wall{};  // without set-up
  std::uint64_t events = 0;
  std::uint64_t datagrams = 0;
  std::uint64_t peak_rss_bytes = 0;
  std::vector<std::string> warnings{};
};

class ResultSink {
 public:
  virtual ~ResultSink() = default;

  virtual void begin(const RunInfo& run) = 0;
  virtual void host(const HostInfo& host) = 0;
  // Gives a metric the number by which samples name it. The caller chooses it: the id of its hub serves.
  virtual void metric(MetricId metric, const MetricInfo& info) = 0;
  // In batches; of one batch any order of time.
  virtual void samples(std::span<const Sample> samples) = 0;
  virtual void window(const Window& window, const Histogram& gained) = 0;
  virtual void event(const RunEvent& event) = 0;
  virtual void link(const LinkChange& change) = 0;
  virtual void message(const MessageSample& message) = 0;
  virtual void position(const HostPosition& position) = 0;
  virtual void link_samples(std::span<const LinkSample> samples) = 0;
  // Of a group, of a host (no group, then), or of everything (neither).
  virtual void histogram(MetricId metric, std::string_view group, HostId host, const Histogram& histogram) = 0;
  virtual void total(const Total& total) = 0;
  virtual void expectation(const Expectation& expectation) = 0;
  // Flushes and says whether everything was recorded.
  virtual Result<> finish(const RunOutcome& outcome) = 0;
  // The first failure so far.
  virtual Result<> status() const = 0;
};

// Hands a hub's metrics to a sink under the hub's own ids: for every group and for all hosts together, totals of
// counters and gauges and the histograms; per-host histograms too; and with `every_host` the value of every cell. What
// a runner does at the end.
void record(const MetricHub& hub, ResultSink& sink, bool every_host = false);

// Keeps everything; for tests and for programs that look at a run themselves.
class MemorySink : public ResultSink {
 public:
  struct OwnedEvent {
    TimePoint time;
    HostId host;
    std::string kind;
    std::string text;
    std::string json;
  };
  struct OwnedLink {
    TimePoint time;
    HostId a;
    HostId b;
    std::string kind;
    bool up;
    std::string json;
  };
  struct OwnedMessage {
    TimePoint sent;
    std::optional<TimePoint> received;
    HostId from;
    HostId to;
    std::uint32_t bytes;
    std::string kind;
    std::uint64_t trace;
  };
  struct OwnedLinkSample {
    TimePoint time;
    std::string kind;
    HostId a;
    HostId b;
    std::string metric;
    double value;
  };
  struct OwnedTotal {
    std::uint64_t hosts = 0;
    double sum = 0;
    double min = 0;
    double max = 0;
  };
  // By metric name, then group, then host.
  using Key = std::tuple<std::string, std::string, HostId>;
  // By metric name, then group, then when it began.
  using WindowKey = std::tuple<std::string, std::string, TimePoint>;

  void begin(const RunInfo& run) override { run_ = run; }
  void host(const HostInfo& host) override { hosts_.insert_or_assign(host.id, host); }
  void metric(MetricId metric, const MetricInfo& info) override;
  void samples(std::span<const Sample> samples) override;
  void window(const Window& window, const Histogram& gained) override;
  void event(const RunEvent& event) override;
  void link(const LinkChange& change) override;
  void message(const MessageSample& message) override;
  void position(const HostPosition& position) override;
  void link_samples(std::span<const LinkSample> samples) override;
  void histogram(MetricId metric, std::string_view group, HostId host, const Histogram& histogram) override;
  void total(const Total& total) override;
  void expectation(const Expectation& expectation) override { expectations_.push_back(expectation); }
  Result<> finish(const RunOutcome& outcome) override;
  Result<> status() const override { return {}; }

  // Adds another part of the same run. Run and outcome stay ours, unless we have none.
  void merge(const MemorySink& other);

  const RunInfo& run() const { return run_; }
  const std::optional<RunOutcome>& outcome() const { return outcome_; }
  const std::map<HostId, HostInfo>& hosts() const { return hosts_; }
  const std::map<std::string, MetricInfo>& metrics() const { return metrics_; }
  // One host's series of one metric, in order of time.
  std::vector<std::pair<TimePoint, double>> series(std::string_view metric, HostId host) const;
  // In order of time, then host, then arrival.
  std::vector<OwnedEvent> events() const;
  const std::map<WindowKey, Histogram>& windows() const { return windows_; }
  // In order of arrival.
  const std::vector<OwnedLink>& links() const { return links_; }
  const std::vector<OwnedMessage>& messages() const { return messages_; }
  const std::vector<HostPosition>& positions() const { return positions_; }
  const std::vector<OwnedLinkSample>& link_samples() const { return link_samples_; }
  const std::map<Key, Histogram>& histograms() const { return histograms_; }
  const std::map<Key, OwnedTotal>& totals() const { return totals_; }
  const std::vector<Expectation>& expectations() const { return expectations_; }

 private:
  const std::string& name_of(MetricId metric) const;
  void add_total(const Key& key, const OwnedTotal& total);

  RunInfo run_;
  std::optional<RunOutcome> outcome_;
  std::map<HostId, HostInfo> hosts_;
  std::map<std::string, MetricInfo> metrics_;
  std::map<MetricId, std::string> names_;
  std::map<std::pair<std::string, HostId>, std::multimap<TimePoint, double>> series_;
  std::multimap<std::pair<TimePoint, HostId>, OwnedEvent> events_;
  std::map<WindowKey, Histogram> windows_;
  std::vector<OwnedLink> links_;
  std::vector<OwnedMessage> messages_;
  std::vector<HostPosition> positions_;
  std::vector<OwnedLinkSample> link_samples_;
  std::map<Key, Histogram> histograms_;
  std::map<Key, OwnedTotal> totals_;
  std::vector<Expectation> expectations_;
};

// One JSON object a line, each with a "record" member that says which ("run", "host", "metric", "sample", "window",
// "event", "link", "message", "position", "link_sample", "histogram", "total", "expectation", "outcome"). Times are
// integers in nanoseconds; seeds and digests, which exceed what JSON readers keep of a number, are strings; metrics go
// by name, so that lines stand alone.
class JsonLinesSink : public ResultSink {
 public:
  struct Options {
    std::size_t buffer_bytes = 64 * 1024;  // written out when full, and by finish()
  };

  explicit JsonLinesSink(ByteSink out) : JsonLinesSink(std::move(out), Options{}) {}
  JsonLinesSink(ByteSink out, Options options);

  void begin(const RunInfo& run) override;
  void host(const HostInfo& host) override;
  void metric(MetricId metric, const MetricInfo& info) override;
  void samples(std::span<const Sample> samples) override;
  void window(const Window& window, const Histogram& gained) override;
  void event(const RunEvent& event) override;
  void link(const LinkChange& change) override;
  void message(const MessageSample& message) override;
  void position(const HostPosition& position) override;
  void link_samples(std::span<const LinkSample> samples) override;
  void histogram(MetricId metric, std::string_view group, HostId host, const Histogram& histogram) override;
  void total(const Total& total) override;
  void expectation(const Expectation& expectation) override;
  Result<> finish(const RunOutcome& outcome) override;
  Result<> status() const override { return status_; }

 private:
  const std::string& name_of(MetricId metric) const;
  void end_line();
  void flush();

  ByteSink out_;
  Options options_;
  std::string buffer_;
  std::map<MetricId, std::string> names_;
  Result<> status_;
};

}  // namespace ghostnet
