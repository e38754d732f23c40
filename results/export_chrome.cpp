// Trace events as Chrome defined them and Perfetto reads them: a process for each run, a thread for each host that
// something happened to, counters for the series. Times are microseconds.
#include <limits>

#include "export_text.hpp"
#include "ghostnet/results/export.hpp"
#include "ghostnet/runtime/text.hpp"

namespace ghostnet::results {

namespace {

constexpr std::int64_t kWorldThread = 0;  // host h is thread h + 1

class Trace {
 public:
  explicit Trace(const ByteSink& out) : text_(out) { text_.add("{{\"displayTimeUnit\": \"ms\", \"traceEvents\": ["); }

  // The members of an event, without its braces.
  template <class... Args>
  void event(fmt::format_string<Args...> format, Args&&... args) {
    text_.add("{}\n{{", first_ ? "" : ",");
    text_.add(format, std::forward<Args>(args)...);
    text_.add("}}");
    first_ = false;
  }
  void name(const char* what, std::int64_t process, std::int64_t thread, const std::string& name) {
    event("\"ph\": \"M\", \"name\": \"{}\", \"pid\": {}, \"tid\": {}, \"args\": {{\"name\": {}}}", what, process,
          thread, quoted(name));
  }
  Result<> end() {
    text_.add("\n]}}\n");
    return text_.flush();
  }
  static std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  }

 private:
  ExportText text_;
  bool first_ = true;
};

Result<> add_series(const Database& database, const RunRow& run, Trace& trace) {
  Result<std::vector<MetricRow>> all = metrics(database, run.id, false);
  if (!all) return fail(std::move(all));
  for (const MetricRow& metric : *all) {
    const std::string name = Trace::quoted(metric.name);
    if (metric.kind == "histogram") {
      Result<std::vector<WindowRow>> parts = windows(database, run.id, metric.name);
      if (!parts) return fail(std::move(parts));
      for (const WindowRow& part : *parts) {
        trace.event("\"ph\": \"C\", \"name\": {}, \"pid\": {}, \"ts\": {}, \"args\": {{\"p50\": {}, \"p99\": {}}}",
                    name, run.id, part.to_s * 1e6, part.histogram.percentile(50), part.histogram.percentile(99));
      }
      continue;
    }
    Result<std::vector<Point>> points = series(database, run.id, metric.name);
    if (!points) return fail(std::move(points));
    for (const Point& point : *points) {
      trace.event("\"ph\": \"C\", \"name\": {}, \"pid\": {}, \"ts\": {}, \"args\": {{\"value\": {}}}", name, run.id,
                  point.time_s * 1e6, point.value);
    }
  }
  return {};
}

Result<> add_events(const Database& database, const RunRow& run, Trace& trace) {
  Result<std::vector<EventRow>> all = events(database, run.id, std::numeric_limits<std::int64_t>::max());
  if (!all) return fail(std::move(all));
  for (const EventRow& event : *all) {
    trace.event(
        "\"ph\": \"i\", \"s\": \"{}\", \"name\": {}, \"pid\": {}, \"tid\": {}, \"ts\": {}, "
        "\"args\": {{\"text\": {}}}",
        event.host ? "t" : "p", Trace::quoted(event.kind), run.id, event.host ? *event.host + 1 : kWorldThread,
        event.time_s * 1e6, Trace::quoted(event.text));
  }
  return {};
}

Result<> add_messages(const Database& database, const RunRow& run, Trace& trace) {
  return for_each_message(database, run.id, [&](const MessageRow& message) {
    const double end_s = message.received_s.value_or(message.sent_s);
    trace.event(
        "\"ph\": \"X\", \"name\": {}, \"pid\": {}, \"tid\": {}, \"ts\": {}, \"dur\": {}, "
        "\"args\": {{\"to\": {}, \"bytes\": {}, \"lost\": {}, \"trace\": {}}}",
        Trace::quoted(message.kind), run.id, message.from + 1, message.sent_s * 1e6, (end_s - message.sent_s) * 1e6,
        message.to, message.bytes, !message.received_s, message.trace);
  });
}

}  // namespace

Result<> export_chrome(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out) {
  Trace trace(out);
  for (const RunRow& run : runs) {
    trace.name("process_name", run.id, 0, fmt::format("run {}: {}", run.id, run.name));
    trace.name("thread_name", run.id, kWorldThread, "the world");
    Result<std::vector<HostRow>> all = hosts(database, run.id);
    if (!all) return fail(std::move(all));
    for (const HostRow& host : *all) trace.name("thread_name", run.id, host.id + 1, host.name);
    if (Result<> added = add_series(database, run, trace); !added) return added;
    if (Result<> added = add_events(database, run, trace); !added) return added;
    if (Result<> added = add_messages(database, run, trace); !added) return added;
  }
  return trace.end();
}

}  // namespace ghostnet::results
