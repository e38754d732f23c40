#include <algorithm>
#include <unordered_map>

#include "ghostnet/scenarios/host_logs.hpp"
#include "ghostnet/scenarios/host_metrics.hpp"
#include "ghostnet/scenarios/places.hpp"
#include "ghostnet/scenarios/world.hpp"

#ifdef GHOSTNET_HAS_REALNET
#include "ghostnet/realnet/address_block.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/loopback_network.hpp"
#include "ghostnet/realnet/socket_options.hpp"
#include "ghostnet/realnet/tun_port.hpp"
#include "ghostnet/realnet/world.hpp"
#endif

namespace ghostnet::scenarios {

#ifdef GHOSTNET_HAS_REALNET

namespace {

using realnet::LoopbackNetwork;

constexpr std::uint32_t kMaxLiveHosts = 4096;        // descriptors, and what a machine can carry
constexpr std::uint32_t kMaxNamespaces = 512;        // each with a device of its own
constexpr std::uint32_t kFirstInside = 0x0a00'0001;  // 10.0.0.1, of hosts in namespaces
constexpr std::uint32_t kUsualMtuBytes = 1500;

// ---- where hosts stand, and what lies between ----

// Who stands where, drawn as the fabric draws it: a host of a scenario is at the same place in both worlds.
class Placement {
 public:
  explicit Placement(const sim::WorldSpec& spec)
      : spec_(spec), draws_(Random::derive(spec.seed, 0, "fabric.placement")) {
    if (const auto* regions = std::get_if<sim::RegionsSpec>(&spec.ground)) {
      for (const auto& region : regions->regions) {
        names_.push_back(region.name);
        total_weight_ += region.weight;
      }
    } else if (const auto* graph = std::get_if<sim::GraphSpec>(&spec.ground)) {
      names_ = graph->routers;
    } else {
      names_.emplace_back();  // one LAN for all
    }
  }

  Result<LoopbackNetwork::RegionId> next(const sim::GroupSpec& group) {
    if (names_.size() == 1) return LoopbackNetwork::RegionId{0};
    if (!group.place.empty()) return find(group.place, group.name);
    std::size_t at = placed_++ % names_.size();
    if (const auto* regions = std::get_if<sim::RegionsSpec>(&spec_.ground)) {
      if (total_weight_ == 0) return fail(Errc::invalid_argument, "no region has a weight");
      std::uint64_t draw = draws_.below(total_weight_);
      for (at = 0; draw >= regions->regions[at].weight; ++at) draw -= regions->regions[at].weight;
    }
    return static_cast<LoopbackNetwork::RegionId>(at);
  }
  Result<LoopbackNetwork::RegionId> find(const std::string& name, const std::string& asking) const {
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end()) return fail(Errc::not_found, "{}: there is no region or router {}", asking, name);
    return static_cast<LoopbackNetwork::RegionId>(found - names_.begin());
  }

  const std::string& name_of(LoopbackNetwork::RegionId region) const { return names_[region]; }

 private:
  const sim::WorldSpec& spec_;
  Random draws_;
  std::vector<std::string> names_;
  std::uint64_t total_weight_ = 0;
  std::size_t placed_ = 0;
};

std::vector<LoopbackNetwork::Way> ways_of(const sim::WorldSpec& spec) {
  if (const auto* lan = std::get_if<sim::LanSpec>(&spec.ground)) return {{.delay = lan->delay}};
  if (const auto* graph = std::get_if<sim::GraphSpec>(&spec.ground)) {
    return std::vector<LoopbackNetwork::Way>(graph->routers.size() * graph->routers.size());
  }
  std::vector<LoopbackNetwork::Way> ways;
  for (const sim::PathParams& path : std::get<sim::RegionsSpec>(spec.ground).paths) {
    ways.push_back({.delay = path.delay, .jitter = path.jitter, .loss = path.loss});
  }
  return ways;
}

// ---- the world ----

// What hosts live in: addresses of the loopback, or namespaces.
class LiveWorld : public RunWorld {
 public:
  LiveWorld(std::unique_ptr<realnet::World> world, std::unique_ptr<HostLogs> host_logs, const Scenario& scenario)
      : places_(scenario.regions, scenario.run.seed),
        spec_(scenario.world()),
        host_logs_(std::move(host_logs)),
        world_(std::move(world)),
        network_(*world_, spec_.seed, ways_of(spec_)) {}

