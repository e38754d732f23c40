#include "ghostnet/scenarios/reference.hpp"

#include <algorithm>

#include "ghostnet/scenarios/host_metrics.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {

namespace {

// Cells of a table cannot hold a bar.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void write_options(const OptionTable& table, std::string& page) {
  if (table.options.empty()) {
    page += "\nNo keys.\n";
    return;
  }
  page += "\n| key | meaning | may be | default |\n|---|---|---|---|\n";
  const AnyOptions defaults(table);
  for (const OptionDesc& option : table.options) {
    const std::string value = defaults.get(option.name).value_or("");
    const std::string shown = option.required ? "needed" : value.empty() ? "" : fmt::format("`{}`", value);
    page += fmt::format("| `{}` | {} | {} | {} |\n", option.name, cell(option.help), cell(option.expected()), shown);
  }
}

void write_metrics(std::span<const MetricInfo> metrics, std::string& page) {
  page += "\n| metric | kind | unit | definition |\n|---|---|---|---|\n";
  for (const MetricInfo& metric : metrics) {
    page +=
        fmt::format("| `{}` | {} | {} | {} |\n", metric.name, to_string(metric.kind), metric.unit, cell(metric.help));
  }
}

void write_service(const ServiceDescriptor& service, std::string& page) {
  page += fmt::format("\n### {}\n\n{}.\n", service.name, service.help);
  write_options(*service.options, page);
  for (const OperationDescriptor& operation : service.operations) {
    page += fmt::format("\nOperation `{}`: {}{}.\n", operation.name, operation.help,
                        operation.needs_peer ? ", with a peer out of `to`" : "");
    write_options(*operation.options, page);
  }
  write_metrics(service.metrics, page);
}

constexpr std::string_view kIntroduction = R"(# Reference of scenarios

Made by `ghostnet list --reference` from the tables by which files are checked; edit those. How the parts go together is
in docs/scenarios.md; `ghostnet list --schema` prints the same as a JSON Schema, for editors.

Quantities carry their unit: times `40 ms` (ns, us, ms, s, min, h, d), data `1 KiB` (B, kB, MB, GB, KiB, MiB, GiB), rates
`50 Mbit/s` (bit/s to Tbit/s, B/s), frequencies `2 /s` (/s, /min, /h, Hz), shares `0.1 %` (or 0.001). A key that takes a
list takes one value too.
)";

constexpr std::string_view kMetrics = R"(
## Metrics

A counter is a number that only grows; in an expectation it stands for its sum over all hosts. A gauge is a level, that
at the end of the run or of the expectation's window. A histogram holds every value that was measured, to within
1/128; `mean`, `min`, `max`, `count` and percentiles (`p50`, `p99`, `p99.9`) of it can be asked for. `[group]` takes one
group's hosts. What happened in the warm-up, or outside of the window, is in neither counters nor histograms.
)";

constexpr std::string_view kHostMetrics = R"(
Beside those of its protocols, a host of the fabric that has streams counts of our TCP, which runs beneath them
(docs/tcp.md). Streams of the ns3 carrier are ns-3's, and those of live hosts the kernel's: a run with either is refused
if it asks for these.
)";

}  // namespace

std::vector<KeySection> key_sections() {
  std::vector<KeySection> sections = {
      {"", "The file itself. `include` names a file, or a list of files, on which it builds",
       &option_table<RunOptions>()},
      {"network", "What all hosts have in common", &option_table<NetworkOptions>()},
      {"tcp", "Our TCP, of every host of the fabric; docs/tcp.md says what it does", &option_table<tcp::TcpOptions>()},
      {"ns3", "What the ns3 carrier alone knows; `attributes` is a mapping of ns-3's own, by their full names",
       &option_table<Ns3Options>()},
      {"regions.NAME", "A part of the Internet; `latencies` is the matrix between regions, or a file of it",
       &option_table<RegionOptions>()},
      {"links[]", "A link between two of `routers`, a list of names", &option_table<RouterLinkOptions>()},
      {"groups.NAME", "Hosts of a kind; keys of links and CPUs override the network's", &option_table<GroupOptions>()},
      {"groups.NAME.interfaces.NAME", "A further interface of each host of the group",
       &option_table<InterfaceOptions>()},
      {"workload[].OPERATION", "What is asked of protocols again and again, beside the operation's own keys",
       &option_table<WorkloadOptions>()},
      {"faults[]", "When something goes wrong, beside one of the kinds below", &option_table<FaultTiming>()},
  };
  static const std::vector<std::string> kPaths = [] {
    std::vector<std::string> paths;
    for (const FaultKind& kind : fault_kinds()) paths.push_back(fmt::format("faults[].{}", kind.name));
    return paths;
  }();
  for (std::size_t i = 0; i < kPaths.size(); ++i) {
    sections.push_back({kPaths[i], fault_kinds()[i].help, &fault_kinds()[i].table()});
  }
  sections.push_back(
      {"expect[]", "An expectation with a window; one without is a text alone", &option_table<ExpectationOptions>()});
  sections.push_back({"record", "What is kept of a run", &option_table<RecordOptions>()});
  return sections;
}

std::string place_of_key(std::string_view key, std::string_view path) {
  // Elsewhere keys are of one thing, and not mistaken for these.
  if (!path.empty() && path != "network" && !path.starts_with("groups.")) return {};
  const bool of_file = option_table<RunOptions>().find(key) != nullptr;
  if (!path.empty() && (of_file || std::ranges::find(kFileSections, key) != std::end(kFileSections))) {
    return "at the top of the file";
  }
  if (path != "network" && option_table<NetworkOptions>().find(key) != nullptr) return "in network";
  if (!path.starts_with("groups.") && option_table<GroupOptions>().find(key) != nullptr)
    return "in a group, groups.NAME";
  return {};
}

std::string reference_page(const ServiceRegistry& registry) {
  std::string page(kIntroduction);
  page += "\n## Keys\n";
  for (const KeySection& section : key_sections()) {
    page += fmt::format("\n### {}\n\n{}.\n", section.path.empty() ? "(the file)" : section.path, section.help);
    if (section.path == "faults[].partition") {
      page += "\nA list of sides, each a group, `region: NAME`, or a list of these; or a mapping with `sides` and:\n";
    } else if (section.path.starts_with("faults[].")) {
      page += "\nA group's name, or:\n";
    }
    write_options(*section.options, page);
  }
  page += R"(
### sweep

A mapping from paths (`network.loss`, `echo.port`) to lists of values: every combination is run. Or a list of such
mappings, run one after the other. `repeat` runs each point so often, with seeds that follow each other.
)";
  page += kMetrics;
  page += kHostMetrics;
  write_metrics(host_metrics(), page);
  page += "\n## Protocols\n";
  for (const ServiceDescriptor* service : registry.services()) write_service(*service, page);
  return page;
}

}  // namespace ghostnet::scenarios
