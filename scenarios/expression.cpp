#include "ghostnet/scenarios/expression.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/runtime/suggest.hpp"

namespace ghostnet::scenarios {
namespace {

using Part = std::shared_ptr<const Expression>;

// Percentiles go without saying: p and a number.
constexpr std::array<std::string_view, 8> kAggregates = {"p50", "p90", "p99", "p99.9", "mean", "min", "max", "count"};

std::string_view to_string(Dimension dimension) {
  switch (dimension) {
    case Dimension::any:
    case Dimension::number: return "a plain number";
    case Dimension::time: return "a time";
    case Dimension::size: return "a size of data";
    case Dimension::rate: return "a data rate";
  }
  return "a plain number";
}

std::string_view example_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::time: return "200 ms";
    case Dimension::size: return "64 KiB";
    case Dimension::rate: return "50 Mbit/s";
    default: return "100";
  }
}

Dimension dimension_of_unit(std::string_view unit) {
  if (unit == "ns") return Dimension::time;
  if (unit == "bytes") return Dimension::size;
  if (unit == "bit/s") return Dimension::rate;
  return Dimension::number;
}

// 99.9 of "p99.9" and of "p999", which is how some write it.
std::optional<double> percent_of(std::string_view aggregate) {
  if (!aggregate.starts_with('p')) return std::nullopt;
  const std::string_view digits = aggregate.substr(1);
  if (digits.empty() || digits.find_first_not_of("0123456789.") != digits.npos) return std::nullopt;
  const Result<double> number = parse_real(digits);
  if (!number) return std::nullopt;
  if (digits == "999" || digits == "9999") return digits == "999" ? 99.9 : 99.99;
  return *number <= 100 ? std::optional(*number) : std::nullopt;
}

bool is_aggregate(std::string_view word) {
  return percent_of(word).has_value() || std::ranges::find(kAggregates, word) != kAggregates.end();
}

class Number final : public Expression {
 public:
  Number(double number, Dimension dimension, std::string_view text)
      : number_(number), dimension_(dimension), text_(text) {}

  std::optional<double> value(std::span<const MetricSnapshot>) const override { return number_; }
  Result<Dimension> dimension(const MetricCatalogue&) const override {
    return number_ == 0 ? Dimension::any : dimension_;
  }
  std::string text() const override { return text_; }

 private:
  double number_;
  Dimension dimension_;
  std::string text_;
};

class Metric final : public Expression {
 public:
  Metric(std::string_view name, std::string_view group, std::string_view aggregate)
      : name_(name), group_(group), aggregate_(aggregate) {}

  std::optional<double> value(std::span<const MetricSnapshot> measured) const override {
    const auto metric = std::ranges::find(measured, name_, [](const MetricSnapshot& m) { return m.info.name; });
    if (metric == measured.end()) return std::nullopt;
    const MetricSummary* summary = &metric->total;
    if (!group_.empty()) {
      const auto group = std::ranges::find(metric->groups, group_, &MetricSummary::group);
      if (group == metric->groups.end()) return std::nullopt;
      summary = &*group;
    }
    return metric->info.kind == MetricKind::histogram ? of_histogram(summary->histogram) : of_values(*summary);
  }

  Result<Dimension> dimension(const MetricCatalogue& known) const override {
    const auto metric = std::ranges::find(known.metrics, name_, &MetricInfo::name);
    if (metric == known.metrics.end()) return no_such_metric(known);
    if (!group_.empty() && std::ranges::find(known.groups, group_) == known.groups.end()) {
      return fail(Errc::not_found, "there is no group '{}'{}", group_, suggestion(group_, known.groups));
    }
    const bool histogram = metric->kind == MetricKind::histogram;
    if (histogram && aggregate_.empty()) {
      return fail(Errc::invalid_argument, "{} is a histogram: say what of it, as in p99({})", name_, name_);
    }
    if (!histogram && percent_of(aggregate_)) {
      return fail(Errc::invalid_argument, "{} is a {}, which has no percentiles: write {}, or mean({}) over its hosts",
                  name_, ghostnet::to_string(metric->kind), name_, name_);
    }
    return aggregate_ == "count" ? Dimension::number : dimension_of_unit(metric->unit);
  }

  void add_metrics_to(std::vector<std::string>& names) const override { names.push_back(name_); }

  std::string text() const override {
    const std::string metric = group_.empty() ? name_ : fmt::format("{}[{}]", name_, group_);
    return aggregate_.empty() ? metric : fmt::format("{}({})", aggregate_, metric);
  }

