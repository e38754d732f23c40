// Ns3World: a World on the ns3 carrier.
//
// The grounds of a WorldSpec become ns-3's devices: a region or router is a node of ns-3 that forwards, with a wire to
// each of its hosts; a LAN is a CSMA channel; radio is Wi-Fi. What these devices cannot do (jitter, duplication,
// corruption, wires that are longer in one direction, partitions) is refused with a message that names the fabric,
// which can.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/sim/ns3_network.hpp"
#include "ghostnet/sim/timeline.hpp"
#include "ghostnet/sim/world.hpp"

namespace ghostnet::sim {

class Ns3World final : public World {
 public:
  static Result<std::unique_ptr<World>> make(const WorldSpec& spec, MetricHub& metrics, LogHub& log);
  ~Ns3World() override;

  Loop& loop() override { return timeline_.loop(); }
  TimePoint now() const override { return timeline_.now(); }
  std::size_t host_count() const override { return group_of_host_.size(); }
  Host& host(HostId id) override { return network_->host(id); }
  const std::string& group_of(HostId id) const override { return group_names_[group_of_host_[id]]; }
  std::string region_of(HostId id) const override { return place_of_host_[id]; }

  void run_until(TimePoint end) override { timeline_.run_until(end); }
  void stop() override { timeline_.stop(); }
  void at(TimePoint at, std::function<void()> body) override { timeline_.at(at, std::move(body)); }

  std::uint64_t digest() const override { return network_->digest(); }
  WorldCounters counters() const override;

  void observe(Observer* observer) override;
  std::optional<OnPlane> position_of(HostId id) const override;
  void watch_wires(HostId) override {}
  std::vector<WireReading> wires(HostId id) const override { return network_->wires(id); }
  std::vector<ConnectionReading> connections(HostId id) const override { return network_->connections(id); }

  bool up(HostId id) const override { return network_->is_up(id); }
  void crash(HostId id) override { network_->crash(id); }
  void restart(HostId id) override;
  void on_restart(HostId id, std::function<void(Host&)> boot) override;
  Result<> partition(std::vector<std::uint8_t> cell_of_host, std::vector<std::vector<bool>> blocked) override;
  Result<> set_links(HostId id, InterfaceIndex interface, const LinkPair& links) override;
  Result<> set_interface_up(HostId id, InterfaceIndex interface, bool up) override;
  Result<> set_clock(HostId id, std::int64_t drift_ppb, Duration wall_error) override;
  Result<> set_cpu(HostId id, const CpuModel& cpu) override;
  Result<> readdress(HostId id) override;
  Result<> capture(HostId id, ByteSink out) override;
  Result<> flush_captures() override { return {}; }

 private:
  // Between a host and its router.
  struct AccessWire {
    LinkId link;
    Duration delay;  // of the ground; that of the host's own link comes on top
  };

  Ns3World(const WorldSpec& spec, MetricHub& metrics, LogHub& log);

  Result<> build(const WorldSpec& spec);
  Result<> add_hosts(const WorldSpec& spec);
  Result<> lay_regions(const WorldSpec& spec, const RegionsSpec& regions);
  Result<> wire_regions(const RegionsSpec& regions, const std::vector<HostId>& routers);
  Result<> lay_graph(const WorldSpec& spec, const GraphSpec& graph);
  Result<> lay_lan(const WorldSpec& spec, const LanSpec& lan);
  Result<> lay_radio(const WorldSpec& spec, const WirelessSpec& radio);
  Result<> wire_to_router(HostId host, HostId router, Duration delay, const LinkPair& links);
  std::vector<HostId> all_hosts() const;

  Timeline timeline_;
  HostContext context_;
  std::unique_ptr<Ns3Network> network_;
  std::vector<std::string> group_names_;
  std::vector<std::uint32_t> group_of_host_;
  std::vector<std::string> place_of_host_;
  std::vector<std::optional<AccessWire>> wire_of_host_;
  std::vector<std::function<void(Host&)>> boots_;
};

}  // namespace ghostnet::sim
