// The text that Prometheus scrapes (exposition format, version 0.0.4), of a hub that is alive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ghostnet/runtime/metrics.hpp"

namespace ghostnet::cli {

// Names are ghostnet_<family>_<metric>, units base units, counters end in _total; histograms have the buckets that
// hold something.
class Exposition {
 public:
  void add(const MetricHub& hub);
  // One value that no hub has.
  void counter(std::string_view name, std::string_view help, std::uint64_t value);
  void gauge(std::string_view name, std::string_view help, std::int64_t value);

  std::string take() && { return std::move(text_); }

 private:
  void head(std::string_view name, std::string_view help, std::string_view type);
  void add(const MetricSnapshot& metric);

  std::string text_;
};

}  // namespace ghostnet::cli
