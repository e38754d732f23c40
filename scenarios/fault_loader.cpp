#include "ghostnet/scenarios/fault_loader.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "ghostnet/runtime/suggest.hpp"

namespace ghostnet::scenarios {

namespace {

constexpr std::size_t kMaxSides = 200;

std::vector<std::string_view> group_names(const Scenario& scenario) {
  std::vector<std::string_view> names{"all"};
  for (const Scenario::Group& group : scenario.groups) names.push_back(group.name);
  return names;
}

std::vector<std::string_view> region_names(const Scenario& scenario) {
  std::vector<std::string_view> names;
  for (const auto& region : scenario.regions.regions) {
    if (scenario.has_named_regions) names.push_back(region.name);
  }
  for (const std::string& router : scenario.graph.routers) names.push_back(router);
  return names;
}

class FaultLoader {
 public:
  FaultLoader(const Scenario& scenario, OptionReader& reader) : scenario_(scenario), reader_(reader) {}

  std::optional<Fault> load(const Node& item, const std::string& path) {
    std::vector<std::string_view> names;
    for (const FaultKind& kind : fault_kinds()) names.push_back(kind.name);
    Fault fault;
    const std::size_t before = reader_.complaints();
    reader_.fill(item, path, fault.when, names);
    if (reader_.complaints() != before) return std::nullopt;
    const FaultKind* found = nullptr;
    for (std::size_t i = 0; i < item.size() && item.is_mapping(); ++i) {
      const auto kind = std::ranges::find(fault_kinds(), item.key(i).text, &FaultKind::name);
      if (kind == fault_kinds().end()) continue;
      if (found != nullptr) {
        reader_.complain(item.key(i).at, path,
                         fmt::format("{} and {} are two faults: write two items", found->name, kind->name));
        return std::nullopt;
      }
      found = &*kind;
    }
    if (found == nullptr) {
      reader_.complain(item.at, path, fmt::format("expected what happens: one of {}", fmt::join(names, ", ")));
      return std::nullopt;
    }
    fault.key = OptionReader::join(path, found->name);
    fault.at = item.at;
    fault.effect = found->make();
    load_effect(*item.find(found->name), *found, fault);
    if (reader_.complaints() != before) return std::nullopt;
    return fault;
  }

 private:
  void load_effect(const Node& value, const FaultKind& kind, Fault& fault) {
    if (auto* partition = std::get_if<Partition>(&fault.effect)) return load_partition(value, fault.key, *partition);
    if (value.is_scalar()) {
      const Node named = mapping_of("group", value);
      reader_.fill(named, fault.key, kind.table(), kind.options(fault.effect));
    } else if (value.is_null()) {
      return reader_.complain(value.at, fault.key, "expected a group, or keys; `all` is every host");
    } else {
      reader_.fill(value, fault.key, kind.table(), kind.options(fault.effect));
    }
    check(*selection_of(fault.effect), value, fault.key);
    if (std::holds_alternative<Degrade>(fault.effect)) check_links(std::get<Degrade>(fault.effect), value, fault.key);
  }

  static Node mapping_of(std::string_view key, const Node& value) {
    Node mapping{.kind = Node::Kind::mapping, .at = value.at, .text = {}, .items = {}};
    mapping.items.push_back({.kind = Node::Kind::scalar, .at = value.at, .text = std::string(key), .items = {}});
    mapping.items.push_back(value);
    return mapping;
  }

  void check(const Selection& chosen, const Node& value, const std::string& path) {
    reader_.check_name("group", chosen.group, group_names(scenario_), place(value, "group"), path);
    if (chosen.region.empty()) return;
    reader_.check_name("region", chosen.region, region_names(scenario_), place(value, "region"), path);
  }

  static Position place(const Node& value, std::string_view key) {
    const Node* named = value.find(key);
    return named != nullptr ? named->at : value.at;
  }

  // Every group's links must make sense when they are worse.
  void check_links(const Degrade& degrade, const Node& value, const std::string& path) {
    for (const Scenario::Group& group : scenario_.groups) {
      const LinkOptions links = degrade.LinkOptions::over(scenario_.links_of(group, group.options.place));
      if (Result<> valid = links.validate(); !valid) {
        return reader_.complain(value.at, path,
                                fmt::format("links of group {}: {}", group.name, valid.error().message()));
      }
    }
  }

  void load_partition(const Node& value, const std::string& path, Partition& partition) {
    const Node* sides = &value;
    if (value.is_mapping()) {
      constexpr std::string_view kSides[] = {"sides"};
      reader_.fill(value, path, partition, kSides);
      sides = value.find("sides");
    }
    if (sides == nullptr || !sides->is_sequence() || sides->items.empty()) {
      return reader_.complain(value.at, path, "expected a list of sides, as in [clients, servers] or [[region: asia]]");
    }
    if (sides->items.size() > kMaxSides) {
      return reader_.complain(sides->at, path, fmt::format("more than {} sides", kMaxSides));
    }
    for (const Node& side : sides->items) {
      std::vector<Selection>& members = partition.sides.emplace_back();
      if (!side.is_sequence()) {
        load_member(side, path, members);
        continue;
      }
      if (side.items.empty()) reader_.complain(side.at, path, "a side has at least one group");
      for (const Node& member : side.items) load_member(member, path, members);
    }
    if (partition.direction != Direction::both && partition.sides.size() > 2) {
      reader_.complain(value.at, path, "a direction is of one side against the others: expected one or two sides");
    }
  }

  void load_member(const Node& member, const std::string& path, std::vector<Selection>& members) {
    Selection& chosen = members.emplace_back();
    if (member.is_scalar()) {
      chosen.group = member.text;
    } else if (member.is_mapping() && member.size() == 1 && member.key(0).text == "region" &&
               member.value(0).is_scalar()) {
      chosen.region = member.value(0).text;
    } else if (member.is_mapping() && member.size() == 1 && member.key(0).text == "group" &&
               member.value(0).is_scalar()) {
      chosen.group = member.value(0).text;
    } else {
      return reader_.complain(member.at, path, "expected a group's name, or region: NAME");
    }
    check(chosen, member, path);
  }

  const Scenario& scenario_;
  OptionReader& reader_;
};

}  // namespace

std::optional<Fault> load_fault(const Node& item, const std::string& path, const Scenario& scenario,
                                OptionReader& reader) {
  return FaultLoader(scenario, reader).load(item, path);
}

}  // namespace ghostnet::scenarios
