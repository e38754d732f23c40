#include <algorithm>
#include <set>

#include "ghostnet/runtime/suggest.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {

namespace {

constexpr std::size_t kMaxDiagnostics = 20;
constexpr std::size_t kMaxGroups = 1000;
constexpr std::uint64_t kMaxHosts = 1'000'000;
constexpr std::string_view kAll = "all";
constexpr std::string_view kRest = "rest";

class Loader {
 public:
  Loader(std::string file, const ServiceRegistry& registry) : registry_(registry) { scenario_.file = std::move(file); }

  void load(const Node& root, const Overrides& overrides) {
    if (!root.is_mapping())
      return complain(root.at, "", fmt::format("expected a mapping of keys, found {}", root.what()));
    constexpr std::string_view kSections[] = {"network",  "ns3",    "regions", "latencies", "groups", "protocols",
                                              "workload", "faults", "expect",  "sweep",     "record"};
    std::vector<std::string_view> own(std::begin(kSections), std::end(kSections));
    fill(root, "", option_table<RunOptions>(), &scenario_.run, own);
    if (overrides.seed) scenario_.run.seed = *overrides.seed;
    if (overrides.until) scenario_.run.duration = *overrides.until;
    if (scenario_.run.name.empty()) scenario_.run.name = stem(scenario_.file);
    if (const Node* node = section(root, "network")) {
      fill(*node, "network", option_table<NetworkOptions>(), &scenario_.network, {});
    }
    if (const Node* node = section(root, "ns3")) load_ns3(*node);
    if (overrides.carrier) scenario_.network.carrier = *overrides.carrier;
    load_regions(root);
    if (const Node* node = section(root, "groups")) load_groups(*node);
    add_rest(root);
    for (const Scenario::Group& group : scenario_.groups) check_links(group);
    if (const Node* node = section(root, "protocols")) load_protocols(*node);
    if (scenario_.protocols.empty()) complain(root.at, "protocols", "a run needs at least one protocol");
    for_each_item(root, "workload", [this](const Node& item, const std::string& path) { load_workload(item, path); });
    for_each_item(root, "faults", [this](const Node& item, const std::string& path) { load_fault(item, path); });
    for_each_item(root, "expect", [this](const Node& item, const std::string& path) { load_expectation(item, path); });
    load_record(root);
  }

  // The sweep of a document, and whether the scenario makes sense at each of its values.
  void load_sweep(const Node& root, const Overrides& overrides) {
    const Node* node = root.find("sweep");
    if (node == nullptr || node->is_null()) return;
    std::expected<Sweep, Diagnostic> sweep = read_sweep(*node);
    if (!sweep) return complain(sweep.error().at, sweep.error().key, sweep.error().message);
    for (const Sweep::Grid& grid : sweep->grids) {
      for (const Sweep::Axis& axis : grid) check_axis(root, axis, overrides);
    }
    scenario_.sweep = std::move(*sweep);
  }

  LoadResult finish(std::string_view text) {
    if (!diagnostics_.empty()) return std::unexpected(std::move(diagnostics_));
    scenario_.text = text;
    return std::move(scenario_);
  }

  void complain(Position at, std::string key, std::string message) {
    if (diagnostics_.size() >= kMaxDiagnostics) return;
    diagnostics_.push_back({.file = scenario_.file, .at = at, .key = std::move(key), .message = std::move(message)});
  }

 private:
  static std::string join(std::string_view path, std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  }
  static std::string stem(std::string_view file) {
    std::size_t slash = file.rfind('/');
    std::string_view name = slash == std::string_view::npos ? file : file.substr(slash + 1);
    return std::string(name.substr(0, name.rfind('.')));
  }

