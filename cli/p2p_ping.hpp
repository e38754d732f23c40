// `ghostnet ping MULTIADDR`: round trips to a libp2p node, any implementation's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ghostnet::cli {

struct PingCommand {
  std::string address;
  std::uint32_t count = 4;
  std::vector<std::string> security = {"noise", "tls"};
  std::vector<std::string> dns;
  bool json = false;
};

int p2p_ping(const PingCommand& command);

}  // namespace ghostnet::cli
