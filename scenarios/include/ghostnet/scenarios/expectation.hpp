// Expectations: what a run must have measured, as one comparison.
//
//   echo.replies >= 100
//   echo.replies / echo.requests >= 99.9 %
//   p99(echo.rtt) < 200 ms
//   (echo.timeouts + echo.failures) / echo.requests < 1 %
//
// A side is a number with its unit, a metric, or several of these joined by + - * / and parentheses. A counter or gauge
// stands for its sum over all hosts, and min, max, mean and count around it for those over hosts. A histogram needs one
// of mean, min, max, count, or a percentile around it: p50, p99, p99.9 (also p999). `[group]` behind a metric's name
// takes that group's hosts alone: p99(echo.rtt[slow]).
//
// What is compared, added or subtracted must be of one kind: a time, a size, a data rate, or a plain number. So
// `p99(echo.rtt) < 200` is a mistake that check() finds, not a comparison with 200 ns. 0 is of every kind.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::scenarios {

class Expression;

class ExpectationRule {
 public:
  static constexpr std::size_t kMaxTextBytes = 4096;
  static constexpr std::size_t kMaxTerms = 64;

  // Errors: invalid_argument, with what was expected; limit.
  static Result<ExpectationRule> parse(std::string_view text);

  // Whether it makes sense where these metrics and groups exist. Errors: not_found for a name that is none, with the
  // likely one; invalid_argument for what cannot be compared.
  Result<> check(std::span<const MetricInfo> metrics, std::span<const std::string_view> groups) const;

  // Appends the names of the metrics that it looks at.
  void add_metrics_to(std::vector<std::string>& names) const;

  // As it was written, with its window.
  const std::string& text() const { return text_; }

  // The part of the run that counts; the whole of it where there is none.
  struct Window {
    Duration from{};
    Duration until{};

    friend bool operator==(const Window&, const Window&) = default;
  };
  void set_window(Duration from, Duration until);
  const std::optional<Window>& window() const { return window_; }

  struct Verdict {
    std::optional<double> value;  // of the left side; nothing: something in it was not measured
    bool held = false;
  };
  Verdict judge(std::span<const MetricSnapshot> measured) const;

 private:
  enum class Relation { less, less_equal, greater, greater_equal, equal, not_equal };

  std::string text_;
  std::shared_ptr<const Expression> left_;
  std::shared_ptr<const Expression> right_;
  Relation relation_{};
  std::optional<Window> window_;
};

}  // namespace ghostnet::scenarios
