#include "ghostnet/sim/ns3_media.hpp"

#include <ns3/csma-helper.h>
#include <ns3/csma-net-device.h>
#include <ns3/data-rate.h>
#include <ns3/double.h>
#include <ns3/point-to-point-channel.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/pointer.h>
#include <ns3/queue-size.h>
#include <ns3/queue.h>
#include <ns3/random-variable-stream.h>
#include <ns3/string.h>
#include <ns3/uinteger.h>

#include <utility>

namespace ghostnet::sim {

using ns3::Ptr;

namespace {

constexpr std::uint16_t kMinMtuBytes = 1280;  // RFC 8200 5; below it ns-3 leaves IPv6 off
constexpr std::uint64_t kMaxRateBps = 10'000'000'000'000;
constexpr Duration kMaxDelay = 3600s;

// Loses packets that arrive, in bursts of geometric length. Parameters may change while it runs.
class PacketLoss final : public ns3::ErrorModel {
 public:
  static ns3::TypeId GetTypeId() {
    static ns3::TypeId type =
        ns3::TypeId("ghostnet::PacketLoss").SetParent<ns3::ErrorModel>().AddConstructor<PacketLoss>();
    return type;
  }

  void set(const LossOptions& options) {
    // Two states: in the bad one everything is lost. Left with `recover_`, entered so often that the ratio comes out.
    recover_ = 1 / options.burst_packets;
    enter_ = options.ratio >= 1 ? 1 : options.ratio * recover_ / (1 - options.ratio);
    if (options.ratio >= 1) recover_ = 0;
    if (options.ratio <= 0) bad_ = false;
  }
  std::int64_t assign_stream(std::int64_t stream) {
    random_->SetStream(stream);
    return 1;
  }

 private:
  bool DoCorrupt(Ptr<ns3::Packet>) override {
    if (enter_ <= 0) return false;
    bad_ = random_->GetValue() < (bad_ ? 1 - recover_ : enter_);
    return bad_;
  }
  void DoReset() override { bad_ = false; }