  // Sets the keys of a mapping by a table. `others` are keys that somebody else reads.
  void fill(const Node& node, std::string_view path, const OptionTable& table, void* object,
            const std::vector<std::string_view>& others) {
    if (!node.is_mapping())
      return complain(node.at, std::string(path), fmt::format("expected a mapping, found {}", node.what()));
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node& key = node.key(i);
      if (std::ranges::find(others, key.text) != others.end()) continue;
      const OptionDesc* desc = table.find(key.text);
      if (desc == nullptr) {
        std::vector<std::string_view> names = table.names();
        names.insert(names.end(), others.begin(), others.end());
        complain(key.at, join(path, key.text), fmt::format("there is no such key{}", suggestion(key.text, names)));
        continue;
      }
      set(*desc, object, node.value(i), join(path, key.text));
    }
    check_whole(node, path, table, object);
  }

  void check_whole(const Node& node, std::string_view path, const OptionTable& table, const void* object) {
    for (const OptionDesc& option : table.options) {
      if (!option.required || node.find(option.name) != nullptr) continue;
      complain(node.at, join(path, option.name), fmt::format("is needed: expected {}", option.expected()));
    }
    if (Result<> valid = table.validate(object); !valid) {
      complain(node.at, std::string(path), std::string(valid.error().message()));
    }
  }

  void set(const OptionDesc& desc, void* object, const Node& value, const std::string& path) {
    std::vector<std::string_view> items;
    if (value.is_sequence()) {
      for (const Node& item : value.items) {
        if (!item.is_scalar())
          return complain(item.at, path, fmt::format("expected {}, found {}", desc.expected(), item.what()));
        items.push_back(item.text);
      }
    } else if (!value.is_scalar()) {
      return complain(value.at, path, fmt::format("expected {}, found {}", desc.expected(), value.what()));
    }
    OptionText text = value.is_sequence() ? OptionText::of_list(std::move(items)) : OptionText(value.text);
    // A single value stands for a list of one.
    if (desc.list && !text.list) text = OptionText::of_list({std::string_view(value.text)});
    if (Result<> set = desc.set(desc, object, text); !set) complain(value.at, path, std::string(set.error().message()));
  }

  const Node* section(const Node& root, std::string_view name) {
    const Node* node = root.find(name);
    if (node == nullptr || node->is_null()) return nullptr;
    if (node->is_mapping()) return node;
    complain(node->at, std::string(name), fmt::format("expected a mapping, found {}", node->what()));
    return nullptr;
  }

  void for_each_item(const Node& root, std::string_view name, auto visit) {
    const Node* node = root.find(name);
    if (node == nullptr || node->is_null()) return;
    if (!node->is_sequence()) {
      return complain(node->at, std::string(name),
                      fmt::format("expected a list (lines that begin with -), found {}", node->what()));
    }
    for (std::size_t i = 0; i < node->items.size(); ++i) visit(node->items[i], fmt::format("{}[{}]", name, i));
  }

  // ---- sections ----

  void check_axis(const Node& root, const Sweep::Axis& axis, const Overrides& overrides) {
    for (const std::string& value : axis.values) {
      Node there = root;
      Loader loader(scenario_.file, registry_);
      std::expected<void, std::string> set = set_path(there, axis.path, value);
      if (set) loader.load(there, overrides);
      if (set && loader.diagnostics_.empty()) continue;
      const std::string why = !set ? set.error() : loader.diagnostics_.front().message;
      return complain(axis.at, join("sweep", axis.path), fmt::format("with {}: {}", value, why));
    }
  }

  void load_record(const Node& root) {
    const Node* node = section(root, "record");
    if (node == nullptr) return;
    fill(*node, "record", option_table<RecordOptions>(), &scenario_.record, {});
    for (const std::string& group : scenario_.record.hosts) check_group(group, node->at, "record.hosts");
    std::vector<std::string_view> all;
    std::vector<std::string_view> histograms;
    for (const Scenario::Protocol& protocol : scenario_.protocols) {
      for (const MetricInfo& metric : protocol.service->metrics) {
        all.push_back(metric.name);
        if (metric.kind == MetricKind::histogram) histograms.push_back(metric.name);
      }
    }
    for (const std::string& name : scenario_.record.series) check_metric(name, all, node->at, "record.series");
    for (const std::string& name : scenario_.record.host_histograms) {
      check_metric(name, histograms, node->at, "record.host_histograms");
    }
  }

