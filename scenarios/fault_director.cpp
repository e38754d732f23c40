#include "ghostnet/scenarios/fault_director.hpp"

#include <algorithm>

#include "ghostnet/runtime/text.hpp"
#include "ghostnet/scenarios/beginning.hpp"

namespace ghostnet::scenarios {

namespace {

constexpr InterfaceIndex kFirstInterface = 1;

std::uint64_t purpose(std::size_t fault, std::string_view what) {
  std::uint64_t hash = fault + 1;
  for (const char c : what) hash = hash * 1'099'511'628'211ULL + static_cast<unsigned char>(c);
  return hash;
}

void append_member(std::string& json, const Selection& member) {
  json += R"({"group":)";
  append_json_string(json, member.group);
  if (!member.region.empty()) {
    json += R"(,"region":)";
    append_json_string(json, member.region);
  }
  json += '}';
}

// Whom a partition cuts from whom: {"sides": [[{"group", "region"}, ...], ...], "direction"}. Hosts on no side are one
// more.
std::string fields_of(const Fault& fault) {
  const auto* partition = std::get_if<Partition>(&fault.effect);
  if (partition == nullptr) return {};
  constexpr std::string_view kDirections[] = {"both", "out", "in"};
  std::string json = R"({"sides":[)";
  for (const std::vector<Selection>& side : partition->sides) {
    json += json.back() == '[' ? "[" : ",[";
    for (const Selection& member : side) {
      if (json.back() == '}') json += ',';
      append_member(json, member);
    }
    json += ']';
  }
  json += R"(],"direction":")";
  json += kDirections[static_cast<std::size_t>(partition->direction)];
  return json + "\"}";
}

}  // namespace

FaultDirector::FaultDirector(const Scenario& scenario, RunWorld& world, Stage& stage)
    : scenario_(scenario),
      world_(world),
      stage_(stage),
      begun_(scenario.faults.size()),
      active_(scenario.faults.size()),
      holds_down_(world.host_count()),
      holds_link_down_(world.host_count()),
      clock_(world.loop()),
      tasks_(world.loop()) {}

Result<> FaultDirector::check() const {
  for (const Fault& fault : scenario_.faults) {
    const std::string why = world_.refuses(fault);
    if (!why.empty()) {
      return ghostnet::fail(Errc::not_supported, "{}: {}: {}", scenario_.place_of(fault.at), fault.key, why);
    }
  }
  return {};
}

TimePoint FaultDirector::next_beginning() const {
  TimePoint next = kNever;
  for (std::size_t i = 0; i < begun_.size(); ++i) {
    if (!begun_[i]) next = std::min(next, begin_of(scenario_.faults[i]));
  }
  return next;
}

void FaultDirector::begin_due() {
  began_ = world_.loop().now() - world_.now().time_since_epoch();
  for (std::size_t i = 0; i < begun_.size(); ++i) {
    if (begun_[i] || begin_of(scenario_.faults[i]) > world_.now()) continue;
    begun_[i] = true;
    tasks_.spawn(carry_out(i));
  }
}

Task<> FaultDirector::carry_out(std::size_t index) {
  const FaultTiming when = scenario_.faults[index].when;
  begin(index);
  if (!when.for_) co_return;
  co_await clock_.sleep_until(at(when.at + *when.for_));
  end(index);
}

void FaultDirector::begin(std::size_t index) {
  const Fault& fault = scenario_.faults[index];
  const Selection* selection = selection_of(fault.effect);
  active_[index] = {.on = true, .hosts = selection != nullptr ? choose(*selection, index) : std::vector<HostId>{}};
  stage_.happened("fault_begins", kNoHost, fault.key, fields_of(fault));
  visit_hosts(index, true);
}

void FaultDirector::end(std::size_t index) {
  active_[index].on = false;
  stage_.happened("fault_ends", kNoHost, scenario_.faults[index].key, "");
  visit_hosts(index, false);
}

