#include "ghostnet/scenarios/network_loader.hpp"

#include <algorithm>
#include <set>

#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/runtime/suggest.hpp"
#include "ghostnet/scenarios/graph_file.hpp"
#include "ghostnet/scenarios/latency_table.hpp"

namespace ghostnet::scenarios {

namespace {

constexpr std::size_t kMaxRegions = 512;
constexpr std::size_t kMaxRouters = 4096;
constexpr std::size_t kMaxLinks = 32'768;  // each is two edges

// A file that has sections alone.
struct NoOptions {
  static constexpr std::array<OptionDesc, 0> kOptions{};
};

class GroundLoader {
 public:
  GroundLoader(Scenario& scenario, SourceFiles& files, OptionReader& reader)
      : scenario_(scenario), files_(files), reader_(reader) {}

  void load(const Node& root) {
    const Node* network = root.find("network");
    const Node* regions = network != nullptr ? network->find("regions") : nullptr;
    const Node* graph = network != nullptr ? network->find("graph") : nullptr;
    if (regions != nullptr && !scenario_.network.regions.empty()) load_named_regions(*regions);
    if (graph != nullptr && !scenario_.network.graph.empty()) load_graph_file(*graph);
    load_regions(root);
    load_routers(root);
    if (!scenario_.graph.routers.empty() && !scenario_.regions.regions.empty()) {
      reader_.complain(root.at, "routers", "hosts stand in regions or at routers: expected one of the two");
    }
    const bool other_ground = scenario_.network.ground != Ground::internet;
    if (other_ground && (!scenario_.graph.routers.empty() || !scenario_.regions.regions.empty())) {
      reader_.complain(network->at, "network.ground", "regions and routers are of `ground: internet`");
    }
    scenario_.has_named_regions = !scenario_.regions.regions.empty();
    if (!scenario_.has_named_regions) {
      scenario_.regions.regions.push_back({.name = std::string(kEverywhere)});
      scenario_.regions.paths = {{.delay = scenario_.network.latency, .jitter = scenario_.network.jitter}};
    }
  }

 private:
  void load_named_regions(const Node& named) {
    const std::string& name = scenario_.network.regions;
    if (name.find('/') == name.npos && name.find('.') == name.npos) return load_shipped(named, name);
    if (name.ends_with(".gml")) {
      return reader_.complain(named.at, "network.regions", "a GML file is a graph: write `graph:` instead");
    }
    if (name.ends_with(".csv")) {
      auto text = files_.read_named(name, named.at, "network.regions");
      if (!text) return complain(text.error());
      return load_table(text->text, {0, 0, text->file});
    }
    std::expected<Node, Diagnostic> root = files_.load_named(name, named.at, "network.regions");
    if (!root) return complain(root.error());
    load_regions_file(*root);
  }

  void load_shipped(const Node& named, const std::string& name) {
    std::vector<std::string_view> names;
    for (const ShippedNetwork& network : shipped_networks()) {
      names.push_back(network.name);
      if (network.name != name) continue;
      std::expected<Node, Diagnostic> root = parse_document(network.text, name);
      if (!root) return complain(root.error());
      return load_regions_file(*root);
    }
    reader_.complain(
        named.at, "network.regions",
        fmt::format("no network '{}' comes with the program{}; a file is named with its path, as ./{}.yaml", name,
                    suggestion(name, names), name));
  }

  void load_regions_file(const Node& root) {
    constexpr std::string_view kKeys[] = {"regions", "latencies"};
    NoOptions nothing;
    reader_.fill(root, "", nothing, kKeys);
    if (root.is_mapping()) load_regions(root);
    if (scenario_.regions.regions.empty()) reader_.complain(root.at, "regions", "expected regions in this file");
  }

