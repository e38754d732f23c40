#include <algorithm>
#include <span>

#include "ghostnet/runtime/suggest.hpp"
#include "ghostnet/scenarios/fault_loader.hpp"
#include "ghostnet/scenarios/host_metrics.hpp"
#include "ghostnet/scenarios/network_loader.hpp"
#include "ghostnet/scenarios/option_reader.hpp"
#include "ghostnet/scenarios/reference.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {

namespace {

constexpr std::size_t kMaxGroups = 1000;
constexpr std::size_t kMaxInterfaces = 16;
constexpr std::uint64_t kMaxHosts = 1'000'000;
constexpr std::string_view kAll = "all";
constexpr std::string_view kRest = "rest";

class Loader {
 public:
  Loader(const std::string& file, const ServiceRegistry& registry, SourceFiles& files)
      : registry_(registry), files_(files), reader_(files) {
    scenario_.file = file;
  }

  void load(const Node& root, const Overrides& overrides) {
    if (!root.is_mapping()) {
      return reader_.complain(root.at, "", fmt::format("expected a mapping of keys, found {}", root.what()));
    }
    reader_.fill(root, "", scenario_.run, kFileSections);
    written_duration_ = scenario_.run.duration;
    if (overrides.seed) scenario_.run.seed = *overrides.seed;
    if (overrides.until) scenario_.run.duration = *overrides.until;
    if (scenario_.run.name.empty()) scenario_.run.name = stem(scenario_.file);
    if (const Node* node = reader_.mapping(root, "network")) reader_.fill(*node, "network", scenario_.network);
    if (const Node* node = reader_.mapping(root, "tcp")) reader_.fill(*node, "tcp", scenario_.tcp);
    if (const Node* node = reader_.mapping(root, "ns3")) load_ns3(*node);
    if (overrides.carrier) scenario_.network.carrier = *overrides.carrier;
    load_ground(root, scenario_, files_, reader_);
    if (const Node* node = reader_.mapping(root, "groups")) load_groups(*node);
    add_rest(root);
    for (const Scenario::Group& group : scenario_.groups) check_group_hosts(group);
    if (const Node* node = reader_.mapping(root, "protocols")) load_protocols(*node);
    if (scenario_.protocols.empty()) reader_.complain(root.at, "protocols", "a run needs at least one protocol");
    check_times(root);
    reader_.for_each_item(root, "workload",
                          [this](const Node& item, const std::string& path) { load_workload(item, path); });
    reader_.for_each_item(root, "faults", [this](const Node& item, const std::string& path) {
      std::optional<Fault> fault = load_fault(item, path, scenario_, reader_);
      if (fault) scenario_.faults.push_back(std::move(*fault));
    });
    reader_.for_each_item(root, "expect",
                          [this](const Node& item, const std::string& path) { load_expectation(item, path); });
    load_record(root);
  }

  // The sweep of a document, and whether the scenario makes sense at each of its values.
  void load_sweep(const Node& root, const Overrides& overrides) {
    const Node* node = root.find("sweep");
    if (node == nullptr || node->is_null()) return;
    std::expected<Sweep, Diagnostic> sweep = read_sweep(*node);
    if (!sweep) return reader_.complain(sweep.error().at, sweep.error().key, sweep.error().message);
    for (const Sweep::Grid& grid : sweep->grids) {
      for (const Sweep::Axis& axis : grid) check_axis(root, axis, overrides);
    }
    scenario_.sweep = std::move(*sweep);
  }

  void keep_written(const Node& root) {
    Node rest{.kind = Node::Kind::mapping, .at = {}, .text = {}, .items = {}};
    for (std::size_t i = 0; i < root.size(); ++i) {
      const std::string& key = root.key(i).text;
      if (key == "workload" || key == "faults") {
        std::vector<std::string>& list = key == "faults" ? scenario_.written.faults : scenario_.written.workloads;
        for (const Node& item : root.value(i).items) list.push_back(to_yaml(item));
      } else if (key != "sweep" && key != "repeat" && key != "seed") {
        rest.items.insert(rest.items.end(), {root.key(i), root.value(i)});
      }
    }
    scenario_.written.rest = to_yaml(rest);
  }