  Ptr<ns3::UniformRandomVariable> random_ = ns3::CreateObject<ns3::UniformRandomVariable>();
  double enter_ = 0;
  double recover_ = 1;
  bool bad_ = false;
};

Result<> check_link(std::uint64_t rate_bps, Duration delay, std::uint16_t mtu_bytes, const LossOptions& loss) {
  if (rate_bps == 0 || rate_bps > kMaxRateBps) {
    return fail(Errc::invalid_argument, "a rate of {} bit/s: expected 1 to {}", rate_bps, kMaxRateBps);
  }
  if (delay < Duration{} || delay > kMaxDelay) {
    return fail(Errc::invalid_argument, "a delay of {} ns: expected 0 to an hour", delay.count());
  }
  if (mtu_bytes < kMinMtuBytes) {
    return fail(Errc::invalid_argument, "an MTU of {} bytes: expected {} or more", mtu_bytes, kMinMtuBytes);
  }
  if (!(loss.ratio >= 0 && loss.ratio <= 1)) {
    return fail(Errc::invalid_argument, "a loss ratio of {}: expected 0 to 1", loss.ratio);
  }
  if (!(loss.burst_packets >= 1 && loss.burst_packets <= 1e6)) {
    return fail(Errc::invalid_argument, "bursts of {} packets: expected 1 or more", loss.burst_packets);
  }
  // A burst ends in a delivered packet, so short bursts alone cannot lose nearly everything.
  if (loss.ratio < 1 && loss.ratio / loss.burst_packets > 1 - loss.ratio) {
    return fail(Errc::invalid_argument, "a loss ratio of {} needs bursts of at least {:.1f} packets, not {}",
                loss.ratio, loss.ratio / (1 - loss.ratio), loss.burst_packets);
  }
  return {};
}

ns3::TimeValue time_value(Duration duration) { return ns3::TimeValue(ns3::NanoSeconds(duration.count())); }

Ptr<PacketLoss> loss_of(const Ptr<ns3::NetDevice>& device) {
  ns3::PointerValue model;
  device->GetAttribute("ReceiveErrorModel", model);
  return ns3::DynamicCast<PacketLoss>(model.GetObject());
}

void add_loss(const ns3::NetDeviceContainer& devices) {
  for (std::uint32_t i = 0; i < devices.GetN(); ++i) {
    devices.Get(i)->SetAttribute("ReceiveErrorModel", ns3::PointerValue(ns3::CreateObject<PacketLoss>()));
  }
}

std::int64_t assign_loss_streams(const ns3::NetDeviceContainer& devices, std::int64_t first) {
  for (std::uint32_t i = 0; i < devices.GetN(); ++i) loss_of(devices.Get(i))->assign_stream(first + i);
  return devices.GetN();
}

}  // namespace

namespace {

Result<> check_wire(const WireOptions& options) {
  for (const WireDirection& direction : {options.ahead(), options.back.value_or(options.ahead())}) {
    if (Result<> ok = check_link(direction.rate_bps, options.delay, options.mtu_bytes, direction.loss); !ok) return ok;
    if (Result<> ok = check_queue_size(direction.queue); !ok) return ok;
  }
  return {};
}

void set_wire(const ns3::NetDeviceContainer& devices, const WireOptions& options) {
  const WireDirection directions[] = {options.ahead(), options.back.value_or(options.ahead())};
  for (std::uint32_t i = 0; i < 2; ++i) {
    auto device = ns3::DynamicCast<ns3::PointToPointNetDevice>(devices.Get(i));
    device->SetDataRate(ns3::DataRate(directions[i].rate_bps));
    device->GetQueue()->SetMaxSize(ns3::QueueSize(directions[i].queue));
    loss_of(devices.Get(1 - i))->set(directions[i].loss);
  }
  devices.Get(0)->GetChannel()->SetAttribute("Delay", time_value(options.delay));
}

}  // namespace

Result<Medium> make_wire(const ns3::NodeContainer& nodes, const WireOptions& options) {
  if (Result<> ok = check_wire(options); !ok) return fail(std::move(ok));
  ns3::PointToPointHelper helper;
  helper.SetDeviceAttribute("Mtu", ns3::UintegerValue(options.mtu_bytes));

  Medium wire;
  wire.devices = helper.Install(nodes);
  wire.port_prefix = "p2p";
  add_loss(wire.devices);
  set_wire(wire.devices, options);
  wire.assign_streams = [devices = wire.devices](std::int64_t first) { return assign_loss_streams(devices, first); };
  wire.capture = [helper](const std::string& file, const Ptr<ns3::NetDevice>& device) mutable {
    helper.EnablePcap(file, device, false, true);
  };
  return wire;
}

Result<> change_wire(const Medium& wire, const WireOptions& options) {
  if (Result<> ok = check_wire(options); !ok) return ok;
  if (ns3::DynamicCast<ns3::PointToPointNetDevice>(wire.devices.Get(0)) == nullptr) {
    return fail(Errc::not_supported, "only wires can be changed while the network runs");
  }
  set_wire(wire.devices, options);
  return {};
}

Result<Medium> make_lan(const ns3::NodeContainer& nodes, const LanOptions& options) {
  if (Result<> ok = check_link(options.rate_bps, options.delay, options.mtu_bytes, options.loss); !ok) {
    return fail(std::move(ok));
  }
  if (Result<> ok = check_queue_size(options.queue); !ok) return fail(std::move(ok));
  ns3::CsmaHelper helper;
  helper.SetDeviceAttribute("Mtu", ns3::UintegerValue(options.mtu_bytes));
  helper.SetChannelAttribute("DataRate", ns3::DataRateValue(ns3::DataRate(options.rate_bps)));
  helper.SetChannelAttribute("Delay", time_value(options.delay));
  helper.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", ns3::StringValue(options.queue));

  Medium lan;
  lan.devices = helper.Install(nodes);
  lan.port_prefix = "eth";
  add_loss(lan.devices);
  for (std::uint32_t i = 0; i < lan.devices.GetN(); ++i) loss_of(lan.devices.Get(i))->set(options.loss);
  lan.assign_streams = [helper, devices = lan.devices](std::int64_t first) mutable {
    const std::int64_t taken = helper.AssignStreams(devices, first);
    return taken + assign_loss_streams(devices, first + taken);
  };
  lan.capture = [helper](const std::string& file, const Ptr<ns3::NetDevice>& device) mutable {
    helper.EnablePcap(file, device, false, true);
  };
  return lan;
}

}  // namespace ghostnet::sim
