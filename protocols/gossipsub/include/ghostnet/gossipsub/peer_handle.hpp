// PeerHandle: a connected peer as a router knows it. Never that of another peer again, until 65,536 have used its slot.
#pragma once

#include <cstdint>

namespace ghostnet::gossipsub {

struct PeerHandle {
  std::uint16_t slot = 0xffff;
  std::uint16_t generation = 0;

  explicit operator bool() const { return slot != 0xffff; }
  friend bool operator==(PeerHandle, PeerHandle) = default;
};
inline constexpr PeerHandle kNoPeer{};

}  // namespace ghostnet::gossipsub
