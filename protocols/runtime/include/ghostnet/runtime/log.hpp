// Log: lines of text from hosts to whoever reads them, at no cost while their level is off.
//
// A LogHub belongs to one thread of control; main owns it, gives it the world's clock and a LogSink, and both outlive
// the hub, which outlives every Log. A Log is one host's view: 16 bytes, copied freely, no allocation. A line whose
// level is off costs a comparison: nothing is formatted. A default Log is off for good, for engines under test.
//
//   log.debug("dialled {} in {} ms", peer, rtt_ms);
//   Log mesh = host.log().named("gossipsub");        // its component, with a level of its own if options say so
//
// Each host may write LogOptions::max_lines_per_host_per_second lines in one second of the world's clock; the rest are
// counted, not formatted, and reported as one line "N lines suppressed" when the host next writes in a later second,
// or by flush(). A line longer than max_line_bytes is cut.
//
// Lines reach the sink in the order they were written, so a simulated run writes the same log every time. The sink is
// called from the hub's thread; one sink under several hubs must allow that (TextLogSink does).
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/runtime/host_id.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

std::string_view to_string(LogLevel level);
// The names above; fails with invalid_argument.
Result<LogLevel> parse_log_level(std::string_view name);

// One line. The views are valid during the call only.
struct LogRecord {
  TimePoint time;
  HostId host;  // kNoHost: the world
  LogLevel level;
  std::string_view component;  // empty: none
  std::string_view text;       // as the protocol wrote it: may hold bytes that a peer chose
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(const LogRecord& record) = 0;
};

class LogHub;

class Log {
 public:
  Log() = default;

  bool on(LogLevel level) const { return level >= level_; }

  template <class... Args>
  void trace(fmt::format_string<Args...> format, Args&&... args) const {
    if (on(LogLevel::trace)) [[unlikely]]
      write(LogLevel::trace, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    if (on(LogLevel::debug)) [[unlikely]]
      write(LogLevel::debug, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    if (on(LogLevel::info)) [[unlikely]]
      write(LogLevel::info, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    if (on(LogLevel::warn)) [[unlikely]]
      write(LogLevel::warn, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    if (on(LogLevel::error)) [[unlikely]]
      write(LogLevel::error, format, fmt::make_format_args(args...));
  }

  // The same host's log under a component's name.
  Log named(std::string_view component) const;

  HostId host() const { return host_; }
  LogLevel level() const { return level_; }

 private:
  friend class LogHub;
  Log(LogHub& hub, HostId host, std::uint16_t component, LogLevel level)
      : hub_(&hub), host_(host), component_(component), level_(level) {}

  void write(LogLevel level, fmt::string_view format, fmt::format_args args) const;

  LogHub* hub_ = nullptr;
  HostId host_ = kNoHost;
  std::uint16_t component_ = 0;
  LogLevel level_ = LogLevel::off;
};
static_assert(sizeof(Log) == 16);

struct LogOptions {
  LogLevel level = LogLevel::info;
  // Components that differ from `level`, in either direction.
  std::vector<std::pair<std::string, LogLevel>> component_levels{};
  std::uint32_t max_lines_per_host_per_second = 100;  // 0: no bound
  std::size_t max_line_bytes = 2048;
  // Names past this are logged without their component.
  std::uint16_t max_components = 1024;
};

class LogHub {
 public:
  // `now` is the world's clock, asked once for every line whose level is on.
  LogHub(LogSink& sink, std::function<TimePoint()> now, LogOptions options = {});
  ~LogHub();  // flushes
  LogHub(const LogHub&) = delete;
  LogHub& operator=(const LogHub&) = delete;

  // The level is read when a view is made.
  Log host(HostId host) { return {*this, host, 0, components_[0].level}; }
  Log world() { return host(kNoHost); }

  // Reports what is still counted as suppressed, in order of host.
  void flush();

  std::uint64_t lines_written() const { return written_; }
  std::uint64_t lines_suppressed() const { return suppressed_; }

 private:
  friend class Log;

  struct Component {
    std::string name;
    LogLevel level;
  };
  struct Budget {
    std::int64_t second = INT64_MIN;
    std::uint32_t lines = 0;
    std::uint64_t suppressed = 0;
  };

  Log named(const Log& log, std::string_view component);
  void write(const Log& log, LogLevel level, fmt::string_view format, fmt::format_args args);
  bool admit(HostId host, TimePoint now);
  void report_suppressed(HostId host, Budget& budget, TimePoint now);
  void emit(const LogRecord& record);

  LogSink& sink_;
  std::function<TimePoint()> now_;
  std::uint32_t max_lines_per_host_per_second_;
  std::size_t max_line_bytes_;
  std::size_t max_components_;
  std::deque<Component> components_;  // the first has no name
  std::map<HostId, Budget> budgets_;  // of the hosts that ever wrote a line
  std::uint64_t written_ = 0;
  std::uint64_t suppressed_ = 0;
};

// Writes "   12.345678901  host-7  warn  gossipsub: text" to a stream that main opened and keeps. Control characters,
// which a peer may have chosen, are written as \xNN so that no line can forge another or command a terminal. Each line
// is one fwrite, so several hubs may share the sink where the C library locks its streams.
class TextLogSink : public LogSink {
 public:
  struct Options {
    bool color = false;
    // The name of a host; without it, "#7".
    std::function<std::string(HostId)> host_name{};
  };

  explicit TextLogSink(std::FILE* out) : TextLogSink(out, Options{}) {}
  TextLogSink(std::FILE* out, Options options) : out_(out), options_(std::move(options)) {}

  void write(const LogRecord& record) override;

 private:
  std::FILE* out_;
  Options options_;
};

}  // namespace ghostnet
