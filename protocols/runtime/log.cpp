#include "ghostnet/runtime/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "ghostnet/runtime/text.hpp"

namespace ghostnet {
namespace {

constexpr std::array<std::string_view, 6> kLevelNames = {"trace", "debug", "info", "warn", "error", "off"};
constexpr std::array<std::string_view, 6> kLevelColors = {"\x1b[90m", "\x1b[36m", "\x1b[32m",
                                                          "\x1b[33m", "\x1b[31m", ""};
constexpr std::string_view kColorEnd = "\x1b[0m";
constexpr std::string_view kCut = "...";

// At most `bytes` of the text, and no part of a character at its end.
std::string_view cut_to(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<std::uint8_t>(text[bytes]) & 0xc0U) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

std::string_view to_string(LogLevel level) { return kLevelNames[static_cast<std::size_t>(level)]; }

Result<LogLevel> parse_log_level(std::string_view name) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (name == kLevelNames[i]) return static_cast<LogLevel>(i);
  }
  return fail(Errc::invalid_argument, "log level {:?}: expected one of {}", name, fmt::join(kLevelNames, ", "));
}

Log Log::named(std::string_view component) const { return hub_ == nullptr ? *this : hub_->named(*this, component); }

void Log::write(LogLevel level, fmt::string_view format, fmt::format_args args) const {
  hub_->write(*this, level, format, args);
}

LogHub::LogHub(LogSink& sink, std::function<TimePoint()> now, LogOptions options)
    : sink_(sink),
      now_(std::move(now)),
      max_lines_per_host_per_second_(options.max_lines_per_host_per_second),
      max_line_bytes_(options.max_line_bytes),
      max_components_(options.max_components) {
  components_.push_back({"", options.level});
  for (auto& [name, level] : options.component_levels) components_.push_back({std::move(name), level});
}

LogHub::~LogHub() { flush(); }

void LogHub::flush() {
  const TimePoint now = now_();
  for (auto& [host, budget] : budgets_) report_suppressed(host, budget, now);
}

Log LogHub::named(const Log& log, std::string_view component) {
  auto found = std::ranges::find(components_, component, &Component::name);
  if (found == components_.end()) {
    if (components_.size() >= max_components_) return log;
    components_.push_back({std::string(component), components_[0].level});
    found = components_.end() - 1;
  }
  return {*this, log.host_, static_cast<std::uint16_t>(found - components_.begin()), found->level};
}

void LogHub::write(const Log& log, LogLevel level, fmt::string_view format, fmt::format_args args) {
  const TimePoint now = now_();
  if (!admit(log.host_, now)) return;
  // On the stack, since formatting an argument may itself write a line.
  fmt::memory_buffer line;
  fmt::vformat_to(std::back_inserter(line), format, args);
  const std::string_view text = cut_to({line.data(), line.size()}, max_line_bytes_);
  if (text.size() < line.size()) {
    line.resize(text.size());
    line.append(kCut);
  }
  emit({now, log.host_, level, components_[log.component_].name, {line.data(), line.size()}});
}

bool LogHub::admit(HostId host, TimePoint now) {
  if (max_lines_per_host_per_second_ == 0) return true;
  Budget& budget = budgets_[host];
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  if (budget.second != second) {
    report_suppressed(host, budget, now);
    budget.second = second;
    budget.lines = 0;
  }
  if (budget.lines < max_lines_per_host_per_second_) {
    ++budget.lines;
    return true;
  }
  ++budget.suppressed;
  ++suppressed_;
  return false;
}

void LogHub::report_suppressed(HostId host, Budget& budget, TimePoint now) {
  if (budget.suppressed == 0) return;
  const std::string text = fmt::format("{} lines suppressed", budget.suppressed);
  budget.suppressed = 0;
  emit({now, host, LogLevel::warn, "log", text});
}

void LogHub::emit(const LogRecord& record) {
  ++written_;
  sink_.write(record);
}

void TextLogSink::write(const LogRecord& record) {
  std::string line;
  const auto out = std::back_inserter(line);
  const std::int64_t ns = to_ns(record.time);
  // Divided before the sign is taken off, since the least integer has no positive twin.
  const std::int64_t seconds = ns / 1'000'000'000;
  const std::int64_t fraction = ns % 1'000'000'000;
  fmt::format_to(out, "{:>6}.{:09}  ", fmt::format("{}{}", ns < 0 ? "-" : "", seconds < 0 ? -seconds : seconds),
                 fraction < 0 ? -fraction : fraction);
  if (record.host == kNoHost) {
    line += "world";
  } else if (options_.host_name) {
    append_printable(line, options_.host_name(record.host));
  } else {
    fmt::format_to(out, "#{}", record.host);
  }
  if (options_.color) line += kLevelColors[static_cast<std::size_t>(record.level)];
  fmt::format_to(out, "  {:<5}  ", to_string(record.level));
  if (options_.color) line += kColorEnd;
  if (!record.component.empty()) {
    append_printable(line, record.component);
    line += ": ";
  }
  append_printable(line, record.text);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), out_);
}

}  // namespace ghostnet