// What begins or ends with a fault. Churn and flapping have tasks of their own, which end by themselves.
void FaultDirector::visit_hosts(std::size_t index, bool begins) {
  const Fault& fault = scenario_.faults[index];
  const TimePoint until = fault.when.for_ ? at(fault.when.at + *fault.when.for_) : kNever;
  if (std::holds_alternative<Partition>(fault.effect)) return set_partitions();
  for (const HostId id : active_[index].hosts) {
    if (std::holds_alternative<Crash>(fault.effect)) {
      begins ? take_down(id) : bring_up(id);
    } else if (std::holds_alternative<Offline>(fault.effect)) {
      set_link_down(id, begins);
    } else if (std::holds_alternative<Degrade>(fault.effect)) {
      set_links(id);
    } else if (std::holds_alternative<ClockFault>(fault.effect)) {
      set_clock(id);
    } else if (std::holds_alternative<Slow>(fault.effect)) {
      set_cpu(id);
    } else if (std::holds_alternative<Readdress>(fault.effect) && begins) {
      expect_done(world_.readdress(id), fault.key);
      stage_.readdressed(id);
      stage_.happened("readdress", id, "", "");
    } else if (const auto* leaving = std::get_if<Churn>(&fault.effect); leaving != nullptr && begins) {
      tasks_.spawn(churn(index, id, *leaving, until));
    } else if (const auto* flapping = std::get_if<Flap>(&fault.effect); flapping != nullptr && begins) {
      tasks_.spawn(flap(id, flapping->down, flapping->up, until));
    }
  }
}

// ---- whom ----

std::vector<HostId> FaultDirector::choose(const Selection& selection, std::size_t index) const {
  std::vector<HostId> hosts;
  for (HostId id = 0; id < world_.host_count(); ++id) {
    if (selection.group != "all" && world_.group_of(id) != selection.group) continue;
    if (!selection.region.empty() && world_.region_of(id) != selection.region) continue;
    hosts.push_back(id);
  }
  std::size_t wanted = hosts.size();
  if (selection.share) {
    // The nearest whole number of hosts, and one at least where there is a share at all.
    wanted = static_cast<std::size_t>(selection.share->value() * static_cast<double>(hosts.size()) + 0.5);
    if (wanted == 0 && !selection.share->is_never() && !hosts.empty()) wanted = 1;
  }
  if (selection.count) wanted = std::min<std::size_t>(wanted, *selection.count);
  if (wanted >= hosts.size()) return hosts;
  Random random = Random::derive(scenario_.run.seed, index, "fault.choice");
  random.shuffle(hosts);
  hosts.resize(wanted);
  std::ranges::sort(hosts);
  return hosts;
}

const Scenario::Group& FaultDirector::group_of(HostId id) const {
  return *std::ranges::find(scenario_.groups, world_.group_of(id), &Scenario::Group::name);
}

template <class T, class Visit>
void FaultDirector::for_each_active(HostId id, Visit&& visit) const {
  for (std::size_t i = 0; i < active_.size(); ++i) {
    const T* effect = std::get_if<T>(&scenario_.faults[i].effect);
    if (effect != nullptr && active_[i].on && std::ranges::binary_search(active_[i].hosts, id)) visit(*effect);
  }
}

// ---- up and down ----

void FaultDirector::take_down(HostId id) {
  if (holds_down_[id]++ != 0) return;
  stage_.crash(id);
  stage_.happened("crash", id, "", "");
}

void FaultDirector::bring_up(HostId id) {
  if (--holds_down_[id] != 0) return;
  stage_.happened("restart", id, "", "");
  stage_.restart(id);
}

// A Poisson process on each host: the times until it leaves, and until it is back, are exponential.
Task<> FaultDirector::churn(std::size_t index, HostId id, Churn options, TimePoint until) {
  Random random = Random::derive(scenario_.run.seed, id, purpose(index, "fault.churn"));
  if (options.leave.frequency.micro_per_hour == 0) co_return;
  const Duration stays = options.leave.frequency.time_of(1);
  while (true) {
    const TimePoint leaves = clock_.now() + random.exponential(stays);
    if (leaves >= until) co_return;
    co_await clock_.sleep_until(leaves);
    take_down(id);
    if (!options.rejoin) co_return;
    co_await clock_.sleep(random.exponential(*options.rejoin));
    bring_up(id);
  }
}

// ---- links ----

void FaultDirector::set_link_down(HostId id, bool down) {
  const bool was_down = holds_link_down_[id] != 0;
  down ? ++holds_link_down_[id] : --holds_link_down_[id];
  const bool is_down = holds_link_down_[id] != 0;
  if (was_down == is_down) return;
  expect_done(world_.set_interface_up(id, kFirstInterface, !is_down), "links");
  stage_.happened(is_down ? "link_down" : "link_up", id, "", "");
}

