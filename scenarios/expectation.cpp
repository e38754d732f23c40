#include "ghostnet/scenarios/expectation.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/runtime/suggest.hpp"

namespace ghostnet::scenarios {

// A tree of at most kMaxTerms leaves.
class Expression {
 public:
  virtual ~Expression() = default;
  virtual std::optional<double> value(std::span<const MetricSnapshot> measured) const = 0;
  virtual void collect(std::vector<std::string>&) const {}
};

namespace {

constexpr std::size_t kMaxTerms = 64;
constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::array<std::string_view, 9> kAggregates = {"p50",  "p90", "p95", "p99",  "p999",
                                                         "mean", "min", "max", "count"};

using Part = std::shared_ptr<const Expression>;

class Number : public Expression {
 public:
  explicit Number(double number) : number_(number) {}
  std::optional<double> value(std::span<const MetricSnapshot>) const override { return number_; }

 private:
  double number_;
};

class MetricValue : public Expression {
 public:
  MetricValue(std::string name, std::string group, std::string aggregate)
      : name_(std::move(name)), group_(std::move(group)), aggregate_(std::move(aggregate)) {}

  void collect(std::vector<std::string>& names) const override { names.push_back(name_); }

  std::optional<double> value(std::span<const MetricSnapshot> measured) const override {
    auto metric = std::ranges::find_if(measured, [this](const MetricSnapshot& m) { return m.info.name == name_; });
    if (metric == measured.end()) return std::nullopt;
    const MetricSummary* summary = &metric->total;
    if (!group_.empty()) {
      auto group = std::ranges::find_if(metric->groups, [this](const MetricSummary& g) { return g.group == group_; });
      if (group == metric->groups.end()) return std::nullopt;
      summary = &*group;
    }
    return metric->info.kind == MetricKind::histogram ? of_histogram(summary->histogram) : of_values(*summary);
  }

 private:
  std::optional<double> of_histogram(const Histogram& histogram) const {
    if (aggregate_ == "count") return static_cast<double>(histogram.count());
    if (histogram.empty() || aggregate_.empty()) return std::nullopt;
    if (aggregate_ == "mean") return static_cast<double>(histogram.mean());
    if (aggregate_ == "min") return static_cast<double>(histogram.min());
    if (aggregate_ == "max") return static_cast<double>(histogram.max());
    double percent = aggregate_ == "p50"   ? 50
                     : aggregate_ == "p90" ? 90
                     : aggregate_ == "p95" ? 95
                     : aggregate_ == "p99" ? 99
                                           : 99.9;
    return static_cast<double>(histogram.percentile(percent));
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

  std::string name_;
  std::string group_;
  std::string aggregate_;
};

class Joined : public Expression {
 public:
  Joined(Part left, char sign, Part right) : left_(std::move(left)), right_(std::move(right)), sign_(sign) {}

  void collect(std::vector<std::string>& names) const override {
    left_->collect(names);
    right_->collect(names);
  }
  std::optional<double> value(std::span<const MetricSnapshot> measured) const override {
    std::optional<double> a = left_->value(measured);
    std::optional<double> b = right_->value(measured);
    if (!a || !b) return std::nullopt;
    switch (sign_) {
      case '+': return *a + *b;
      case '-': return *a - *b;
      case '*': return *a * *b;
      default: return *b == 0 ? std::nullopt : std::optional(*a / *b);
    }
  }

 private:
  Part left_;
  Part right_;
  char sign_;
};

// Recursive descent over: side := product {(+|-) product}; product := term {(*|/) term}.
class SideParser {
 public:
  explicit SideParser(std::string_view text) : rest_(text) {}

  Result<Part> parse() {
    Result<Part> side = sum();
    if (!side) return side;
    skip_space();
    if (!rest_.empty()) return fail(Errc::invalid_argument, "expected an operator before '{}'", rest_);
    return side;
  }

 private:
  Result<Part> sum() {
    Result<Part> left = product();
    while (left) {
      skip_space();
      if (rest_.empty() || (rest_[0] != '+' && rest_[0] != '-')) break;
      left = join(std::move(*left), &SideParser::product);
    }
    return left;
  }
  Result<Part> product() {
    Result<Part> left = term();
    while (left) {
      skip_space();
      if (rest_.empty() || (rest_[0] != '*' && rest_[0] != '/')) break;
      left = join(std::move(*left), &SideParser::term);
    }
    return left;
  }
  Result<Part> join(Part left, Result<Part> (SideParser::*next)()) {
    char sign = rest_[0];
    rest_.remove_prefix(1);
    Result<Part> right = (this->*next)();
    if (!right) return right;
    return Part(std::make_shared<Joined>(std::move(left), sign, std::move(*right)));
  }

