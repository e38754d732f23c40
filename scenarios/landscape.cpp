#include "ghostnet/scenarios/landscape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "ghostnet/runtime/text.hpp"

namespace ghostnet::scenarios {

namespace {

double range_of(const sim::WorldSpec& spec) {
  const auto* radio = std::get_if<sim::WirelessSpec>(&spec.ground);
  if (radio == nullptr || radio->propagation != sim::WirelessSpec::Propagation::range) return 0;
  return radio->range_m > 0 ? radio->range_m : radio->spacing_m * 1.5;
}

void add_direction(std::string& json, std::string_view name, const std::optional<link::LinkParams>& link) {
  if (!link) return;
  if (link->rate_bps != 0) json += fmt::format(R"(,"{}_bps":{})", name, link->rate_bps);
  if (link->delay != Duration::zero()) json += fmt::format(R"(,"{}_delay_ns":{})", name, link->delay.count());
  if (!link->loss.is_never()) json += fmt::format(R"(,"{}_loss":{})", name, link->loss.value());
}

std::string fields_of(const std::string& to, const sim::LinkPair& links) {
  std::string json = R"({"to":)";
  append_json_string(json, to);
  add_direction(json, "up", links.out);
  add_direction(json, "down", links.in);
  return json + '}';
}

std::string fields_of(const sim::GraphSpec::Edge& edge) {
  std::string json = R"({"from":)";
  append_json_string(json, edge.from);
  json += R"(,"to":)";
  append_json_string(json, edge.to);
  add_direction(json, "up", edge.params);
  return json + '}';
}

}  // namespace

Landscape::Landscape(ResultSink& sink, RunWorld& world, const Scenario& scenario)
    : sink_(sink),
      world_(world),
      links_wanted_(scenario.record.links),
      spec_(scenario.world()),
      range_m_(range_of(spec_)) {}

void Landscape::begin() {
  if (links_wanted_) write_wires();
  std::vector<OnPlane> places;
  for (HostId id = 0; id < world_.host_count(); ++id) {
    const HostPlace place = world_.place_of(id);
    const auto* plane = std::get_if<OnPlane>(&place);
    if (plane == nullptr) return;
    places.push_back(*plane);
  }
  at_ = std::move(places);
  if (range_m_ > 0 && links_wanted_ && at_.size() <= kMaxRadios) in_range_.resize(at_.size() * at_.size());
  write_radio_links(world_.now());
}

void Landscape::write_wires() const {
  HostId id = 0;
  for (const sim::GroupSpec& group : spec_.groups) {
    std::unordered_map<std::string, std::string> fields;  // by place: hosts of a group that share it are wired alike
    for (std::uint32_t i = 0; i < group.count && id < world_.host_count(); ++i, ++id) {
      const auto [known, fresh] = fields.try_emplace(world_.region_of(id));
      if (fresh) known->second = wire_fields(group, known->first);
      if (known->second.empty()) continue;
      sink_.link({.time = world_.now(), .a = id, .b = kNoHost, .kind = "wire", .json = known->second});
    }
  }
  const auto* graph = std::get_if<sim::GraphSpec>(&spec_.ground);
  for (std::size_t n = 0; graph != nullptr && n < graph->edges.size(); ++n) {
    sink_.link({.time = world_.now(), .kind = "wire", .json = fields_of(graph->edges[n])});
  }
}

// Empty: no wire.
std::string Landscape::wire_fields(const sim::GroupSpec& group, const std::string& place) const {
  sim::LinkPair links = group.links;
  if (const auto* regions = std::get_if<sim::RegionsSpec>(&spec_.ground)) {
    const auto here = std::ranges::find(regions->regions, place, &sim::RegionsSpec::Region::name);
    if (here != regions->regions.end()) links = here->with_rates(std::move(links));
  }
  return links.out || links.in ? fields_of(place, links) : std::string();
}

void Landscape::look() {
  write_positions(world_.now());
  write_radio_links(world_.now());
}

void Landscape::write_positions(TimePoint now) {
  for (HostId id = 0; id < at_.size(); ++id) {
    const HostPlace place = world_.place_of(id);
    const auto* plane = std::get_if<OnPlane>(&place);
    if (plane == nullptr || std::hypot(plane->x_m - at_[id].x_m, plane->y_m - at_[id].y_m) < kLeastMove_m) continue;
    at_[id] = *plane;
    sink_.position({.time = now, .host = id, .at = *plane});
  }
}

void Landscape::write_radio_links(TimePoint now) {
  if (in_range_.empty()) return;
  for (HostId a = 0; a < at_.size(); ++a) {
    for (HostId b = a + 1; b < at_.size(); ++b) {
      const bool near = std::hypot(at_[a].x_m - at_[b].x_m, at_[a].y_m - at_[b].y_m) <= range_m_;
      std::vector<bool>::reference known = in_range_[a * at_.size() + b];
      if (known == near) continue;
      known = near;
      sink_.link({.time = now, .a = a, .b = b, .kind = "radio", .up = near});
    }
  }
}

}  // namespace ghostnet::scenarios
