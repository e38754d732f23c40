// QueuedPort: a port whose discipline holds packets (CoDel, FQ-CoDel), with the timer that lets them go.
#pragma once

#include "ghostnet/link/link_model.hpp"
#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/sim/fabric_host.hpp"

namespace ghostnet::sim {

// Where a packet goes on that has left a port.
struct Onward {
  enum class To : std::uint8_t { ground, router, host };
  To to = To::host;
  Attachment attachment{};  // ground: what the sending interface is attached to
  std::uint16_t router = 0;
};

struct QueuedPort {
  struct Return {
    Fabric* fabric;
    void operator()(Flight* flight) const;  // a packet that the queue dropped goes back to its pool
  };
  using Held = std::unique_ptr<Flight, Return>;
  struct Copy {
    Held operator()(const Held& flight) const;  // null when too many are in flight
  };

  QueuedPort(std::shared_ptr<const link::LinkProfile> profile, const Clock& clock, Random random, Onward onward)
      : model(std::move(profile)), timer(clock), random(random), onward(onward) {}

  link::LinkModel<Held, Copy> model;
  Timer timer;
  Random random;
  Onward onward;
};

}  // namespace ghostnet::sim
