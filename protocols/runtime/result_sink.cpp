#include "ghostnet/runtime/result_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>

#include "ghostnet/runtime/text.hpp"

namespace ghostnet {
namespace {

constexpr int kSchemaVersion = 1;

// Writes the members of one JSON object; what is between braces is the caller's to close.
class JsonMembers {
 public:
  explicit JsonMembers(std::string& out) : out_(out) { out_ += '{'; }

  JsonMembers& text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
    return *this;
  }
  // Left out where empty.
  JsonMembers& text_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }
  template <std::integral Integer>
  JsonMembers& integer(std::string_view name, Integer value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
    return *this;
  }
  // The shortest form that reads back as the same number; JSON has no infinities.
  JsonMembers& number(std::string_view name, double value) {
    key(name);
    if (std::isfinite(value)) {
      fmt::format_to(std::back_inserter(out_), "{}", value);
    } else {
      out_ += "null";
    }
    return *this;
  }
  // Left out where there is none.
  JsonMembers& host(std::string_view name, HostId host) { return host == kNoHost ? *this : integer(name, host); }
  JsonMembers& host(HostId id) { return host("host", id); }
  // As it stands. Valid JSON has line breaks only where a space serves as well.
  JsonMembers& raw(std::string_view name, std::string_view json) {
    key(name);
    std::ranges::replace_copy_if(json, std::back_inserter(out_), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return *this;
  }
  void end() { out_ += '}'; }

 private:
  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
  }

  std::string& out_;
};

std::string json_array(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + ']';
}

void add_histogram(JsonMembers& line, const Histogram& histogram) {
  std::vector<std::uint8_t> bytes;
  histogram.serialize(bytes);
  line.integer("count", histogram.count()).integer("mean", histogram.mean()).integer("min", histogram.min());
  line.integer("p50", histogram.percentile(50)).integer("p90", histogram.percentile(90));
  line.integer("p99", histogram.percentile(99)).integer("max", histogram.max()).text("bytes", to_hex(bytes));
}

}  // namespace

std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::passed: return "passed";
    case RunStatus::failed: return "failed";
    case RunStatus::interrupted: return "interrupted";
    case RunStatus::error: return "error";
  }
  return "unknown";
}

void record(const MetricHub& hub, ResultSink& sink, bool every_host) {
  for (const MetricSnapshot& snapshot : hub.snapshot()) {
    const MetricId id = *hub.find(snapshot.info.name);
    sink.metric(id, snapshot.info);
    const auto record_summary = [&](const MetricSummary& of) {
      if (snapshot.info.kind == MetricKind::histogram) {
        sink.histogram(id, of.group, kNoHost, of.histogram);
      } else {
        sink.total({id, of.group, kNoHost, of.hosts, static_cast<double>(of.sum), static_cast<double>(of.min),
                    static_cast<double>(of.max)});
      }
    };
    record_summary(snapshot.total);
    std::ranges::for_each(snapshot.groups, record_summary);
    hub.for_each_host_histogram(
        id, [&](HostId host, const Histogram& histogram) { sink.histogram(id, {}, host, histogram); });
    if (!every_host) continue;
    hub.for_each_value(id, [&](HostId host, std::int64_t value) {
      const auto v = static_cast<double>(value);
      sink.total({id, {}, host, 1, v, v, v});
    });
  }
}

void MemorySink::metric(MetricId metric, const MetricInfo& info) {
  names_.insert_or_assign(metric, info.name);
  metrics_.insert_or_assign(info.name, info);
}

void MemorySink::samples(std::span<const Sample> samples) {
  for (const Sample& sample : samples) {
    series_[{name_of(sample.metric), sample.host}].emplace(sample.time, sample.value);
  }
}

void MemorySink::event(const RunEvent& event) {
  events_.emplace(std::pair(event.time, event.host), OwnedEvent{event.time, event.host, std::string(event.kind),
                                                                std::string(event.text), std::string(event.json)});
}

void MemorySink::window(const Window& window, const Histogram& gained) {
  windows_[{name_of(window.metric), std::string(window.group), window.from}].merge(gained);
}

void MemorySink::link(const LinkChange& change) {
  links_.push_back({change.time, change.a, change.b, std::string(change.kind), change.up, std::string(change.json)});
}

void MemorySink::message(const MessageSample& message) {
  messages_.push_back({message.sent, message.received, message.from, message.to, message.bytes,
                       std::string(message.kind), message.trace});
}

void MemorySink::position(const HostPosition& position) { positions_.push_back(position); }

void MemorySink::link_samples(std::span<const LinkSample> samples) {
  for (const LinkSample& sample : samples) {
    link_samples_.push_back(
        {sample.time, std::string(sample.kind), sample.a, sample.b, name_of(sample.metric), sample.value});
  }
}