  LoadResult finish(std::string_view text) {
    if (!reader_.sound()) return std::unexpected(reader_.take_complaints());
    scenario_.text = text;
    scenario_.files = files_.names();
    scenario_.file_digests = files_.digests();
    return std::move(scenario_);
  }

  OptionReader& reader() { return reader_; }

 private:
  static std::string stem(std::string_view file) {
    std::size_t slash = file.rfind('/');
    std::string_view name = slash == std::string_view::npos ? file : file.substr(slash + 1);
    return std::string(name.substr(0, name.rfind('.')));
  }
  static std::string join(std::string_view path, std::string_view key) { return OptionReader::join(path, key); }

  void check_axis(const Node& root, const Sweep::Axis& axis, const Overrides& overrides) {
    for (const std::string& value : axis.values) {
      Node there = root;
      SourceFiles files = files_;
      Loader loader(scenario_.file, registry_, files);
      std::expected<void, std::string> set = set_path(there, axis.path, value);
      if (set) loader.load(there, overrides);
      if (set && loader.reader_.sound()) continue;
      const std::string why = !set ? set.error() : loader.reader_.take_complaints().front().message;
      return reader_.complain(axis.at, join("sweep", axis.path), fmt::format("with {}: {}", value, why));
    }
  }

  void check_times(const Node& root) {
    if (scenario_.run.warm_up < written_duration_) return;
    const Node* warm_up = root.find("warm_up");
    if (warm_up == nullptr) return;
    reader_.complain(warm_up->at, "warm_up",
                     fmt::format("{} leaves nothing of the {} of the run", to_text(scenario_.run.warm_up),
                                 to_text(written_duration_)));
  }

  void load_record(const Node& root) {
    const Node* node = reader_.mapping(root, "record");
    if (node == nullptr) return;
    reader_.fill(*node, "record", scenario_.record);
    for (const std::string& group : scenario_.record.hosts) check_group(group, node->at, "record.hosts");
    for (const std::string& group : scenario_.record.routing_tables) {
      check_group(group, node->at, "record.routing_tables");
    }
    for (const std::string& group : scenario_.record.connections) check_group(group, node->at, "record.connections");
    for (const std::string& group : scenario_.record.wires) check_group(group, node->at, "record.wires");
    std::vector<std::string_view> all;
    std::vector<std::string_view> histograms;
    const std::vector<MetricInfo> metrics = known_metrics(scenario_);
    for (const MetricInfo& metric : metrics) {
      all.push_back(metric.name);
      if (metric.kind == MetricKind::histogram) histograms.push_back(metric.name);
    }
    for (const std::string& name : scenario_.record.series) {
      reader_.check_name("metric", name, all, node->at, "record.series");
    }
    for (const std::string& name : scenario_.record.host_histograms) {
      reader_.check_name("histogram", name, histograms, node->at, "record.host_histograms");
    }
  }

  void load_ns3(const Node& node) {
    constexpr std::string_view kAttributes[] = {"attributes"};
    reader_.fill(node, "ns3", scenario_.ns3, kAttributes);
    const Node* attributes = node.find("attributes");
    if (attributes == nullptr || attributes->is_null()) return;
    if (!attributes->is_mapping()) {
      return reader_.complain(attributes->at, "ns3.attributes",
                              fmt::format("expected a mapping, found {}", attributes->what()));
    }
    if (attributes->size() > Ns3Options::kMaxAttributes) {
      return reader_.complain(attributes->at, "ns3.attributes",
                              fmt::format("more than {}", Ns3Options::kMaxAttributes));
    }
    for (std::size_t i = 0; i < attributes->size(); ++i) {
      const Node& value = attributes->value(i);
      const std::string& name = attributes->key(i).text;
      if (value.is_scalar()) {
        scenario_.ns3.attributes.emplace_back(name, value.text);
      } else {
        reader_.complain(value.at, join("ns3.attributes", name),
                         fmt::format("expected a value, found {}", value.what()));
      }
    }
  }

