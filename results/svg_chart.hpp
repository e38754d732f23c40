// SvgChart: line charts as inline SVG, drawn for a page that brings the colours.
//
// Nothing in the SVG is a colour: lines carry the classes s0 .. s7, axes and text the classes axis, grid and tick,
// which the style sheet of the page (report_style.cpp) fills in for light, for dark and for paper. Lines of many points
// are thinned to what can be seen, keeping the extremes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ghostnet::results {

struct ChartPoint {
  double x = 0;
  double y = 0;
  // A confidence interval or a band, where low < high.
  double low = 0;
  double high = 0;
  bool apart = false;  // from the point before: no line leads here
};

struct ChartLine {
  std::string label;
  std::vector<ChartPoint> points;  // in order of x
  // A dot at each point, with whiskers where there is an interval; those of several lines stand a little beside each
  // other.
  bool markers = false;
  bool band = false;  // the intervals as an area
};

// A part of the x axis in which something was otherwise, shaded behind the lines; of no length: a moment.
struct ChartSpan {
  double from = 0;
  double until = 0;
  std::string label;
};

struct Chart {
  static constexpr std::size_t kColours = 8;

  std::string title;
  std::string x_label;
  std::string y_label;
  bool log_x = false;
  std::optional<std::pair<double, double>> x_range{};  // else that of the points
  bool from_zero = true;                               // the y axis
  std::optional<double> y_max{};                       // fixed, as for shares
  std::vector<ChartLine> lines;                        // more than kColours share colours
  std::vector<ChartSpan> spans{};                      // in order of `from`
  std::vector<std::string> x_names{};                  // names for x = 0, 1, 2, ...: a scale without numbers

  // Whether there is anything to draw.
  bool empty() const;
  // <figure> with its caption, its legend and the SVG.
  std::string html() const;
};

// Round numbers from `low` to `high`, about `count` of them.
std::vector<double> round_ticks(double low, double high, int count);
// Powers of ten, and 2 and 5 times these where there is room.
std::vector<double> log_ticks(double low, double high);
// A number as an axis shows it: 1.5k, 20M, 0.05.
std::string short_number(double value);

}  // namespace ghostnet::results
