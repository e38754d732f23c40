// Expectations: what a run must have measured, as one comparison.
//
//   echo.replies >= 100
//   echo.replies / echo.requests >= 99.9 %
//   p99(echo.rtt) < 200 ms
//
// A side is a number with an optional unit, a metric, or two of these joined by + - * /. A counter or gauge stands for
// its sum over all hosts; a histogram needs one of p50 p90 p95 p99 p999 mean min max count around it. `[group]` behind
// a metric's name takes that group's hosts alone: p99(echo.rtt[slow]). Times compare in nanoseconds, shares as
// fractions.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::scenarios {

class Expression;

class ExpectationRule {
 public:
  // Errors: invalid_argument, with what was expected.
  static Result<ExpectationRule> parse(std::string_view text);

  const std::string& text() const { return text_; }
  // The metrics that it names, so that a loader can check them.
  std::vector<std::string> metrics() const;

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
};

}  // namespace ghostnet::scenarios