  Result<> lay() {
    Placement placement(spec_);
    if (const auto* graph = std::get_if<sim::GraphSpec>(&spec_.ground)) {
      if (Result<> laid = lay_graph(*graph, placement); !laid) return laid;
    }
    for (const sim::GroupSpec& group : spec_.groups) {
      for (std::uint32_t i = 0; i < group.count; ++i) {
        const auto region = placement.next(group);
        if (!region) return fail(region);
        Result<> added = add_host(group, *region, placement.name_of(*region));
        if (!added) return fail(added.error().while_doing(fmt::format("group {}", group.name)));
      }
    }
    down_.resize(groups_.size());
    unplugged_.resize(groups_.size());
    world_->turn(Duration::zero());
    began_at_ = world_->loop().now();
    return {};
  }

  std::size_t host_count() const override { return groups_.size(); }
  const std::string& group_of(HostId id) const override { return groups_[id]; }
  const IpAddress& address_of(HostId id) override { return addresses_[id]; }
  std::string region_of(HostId id) const override { return regions_[id]; }
  Loop& loop() override { return world_->loop(); }
  TimePoint now() const override { return TimePoint(world_->loop().now() - began_at_); }

  void run_until(TimePoint end) override { world_->run(wait_until(began_at_ + end.time_since_epoch())); }
  void stop() override { world_->stop(); }
  std::optional<std::uint64_t> digest() const override { return std::nullopt; }
  sim::WorldCounters counters() const override {
    const realnet::LoopbackCounters all = network_.counters();
    return {.datagrams_sent = all.sent, .datagrams_delivered = all.arrived, .datagrams_dropped = all.dropped};
  }
  MetricHub& metrics() override { return world_->metrics(); }
  Log log() override { return world_->log().world(); }

  void observe(Observer* observer) override { world_->observe(observer); }
  HostPlace place_of(HostId id) const override { return places_.of(id, regions_[id]); }
  std::vector<sim::WireReading> wires(HostId id) const override {
    std::vector<sim::WireReading> readings;
    for (const realnet::LoopbackReading& link : network_.read_links(addresses_[id])) {
      readings.push_back({.out = link.out,
                          .rate_bps = link.rate_bps,
                          .queued_bytes = link.queued_bytes,
                          .sent_bytes = link.sent_bytes,
                          .dropped = link.dropped});
    }
    return readings;
  }
  std::vector<sim::ConnectionReading> connections(HostId id) const override {
    std::vector<sim::ConnectionReading> readings;
    for (const realnet::ConnectionReading& stream : world_->streams().read(id)) {
      readings.push_back({.local = stream.local,
                          .peer = stream.peer,
                          .window_bytes = stream.window_bytes,
                          .in_flight_bytes = stream.in_flight_bytes,
                          .smoothed_rtt = stream.smoothed_rtt});
    }
    return readings;
  }

  std::string refuses(const Fault& fault) const override {
    if (std::holds_alternative<ClockFault>(fault.effect))
      return "live hosts have the machine's clock; run with --mode sim";
    if (std::holds_alternative<Slow>(fault.effect)) return "live hosts have the machine's CPUs; run with --mode sim";
    if (std::holds_alternative<Readdress>(fault.effect)) return "live hosts keep their addresses; run with --mode sim";
    return {};
  }
  bool up(HostId id) const override { return !down_[id]; }
  void crash(HostId id) override {
    down_[id] = true;
    plug(id);  // first, so that nobody hears of its end
    host(id).scope().drop_all();
  }
  void restart(HostId id) override {
    down_[id] = false;
    plug(id);
  }
  Result<> partition(std::vector<std::uint8_t> cell_of_host, std::vector<std::vector<bool>> blocked) override {
    std::unordered_map<IpAddress, std::uint8_t> cells;
    for (std::size_t id = 0; id < cell_of_host.size(); ++id) cells.emplace(addresses_[id], cell_of_host[id]);
    network_.partition(cells, std::move(blocked));
    return {};
  }
  Result<> set_links(HostId id, InterfaceIndex, const sim::LinkPair& links) override {
    return network_.set_links(addresses_[id], {.out = links.out, .in = links.in});
  }
  Result<> set_interface_up(HostId id, InterfaceIndex, bool up) override {
    unplugged_[id] = !up;
    plug(id);
    return {};
  }

 protected:
  // Makes the host, which is number host_count(), at an address that the network has.
  virtual Result<> make_host(const realnet::HostOptions& options, const sim::LinkPair& links) = 0;
  virtual IpAddress address_for(HostId id) const = 0;

  realnet::World& world() { return *world_; }
  LoopbackNetwork& network() { return network_; }