  // ---- groups ----

  void load_groups(const Node& node) {
    if (node.size() > kMaxGroups) {
      return reader_.complain(node.at, "groups", fmt::format("{} groups: at most {}", node.size(), kMaxGroups));
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node& key = node.key(i);
      const Node& value = node.value(i);
      std::string path = join("groups", key.text);
      if (key.text == kAll || key.text == kRest || key.text.empty()) {
        reader_.complain(key.at, path, fmt::format("'{}' is kept for hosts of every group, or of none", key.text));
        continue;
      }
      Scenario::Group group{.name = key.text, .options = {}, .interfaces = {}, .at = key.at};
      constexpr std::string_view kInterfaces[] = {"interfaces"};
      reader_.fill(value, path, group.options, kInterfaces);
      check_place(group.options.place, value, path);
      if (const Node* interfaces = value.find("interfaces")) load_interfaces(*interfaces, path, group);
      scenario_.groups.push_back(std::move(group));
    }
  }

  void load_interfaces(const Node& node, const std::string& group_path, Scenario::Group& group) {
    std::string path = join(group_path, "interfaces");
    if (!node.is_mapping()) {
      return reader_.complain(
          node.at, path,
          fmt::format("expected names with links, as in lte: {{ bandwidth: 20 Mbit/s }}, found {}", node.what()));
    }
    if (node.size() > kMaxInterfaces) {
      return reader_.complain(node.at, path, fmt::format("more than {} further interfaces", kMaxInterfaces));
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      auto& [name, options] = group.interfaces.emplace_back(node.key(i).text, InterfaceOptions{});
      reader_.fill(node.value(i), join(path, name), options);
      check_place(options.place, node.value(i), join(path, name));
    }
  }

  void check_place(const std::string& place, const Node& value, const std::string& path) {
    if (place.empty()) return;
    const Node* written = value.find("place");
    const Position at = written != nullptr ? written->at : value.at;
    const std::vector<std::string>& routers = scenario_.graph.routers;
    if (routers.empty() && !scenario_.has_named_regions) {
      return reader_.complain(at, join(path, "place"),
                              "there is no place to stand at: the file has neither regions nor routers");
    }
    std::vector<std::string_view> names(routers.begin(), routers.end());
    for (const auto& region : scenario_.regions.regions) {
      if (routers.empty()) names.push_back(region.name);
    }
    reader_.check_name(routers.empty() ? "region" : "router", place, names, at, join(path, "place"));
  }

  void check_group_hosts(const Scenario::Group& group) {
    const std::string path = join("groups", group.name);
    check_links(scenario_.links_of(group, group.options.place), group.at, path);
    for (const auto& [name, options] : group.interfaces) {
      check_links(options.over(scenario_.network), group.at, join(path, name));
    }
    const CpuOptions cpu = group.options.CpuOptions::over(scenario_.network);
    if (cpu.slowness && !cpu.any_cost()) {
      reader_.complain(group.at, path, "slowness: CPUs cost nothing here, and stay as fast; give cpu_per_packet too");
    }
  }

  void check_links(const LinkOptions& options, Position at, const std::string& path) {
    if (Result<> valid = options.validate(); !valid) {
      reader_.complain(at, path, fmt::format("its links: {}", valid.error().message()));
    }
  }

