// `ghostnet tun`: our IP stack on a TUN device of this machine: it answers pings, echoes, and carries connections
// between its own addresses and the kernel's, over a line as good or bad as one wants, and shows what its TCP does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ghostnet::cli {

struct TunCommand {
  std::vector<std::string> addresses;  // of our stack: "10.9.0.2/24"
  std::vector<std::string> kernel;     // of the device
  std::vector<std::string> routes;     // that the kernel sends into the device
  std::string device = "ghost%d";
  std::string netns;  // as `ip netns add` made it; empty: where the program is
  std::uint32_t mtu = 1500;
  bool no_offload = false;
  std::vector<std::string> forward;  // from the stack's ports to the kernel's network
  std::vector<std::string> reach;    // from the kernel's ports to the stack's network
  std::uint16_t echo = 0;            // a port; 0: no echo
  std::vector<std::string> tcp;      // KEY=VALUE of tcp::TcpOptions
  std::vector<std::string> line;     // KEY=VALUE of LineOptions (tun.cpp)
  std::string pcap;
  std::string trace;
  std::string status;  // how often the connections are shown; empty: not
  std::string lasts;   // empty: until a signal comes
};

int tun(const TunCommand& command);

}  // namespace ghostnet::cli
