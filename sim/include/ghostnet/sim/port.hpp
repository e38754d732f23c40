// Port: one direction of a host's or router's attachment: the link model that packets leave through.
//
// Drop-tail links (the default) answer at once with the time of arrival. CoDel and FQ-CoDel hold packets and let them
// go later; such a port has a QueuedPort, which the fabric pumps with a timer.
#pragma once

#include <cstdint>
#include <memory>

#include "ghostnet/link/link_model.hpp"
#include "ghostnet/link/transit.hpp"
#include "ghostnet/sim/flight.hpp"

namespace ghostnet::sim {

struct QueuedPort;

struct Port {
  const link::LinkProfile* profile = nullptr;  // null: infinitely fast, without delay; owned by the fabric
  link::Transit transit;
  QueuedPort* queued = nullptr;  // owned by the fabric

  bool unlimited() const { return profile == nullptr; }
};

}  // namespace ghostnet::sim