 private:
  Result<> lay_graph(const sim::GraphSpec& graph, const Placement& placement) {
    for (const sim::GraphSpec::Edge& edge : graph.edges) {
      const auto from = placement.find(edge.from, "a link"), to = placement.find(edge.to, "a link");
      if (!from) return fail(from);
      if (!to) return fail(to);
      for (const auto& [a, b] : {std::pair(*from, *to), std::pair(*to, *from)}) {
        if (Result<> laid = network_.lay_link(a, b, edge.params); !laid) return laid;
      }
    }
    return {};
  }

  Result<> add_host(const sim::GroupSpec& group, LoopbackNetwork::RegionId region, const std::string& place) {
    const auto id = static_cast<HostId>(groups_.size());
    sim::LinkPair links = group.links;
    if (const auto* regions = std::get_if<sim::RegionsSpec>(&spec_.ground)) {
      links = regions->regions[region].with_rates(std::move(links));
    }
    const IpAddress address = address_for(id);
    if (Result<> attached = network_.attach(address, region, {.out = links.out, .in = links.in}); !attached) {
      return attached;
    }
    const realnet::HostOptions options{.id = id,
                                       .name = fmt::format("host-{}", id),
                                       .group = group.name,
                                       .seed = spec_.seed,
                                       .address = {},
                                       .where = nullptr};
    if (Result<> made = make_host(options, links); !made) return made;
    groups_.push_back(group.name);
    addresses_.push_back(address);
    regions_.push_back(place);
    return {};
  }

  void plug(HostId id) { network_.set_up(addresses_[id], !down_[id] && !unplugged_[id]); }
  Task<> wait_until(TimePoint end) { co_await world_->clock().sleep_until(end); }

  Places places_;
  sim::WorldSpec spec_;
  std::unique_ptr<HostLogs> host_logs_;
  std::unique_ptr<realnet::World> world_;
  LoopbackNetwork network_;
  std::vector<std::string> groups_;
  std::vector<IpAddress> addresses_;
  std::vector<std::string> regions_;
  std::vector<bool> down_;
  std::vector<bool> unplugged_;
  TimePoint began_at_{};
};

class LoopbackWorld final : public LiveWorld {
 public:
  LoopbackWorld(realnet::AddressBlock block, std::unique_ptr<realnet::World> world, std::unique_ptr<HostLogs> host_logs,
                const Scenario& scenario)
      : LiveWorld(std::move(world), std::move(host_logs), scenario), block_(std::move(block)) {}

  Host& host(HostId id) override { return *hosts_[id]; }

 private:
  IpAddress address_for(HostId id) const override { return block_.at(id); }
  Result<> make_host(const realnet::HostOptions& options, const sim::LinkPair&) override {
    realnet::HostOptions own = options;
    own.address = address_for(options.id);
    own.network = &network();
    hosts_.push_back(std::make_unique<realnet::Host>(world(), std::move(own)));
    return {};
  }

  realnet::AddressBlock block_;
  std::vector<std::unique_ptr<realnet::Host>> hosts_;
};

// Each host with a kernel's network stack of its own. Namespaces have no names: they go with the process, however it
// ends.
class NamespaceWorld final : public LiveWorld {
 public:
  using LiveWorld::LiveWorld;

  Host& host(HostId id) override { return *hosts_[id]; }
  std::vector<std::string> warnings() const override {
    if (has_cubic_) return {};
    return {fmt::format("this kernel has no TCP with {}, which simulated hosts run: its own choice is used", kCubic)};
  }

 private:
  IpAddress address_for(HostId id) const override { return IpAddress::v4(kFirstInside + id); }
  Result<> make_host(const realnet::HostOptions& options, const sim::LinkPair& links) override {
    Result<realnet::NetworkNamespace> made = realnet::NetworkNamespace::create();
    if (!made) return fail(std::move(made));
    auto where = std::make_shared<const realnet::NetworkNamespace>(std::move(*made));
    std::uint32_t mtu_bytes = kUsualMtuBytes;
    for (const auto& link : {links.out, links.in}) {
      if (link && link->mtu_bytes != 0) mtu_bytes = std::min(mtu_bytes, link->mtu_bytes);
    }
    const IpAddress address = address_for(options.id);
    auto port = realnet::TunPort::open(world(), network(), where, {.address = address, .mtu_bytes = mtu_bytes});
    if (!port) return fail(std::move(port));
    ports_.push_back(std::move(*port));
    realnet::HostOptions own = options;
    own.where = std::move(where);
    if (has_cubic_) own.congestion_control = kCubic;
    world().add_name(own.name, {address});
    hosts_.push_back(std::make_unique<realnet::Host>(world(), std::move(own)));
    return {};
  }

  static constexpr const char* kCubic = "cubic";  // what streams of the fabric run

