#include "ghostnet/gui/scene/propagation.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace ghostnet::gui {

Propagation propagation_of(std::int64_t trace, std::vector<results::MessageAt> hops) {
  Propagation spread{.trace = trace};
  if (hops.empty()) return spread;
  const auto first = std::ranges::min_element(hops, {}, &results::MessageAt::sent_ns);
  spread.began_ns = first->sent_ns;
  spread.arrivals.push_back({.host = first->from, .sent_ns = first->sent_ns, .arrived_ns = first->sent_ns});
  spread.of.emplace(first->from, 0);
  std::ranges::sort(hops, {}, [](const auto& hop) { return std::pair(hop.sent_ns, hop.number); });
  spread.hops = hops;
  spread.lost = static_cast<std::size_t>(std::ranges::count_if(hops, [](const auto& hop) { return !hop.received_ns; }));
  std::erase_if(hops, [](const auto& hop) { return !hop.received_ns; });
  std::ranges::sort(hops, {}, [](const auto& hop) { return std::tuple(*hop.received_ns, hop.sent_ns, hop.number); });
  for (const results::MessageAt& hop : hops) {
    const std::size_t place = spread.arrivals.size();
    if (!spread.of.emplace(hop.to, place).second) {
      ++spread.duplicates;
      continue;
    }
    const auto parent = spread.of.find(hop.from);
    // A sender whose own hop was not recorded is a root beside the first.
    if (parent == spread.of.end() || parent->second == place) {
      spread.arrivals.push_back({.host = hop.to,
                                 .sent_ns = hop.sent_ns,
                                 .arrived_ns = *hop.received_ns,
                                 .hop_ns = *hop.received_ns - hop.sent_ns,
                                 .delay_ns = *hop.received_ns - spread.began_ns,
                                 .depth = 1});
      continue;
    }
    spread.arrivals.push_back({.host = hop.to,
                               .parent = parent->second,
                               .sent_ns = hop.sent_ns,
                               .arrived_ns = *hop.received_ns,
                               .hop_ns = *hop.received_ns - hop.sent_ns,
                               .delay_ns = *hop.received_ns - spread.began_ns,
                               .depth = spread.arrivals[parent->second].depth + 1});
  }
  return spread;
}

std::int64_t Propagation::delay_of_share(double share) const {
  if (arrivals.empty()) return 0;
  const auto last = static_cast<double>(arrivals.size() - 1);
  return arrivals[static_cast<std::size_t>(std::ceil(last * std::clamp(share, 0.0, 1.0)))].delay_ns;
}

int Propagation::deepest() const {
  int deepest = 0;
  for (const Arrival& arrival : arrivals) deepest = std::max(deepest, arrival.depth);
  return deepest;
}

}  // namespace ghostnet::gui
