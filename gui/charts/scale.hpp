// Scale: where a value stands on a screen, linear or logarithmic; and the round numbers that an axis shows.
#pragma once

#include <vector>

#include "charts/range.hpp"

namespace ghostnet::gui::chart {

class Scale {
 public:
  Scale() = default;
  // The values from low to high lie between two pixels, in this order. A range without width is widened around its
  // value. A logarithmic one has values above 0 alone; what is not is drawn at its low end.
  Scale(Range values, double low_px, double high_px, bool logarithmic = false);

  double to_pixel(double value) const;
  double to_value(double pixel) const;
  const Range& values() const { return values_; }
  bool is_logarithmic() const { return logarithmic_; }

 private:
  double position(double value) const { return logarithmic_ ? std::log10(std::max(value, values_.low)) : value; }

  Range values_{0, 1};
  double low_px_ = 0;
  double high_px_ = 1;
  bool logarithmic_ = false;
};

// Multiples of 1, 2 or 5 times a power of ten within the range: as many as there is room for, at most `at_most`.
std::vector<double> round_ticks(const Range& range, int at_most);
// Powers of ten within the range; between them 2 and 5 times these, where there are few.
std::vector<double> log_ticks(const Range& range, int at_most);
// The range out to its next round numbers, so that a line does not end at the frame.
Range widened_to_ticks(const Range& range, int at_most);

}  // namespace ghostnet::gui::chart