  const bool has_cubic_ = realnet::has_congestion_control(kCubic);
  std::vector<std::unique_ptr<realnet::TunPort>> ports_;
  std::vector<std::unique_ptr<realnet::Host>> hosts_;
};

// What live hosts cannot be.
Result<> check(const Scenario& scenario, std::uint32_t max_hosts) {
  if (scenario.host_count() > max_hosts) {
    return fail(Errc::limit, "{} hosts: such a live run has at most {}", scenario.host_count(), max_hosts);
  }
  if (scenario.network.ground == Ground::wireless) {
    return fail(Errc::not_supported, "network.ground: wireless: a live run has no radio; run with --mode sim");
  }
  if (const std::optional<std::string> of_tcp = asked_of_our_tcp(scenario)) {
    return fail(Errc::not_supported, "{}: streams of a live run are the kernel's; run with --mode sim", *of_tcp);
  }
  for (const Scenario::Group& group : scenario.groups) {
    const GroupOptions& options = group.options;
    const std::string where = fmt::format("{}: groups.{}", scenario.place_of(group.at), group.name);
    if (options.clock_drift != 0 || options.clock_error != Duration::zero()) {
      return fail(Errc::not_supported, "{}: clocks of a live run are the machine's; run with --mode sim", where);
    }
    if (options.CpuOptions::over(scenario.network).any_cost()) {
      return fail(Errc::not_supported, "{}: CPUs of a live run are the machine's; run with --mode sim", where);
    }
    if (!group.interfaces.empty()) {
      return fail(Errc::not_supported, "{}: live hosts have one interface; run with --mode sim", where);
    }
  }
  return {};
}

struct Parts {
  std::unique_ptr<realnet::World> world;
  std::unique_ptr<HostLogs> logs;
};

Result<Parts> make_parts(const Scenario& scenario, LogSink& log_sink, const LogOptions& log) {
  Parts parts;
  realnet::WorldOptions options;
  options.log_sink = &log_sink;
  options.log = log;
  options.metrics.per_host_histograms = scenario.record.host_histograms;
  if (!scenario.record.logs.empty()) {
    Result<std::unique_ptr<HostLogs>> opened = HostLogs::open(scenario.record.logs, log_sink, log.level);
    if (!opened) return fail(std::move(opened));
    parts.logs = std::move(*opened);
    options.log_sink = parts.logs.get();
    options.log.level = std::min(log.level, scenario.record.log_level);
  }
  Result<std::unique_ptr<realnet::World>> world = realnet::World::create(std::move(options));
  if (!world) return fail(std::move(world));
  parts.world = std::move(*world);
  return parts;
}

}  // namespace

Result<std::unique_ptr<RunWorld>> make_loopback(const Scenario& scenario, LogSink& log_sink, const LogOptions& log) {
  if (Result<> can = check(scenario, kMaxLiveHosts); !can) return fail(std::move(can));
  Result<realnet::AddressBlock> block = realnet::AddressBlock::reserve();
  if (!block) return fail(std::move(block));
  Result<Parts> parts = make_parts(scenario, log_sink, log);
  if (!parts) return fail(std::move(parts));
  auto world =
      std::make_unique<LoopbackWorld>(std::move(*block), std::move(parts->world), std::move(parts->logs), scenario);
  if (Result<> laid = world->lay(); !laid) return fail(std::move(laid));
  return world;
}

Result<std::unique_ptr<RunWorld>> make_namespaces(const Scenario& scenario, LogSink& log_sink, const LogOptions& log) {
  if (Result<> can = check(scenario, kMaxNamespaces); !can) return fail(std::move(can));
  Result<Parts> parts = make_parts(scenario, log_sink, log);
  if (!parts) return fail(std::move(parts));
  auto world = std::make_unique<NamespaceWorld>(std::move(parts->world), std::move(parts->logs), scenario);
  if (Result<> laid = world->lay(); !laid) {
    if (laid.error() != Errc::permission) return fail(std::move(laid));
    return fail(Errc::permission, "--live netns: {}; run it as root, or with --live loopback", laid.error().message());
  }
  return world;
}

#else

Result<std::unique_ptr<RunWorld>> make_loopback(const Scenario&, LogSink&, const LogOptions&) {
  return fail(Errc::not_supported, "this build has no live world (GHOSTNET_REALNET is off)");
}

Result<std::unique_ptr<RunWorld>> make_namespaces(const Scenario&, LogSink&, const LogOptions&) {
  return fail(Errc::not_supported, "this build has no live world (GHOSTNET_REALNET is off)");
}

#endif

}  // namespace ghostnet::scenarios
