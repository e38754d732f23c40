#include "ghostnet/scenarios/ns3_options.hpp"

namespace ghostnet::scenarios {

void Ns3Options::apply_to(sim::WorldSpec& spec) const {
  spec.ns3_routing = routing;
  spec.ns3_attributes = attributes;
  auto* radio = std::get_if<sim::WirelessSpec>(&spec.ground);
  if (radio == nullptr) return;
  radio->standard = standard;
  radio->rate_control = rate_control;
  radio->data_mode = data_mode;
  radio->propagation = propagation;
  radio->range_m = range.value_or(0);
  radio->tx_power_dbm = tx_power;
  radio->movement = movement;
  radio->width_m = width.value_or(0);
  radio->height_m = height.value_or(0);
  radio->pause = pause;
  radio->leg = leg;
}

}  // namespace ghostnet::scenarios