  Result<Part> term() {
    if (++terms_ > kMaxTerms) return fail(Errc::limit, "more than {} terms", kMaxTerms);
    skip_space();
    if (rest_.empty()) return fail(Errc::invalid_argument, "expected a metric or a number at the end");
    if (std::isdigit(static_cast<unsigned char>(rest_[0])) != 0 || rest_[0] == '.') return number();
    std::string_view word = take_word();
    if (word.empty()) return fail(Errc::invalid_argument, "expected a metric or a number before '{}'", rest_);
    skip_space();
    if (rest_.empty() || rest_[0] != '(') return metric(word, "");
    if (std::ranges::find(kAggregates, word) == kAggregates.end()) {
      return fail(Errc::invalid_argument, "'{}' is no aggregate{}", word, suggestion(word, kAggregates));
    }
    rest_.remove_prefix(1);
    skip_space();
    Result<Part> inner = metric(take_word(), word);
    if (!inner) return inner;
    skip_space();
    if (rest_.empty() || rest_[0] != ')') return fail(Errc::invalid_argument, "expected ) after {}(...", word);
    rest_.remove_prefix(1);
    return inner;
  }

  Result<Part> metric(std::string_view name, std::string_view aggregate) {
    if (name.empty()) return fail(Errc::invalid_argument, "expected the name of a metric");
    std::string_view group;
    if (!rest_.empty() && rest_[0] == '[') {
      std::size_t end = rest_.find(']');
      if (end == std::string_view::npos) return fail(Errc::invalid_argument, "expected ] after {}[...", name);
      group = rest_.substr(1, end - 1);
      rest_.remove_prefix(end + 1);
    }
    return Part(std::make_shared<MetricValue>(std::string(name), std::string(group), std::string(aggregate)));
  }

  // With the unit that follows, if any: "200 ms", "0.1 %", "5 Mbit/s", "1 KiB".
  Result<Part> number() {
    std::size_t digits = rest_.find_first_not_of("0123456789.");
    if (digits == std::string_view::npos) digits = rest_.size();
    std::size_t unit_at = std::min(rest_.find_first_not_of(' ', digits), rest_.size());
    std::size_t end = unit_at;
    while (end < rest_.size() && (std::isalpha(static_cast<unsigned char>(rest_[end])) != 0 || rest_[end] == '%'))
      ++end;
    for (std::string_view per_second : {"/s", "/min", "/h"}) {
      if (end > unit_at && rest_.substr(end).starts_with(per_second)) {
        end += per_second.size();
        break;
      }
    }
    std::string_view text = rest_.substr(0, end > unit_at ? end : digits);
    rest_.remove_prefix(text.size());
    if (Result<double> plain = parse_real(text)) return Part(std::make_shared<Number>(*plain));
    if (Result<Duration> time = parse_duration(text)) {
      return Part(std::make_shared<Number>(static_cast<double>(time->count())));
    }
    if (Result<Probability> share = parse_fraction(text)) return Part(std::make_shared<Number>(share->value()));
    if (Result<DataRate> rate = parse_data_rate(text)) {
      return Part(std::make_shared<Number>(static_cast<double>(rate->bits_per_second)));
    }
    if (Result<DataSize> size = parse_data_size(text)) {
      return Part(std::make_shared<Number>(static_cast<double>(size->bytes)));
    }
    return fail(Errc::invalid_argument, "'{}' is no number with a unit (200 ms, 99.9 %, 5 Mbit/s, 1 KiB)", text);
  }

  std::string_view take_word() {
    std::size_t end = 0;
    while (end < rest_.size() &&
           (std::isalnum(static_cast<unsigned char>(rest_[end])) != 0 || rest_[end] == '_' || rest_[end] == '.')) {
      ++end;
    }
    std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }
  void skip_space() {
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
  }

  std::string_view rest_;
  std::size_t terms_ = 0;
};

}  // namespace

Result<ExpectationRule> ExpectationRule::parse(std::string_view text) {
  if (text.size() > kMaxTextBytes) return fail(Errc::limit, "an expectation of more than {} bytes", kMaxTextBytes);
  constexpr std::pair<std::string_view, Relation> kRelations[] = {
      {"<=", Relation::less_equal}, {">=", Relation::greater_equal}, {"==", Relation::equal},
      {"!=", Relation::not_equal},  {"<", Relation::less},           {">", Relation::greater}};
  for (auto [sign, relation] : kRelations) {
    std::size_t at = text.find(sign);
    if (at == std::string_view::npos) continue;
    Result<Part> left = SideParser(text.substr(0, at)).parse();
    if (!left) return fail(left.error().while_doing(fmt::format("left of {}", sign)));
    Result<Part> right = SideParser(text.substr(at + sign.size())).parse();
    if (!right) return fail(right.error().while_doing(fmt::format("right of {}", sign)));
    ExpectationRule rule;
    rule.text_ = text;
    rule.left_ = std::move(*left);
    rule.right_ = std::move(*right);
    rule.relation_ = relation;
    return rule;
  }
  return fail(Errc::invalid_argument, "'{}' compares nothing: expected one of < <= > >= == !=", text);
}

std::vector<std::string> ExpectationRule::metrics() const {
  std::vector<std::string> names;
  left_->collect(names);
  right_->collect(names);
  return names;
}

ExpectationRule::Verdict ExpectationRule::judge(std::span<const MetricSnapshot> measured) const {
  std::optional<double> left = left_->value(measured);
  std::optional<double> right = right_->value(measured);
  if (!left || !right) return {.value = left, .held = false};
  auto holds = [this](double a, double b) {
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
