// MetricFigure: a chart of any metric of a run: which data it takes, and the figure that is made of them on the worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "charts/figure.hpp"
#include "ghostnet/gui/document.hpp"

namespace ghostnet::gui {

struct MetricQuestion {
  enum class View : std::uint8_t { over_time, distribution, heat_map };

  std::int64_t run = 0;
  results::SeriesName metric{};
  View view = View::over_time;
  bool rate = false;                  // of a counter: what a second brings
  std::string group{};                // of its hosts alone; empty: of all
  std::vector<std::int64_t> hosts{};  // beside the whole: these, at most kMaxLines of them
  double end_s = 0;

  static constexpr std::size_t kMaxLines = 7;
};

Result<chart::Figure> metric_figure(const results::Database& database, const MetricQuestion& question,
                                    const HostTable& hosts);

}  // namespace ghostnet::gui
