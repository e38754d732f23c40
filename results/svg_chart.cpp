#include "svg_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "ghostnet/results/junit.hpp"

namespace ghostnet::results {

namespace {

// Of the whole picture, and what is left around the plot. Half a page of paper is half as wide as that, so letters are
// large for it.
constexpr double kChartWidth = 500;
constexpr double kChartHeight = 240;
constexpr double kLeft = 54;
constexpr double kRight = 12;
constexpr double kTop = 10;
constexpr double kBottom = 44;
constexpr double kDot = 3.5;
constexpr double kLoneDot = 2;   // of a line that is broken on both sides of it
constexpr double kInset = 12;    // beside the first and the last dot
constexpr double kLetter = 6.3;  // about as wide as one
constexpr double kSpanRow = 13;  // for the labels of spans, above the plot
constexpr std::size_t kSpanRows = 2;
constexpr double kFromZero = 0.35;  // a scale whose values begin below this part of its end begins at 0
constexpr std::size_t kMaxPoints = 400;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

// Of each stretch of points the least and the most, in their order.
std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points) {
  if (points.size() <= kMaxPoints) return points;
  std::vector<ChartPoint> kept;
  const std::size_t stretches = kMaxPoints / 2;
  for (std::size_t i = 0; i < stretches; ++i) {
    const auto from = points.begin() + static_cast<std::ptrdiff_t>(points.size() * i / stretches);
    const auto to = points.begin() + static_cast<std::ptrdiff_t>(points.size() * (i + 1) / stretches);
    auto [least, most] = std::minmax_element(from, to, [](const auto& a, const auto& b) { return a.y < b.y; });
    if (most < least) std::swap(least, most);
    const bool apart = std::any_of(from, to, [](const ChartPoint& point) { return point.apart; });
    kept.push_back(*least);
    kept.back().apart = apart;
    if (most != least) kept.push_back(*most);
  }
  return kept;
}

// The chart's two scales, and what is drawn on them.
class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    Range x, y;
    for (const ChartLine& line : chart.lines) {
      for (const ChartPoint& point : line.points) {
        x.include(point.x);
        y.include(point.y);
        if (point.low < point.high) y.include(point.low), y.include(point.high);
      }
    }
    if (chart.x_range) x = {chart.x_range->first, chart.x_range->second};
    if (x.empty()) x = {0, 1};
    if (y.empty()) y = {0, 1};
    if (!chart.x_names.empty()) x = {-0.4, static_cast<double>(chart.x_names.size()) - 0.6};
    const bool dots = std::ranges::any_of(chart.lines, &ChartLine::markers);
    if (dots && x.low > 0 && x.low < kFromZero * x.high) x.low = 0;
    if (dots || chart.log_x) inset_ = kInset;
    if (chart.log_x) x.low = std::max(x.low, x.high * 1e-9);
    if (x.low == x.high) x = {x.low - 0.5, x.high + 0.5};
    if (chart.from_zero && y.low > 0) y.low = 0;
    if (chart.y_max) y = {0, *chart.y_max};
    if (y.low == y.high) y = {y.low - (y.low == 0 ? 0 : 1), y.high + 1};
    y_ticks_ = round_ticks(y.low, y.high, 5);
    const double step = y_ticks_.size() > 1 ? y_ticks_[1] - y_ticks_[0] : 1;
    if (!chart.y_max) y.high = std::max(y.high, std::ceil(y.high / step - 1e-9) * step);
    if (!chart.from_zero) y.low = std::floor(y.low / step + 1e-9) * step;
    y_ticks_ = round_ticks(y.low, y.high, 5);
    x_ = x;
    y_ = y;
    place_span_labels();
  }

  std::string svg() {
    out_ += fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", kChartWidth, kChartHeight,
                        xml_escaped(chart_.title));
    draw_spans();
    draw_y_axis();
    draw_x_axis();
    for (std::size_t i = 0; i < chart_.lines.size(); ++i) {
      beside_ = chart_.lines[i].markers ? aside(i) : 0;
      draw_line(chart_.lines[i], i % Chart::kColours);
    }
    return out_ + "</svg>";
  }

 private:
  struct SpanLabel {
    double x;
    std::size_t row;
    const ChartSpan* span;
  };

  double at_x(double x) const {
    const double share = chart_.log_x ? (std::log(std::max(x, x_.low)) - std::log(x_.low)) /
                                            std::max(std::log(x_.high) - std::log(x_.low), 1e-12)
                                      : (x - x_.low) / (x_.high - x_.low);
    return kLeft + inset_ + share * (kChartWidth - kLeft - kRight - 2 * inset_) + beside_;
  }
  // So that dots at one place do not hide each other.
  double aside(std::size_t line) const {
    const auto lines = static_cast<double>(chart_.lines.size());
    return (static_cast<double>(line) - (lines - 1) / 2) * std::min(4.0, kInset / lines);
  }
  double at_y(double y) const {
    const double share = (std::clamp(y, y_.low, y_.high) - y_.low) / (y_.high - y_.low);
    return kChartHeight - kBottom - share * (kChartHeight - top_ - kBottom);
  }

  void text(double x, double y, const char* css_class, const char* anchor, const std::string& words) {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\" text-anchor=\"{}\">{}</text>", x, y, css_class,
                        anchor, xml_escaped(words));
  }
  void rule(double x1, double y1, double x2, double y2, const char* css_class) {
    out_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>", x1, y1, x2, y2,
                        css_class);
  }

  void draw_y_axis() {
    for (const double tick : y_ticks_) {
      rule(kLeft, at_y(tick), kChartWidth - kRight, at_y(tick), tick == 0 ? "axis" : "grid");
      text(kLeft - 6, at_y(tick) + 4, "tick", "end", short_number(tick));
    }
    const double middle = (top_ + kChartHeight - kBottom) / 2;
    out_ += fmt::format(
        "<text transform=\"translate(12 {:.1f}) rotate(-90)\" class=\"label\" text-anchor=\"middle\">{}</text>", middle,
        xml_escaped(chart_.y_label));
  }

  void draw_x_axis() {
    const double floor = kChartHeight - kBottom;
    rule(kLeft, floor, kChartWidth - kRight, floor, "axis");
    const auto tick_at = [&](double x, const std::string& words) {
      rule(at_x(x), floor, at_x(x), floor + 4, "axis");
      text(at_x(x), floor + 17, "tick", "middle", words);
    };
    for (std::size_t i = 0; i < chart_.x_names.size(); ++i) tick_at(static_cast<double>(i), chart_.x_names[i]);
    if (chart_.x_names.empty()) {
      for (const double tick : chart_.log_x ? log_ticks(x_.low, x_.high) : round_ticks(x_.low, x_.high, 6)) {
        tick_at(tick, short_number(tick));
      }
    }
    text((kLeft + kChartWidth - kRight) / 2, kChartHeight - 8, "label", "middle", chart_.x_label);
  }

  // In the first row that has room for it; where none has, its shade has to do.
  void place_span_labels() {
    double free_from[kSpanRows] = {};
    std::size_t rows = 0;
    for (const ChartSpan& span : chart_.spans) {
      const double width = kLetter * static_cast<double>(span.label.size());
      const double x = std::clamp(at_x(span.from), kLeft, std::max(kLeft, kChartWidth - kRight - width));
      auto* row = std::ranges::find_if(free_from, [x](double free) { return free <= x; });
      if (span.from > x_.high || row == std::end(free_from)) continue;
      *row = x + width + kLetter;
      const auto number = static_cast<std::size_t>(row - free_from);
      rows = std::max(rows, number + 1);
      span_labels_.push_back({x, number, &span});
    }
    top_ = kTop + kSpanRow * static_cast<double>(rows);
  }

  void draw_spans() {
    const double floor = kChartHeight - kBottom;
    for (const ChartSpan& span : chart_.spans) {
      if (span.from > x_.high) continue;
      const double from = at_x(span.from);
      const double until = at_x(std::min(span.until, x_.high));
      out_ += fmt::format("<rect class=\"span\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", from,
                          top_, std::max(until - from, 0.0), floor - top_);
      rule(from, top_, from, floor, "mark");
      if (until > from && span.until < x_.high) rule(until, top_, until, floor, "mark");
    }
    for (const SpanLabel& label : span_labels_) {
      text(label.x, top_ - 4 - kSpanRow * static_cast<double>(label.row), "marked", "start", label.span->label);
    }
  }

  void draw_line(const ChartLine& line, std::size_t colour) {
    const std::vector<ChartPoint> points = thinned(line.points);
    if (points.empty()) return;
    if (line.band) draw_band(points, colour);
    for (auto from = points.begin(); from != points.end();) {
      const auto to = std::find_if(from + 1, points.end(), [](const ChartPoint& point) { return point.apart; });
      draw_stretch({from, to}, line.label, colour);
      from = to;
    }
    if (!line.markers && points.size() > 1) return;
    for (const ChartPoint& point : points) {
      if (point.low < point.high && !line.band) {
        out_ += fmt::format("<path class=\"whisker s{}\" d=\"M{:.1f} {:.1f}V{:.1f}m-4 0h8m-8 {:.1f}h8\"/>", colour,
                            at_x(point.x), at_y(point.low), at_y(point.high), at_y(point.low) - at_y(point.high));
      }
      draw_dot(point, line.label, colour, kDot);
    }
  }

  void draw_dot(const ChartPoint& point, const std::string& label, std::size_t colour, double radius) {
    out_ += fmt::format("<circle class=\"dot s{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}: {}</title></circle>",
                        colour, at_x(point.x), at_y(point.y), radius, xml_escaped(label), short_number(point.y));
  }

  void draw_stretch(std::span<const ChartPoint> points, const std::string& label, std::size_t colour) {
    if (points.size() == 1) return draw_dot(points.front(), label, colour, kLoneDot);
    out_ += fmt::format("<polyline class=\"line s{}\" points=\"", colour);
    for (const ChartPoint& point : points) {
      out_ += fmt::format("{:.1f},{:.1f} ", at_x(point.x), at_y(point.y));
    }
    out_ += fmt::format("\"><title>{}</title></polyline>", xml_escaped(label));
  }

  void draw_band(const std::vector<ChartPoint>& points, std::size_t colour) {
    out_ += fmt::format("<polygon class=\"band s{}\" points=\"", colour);
    for (const ChartPoint& point : points) out_ += fmt::format("{:.1f},{:.1f} ", at_x(point.x), at_y(point.high));
    for (auto at = points.rbegin(); at != points.rend(); ++at) {
      out_ += fmt::format("{:.1f},{:.1f} ", at_x(at->x), at_y(at->low));
    }
    out_ += "\"/>";
  }

  const Chart& chart_;
  Range x_;
  Range y_;
  std::vector<double> y_ticks_;
  double inset_ = 0;
  double beside_ = 0;  // of the line that is being drawn
  double top_ = kTop;
  std::vector<SpanLabel> span_labels_;
  std::string out_;
};

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
  if (!(high > low)) return {low};
  const double raw = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double nice : {1.0, 2.0, 2.5, 5.0}) {
    if (nice * power >= raw * 0.999) {
      step = nice * power;
      break;
    }
  }
  std::vector<double> ticks;
  for (double n = std::ceil(low / step - 1e-9); n * step <= high + step * 1e-9; ++n) ticks.push_back(n * step);
  return ticks;
}

