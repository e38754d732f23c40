// Expression: one side of an expectation, as a tree over numbers and metrics. For expectation.hpp, which says what may
// be written; parse() is total and bounds the tree by kMaxTerms.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::scenarios {

// Of what kind a value is. `any` is that of 0.
enum class Dimension : std::uint8_t { any, number, time, size, rate };

struct MetricCatalogue {
  std::span<const MetricInfo> metrics;
  std::span<const std::string_view> groups;
};

class Expression {
 public:
  // Errors: invalid_argument, limit.
  static Result<std::shared_ptr<const Expression>> parse(std::string_view text, std::size_t max_terms);

  virtual ~Expression() = default;

  // In the base unit of its dimension. Nothing: something in it was not measured, or divides by 0.
  virtual std::optional<double> value(std::span<const MetricSnapshot> measured) const = 0;
  virtual Result<Dimension> dimension(const MetricCatalogue& known) const = 0;
  // Appends the names of the metrics in it.
  virtual void add_metrics_to(std::vector<std::string>&) const {}
  // As it was written, but for white space.
  virtual std::string text() const = 0;
};

// Errors: invalid_argument when two such values cannot be compared or added.
Result<Dimension> common_dimension(Dimension a, const Expression& left, Dimension b, const Expression& right);

}  // namespace ghostnet::scenarios
