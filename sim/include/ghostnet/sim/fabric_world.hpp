// FabricWorld: a World on the fabric.
#pragma once

#include <memory>
#include <vector>

#include "ghostnet/capture/pcapng.hpp"
#include "ghostnet/sim/fabric.hpp"
#include "ghostnet/sim/timeline.hpp"
#include "ghostnet/sim/world.hpp"

namespace ghostnet::sim {

class FabricWorld final : public World {
 public:
  static Result<std::unique_ptr<World>> make(const WorldSpec& spec, MetricHub& metrics, LogHub& log);

  Loop& loop() override { return timeline_.loop(); }
  TimePoint now() const override { return timeline_.now(); }
  std::size_t host_count() const override { return fabric_.host_count(); }
  Host& host(HostId id) override { return fabric_.host(id); }
  const std::string& group_of(HostId id) const override { return group_names_[group_of_host_[id]]; }
  std::string region_of(HostId id) const override;

  void run_until(TimePoint end) override { timeline_.run_until(end); }
  void stop() override { timeline_.stop(); }
  void at(TimePoint at, std::function<void()> body) override { timeline_.at(at, std::move(body)); }

  std::uint64_t digest() const override { return fabric_.digest(); }
  WorldCounters counters() const override;

  void observe(Observer* observer) override { fabric_.observe(observer); }
  std::optional<OnPlane> position_of(HostId) const override { return std::nullopt; }
  void watch_wires(HostId id) override { fabric_.host(id).watch_wires(); }
  std::vector<WireReading> wires(HostId id) const override { return fabric_.host(id).wires(); }
  std::vector<ConnectionReading> connections(HostId id) const override { return fabric_.host(id).connections(); }

  bool up(HostId id) const override { return fabric_.host(id).up(); }
  void crash(HostId id) override { fabric_.host(id).crash(); }
  void restart(HostId id) override { fabric_.host(id).restart(); }
  void on_restart(HostId id, std::function<void(Host&)> boot) override;
  Result<> partition(std::vector<std::uint8_t> cell_of_host, std::vector<std::vector<bool>> blocked) override;
  Result<> set_links(HostId id, InterfaceIndex interface, const LinkPair& links) override;
  Result<> set_interface_up(HostId id, InterfaceIndex interface, bool up) override;
  Result<> set_clock(HostId id, std::int64_t drift_ppb, Duration wall_error) override;
  Result<> set_cpu(HostId id, const CpuModel& cpu) override;
  Result<> readdress(HostId id) override { return fabric_.readdress(fabric_.host(id)); }
  Result<> capture(HostId id, ByteSink out) override;
  Result<> flush_captures() override;

  Fabric& fabric() { return fabric_; }

 private:
  FabricWorld(const WorldSpec& spec, MetricHub& metrics, LogHub& log);

  Result<> lay_ground(const WorldSpec& spec);
  Result<> add_group(const WorldSpec& spec, const GroupSpec& group);
  Result<Attachment> place(const WorldSpec& spec, const std::string& group, const std::string& place);
  Result<> attach(const WorldSpec& spec, FabricHost& host, Attachment ground, const LinkPair& links);

  Timeline timeline_;
  HostContext context_;
  Fabric fabric_;
  Random placement_;
  std::uint64_t total_weight_ = 0;
  std::uint64_t placed_ = 0;
  std::vector<std::string> group_names_;
  std::vector<std::uint32_t> group_of_host_;
  std::vector<Attachment> ground_of_host_;
  std::vector<std::unique_ptr<capture::PcapngWriter>> captures_;
};

}  // namespace ghostnet::sim