 private:
  std::optional<double> of_histogram(const Histogram& histogram) const {
    if (aggregate_ == "count") return static_cast<double>(histogram.count());
    if (histogram.empty()) return std::nullopt;
    if (aggregate_ == "mean") return static_cast<double>(histogram.mean());
    if (aggregate_ == "min") return static_cast<double>(histogram.min());
    if (aggregate_ == "max") return static_cast<double>(histogram.max());
    const std::optional<double> percent = percent_of(aggregate_);
    if (!percent) return std::nullopt;
    return static_cast<double>(histogram.percentile(*percent));
  }
  std::optional<double> of_values(const MetricSummary& summary) const {
    if (summary.hosts == 0) return std::nullopt;
    if (aggregate_.empty()) return static_cast<double>(summary.sum);
    if (aggregate_ == "min") return static_cast<double>(summary.min);
    if (aggregate_ == "max") return static_cast<double>(summary.max);
    if (aggregate_ == "count") return static_cast<double>(summary.hosts);
    if (aggregate_ == "mean") return static_cast<double>(summary.sum) / static_cast<double>(summary.hosts);
    return std::nullopt;
  }
  std::unexpected<Error> no_such_metric(const MetricCatalogue& known) const {
    std::vector<std::string_view> names;
    for (const MetricInfo& metric : known.metrics) names.push_back(metric.name);
    return fail(Errc::not_found, "no protocol of this scenario has a metric '{}'{}", name_, suggestion(name_, names));
  }

  std::string name_;
  std::string group_;
  std::string aggregate_;
};

class Joined final : public Expression {
 public:
  Joined(Part left, char sign, Part right) : left_(std::move(left)), right_(std::move(right)), sign_(sign) {}

  std::optional<double> value(std::span<const MetricSnapshot> measured) const override {
    const std::optional<double> a = left_->value(measured);
    const std::optional<double> b = right_->value(measured);
    if (!a || !b) return std::nullopt;
    switch (sign_) {
      case '+': return *a + *b;
      case '-': return *a - *b;
      case '*': return *a * *b;
      default: return *b == 0 ? std::nullopt : std::optional(*a / *b);
    }
  }

  Result<Dimension> dimension(const MetricCatalogue& known) const override {
    const Result<Dimension> a = left_->dimension(known);
    if (!a) return a;
    const Result<Dimension> b = right_->dimension(known);
    if (!b) return b;
    if (sign_ == '+' || sign_ == '-') return common_dimension(*a, *left_, *b, *right_);
    const auto plain = [](Dimension d) { return d == Dimension::number || d == Dimension::any; };
    if (plain(*b)) return *a;
    if (sign_ == '*' && plain(*a)) return *b;
    if (sign_ == '/' && *a == *b) return Dimension::number;
    return fail(Errc::invalid_argument, "{} is {} and {} is {}: what comes of {} has no unit here", left_->text(),
                to_string(*a), right_->text(), to_string(*b), sign_);
  }

  void add_metrics_to(std::vector<std::string>& names) const override {
    left_->add_metrics_to(names);
    right_->add_metrics_to(names);
  }

  std::string text() const override { return fmt::format("({} {} {})", left_->text(), sign_, right_->text()); }

 private:
  Part left_;
  Part right_;
  char sign_;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Recursive descent: sum := product {(+|-) product}; product := term {(*|/) term};
// term := ( sum ) | aggregate ( metric ) | metric | number. Every level of nesting costs a term.
class Parser {
 public:
  Parser(std::string_view text, std::size_t max_terms) : rest_(text), terms_left_(max_terms), max_terms_(max_terms) {}

  Result<Part> parse() {
    while (rest_.ends_with(' ')) rest_.remove_suffix(1);
    Result<Part> side = sum();
    if (side && more()) return fail(Errc::invalid_argument, "expected an operator before '{}'", rest_);
    return side;
  }

 private:
  Result<Part> sum() { return chain('+', '-', &Parser::product); }
  Result<Part> product() { return chain('*', '/', &Parser::term); }

  Result<Part> chain(char one, char other, Result<Part> (Parser::*next)()) {
    Result<Part> left = (this->*next)();
    while (left && more() && (rest_[0] == one || rest_[0] == other)) {
      const char sign = take();
      Result<Part> right = (this->*next)();
      if (!right) return right;
      left = std::make_shared<Joined>(std::move(*left), sign, std::move(*right));
    }
    return left;
  }