void MemorySink::histogram(MetricId metric, std::string_view group, HostId host, const Histogram& histogram) {
  histograms_[{name_of(metric), std::string(group), host}].merge(histogram);
}

void MemorySink::total(const Total& total) {
  add_total({name_of(total.metric), std::string(total.group), total.host},
            {total.hosts, total.sum, total.min, total.max});
}

Result<> MemorySink::finish(const RunOutcome& outcome) {
  outcome_ = outcome;
  return {};
}

void MemorySink::merge(const MemorySink& other) {
  if (run_.name.empty()) run_ = other.run_;
  if (!outcome_) outcome_ = other.outcome_;
  hosts_.insert(other.hosts_.begin(), other.hosts_.end());
  metrics_.insert(other.metrics_.begin(), other.metrics_.end());
  for (const auto& [key, points] : other.series_) series_[key].insert(points.begin(), points.end());
  events_.insert(other.events_.begin(), other.events_.end());
  for (const auto& [key, gained] : other.windows_) windows_[key].merge(gained);
  links_.insert(links_.end(), other.links_.begin(), other.links_.end());
  messages_.insert(messages_.end(), other.messages_.begin(), other.messages_.end());
  positions_.insert(positions_.end(), other.positions_.begin(), other.positions_.end());
  link_samples_.insert(link_samples_.end(), other.link_samples_.begin(), other.link_samples_.end());
  for (const auto& [key, histogram] : other.histograms_) histograms_[key].merge(histogram);
  for (const auto& [key, total] : other.totals_) add_total(key, total);
  expectations_.insert(expectations_.end(), other.expectations_.begin(), other.expectations_.end());
}