  void check_metric(const std::string& name, const std::vector<std::string_view>& known, Position at,
                    const std::string& path) {
    if (std::ranges::find(known, name) != known.end()) return;
    complain(at, path, fmt::format("'{}' is none of the metrics that it could be{}", name, suggestion(name, known)));
  }

  void load_ns3(const Node& node) {
    fill(node, "ns3", option_table<Ns3Options>(), &scenario_.ns3, {"attributes"});
    const Node* attributes = node.find("attributes");
    if (attributes == nullptr || attributes->is_null()) return;
    if (!attributes->is_mapping()) {
      return complain(attributes->at, "ns3.attributes",
                      fmt::format("expected a mapping, found {}", attributes->what()));
    }
    if (attributes->size() > Ns3Options::kMaxAttributes) {
      return complain(attributes->at, "ns3.attributes", fmt::format("more than {}", Ns3Options::kMaxAttributes));
    }
    for (std::size_t i = 0; i < attributes->size(); ++i) {
      const Node& value = attributes->value(i);
      const std::string& name = attributes->key(i).text;
      if (value.is_scalar()) {
        scenario_.ns3.attributes.emplace_back(name, value.text);
      } else {
        complain(value.at, join("ns3.attributes", name), fmt::format("expected a value, found {}", value.what()));
      }
    }
  }

  void load_regions(const Node& root) {
    sim::RegionsSpec& regions = scenario_.regions;
    if (const Node* node = section(root, "regions")) {
      for (std::size_t i = 0; i < node->size(); ++i) {
        RegionOptions options;
        if (!node->value(i).is_null()) {
          fill(node->value(i), join("regions", node->key(i).text), option_table<RegionOptions>(), &options, {});
        }
        regions.regions.push_back({node->key(i).text, options.weight});
      }
    }
    bool given = !regions.regions.empty();
    if (!given) regions.regions.push_back({"everywhere", 1});
    std::size_t count = regions.regions.size();
    regions.paths.assign(count * count, {.delay = scenario_.network.latency, .jitter = scenario_.network.jitter});
    const Node* matrix = root.find("latencies");
    if (matrix == nullptr) return;
    if (!given) return complain(matrix->at, "latencies", "a matrix needs `regions` to be about");
    if (!matrix->is_sequence() || matrix->items.size() != count) {
      return complain(matrix->at, "latencies", fmt::format("expected a list of {} rows, one for each region", count));
    }
    for (std::size_t row = 0; row < count; ++row) load_latency_row(matrix->items[row], row, count);
  }

  void load_latency_row(const Node& cells, std::size_t row, std::size_t count) {
    std::string path = fmt::format("latencies[{}]", row);
    if (!cells.is_sequence() || cells.items.size() != count) {
      return complain(cells.at, path, fmt::format("expected a list of {} times, one for each region", count));
    }
    for (std::size_t column = 0; column < count; ++column) {
      const Node& cell = cells.items[column];
      Result<Duration> delay = parse_duration(cell.text);
      if (!cell.is_scalar() || !delay || *delay < 0ns || *delay > 24h) {
        complain(cell.at, fmt::format("{}[{}]", path, column),
                 fmt::format("'{}' is no time from 0 to 24 h", cell.text));
        continue;
      }
      scenario_.regions.paths[row * count + column].delay = *delay;
    }
  }