  void load_regions(const Node& root) {
    sim::RegionsSpec& regions = scenario_.regions;
    if (const Node* node = reader_.mapping(root, "regions")) {
      if (!regions.regions.empty()) {
        return reader_.complain(node->at, "regions",
                                "regions stand here and in `network.regions`: expected one of the two");
      }
      if (node->size() > kMaxRegions) {
        return reader_.complain(node->at, "regions", fmt::format("{} regions: at most {}", node->size(), kMaxRegions));
      }
      for (std::size_t i = 0; i < node->size(); ++i) load_region(node->key(i), node->value(i));
      const bool nobody = std::ranges::all_of(regions.regions, [](const auto& region) { return region.weight == 0; });
      if (nobody && node->size() != 0) reader_.complain(node->at, "regions", "no region has a weight");
      const std::size_t count = regions.regions.size();
      regions.paths.assign(count * count, {.delay = scenario_.network.latency, .jitter = scenario_.network.jitter});
    }
    if (const Node* matrix = root.find("latencies"); matrix != nullptr && !matrix->is_null()) load_latencies(*matrix);
  }

  void load_region(const Node& name, const Node& value) {
    RegionOptions options;
    reader_.fill(value, OptionReader::join("regions", name.text), options);
    if (name.text.empty()) return reader_.complain(name.at, "regions", "expected a name of a region");
    scenario_.regions.regions.push_back({.name = name.text,
                                         .weight = options.weight,
                                         .up_bps = options.uplink.value_or(DataRate{}).bits_per_second,
                                         .down_bps = options.downlink.value_or(DataRate{}).bits_per_second,
                                         .place = place_of(name, options)});
  }

  std::optional<OnMap> place_of(const Node& name, const RegionOptions& options) {
    if (options.longitude && options.latitude) return OnMap{*options.longitude, *options.latitude};
    if (options.longitude || options.latitude) {
      reader_.complain(name.at, OptionReader::join("regions", name.text),
                       "expected both a longitude and a latitude, or neither");
    }
    return std::nullopt;
  }

  void load_latencies(const Node& matrix) {
    if (matrix.is_scalar()) {
      auto text = files_.read_named(matrix.text, matrix.at, "latencies");
      if (!text) return complain(text.error());
      return load_table(text->text, {0, 0, text->file});
    }
    const std::size_t count = scenario_.regions.regions.size();
    if (count == 0) return reader_.complain(matrix.at, "latencies", "a matrix needs `regions` to be about");
    if (!matrix.is_sequence() || matrix.items.size() != count) {
      return reader_.complain(matrix.at, "latencies",
                              fmt::format("expected a list of {} rows, one for each region", count));
    }
    for (std::size_t row = 0; row < count; ++row) load_latency_row(matrix.items[row], row, count);
  }

  void load_latency_row(const Node& cells, std::size_t row, std::size_t count) {
    std::string path = fmt::format("latencies[{}]", row);
    if (!cells.is_sequence() || cells.items.size() != count) {
      return reader_.complain(cells.at, path, fmt::format("expected a list of {} times, one for each region", count));
    }
    for (std::size_t column = 0; column < count; ++column) {
      const Node& cell = cells.items[column];
      Result<Duration> delay = parse_duration(cell.text);
      if (!cell.is_scalar() || !delay || *delay < 0ns || *delay > 24h) {
        reader_.complain(cell.at, fmt::format("{}[{}]", path, column),
                         fmt::format("'{}' is no time from 0 to 24 h", cell.text.substr(0, 60)));
        continue;
      }
      scenario_.regions.paths[row * count + column].delay = *delay;
    }
  }

  // Regions that the scenario has itself keep their weights, and the table must be of the same.
  void load_table(std::string_view text, Position file) {
    std::expected<sim::RegionsSpec, Diagnostic> table = read_latency_table(text, kMaxRegions);
    if (!table) {
      Position at = table.error().at;
      at.file = file.file;
      return reader_.complain(at, table.error().key, table.error().message);
    }
    for (sim::PathParams& path : table->paths) path.jitter = scenario_.network.jitter;
    sim::RegionsSpec& ours = scenario_.regions;
    if (ours.regions.empty()) {
      ours = std::move(*table);
      return;
    }
    for (std::size_t i = 0; i < ours.regions.size(); ++i) {
      if (i < table->regions.size() && table->regions[i].name == ours.regions[i].name) continue;
      return reader_.complain(
          file, "latencies",
          fmt::format("expected a row and a column for region {} as number {}", ours.regions[i].name, i + 1));
    }
    if (table->regions.size() != ours.regions.size()) {
      return reader_.complain(file, "latencies",
                              fmt::format("{} rows for {} regions", table->regions.size(), ours.regions.size()));
    }
    ours.paths = std::move(table->paths);
  }

