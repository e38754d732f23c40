// The section `ns3` of a scenario: what only the ns3 carrier has. Another carrier, or the live world, passes over it.
//
//   ns3:
//     standard: 802.11n
//     data_mode: HtMcs4
//     range: 80
//     movement: waypoints
//     attributes: { ns3::TcpL4Protocol::SocketType: ns3::TcpCubic }
//
// Names of types, modes and attributes are ns-3's own; they are checked when the world is made, where ns-3 is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/runtime/options.hpp"
#include "ghostnet/sim/world.hpp"

namespace ghostnet {

template <>
inline constexpr OptionChoice<sim::WiredRouting> kChoices<sim::WiredRouting>[] = {
    {sim::WiredRouting::paths, "paths"}, {sim::WiredRouting::global, "global"}};
template <>
inline constexpr OptionChoice<sim::WirelessSpec::Movement> kChoices<sim::WirelessSpec::Movement>[] = {
    {sim::WirelessSpec::Movement::grid, "grid"},
    {sim::WirelessSpec::Movement::scattered, "scattered"},
    {sim::WirelessSpec::Movement::waypoints, "waypoints"},
    {sim::WirelessSpec::Movement::walk, "walk"}};
template <>
inline constexpr OptionChoice<sim::WirelessSpec::Propagation> kChoices<sim::WirelessSpec::Propagation>[] = {
    {sim::WirelessSpec::Propagation::range, "range"}, {sim::WirelessSpec::Propagation::log_distance, "log_distance"}};

}  // namespace ghostnet

namespace ghostnet::scenarios {

struct Ns3Options {
  static constexpr std::size_t kMaxAttributes = 1000;

  sim::WiredRouting routing = sim::WiredRouting::paths;
  std::string standard = "802.11a";
  std::string rate_control;
  std::string data_mode;
  sim::WirelessSpec::Propagation propagation = sim::WirelessSpec::Propagation::range;
  std::optional<double> range;
  double tx_power = 16.0206;
  sim::WirelessSpec::Movement movement = sim::WirelessSpec::Movement::grid;
  std::optional<double> width;
  std::optional<double> height;
  Duration pause = 2s;
  Duration leg = 10s;
  std::vector<std::pair<std::string, std::string>> attributes;  // a mapping, so none of the table

  static constexpr OptionDesc kOptions[] = {
      option<&Ns3Options::routing>("routing", "over wires: shortest paths of our own, or ns-3's global routing"),
      option<&Ns3Options::standard>("standard", "of Wi-Fi: 802.11a, b, g, p, n, ac or ax"),
      option<&Ns3Options::rate_control>("rate_control",
                                        "a type of ns-3, as ns3::MinstrelHtWifiManager; constant when "
                                        "left out"),
      option<&Ns3Options::data_mode>("data_mode", "of the constant rate, as OfdmRate24Mbps or HtMcs7"),
      option<&Ns3Options::propagation>("propagation", "whether a range or a path loss decides who hears whom"),
      option<&Ns3Options::range>("range",
                                 "beyond which nobody hears; one and a half times network.spacing when left out",
                                 in(0.1, 1e6), unit("m")),
      option<&Ns3Options::tx_power>("tx_power", "of every radio", in(-100.0, 100.0), unit("dBm")),
      option<&Ns3Options::movement>("movement", "of radios; where they move, network.speed is their highest"),
      option<&Ns3Options::width>("width", "of the area that radios move in; that of the grid when left out",
                                 in(0.1, 1e6), unit("m")),
      option<&Ns3Options::height>("height", "of that area", in(0.1, 1e6), unit("m")),
      option<&Ns3Options::pause>("pause", "at each waypoint", in(0ns, 24h)),
      option<&Ns3Options::leg>("leg", "of a walk, before it turns", in(1ms, 24h)),
  };

  void apply_to(sim::WorldSpec& spec) const;
};

}  // namespace ghostnet::scenarios