  void load_groups(const Node& node) {
    if (node.size() > kMaxGroups)
      return complain(node.at, "groups", fmt::format("{} groups: at most {}", node.size(), kMaxGroups));
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node& key = node.key(i);
      std::string path = join("groups", key.text);
      if (key.text == kAll || key.text == kRest || key.text.empty()) {
        complain(key.at, path, fmt::format("'{}' is kept for hosts of every group, or of none", key.text));
        continue;
      }
      Scenario::Group group{.name = key.text, .options = {}, .at = key.at};
      if (!node.value(i).is_null()) fill(node.value(i), path, option_table<GroupOptions>(), &group.options, {});
      check_place(group, path);
      scenario_.groups.push_back(std::move(group));
    }
  }

  void check_place(const Scenario::Group& group, const std::string& path) {
    if (group.options.place.empty()) return;
    std::vector<std::string_view> names;
    for (const auto& region : scenario_.regions.regions) names.push_back(region.name);
    if (std::ranges::find(names, group.options.place) != names.end()) return;
    complain(group.at, join(path, "place"),
             fmt::format("there is no region '{}'{}", group.options.place, suggestion(group.options.place, names)));
  }

  void check_links(const Scenario::Group& group) {
    const sim::LinkPair links = group.options.over(scenario_.network);
    for (const std::optional<link::LinkParams>& link : {links.out, links.in}) {
      if (!link) continue;
      if (Result<> valid = link->validate(); !valid) {
        return complain(group.at, join("groups", group.name), fmt::format("its links: {}", valid.error().message()));
      }
    }
  }

  // Hosts that no group names.
  void add_rest(const Node& root) {
    std::uint64_t grouped = 0;
    for (const Scenario::Group& group : scenario_.groups) grouped += group.options.count;
    const Node* network = root.find("network");
    const Node* stated = network != nullptr ? network->find("hosts") : nullptr;
    if (grouped > kMaxHosts) {
      return complain(root.at, "groups", fmt::format("{} hosts together: at most {}", grouped, kMaxHosts));
    }
    if (stated == nullptr && grouped != 0) {
      scenario_.network.hosts = static_cast<std::uint32_t>(grouped);
      return;
    }
    if (grouped > scenario_.network.hosts) {
      return complain(stated != nullptr ? stated->at : root.at, "network.hosts",
                      fmt::format("{} hosts, but the groups have {} together", scenario_.network.hosts, grouped));
    }
    auto left = static_cast<std::uint32_t>(scenario_.network.hosts - grouped);
    if (left == 0) return;
    scenario_.groups.push_back({.name = std::string(kRest), .options = {}, .at = root.at});
    scenario_.groups.back().options.count = left;
  }

  bool check_group(const std::string& name, Position at, const std::string& path) {
    std::vector<std::string_view> names{kAll};
    for (const Scenario::Group& group : scenario_.groups) names.push_back(group.name);
    if (std::ranges::find(names, name) != names.end()) return true;
    complain(at, path, fmt::format("there is no group '{}'{}", name, suggestion(name, names)));
    return false;
  }

  void load_protocols(const Node& node) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node& key = node.key(i);
      std::string path = join("protocols", key.text);
      const ServiceDescriptor* service = registry_.find(key.text);
      if (service == nullptr) {
        std::vector<std::string_view> names = registry_.names();
        complain(key.at, path, fmt::format("there is no such protocol{}", suggestion(key.text, names)));
        continue;
      }
      Scenario::Protocol protocol{.service = service, .options = AnyOptions(*service->options)};
      const Node& value = node.value(i);
      if (!value.is_null()) {
        fill_any(value, path, protocol.options, {"on"});
        if (const Node* on = value.find("on")) {
          if (check_group(on->text, on->at, join(path, "on"))) protocol.on = on->text;
        }
      }
      scenario_.protocols.push_back(std::move(protocol));
    }
  }

  void fill_any(const Node& node, const std::string& path, AnyOptions& options, std::vector<std::string_view> others) {
    fill(node, path, options.table(), options.object(), others);
  }

  void load_workload(const Node& item, const std::string& path) {
    if (!item.is_mapping() || item.size() != 1) {
      return complain(item.at, path, "expected one operation, as in `- echo: { from: clients, rate: 1 /s }`");
    }
    const Node& key = item.key(0);
    Result<ServiceRegistry::Operation> found = registry_.find_operation(key.text);
    if (!found) return complain(key.at, path, std::string(found.error().message()));
    bool running = std::ranges::any_of(
        scenario_.protocols, [&](const Scenario::Protocol& protocol) { return protocol.service == found->service; });
    if (!running) {
      complain(key.at, path,
               fmt::format("'{}' is of protocol {}, which does not stand under `protocols`", key.text,
                           found->service->name));
    }
    Scenario::Workload workload{.operation = *found, .when = {}, .options = AnyOptions(*found->operation->options)};
    const Node& value = item.value(0);
    std::string inner = join(path, key.text);
    if (!value.is_null()) {
      std::vector<std::string_view> when = option_table<WorkloadOptions>().names();
      std::vector<std::string_view> what = workload.options.table().names();
      // A key that both have goes to the operation; its table is the more special one.
      std::erase_if(when, [&](std::string_view name) { return std::ranges::find(what, name) != what.end(); });
      fill(value, inner, option_table<WorkloadOptions>(), &workload.when, what);
      if (value.is_mapping()) fill(value, inner, workload.options.table(), workload.options.object(), when, false);
    }
    bool from = check_group(workload.when.from, key.at, join(inner, "from"));
    bool to = check_group(workload.when.to, key.at, join(inner, "to"));
    if (from && to) scenario_.workloads.push_back(std::move(workload));
  }

  // The second pass over one mapping: unknown keys were complained about in the first.
  void fill(const Node& node, std::string_view path, const OptionTable& table, void* object,
            const std::vector<std::string_view>& others, bool) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      const OptionDesc* desc = table.find(node.key(i).text);
      if (desc == nullptr || std::ranges::find(others, node.key(i).text) != others.end()) continue;
      set(*desc, object, node.value(i), join(path, node.key(i).text));
    }
    check_whole(node, path, table, object);
  }

  void load_fault(const Node& item, const std::string& path) {
    FaultOptions fault;
    std::size_t before = diagnostics_.size();
    fill(item, path, option_table<FaultOptions>(), &fault, {});
    if (diagnostics_.size() != before) return;
    if (fault.crash.has_value() == fault.partition.has_value()) {
      return complain(item.at, path, "expected what happens: either crash or partition");
    }
    if (fault.crash && !check_group(*fault.crash, item.at, join(path, "crash"))) return;
    for (const std::string& group : fault.partition.value_or(std::vector<std::string>{})) {
      if (!check_group(group, item.at, join(path, "partition"))) return;
    }
    scenario_.faults.push_back(std::move(fault));
  }

  void load_expectation(const Node& item, const std::string& path) {
    if (!item.is_scalar()) return complain(item.at, path, fmt::format("expected a comparison, found {}", item.what()));
    Result<ExpectationRule> rule = ExpectationRule::parse(item.text);
    if (!rule) return complain(item.at, path, std::string(rule.error().message()));
    std::vector<MetricInfo> metrics;
    for (const Scenario::Protocol& protocol : scenario_.protocols) {
      metrics.insert(metrics.end(), protocol.service->metrics.begin(), protocol.service->metrics.end());
    }
    std::vector<std::string_view> groups;
    for (const Scenario::Group& group : scenario_.groups) groups.push_back(group.name);
    if (Result<> sound = rule->check(metrics, groups); !sound) {
      return complain(item.at, path, std::string(sound.error().message()));
    }
    scenario_.expectations.push_back(std::move(*rule));
  }

  const ServiceRegistry& registry_;
  Scenario scenario_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace

LoadResult load_scenario(std::string_view text, const std::string& file, const ServiceRegistry& registry,
                         const Overrides& overrides) {
  std::expected<Node, Diagnostic> root = parse_document(text, file);
  if (!root) return std::unexpected(std::vector{root.error()});
  Loader loader(file, registry);
  for (const auto& [path, value] : overrides.set) {
    if (std::expected<void, std::string> set = set_path(*root, path, value); !set) {
      loader.complain({}, path, fmt::format("--set {}={}: {}", path, value, set.error()));
    }
  }
  loader.load(*root, overrides);
  loader.load_sweep(*root, overrides);
  LoadResult result = loader.finish(text);
  if (result) result->parameters = overrides.set;
  return result;
}

}  // namespace ghostnet::scenarios
