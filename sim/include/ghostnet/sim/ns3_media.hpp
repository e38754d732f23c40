// What the network builds its segments of: devices of ns-3 on wires, LANs and radio, and the movement of hosts.
//
// All options are checked before ns-3 sees them, since it ends the process at what it does not like.
// Only for the sources of the ns3 carrier: it includes ns-3.
#pragma once

#include <ns3/error-model.h>
#include <ns3/net-device-container.h>
#include <ns3/node-container.h>
#include <ns3/ptr.h>

#include <cstdint>
#include <functional>
#include <string>

#include "ghostnet/runtime/result.hpp"
#include "ghostnet/sim/ns3_network.hpp"

namespace ghostnet::sim {

// Devices of one segment, in the order of the nodes.
struct Medium {
  ns3::NetDeviceContainer devices;
  std::string port_prefix;  // of interface names: "p2p", "eth", "wlan", "mesh"
  bool transit = true;
  bool groups = true;                                                     // see Ns3Port
  std::function<std::int64_t(std::int64_t first_stream)> assign_streams;  // returns how many it took
  std::function<void(const std::string& file, const ns3::Ptr<ns3::NetDevice>& device)> capture;
};

Result<Medium> make_wire(const ns3::NodeContainer& nodes, const WireOptions& options);
// New values for all but the MTU, which stays.
Result<> change_wire(const Medium& wire, const WireOptions& options);
Result<Medium> make_lan(const ns3::NodeContainer& nodes, const LanOptions& options);
Result<Medium> make_wifi(const ns3::NodeContainer& nodes, const WifiOptions& options);

// Switches the radios of a device, or of the devices below a mesh point. Empty for devices without a radio.
std::function<void(bool on)> radio_switch(const ns3::Ptr<ns3::NetDevice>& device);

// Returns how many streams of random numbers it took.
Result<std::int64_t> move_nodes(const ns3::NodeContainer& nodes, const Mobility& mobility, std::int64_t first_stream);

}  // namespace ghostnet::sim