std::vector<double> log_ticks(double low, double high) {
  std::vector<double> ticks;
  if (!(low > 0) || !(high >= low)) return ticks;
  const bool dense = high / low < 2'000;
  for (double power = std::pow(10, std::floor(std::log10(low))); power <= high * 1.0001; power *= 10) {
    for (const double part : {1.0, 2.0, 5.0}) {
      if (part != 1.0 && !dense) continue;
      const double tick = power * part;
      if (tick >= low * 0.9999 && tick <= high * 1.0001) ticks.push_back(tick);
    }
  }
  return ticks;
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (size < 1e-12) return "0";
  for (const auto& [scale, letter] : {std::pair{1e9, "G"}, std::pair{1e6, "M"}, std::pair{1e3, "k"}}) {
    if (size >= scale * 0.9999) return fmt::format("{:.4g}{}", value / scale, letter);
  }
  return fmt::format("{:.4g}", value);
}

bool Chart::empty() const {
  return std::ranges::all_of(lines, [](const ChartLine& line) { return line.points.empty(); });
}

std::string Chart::html() const {
  std::string out = fmt::format("<figure><figcaption>{}</figcaption>", xml_escaped(title));
  if (lines.size() > 1) {
    out += "<ul class=\"legend\">";
    for (std::size_t i = 0; i < lines.size(); ++i) {
      out += fmt::format("<li class=\"s{}\">{}</li>", i % kColours, xml_escaped(lines[i].label));
    }
    out += "</ul>";
  }
  return out + Drawing(*this).svg() + "</figure>\n";
}

}  // namespace ghostnet::results