  // Hosts that no group names.
  void add_rest(const Node& root) {
    std::uint64_t grouped = 0;
    for (const Scenario::Group& group : scenario_.groups) grouped += group.options.count;
    const Node* network = root.find("network");
    const Node* stated = network != nullptr ? network->find("hosts") : nullptr;
    if (grouped > kMaxHosts) {
      return reader_.complain(root.at, "groups", fmt::format("{} hosts together: at most {}", grouped, kMaxHosts));
    }
    if (stated == nullptr && grouped != 0) {
      scenario_.network.hosts = static_cast<std::uint32_t>(grouped);
      return;
    }
    if (grouped > scenario_.network.hosts) {
      return reader_.complain(
          stated != nullptr ? stated->at : root.at, "network.hosts",
          fmt::format("{} hosts, but the groups have {} together", scenario_.network.hosts, grouped));
    }
    auto left = static_cast<std::uint32_t>(scenario_.network.hosts - grouped);
    if (left == 0) return;
    scenario_.groups.push_back({.name = std::string(kRest), .options = {}, .interfaces = {}, .at = root.at});
    scenario_.groups.back().options.count = left;
  }

  bool check_group(const std::string& name, Position at, const std::string& path) {
    std::vector<std::string_view> names{kAll};
    for (const Scenario::Group& group : scenario_.groups) names.push_back(group.name);
    return reader_.check_name("group", name, names, at, path);
  }

  // ---- what runs ----

