#include "ghostnet/scenarios/host_metrics.hpp"

#include <algorithm>

#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/tcp/tcp_metrics.hpp"

namespace ghostnet::scenarios {

std::span<const MetricInfo> host_metrics() {
  static const std::vector<MetricInfo> kMetrics = metrics_of<tcp::TcpMetrics>();
  return kMetrics;
}

std::vector<MetricInfo> known_metrics(const Scenario& scenario) {
  std::vector<MetricInfo> all;
  for (const Scenario::Protocol& protocol : scenario.protocols) {
    all.insert(all.end(), protocol.service->metrics.begin(), protocol.service->metrics.end());
  }
  all.insert(all.end(), host_metrics().begin(), host_metrics().end());
  return all;
}

std::optional<std::string> asked_of_our_tcp(const Scenario& scenario) {
  if (scenario.tcp != tcp::TcpOptions()) return "tcp";
  std::vector<std::string> asked;
  for (const ExpectationRule& rule : scenario.expectations) rule.add_metrics_to(asked);
  asked.insert(asked.end(), scenario.record.series.begin(), scenario.record.series.end());
  asked.insert(asked.end(), scenario.record.host_histograms.begin(), scenario.record.host_histograms.end());
  const auto ours = std::ranges::find_if(asked, [](const std::string& name) {
    return std::ranges::find(host_metrics(), name, &MetricInfo::name) != host_metrics().end();
  });
  return ours == asked.end() ? std::nullopt : std::optional(*ours);
}

}  // namespace ghostnet::scenarios