  // ---- graphs ----

  void load_graph_file(const Node& named) {
    const std::string& name = scenario_.network.graph;
    if (!name.ends_with(".gml")) {
      std::expected<Node, Diagnostic> root = files_.load_named(name, named.at, "network.graph");
      if (!root) return complain(root.error());
      constexpr std::string_view kKeys[] = {"routers", "links"};
      NoOptions nothing;
      reader_.fill(*root, "", nothing, kKeys);
      if (root->is_mapping()) load_routers(*root);
      if (scenario_.graph.routers.empty()) reader_.complain(root->at, "routers", "expected routers in this file");
      return;
    }
    auto text = files_.read_named(name, named.at, "network.graph");
    if (!text) return complain(text.error());
    std::expected<GraphFile, Diagnostic> graph = read_gml_graph(text->text, kMaxRegions, kMaxRouters, kMaxLinks);
    if (!graph) {
      Position at = graph.error().at;
      at.file = text->file;
      return reader_.complain(at, graph.error().key, graph.error().message);
    }
    scenario_.regions = std::move(graph->regions);
    scenario_.graph = std::move(graph->graph);
  }

  void load_routers(const Node& root) {
    const Node* routers = root.find("routers");
    if (routers != nullptr && !routers->is_null()) {
      if (!scenario_.graph.routers.empty()) {
        return reader_.complain(routers->at, "routers",
                                "routers stand here and in `network.graph`: expected one of the two");
      }
      reader_.for_each_item(root, "routers",
                            [this](const Node& item, const std::string& path) { load_router(item, path); });
    }
    reader_.for_each_item(root, "links", [this](const Node& item, const std::string& path) { load_link(item, path); });
    if (const Node* links = root.find("links"); links != nullptr && links->items.size() > kMaxLinks) {
      reader_.complain(links->at, "links", fmt::format("more than {} links", kMaxLinks));
    }
  }

  void load_router(const Node& item, const std::string& path) {
    std::vector<std::string>& known = scenario_.graph.routers;
    if (!item.is_scalar() || item.text.empty()) {
      return reader_.complain(item.at, path, fmt::format("expected the name of a router, found {}", item.what()));
    }
    if (!router_names_.insert(item.text).second) {
      return reader_.complain(item.at, path, fmt::format("there is a router '{}' already", item.text));
    }
    if (known.size() == kMaxRouters) reader_.complain(item.at, path, fmt::format("more than {} routers", kMaxRouters));
    if (known.size() < kMaxRouters) known.push_back(item.text);
  }

  void load_link(const Node& item, const std::string& path) {
    RouterLinkOptions options;
    const std::size_t before = reader_.complaints();
    reader_.fill(item, path, options);
    if (reader_.complaints() != before || scenario_.graph.edges.size() >= kMaxLinks) return;
    for (const auto& [key, name] : {std::pair{"from", &options.from}, std::pair{"to", &options.to}}) {
      if (router_names_.contains(*name)) continue;
      std::vector<std::string_view> names(scenario_.graph.routers.begin(), scenario_.graph.routers.end());
      return reader_.complain(item.at, OptionReader::join(path, key),
                              fmt::format("there is no router '{}'{}", *name, suggestion(*name, names)));
    }
    if (options.from == options.to) return reader_.complain(item.at, path, "a link leads to another router");
    link::LinkParams link = options.both_ways();
    link.delay = options.latency;
    link.jitter = options.jitter;
    if (Result<> valid = link.validate(); !valid) return reader_.complain(item.at, path, valid.error().message());
    scenario_.graph.edges.push_back({options.from, options.to, link});
  }

  void complain(const Diagnostic& wrong) { reader_.complain(wrong.at, wrong.key, wrong.message); }

  Scenario& scenario_;
  SourceFiles& files_;
  OptionReader& reader_;
  std::set<std::string, std::less<>> router_names_;
};

}  // namespace

void load_ground(const Node& root, Scenario& scenario, SourceFiles& files, OptionReader& reader) {
  GroundLoader(scenario, files, reader).load(root);
}

}  // namespace ghostnet::scenarios
