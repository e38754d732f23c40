#include "ghostnet/scenarios/expectation.hpp"

#include <utility>

#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/scenarios/expression.hpp"

namespace ghostnet::scenarios {

Result<ExpectationRule> ExpectationRule::parse(std::string_view text) {
  if (text.size() > kMaxTextBytes) return fail(Errc::limit, "an expectation of more than {} bytes", kMaxTextBytes);
  constexpr std::pair<std::string_view, Relation> kRelations[] = {
      {"<=", Relation::less_equal}, {">=", Relation::greater_equal}, {"==", Relation::equal},
      {"!=", Relation::not_equal},  {"<", Relation::less},           {">", Relation::greater}};
  for (const auto& [sign, relation] : kRelations) {
    const std::size_t at = text.find(sign);
    if (at == std::string_view::npos) continue;
    Result<std::shared_ptr<const Expression>> left = Expression::parse(text.substr(0, at), kMaxTerms);
    if (!left) return std::unexpected(left.error().while_doing(fmt::format("left of {}", sign)));
    Result<std::shared_ptr<const Expression>> right = Expression::parse(text.substr(at + sign.size()), kMaxTerms);
    if (!right) return std::unexpected(right.error().while_doing(fmt::format("right of {}", sign)));
    ExpectationRule rule;
    rule.text_ = text;
    rule.left_ = std::move(*left);
    rule.right_ = std::move(*right);
    rule.relation_ = relation;
    return rule;
  }
  return fail(Errc::invalid_argument, "'{}' compares nothing: expected one of < <= > >= == !=", text);
}

Result<> ExpectationRule::check(std::span<const MetricInfo> metrics, std::span<const std::string_view> groups) const {
  const MetricCatalogue known{metrics, groups};
  const Result<Dimension> left = left_->dimension(known);
  if (!left) return fail(left);
  const Result<Dimension> right = right_->dimension(known);
  if (!right) return fail(right);
  if (const Result<Dimension> both = common_dimension(*left, *left_, *right, *right_); !both) return fail(both);
  return {};
}

void ExpectationRule::add_metrics_to(std::vector<std::string>& names) const {
  left_->add_metrics_to(names);
  right_->add_metrics_to(names);
}

void ExpectationRule::set_window(Duration from, Duration until) {
  window_ = Window{from, until};
  text_ += fmt::format(" from {} until {}", to_text(from), to_text(until));
}

ExpectationRule::Verdict ExpectationRule::judge(std::span<const MetricSnapshot> measured) const {
  const std::optional<double> left = left_->value(measured);
  const std::optional<double> right = right_->value(measured);
  if (!left || !right) return {.value = left, .held = false};
  const auto holds = [this](double a, double b) {
    switch (relation_) {
      case Relation::less: return a < b;
      case Relation::less_equal: return a <= b;
      case Relation::greater: return a > b;
      case Relation::greater_equal: return a >= b;
      case Relation::equal: return a == b;
      case Relation::not_equal: return a != b;
    }
    return false;
  };
  return {.value = left, .held = holds(*left, *right)};
}

}  // namespace ghostnet::scenarios