Task<> FaultDirector::flap(HostId id, Duration down, Duration up, TimePoint until) {
  while (clock_.now() < until) {
    set_link_down(id, true);
    co_await clock_.sleep_until(std::min(until, clock_.now() + down));
    set_link_down(id, false);
    co_await clock_.sleep(up);
  }
}

void FaultDirector::set_links(HostId id) {
  LinkOptions links = scenario_.links_of(group_of(id), world_.region_of(id));
  for_each_active<Degrade>(id, [&links](const Degrade& degrade) { links = degrade.LinkOptions::over(links); });
  sim::LinkPair pair = links.pair();
  // A link that was infinitely fast becomes so again.
  if (!pair.out) pair.out.emplace();
  if (!pair.in) pair.in.emplace();
  expect_done(world_.set_links(id, kFirstInterface, pair), "degrade");
}

void FaultDirector::set_partitions() {
  // Hosts of one cell are on the same side of every partition.
  std::map<std::vector<std::size_t>, std::uint8_t> cells;
  std::vector<const Partition*> partitions;
  for (std::size_t i = 0; i < active_.size(); ++i) {
    const Partition* partition = std::get_if<Partition>(&scenario_.faults[i].effect);
    if (partition != nullptr && active_[i].on) partitions.push_back(partition);
  }
  const auto side_of = [this](const Partition& partition, HostId id) {
    for (std::size_t side = 0; side < partition.sides.size(); ++side) {
      for (const Selection& member : partition.sides[side]) {
        const bool in_group = member.group == "all" || world_.group_of(id) == member.group;
        if (in_group && (member.region.empty() || world_.region_of(id) == member.region)) return side;
      }
    }
    return partition.sides.size();
  };
  std::vector<std::uint8_t> cell_of_host(world_.host_count());
  std::vector<std::vector<std::size_t>> sides_of_cell;
  for (HostId id = 0; id < cell_of_host.size() && !partitions.empty(); ++id) {
    std::vector<std::size_t> sides;
    for (const Partition* partition : partitions) sides.push_back(side_of(*partition, id));
    const auto [cell, is_new] = cells.try_emplace(sides, static_cast<std::uint8_t>(cells.size()));
    if (is_new) sides_of_cell.push_back(sides);
    if (cells.size() > UINT8_MAX) {
      return stage_.fail({Errc::limit, "partitions cut the hosts into more than {} parts", UINT8_MAX});
    }
    cell_of_host[id] = cell->second;
  }
  std::vector<std::vector<bool>> blocked(sides_of_cell.size(), std::vector<bool>(sides_of_cell.size()));
  for (std::size_t from = 0; from < blocked.size(); ++from) {
    for (std::size_t to = 0; to < blocked.size(); ++to) {
      for (std::size_t i = 0; i < partitions.size(); ++i) {
        const std::size_t a = sides_of_cell[from][i];
        const std::size_t b = sides_of_cell[to][i];
        const Direction direction = partitions[i]->direction;
        const bool cut = direction == Direction::both  ? a != b
                         : direction == Direction::out ? a == 0 && b != 0
                                                       : a != 0 && b == 0;
        if (cut) blocked[from][to] = true;
      }
    }
  }
  if (partitions.empty()) cell_of_host.clear();
  expect_done(world_.partition(std::move(cell_of_host), std::move(blocked)), "partition");
}

// ---- clocks and CPUs ----

void FaultDirector::set_clock(HostId id) {
  const GroupOptions& group = group_of(id).options;
  double drift_ppm = group.clock_drift;
  Duration error = group.clock_error;
  for_each_active<ClockFault>(id, [&](const ClockFault& fault) {
    drift_ppm += fault.drift;
    error += fault.step;
  });
  expect_done(world_.set_clock(id, static_cast<std::int64_t>(drift_ppm * 1000), error), "clock");
}

void FaultDirector::set_cpu(HostId id) {
  CpuOptions cpu = group_of(id).options.CpuOptions::over(scenario_.network);
  for_each_active<Slow>(id, [&cpu](const Slow& slow) { cpu.slowness = cpu.slowness.value_or(1) * slow.factor; });
  if (const std::optional<sim::CpuModel> model = cpu.model()) expect_done(world_.set_cpu(id, *model), "slow");
}

void FaultDirector::expect_done(const Result<>& done, std::string_view what) {
  if (!done) stage_.fail(done.error().while_doing(what));
}

}  // namespace ghostnet::scenarios