std::vector<std::pair<TimePoint, double>> MemorySink::series(std::string_view metric, HostId host) const {
  const auto found = series_.find({std::string(metric), host});
  if (found == series_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<MemorySink::OwnedEvent> MemorySink::events() const {
  std::vector<OwnedEvent> sorted;
  for (const auto& [when, event] : events_) sorted.push_back(event);
  return sorted;
}

const std::string& MemorySink::name_of(MetricId metric) const {
  const auto found = names_.find(metric);
  if (found == names_.end()) throw std::logic_error("results: a record names a metric that was not declared");
  return found->second;
}

void MemorySink::add_total(const Key& key, const OwnedTotal& total) {
  const auto [at, fresh] = totals_.try_emplace(key, total);
  if (fresh) return;
  at->second.hosts += total.hosts;
  at->second.sum += total.sum;
  at->second.min = std::min(at->second.min, total.min);
  at->second.max = std::max(at->second.max, total.max);
}

JsonLinesSink::JsonLinesSink(ByteSink out, Options options) : out_(std::move(out)), options_(options) {}

void JsonLinesSink::begin(const RunInfo& run) {
  JsonMembers line(buffer_);
  line.text("record", "run").integer("schema_version", kSchemaVersion).text("name", run.name);
  line.text("file", run.scenario_file).text("mode", run.mode).text("carrier", run.carrier);
  line.text("seed", fmt::format("{}", run.seed)).integer("repeat", run.repeat).text("revision", run.revision);
  std::string parameters;
  JsonMembers members(parameters);
  for (const auto& [path, value] : run.parameters) members.text(path, value);
  members.end();
  line.raw("parameters", parameters).text("scenario", run.scenario_text).end();
  end_line();
}

void JsonLinesSink::host(const HostInfo& host) {
  JsonMembers line(buffer_);
  line.text("record", "host").host(host.id).text("name", host.name).text("group", host.group);
  line.text_if("region", host.region);
  if (const auto* map = std::get_if<OnMap>(&host.position)) {
    line.number("longitude", map->longitude).number("latitude", map->latitude);
  }
  if (const auto* plane = std::get_if<OnPlane>(&host.position)) {
    line.number("x_m", plane->x_m).number("y_m", plane->y_m);
  }
  line.end();
  end_line();
}

void JsonLinesSink::metric(MetricId metric, const MetricInfo& info) {
  names_.insert_or_assign(metric, info.name);
  JsonMembers line(buffer_);
  line.text("record", "metric").text("name", info.name).text("kind", to_string(info.kind)).text("unit", info.unit);
  line.text("help", info.help).end();
  end_line();
}

void JsonLinesSink::samples(std::span<const Sample> samples) {
  for (const Sample& sample : samples) {
    JsonMembers line(buffer_);
    line.text("record", "sample").integer("time_ns", to_ns(sample.time)).text("metric", name_of(sample.metric));
    line.host(sample.host).number("value", sample.value).end();
    end_line();
  }
}

void JsonLinesSink::event(const RunEvent& event) {
  JsonMembers line(buffer_);
  line.text("record", "event").integer("time_ns", to_ns(event.time)).host(event.host).text("kind", event.kind);
  line.text_if("text", event.text);
  if (!event.json.empty()) line.raw("fields", event.json);
  line.end();
  end_line();
}

void JsonLinesSink::window(const Window& window, const Histogram& gained) {
  JsonMembers line(buffer_);
  line.text("record", "window").text("metric", name_of(window.metric)).text_if("group", window.group);
  line.integer("from_ns", to_ns(window.from)).integer("to_ns", to_ns(window.to));
  add_histogram(line, gained);
  line.end();
  end_line();
}

void JsonLinesSink::link(const LinkChange& change) {
  JsonMembers line(buffer_);
  line.text("record", "link").integer("time_ns", to_ns(change.time)).host("a", change.a).host("b", change.b);
  line.text("kind", change.kind).raw("up", change.up ? "true" : "false");
  if (!change.json.empty()) line.raw("fields", change.json);
  line.end();
  end_line();
}

void JsonLinesSink::message(const MessageSample& message) {
  JsonMembers line(buffer_);
  line.text("record", "message").integer("sent_ns", to_ns(message.sent));
  if (message.received) line.integer("received_ns", to_ns(*message.received));
  line.integer("from", message.from).integer("to", message.to).integer("bytes", message.bytes);
  line.text("kind", message.kind);
  if (message.trace != 0) line.text("trace", fmt::format("{:016x}", message.trace));
  line.end();
  end_line();
}

void JsonLinesSink::position(const HostPosition& position) {
  JsonMembers line(buffer_);
  line.text("record", "position").integer("time_ns", to_ns(position.time)).host(position.host);
  line.number("x_m", position.at.x_m).number("y_m", position.at.y_m).end();
  end_line();
}

void JsonLinesSink::link_samples(std::span<const LinkSample> samples) {
  for (const LinkSample& sample : samples) {
    JsonMembers line(buffer_);
    line.text("record", "link_sample").integer("time_ns", to_ns(sample.time)).text("kind", sample.kind);
    line.host("a", sample.a).host("b", sample.b).text("metric", name_of(sample.metric));
    line.number("value", sample.value).end();
    end_line();
  }
}

void JsonLinesSink::histogram(MetricId metric, std::string_view group, HostId host, const Histogram& histogram) {
  JsonMembers line(buffer_);
  line.text("record", "histogram").text("metric", name_of(metric)).text_if("group", group).host(host);
  add_histogram(line, histogram);
  line.end();
  end_line();
}

void JsonLinesSink::total(const Total& total) {
  JsonMembers line(buffer_);
  line.text("record", "total").text("metric", name_of(total.metric)).text_if("group", total.group).host(total.host);
  line.integer("hosts", total.hosts).number("sum", total.sum).number("min", total.min).number("max", total.max).end();
  end_line();
}

void JsonLinesSink::expectation(const Expectation& expectation) {
  JsonMembers line(buffer_);
  line.text("record", "expectation").text("expr", expectation.expression);
  if (expectation.value) {
    line.number("value", *expectation.value);
  } else {
    line.raw("value", "null");
  }
  line.raw("ok", expectation.held ? "true" : "false").end();
  end_line();
}

Result<> JsonLinesSink::finish(const RunOutcome& outcome) {
  JsonMembers line(buffer_);
  line.text("record", "outcome").text("status", to_string(outcome.status)).text_if("error", outcome.error);
  if (outcome.digest) line.text("digest", fmt::format("{:016x}", *outcome.digest));
  line.integer("simulated_ns", outcome.simulated.count());
  line.integer("setup_wall_ns", outcome.setup_wall.count()).integer("wall_ns", outcome.wall.count());
  line.integer("events", outcome.events).integer("datagrams", outcome.datagrams);
  line.integer("peak_rss_bytes", outcome.peak_rss_bytes).raw("warnings", json_array(outcome.warnings)).end();
  end_line();
  flush();
  return status_;
}

const std::string& JsonLinesSink::name_of(MetricId metric) const {
  const auto found = names_.find(metric);
  if (found == names_.end()) throw std::logic_error("results: a record names a metric that was not declared");
  return found->second;
}

void JsonLinesSink::end_line() {
  buffer_ += '\n';
  if (buffer_.size() >= options_.buffer_bytes) flush();
}

void JsonLinesSink::flush() {
  if (status_ && !buffer_.empty()) {
    if (auto written = out_(as_bytes(buffer_)); !written) status_ = std::move(written);
  }
  buffer_.clear();
}

}  // namespace ghostnet
