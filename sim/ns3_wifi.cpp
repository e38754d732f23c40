// Wi-Fi cells, 802.11s meshes and access points of the ns3 carrier.
#include <ns3/double.h>
#include <ns3/mesh-helper.h>
#include <ns3/mesh-point-device.h>
#include <ns3/mobility-model.h>
#include <ns3/ssid.h>
#include <ns3/string.h>
#include <ns3/wifi-helper.h>
#include <ns3/wifi-mac-helper.h>
#include <ns3/wifi-net-device.h>
#include <ns3/wifi-phy.h>
#include <ns3/yans-wifi-channel.h>
#include <ns3/yans-wifi-helper.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/runtime/suggest.hpp"
#include "ghostnet/sim/ns3_media.hpp"

namespace ghostnet::sim {

namespace {

using ns3::Ptr;

constexpr std::size_t kMaxSsidBytes = 32;
constexpr std::uint16_t kMtuBytes = 1500;  // as everywhere else; ns-3 would say 2296
constexpr const char* kConstantRate = "ns3::ConstantRateWifiManager";

// What ns-3 ends the process over, it does not say before: which rates a standard has, and which rate controls it.
struct Standard {
  std::string_view name;
  ns3::WifiStandard standard;
  const char* control_mode;                  // of acknowledgments
  bool high_throughput;                      // 802.11n and later
  std::vector<std::string_view> data_modes;  // the first is the usual one
};

const std::array<Standard, 7>& standards() {
  static const std::array<Standard, 7> known{{
      {"802.11a",
       ns3::WIFI_STANDARD_80211a,
       "OfdmRate6Mbps",
       false,
       {"OfdmRate12Mbps", "OfdmRate6Mbps", "OfdmRate9Mbps", "OfdmRate18Mbps", "OfdmRate24Mbps", "OfdmRate36Mbps",
        "OfdmRate48Mbps", "OfdmRate54Mbps"}},
      {"802.11b",
       ns3::WIFI_STANDARD_80211b,
       "DsssRate1Mbps",
       false,
       {"DsssRate11Mbps", "DsssRate1Mbps", "DsssRate2Mbps", "DsssRate5_5Mbps"}},
      {"802.11g",
       ns3::WIFI_STANDARD_80211g,
       "ErpOfdmRate6Mbps",
       false,
       {"ErpOfdmRate12Mbps", "ErpOfdmRate6Mbps", "ErpOfdmRate9Mbps", "ErpOfdmRate18Mbps", "ErpOfdmRate24Mbps",
        "ErpOfdmRate36Mbps", "ErpOfdmRate48Mbps", "ErpOfdmRate54Mbps"}},
      {"802.11p",
       ns3::WIFI_STANDARD_80211p,
       "OfdmRate3MbpsBW10MHz",
       false,
       {"OfdmRate6MbpsBW10MHz", "OfdmRate3MbpsBW10MHz", "OfdmRate4_5MbpsBW10MHz", "OfdmRate9MbpsBW10MHz",
        "OfdmRate12MbpsBW10MHz", "OfdmRate18MbpsBW10MHz", "OfdmRate24MbpsBW10MHz", "OfdmRate27MbpsBW10MHz"}},
      {"802.11n",
       ns3::WIFI_STANDARD_80211n,
       "OfdmRate6Mbps",
       true,
       {"HtMcs3", "HtMcs0", "HtMcs1", "HtMcs2", "HtMcs4", "HtMcs5", "HtMcs6", "HtMcs7"}},
      {"802.11ac",
       ns3::WIFI_STANDARD_80211ac,
       "OfdmRate6Mbps",
       true,
       {"VhtMcs3", "VhtMcs0", "VhtMcs1", "VhtMcs2", "VhtMcs4", "VhtMcs5", "VhtMcs6", "VhtMcs7", "VhtMcs8"}},
      {"802.11ax",
       ns3::WIFI_STANDARD_80211ax,
       "OfdmRate6Mbps",
       true,
       {"HeMcs3", "HeMcs0", "HeMcs1", "HeMcs2", "HeMcs4", "HeMcs5", "HeMcs6", "HeMcs7", "HeMcs8", "HeMcs9", "HeMcs10",
        "HeMcs11"}},
  }};
  return known;
}

constexpr std::string_view kRateControls[] = {
    kConstantRate,          "ns3::IdealWifiManager",  "ns3::MinstrelHtWifiManager",
    "ns3::AarfWifiManager", "ns3::AarfcdWifiManager", "ns3::AmrrWifiManager",
    "ns3::ArfWifiManager",  "ns3::CaraWifiManager",   "ns3::MinstrelWifiManager",
    "ns3::OnoeWifiManager", "ns3::RraaWifiManager"};
constexpr std::size_t kHighThroughputControls = 3;  // the first ones; the others end the process there

struct Checked {
  const Standard* standard;
  std::string rate_control;
  std::string data_mode;
};

Result<Checked> check(const WifiOptions& options) {
  std::vector<std::string_view> names;
  const Standard* standard = nullptr;
  for (const Standard& known : standards()) {
    names.push_back(known.name);
    if (known.name == options.standard) standard = &known;
  }
  if (standard == nullptr) {
    return fail(Errc::invalid_argument, "Wi-Fi standard '{}'{}", options.standard, suggestion(options.standard, names));
  }
  if (options.kind == WifiKind::mesh && standard->standard != ns3::WIFI_STANDARD_80211a) {
    return fail(Errc::not_supported, "an 802.11s mesh on {}: ns-3's mesh points speak 802.11a", standard->name);
  }
  Checked checked{standard, options.rate_control.empty() ? kConstantRate : options.rate_control, options.data_mode};
  const auto control = std::ranges::find(kRateControls, checked.rate_control);
  if (control == std::end(kRateControls)) {
    return fail(Errc::invalid_argument, "rate control '{}'{}", checked.rate_control,
                suggestion(checked.rate_control, kRateControls));
  }
  const bool high_throughput =
      control - std::begin(kRateControls) < static_cast<std::ptrdiff_t>(kHighThroughputControls);
  if (standard->high_throughput && !high_throughput) {
    return fail(Errc::not_supported, "{} does not know {}: take {}, {} or {}", checked.rate_control, standard->name,
                kRateControls[0], kRateControls[1], kRateControls[2]);
  }
  if (checked.data_mode.empty()) checked.data_mode = standard->data_modes.front();
  if (std::ranges::find(standard->data_modes, checked.data_mode) == standard->data_modes.end()) {
    return fail(Errc::invalid_argument, "data mode '{}' is none of {}{}", checked.data_mode, standard->name,
                suggestion(checked.data_mode, standard->data_modes));
  }
  if (!options.data_mode.empty() && checked.rate_control != kConstantRate) {
    return fail(Errc::invalid_argument, "data mode '{}': {} chooses modes itself", options.data_mode,
                checked.rate_control);
  }
  if (!(options.range_m >= 0 && options.range_m <= 1e9)) {
    return fail(Errc::invalid_argument, "a range of {} m", options.range_m);
  }
  if (!(std::abs(options.tx_power_dbm) <= 100)) {
    return fail(Errc::invalid_argument, "a transmit power of {} dBm: expected -100 to 100", options.tx_power_dbm);
  }
  if (options.ssid.empty() || options.ssid.size() > kMaxSsidBytes) {
    return fail(Errc::invalid_argument, "an SSID of {} bytes: expected 1 to {}", options.ssid.size(), kMaxSsidBytes);
  }
  return checked;
}

ns3::YansWifiPhyHelper make_phy(const WifiOptions& options, const Ptr<ns3::YansWifiChannel>& channel) {
  ns3::YansWifiPhyHelper phy;
  phy.SetChannel(channel);
  phy.Set("TxPowerStart", ns3::DoubleValue(options.tx_power_dbm));
  phy.Set("TxPowerEnd", ns3::DoubleValue(options.tx_power_dbm));
  phy.SetPcapDataLinkType(ns3::WifiPhyHelper::DLT_IEEE802_11_RADIO);
  return phy;
}

Ptr<ns3::YansWifiChannel> make_channel(const WifiOptions& options) {
  ns3::YansWifiChannelHelper helper;
  helper.SetPropagationDelay("ns3::ConstantSpeedPropagationDelayModel");
  if (options.range_m > 0) {
    helper.AddPropagationLoss("ns3::RangePropagationLossModel", "MaxRange", ns3::DoubleValue(options.range_m));
  } else {
    helper.AddPropagationLoss("ns3::LogDistancePropagationLossModel");
  }
  return helper.Create();
}

template <class Helper>
void set_rate_control(Helper& helper, const Checked& checked) {
  if (checked.rate_control == kConstantRate) {
    helper.SetRemoteStationManager(kConstantRate, "DataMode", ns3::StringValue(checked.data_mode), "ControlMode",
                                   ns3::StringValue(checked.standard->control_mode));
  } else {
    helper.SetRemoteStationManager(checked.rate_control);
  }
}

Medium make_mesh(const ns3::NodeContainer& nodes, const Checked& checked, ns3::YansWifiPhyHelper phy,
                 const Ptr<ns3::YansWifiChannel>& channel) {
  ns3::MeshHelper helper = ns3::MeshHelper::Default();
  helper.SetStackInstaller("ns3::Dot11sStack");
  helper.SetSpreadInterfaceChannels(ns3::MeshHelper::ZERO_CHANNEL);
  helper.SetStandard(checked.standard->standard);
  set_rate_control(helper, checked);
  Medium mesh;
  mesh.devices = helper.Install(phy, nodes);
  mesh.port_prefix = "mesh";
  mesh.groups = false;
  mesh.assign_streams = [helper, channel, devices = mesh.devices](std::int64_t first) mutable {
    const std::int64_t taken = helper.AssignStreams(devices, first);
    return taken + channel->AssignStreams(first + taken);
  };
  mesh.capture = [phy](const std::string& file, const Ptr<ns3::NetDevice>& device) mutable {
    for (const Ptr<ns3::NetDevice>& radio : ns3::DynamicCast<ns3::MeshPointDevice>(device)->GetInterfaces()) {
      phy.EnablePcap(file, radio, false, true);
    }
  };
  return mesh;
}

Medium make_cell(const ns3::NodeContainer& nodes, const WifiOptions& options, const Checked& checked,
                 ns3::YansWifiPhyHelper phy, const Ptr<ns3::YansWifiChannel>& channel) {
  ns3::WifiHelper helper;
  helper.SetStandard(checked.standard->standard);
  set_rate_control(helper, checked);
  ns3::WifiMacHelper mac;
  Medium cell;
  const ns3::SsidValue ssid{ns3::Ssid(options.ssid)};
  if (options.kind == WifiKind::ad_hoc) {
    mac.SetType("ns3::AdhocWifiMac");
    cell.devices = helper.Install(phy, mac, nodes);
    cell.transit = false;
  } else {
    mac.SetType("ns3::ApWifiMac", "Ssid", ssid);
    cell.devices = helper.Install(phy, mac, nodes.Get(0));
    mac.SetType("ns3::StaWifiMac", "Ssid", ssid);
    cell.devices.Add(helper.Install(phy, mac, nodes.Begin() + 1, nodes.End()));
  }
  cell.port_prefix = "wlan";
  cell.assign_streams = [helper, channel, devices = cell.devices](std::int64_t first) mutable {
    const std::int64_t taken = helper.AssignStreams(devices, first);
    return taken + channel->AssignStreams(first + taken);
  };
  cell.capture = [phy](const std::string& file, const Ptr<ns3::NetDevice>& device) mutable {
    phy.EnablePcap(file, device, false, true);
  };
  return cell;
}

}  // namespace

Result<Medium> make_wifi(const ns3::NodeContainer& nodes, const WifiOptions& options) {
  Result<Checked> checked = check(options);
  if (!checked) return fail(std::move(checked));
  Ptr<ns3::YansWifiChannel> channel = make_channel(options);
  ns3::YansWifiPhyHelper phy = make_phy(options, channel);
  Medium medium = options.kind == WifiKind::mesh ? make_mesh(nodes, *checked, phy, channel)
                                                 : make_cell(nodes, options, *checked, phy, channel);
  for (std::uint32_t i = 0; i < medium.devices.GetN(); ++i) medium.devices.Get(i)->SetMtu(kMtuBytes);
  return medium;
}

std::function<void(bool on)> radio_switch(const Ptr<ns3::NetDevice>& device) {
  std::vector<Ptr<ns3::WifiPhy>> radios;
  if (auto wifi = ns3::DynamicCast<ns3::WifiNetDevice>(device)) radios.push_back(wifi->GetPhy());
  if (auto mesh = ns3::DynamicCast<ns3::MeshPointDevice>(device)) {
    for (const Ptr<ns3::NetDevice>& below : mesh->GetInterfaces()) {
      if (auto wifi = ns3::DynamicCast<ns3::WifiNetDevice>(below)) radios.push_back(wifi->GetPhy());
    }
  }
  if (radios.empty()) return {};
  return [radios](bool on) {
    for (const Ptr<ns3::WifiPhy>& radio : radios) {
      if (on) {
        radio->ResumeFromOff();
      } else {
        radio->SetOffMode();
      }
    }
  };
}

}  // namespace ghostnet::sim