  void load_protocols(const Node& node) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node& key = node.key(i);
      std::string path = join("protocols", key.text);
      const ServiceDescriptor* service = registry_.find(key.text);
      if (service == nullptr) {
        std::vector<std::string_view> names = registry_.names();
        reader_.complain(key.at, path, fmt::format("there is no such protocol{}", suggestion(key.text, names)));
        continue;
      }
      Scenario::Protocol protocol{.service = service, .options = AnyOptions(*service->options)};
      constexpr std::string_view kOn[] = {"on"};
      const Node& value = node.value(i);
      reader_.fill(value, path, protocol.options.table(), protocol.options.object(), kOn);
      if (const Node* on = value.find("on")) load_groups_of(protocol, *on, join(path, "on"));
      scenario_.protocols.push_back(std::move(protocol));
    }
    order_protocols(node);
  }

  void load_groups_of(Scenario::Protocol& protocol, const Node& on, const std::string& path) {
    const std::span<const Node> named = on.is_sequence() ? std::span(on.items) : std::span(&on, 1);
    protocol.on.clear();
    for (const Node& group : named) {
      if (!group.is_scalar()) {
        return reader_.complain(group.at, path, fmt::format("expected the name of a group, found {}", group.what()));
      }
      if (check_group(group.text, group.at, path)) protocol.on.push_back(group.text);
    }
    if (named.empty()) reader_.complain(on.at, path, "expected the name of a group, or a list of them");
  }

  // Puts what others stand on before them; they are started in this order.
  void order_protocols(const Node& node) {
    std::vector<Scenario::Protocol> waiting = std::exchange(scenario_.protocols, {});
    const auto stands = [&](std::string_view name) {
      return std::ranges::any_of(scenario_.protocols, [&](const auto& one) { return one.service->name == name; });
    };
    while (!waiting.empty()) {
      const auto ready = std::ranges::find_if(
          waiting, [&](const auto& one) { return std::ranges::all_of(one.service->needs, stands); });
      if (ready == waiting.end()) break;
      scenario_.protocols.push_back(std::move(*ready));
      waiting.erase(ready);
    }
    for (Scenario::Protocol& left : waiting) {
      const auto missing = std::ranges::find_if_not(left.service->needs, stands);
      reader_.complain(node.at, join("protocols", left.service->name),
                       fmt::format("it stands on {}: put `{}: {{}}` under `protocols` too", *missing, *missing));
      scenario_.protocols.push_back(std::move(left));
    }
  }

  void load_workload(const Node& item, const std::string& path) {
    if (!item.is_mapping() || item.size() != 1) {
      return reader_.complain(item.at, path, "expected one operation, as in `- echo: { from: clients, rate: 1 /s }`");
    }
    const Node& key = item.key(0);
    Result<ServiceRegistry::Operation> found = registry_.find_operation(key.text);
    if (!found) return reader_.complain(key.at, path, found.error().message());
    bool running = std::ranges::any_of(
        scenario_.protocols, [&](const Scenario::Protocol& protocol) { return protocol.service == found->service; });
    if (!running) {
      reader_.complain(key.at, path,
                       fmt::format("'{}' is of protocol {}, which does not stand under `protocols`", key.text,
                                   found->service->name));
    }
    Scenario::Workload workload{.operation = *found, .when = {}, .options = AnyOptions(*found->operation->options)};
    const Node& value = item.value(0);
    std::string inner = join(path, key.text);
    std::vector<std::string_view> when = option_table<WorkloadOptions>().names();
    std::vector<std::string_view> what = workload.options.table().names();
    // A key that both have goes to the operation; its table is the more special one.
    std::erase_if(when, [&](std::string_view name) { return std::ranges::find(what, name) != what.end(); });
    reader_.fill(value, inner, workload.when, what);
    reader_.fill_known(value, inner, workload.options.table(), workload.options.object(), when);
    if (workload.when.rate.micro_per_hour == 0) {
      reader_.complain(key.at, join(inner, "rate"), "expected more than 0, or no workload at all");
    }
    bool from = check_group(workload.when.from, key.at, join(inner, "from"));
    bool to = check_group(workload.when.to, key.at, join(inner, "to"));
    if (from && to) scenario_.workloads.push_back(std::move(workload));
  }

  void load_expectation(const Node& item, const std::string& path) {
    ExpectationOptions options;
    if (item.is_mapping()) {
      const std::size_t before = reader_.complaints();
      reader_.fill(item, path, options);
      if (reader_.complaints() != before) return;
    } else if (item.is_scalar()) {
      options.that = item.text;
    } else {
      return reader_.complain(item.at, path, fmt::format("expected a comparison, found {}", item.what()));
    }
    Result<ExpectationRule> rule = ExpectationRule::parse(options.that);
    if (!rule) return reader_.complain(item.at, path, rule.error().message());
    const std::vector<MetricInfo> metrics = known_metrics(scenario_);
    std::vector<std::string_view> groups;
    for (const Scenario::Group& group : scenario_.groups) groups.push_back(group.name);
    if (Result<> sound = rule->check(metrics, groups); !sound) {
      return reader_.complain(item.at, path, sound.error().message());
    }
    const Duration from = options.from.value_or(scenario_.run.warm_up);
    const Duration until = options.until.value_or(written_duration_);
    if (from >= until || until > written_duration_) {
      return reader_.complain(item.at, path,
                              fmt::format("from {} until {} is no part of a run of {}", to_text(from), to_text(until),
                                          to_text(written_duration_)));
    }
    if (options.from || options.until) rule->set_window(from, until);
    scenario_.expectations.push_back(std::move(*rule));
  }

  const ServiceRegistry& registry_;
  SourceFiles& files_;
  OptionReader reader_;
  Scenario scenario_;
  Duration written_duration_{};  // a run may be told to end earlier; then it measures less
};

}  // namespace

LoadResult load_scenario(std::string_view text, const std::string& file, const ServiceRegistry& registry,
                         const Overrides& overrides, const ReadFile& read) {
  SourceFiles files(read);
  std::expected<Node, Diagnostic> root = files.load(text, file);
  if (!root) return std::unexpected(std::vector{root.error()});
  Loader loader(file, registry, files);
  for (const auto& [path, value] : overrides.set) {
    if (std::expected<void, std::string> set = set_path(*root, path, value); !set) {
      loader.reader().complain({}, path, fmt::format("--set {}={}: {}", path, value, set.error()));
    }
  }
  loader.load(*root, overrides);
  if (!overrides.is_point) loader.load_sweep(*root, overrides);
  if (root->is_mapping()) loader.keep_written(*root);
  LoadResult result = loader.finish(text);
  if (result) result->parameters = overrides.set;
  return result;
}

}  // namespace ghostnet::scenarios
