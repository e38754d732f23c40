#include "ghostnet/gui/scene/colouring.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "charts/units.hpp"
#include "ghostnet/gui/scene/raster.hpp"

namespace ghostnet::gui {

namespace {

// What each host is called by: a place among the names.
struct ByName {
  std::vector<std::string> names{};
  std::vector<std::uint32_t> of{};
};

ByName by_name(const HostTable& hosts, const std::string& by, const std::vector<Condition>& conditions) {
  ByName named;
  named.of.reserve(hosts.size());
  if (by == "state") {
    named.names = {"up", "down", "link down"};
    for (std::size_t host = 0; host < hosts.size(); ++host) {
      named.of.push_back(static_cast<std::uint32_t>(host < conditions.size() ? conditions[host] : Condition::up));
    }
    return named;
  }
  const bool by_region = by == "region";
  named.names = by_region ? hosts.regions() : hosts.groups();
  for (std::size_t host = 0; host < hosts.size(); ++host) {
    named.of.push_back(by_region ? hosts.region_of(host) : hosts.group_of(host));
  }
  return named;
}

}  // namespace

ValueRange range_of(const HostValues& values) {
  std::vector<float> known;
  for (const float value : values) {
    if (!std::isnan(value)) known.push_back(value);
  }
  if (known.empty()) return {};
  const auto rank = static_cast<std::ptrdiff_t>(static_cast<double>(known.size() - 1) * 0.99);
  std::ranges::nth_element(known, known.begin() + rank);
  ValueRange range{.low = std::min(0.0F, *std::ranges::min_element(known)),
                   .high = known[static_cast<std::size_t>(rank)]};
  if (range.high <= range.low)
    range.high = std::max(*std::ranges::max_element(known), static_cast<float>(range.low + 1));
  return range;
}

Colouring colour_by_name(const HostTable& hosts, const std::string& by, const std::vector<Condition>& conditions,
                         const Theme& theme) {
  Colouring colouring;
  colouring.legend.title = by == "region"  ? QObject::tr("Region")
                           : by == "state" ? QObject::tr("State")
                                           : QObject::tr("Group");
  const ByName hosts_by = by_name(hosts, by, conditions);
  std::vector<std::size_t> counts(hosts_by.names.size());
  for (const std::uint32_t name : hosts_by.of) ++counts[name];
  std::vector<std::pair<std::string, std::size_t>> ordered;
  for (std::size_t name = 0; name < counts.size(); ++name) {
    if (counts[name] > 0) ordered.emplace_back(hosts_by.names[name], counts[name]);
  }
  // The colours go to the largest first; what is beyond them shares the last.
  std::ranges::sort(ordered, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::map<std::string, QRgb> colour_of;
  for (std::size_t at = 0; at < ordered.size(); ++at) {
    const auto& [name, count] = ordered[at];
    QRgb colour = category_colour(theme, std::min(at, kCategories - 1)).rgb();
    if (by == "state" && name != "up") colour = name == "down" ? theme.down.rgb() : theme.warning.rgb();
    colour_of[name] = colour;
    if (at < kCategories) {
      colouring.legend.categories.push_back(
          {.colour = colour,
           .text = name.empty() ? QObject::tr("(none)") : QString::fromStdString(name),
           .hosts = count});
    } else {
      colouring.legend.categories.back().text = QObject::tr("others");
      colouring.legend.categories.back().hosts += count;
    }
  }
  std::vector<QRgb> colours;
  for (const std::string& name : hosts_by.names) colours.push_back(colour_of[name]);
  colouring.colours.reserve(hosts.size());
  for (const std::uint32_t name : hosts_by.of) colouring.colours.push_back(colours[name]);
  return colouring;
}

Colouring colour_by_value(const HostValues& values, const ValueRange& range, const results::SeriesName& series,
                          const Theme& theme) {
  Colouring colouring;
  colouring.legend = {.title = QString::fromStdString(series.name),
                      .is_scale = true,
                      .low = chart::value_text(range.low, series.unit),
                      .high = chart::value_text(range.high, series.unit)};
  const QRgb none = mixed(theme.node.rgb(), theme.canvas.rgb(), 0.65);
  colouring.colours.reserve(values.size());
  for (const float value : values) {
    colouring.colours.push_back(std::isnan(value) ? none : sequential_colour(theme, range.share(value)).rgb());
  }
  return colouring;
}

std::vector<float> sizes_by_value(const HostValues& values, const ValueRange& range) {
  std::vector<float> sizes;
  sizes.reserve(values.size());
  for (const float value : values) {
    const double share = std::isnan(value) ? 0 : std::clamp(range.share(value), 0.0, 1.0);
    sizes.push_back(static_cast<float>(std::lerp(kSmallestSize, kLargestSize, std::sqrt(share))));
  }
  return sizes;
}

}  // namespace ghostnet::gui