  Result<Part> term() {
    if (terms_left_ == 0) return fail(Errc::limit, "more than {} terms", max_terms_);
    --terms_left_;
    if (!more()) return fail(Errc::invalid_argument, "expected a metric or a number at the end");
    if (is_digit(rest_[0]) || rest_[0] == '.') return number();
    if (rest_[0] == '(') return parenthesis();
    const std::string_view word = take_word();
    if (word.empty()) return fail(Errc::invalid_argument, "expected a metric or a number before '{}'", rest_);
    if (!more() || rest_[0] != '(') return metric(word, "");
    if (!is_aggregate(word))
      return fail(Errc::invalid_argument, "'{}' is no aggregate{}", word, suggestion(word, kAggregates));
    take();
    more();
    Result<Part> inner = metric(take_word(), word);
    if (!inner) return inner;
    if (!more() || rest_[0] != ')') return fail(Errc::invalid_argument, "expected ) after {}", (*inner)->text());
    take();
    return inner;
  }

  Result<Part> parenthesis() {
    take();
    Result<Part> inner = sum();
    if (!inner) return inner;
    if (!more() || rest_[0] != ')') return fail(Errc::invalid_argument, "expected ) after {}", (*inner)->text());
    take();
    return inner;
  }

  Result<Part> metric(std::string_view name, std::string_view aggregate) {
    if (name.empty()) return fail(Errc::invalid_argument, "expected the name of a metric");
    std::string_view group;
    if (!rest_.empty() && rest_[0] == '[') {
      const std::size_t end = rest_.find(']');
      if (end == rest_.npos || end == 1) return fail(Errc::invalid_argument, "expected a group and ] after {}[", name);
      group = rest_.substr(1, end - 1);
      rest_.remove_prefix(end + 1);
    }
    return std::make_shared<Metric>(name, group, aggregate);
  }

  Result<Part> number() {
    const std::string_view text = take_number();
    const auto made = [text](double value, Dimension dimension) -> Result<Part> {
      return std::make_shared<Number>(value, dimension, text);
    };
    if (const Result<double> plain = parse_real(text)) return made(*plain, Dimension::number);
    if (const Result<Duration> time = parse_duration(text)) {
      return made(static_cast<double>(time->count()), Dimension::time);
    }
    if (const Result<DataRate> rate = parse_data_rate(text)) {
      return made(static_cast<double>(rate->bits_per_second), Dimension::rate);
    }
    if (const Result<DataSize> size = parse_data_size(text))
      return made(static_cast<double>(size->bytes), Dimension::size);
    // Beyond 100 % too, since ratios of counters are.
    if (text.ends_with('%')) {
      if (const Result<double> percent = parse_real(text.substr(0, text.size() - 1))) {
        return made(*percent / 100, Dimension::number);
      }
    }
    return fail(Errc::invalid_argument, "'{}' is no number with a unit, such as 200 ms, 99.9 %, 5 Mbit/s or 1 KiB",
                text);
  }

  // A number and the unit that follows, if any.
  std::string_view take_number() {
    std::size_t end = std::min(rest_.find_first_not_of("0123456789."), rest_.size());
    std::size_t unit = std::min(rest_.find_first_not_of(' ', end), rest_.size());
    std::size_t unit_end = unit;
    while (unit_end < rest_.size() && (is_letter(rest_[unit_end]) || rest_[unit_end] == '%')) ++unit_end;
    if (unit_end > unit && rest_.substr(unit_end).starts_with("/s")) unit_end += 2;
    if (unit_end > unit) end = unit_end;
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return text;
  }

  std::string_view take_word() {
    std::size_t end = 0;
    const auto in_word = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.'; };
    while (end < rest_.size() && in_word(rest_[end])) ++end;
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }
  char take() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }
  // Skips white space; whether something is left.
  bool more() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
    return !rest_.empty();
  }

  std::string_view rest_;
  std::size_t terms_left_;
  std::size_t max_terms_;
};

}  // namespace

Result<std::shared_ptr<const Expression>> Expression::parse(std::string_view text, std::size_t max_terms) {
  return Parser(text, max_terms).parse();
}

Result<Dimension> common_dimension(Dimension a, const Expression& left, Dimension b, const Expression& right) {
  if (a == b || b == Dimension::any) return a;
  if (a == Dimension::any) return b;
  const bool right_lacks_unit = b == Dimension::number;
  const Dimension wanted = right_lacks_unit ? a : a == Dimension::number ? b : a;
  return fail(Errc::invalid_argument, "{} is {}, but {} is {}: expected {} on both sides, such as {}", left.text(),
              to_string(a), right.text(), to_string(b), to_string(wanted), example_of(wanted));
}

}  // namespace ghostnet::scenarios
