// `ghostnet node`: a live libp2p node, driven by lines of JSON: events on standard output, commands on standard input.
#pragma once

#include <string>
#include <vector>

namespace ghostnet::cli {

struct NodeCommand {
  std::vector<std::string> listen;
  std::vector<std::string> peers;
  std::vector<std::string> topics;
  std::string key_file;
  std::vector<std::string> security = {"noise", "tls"};
  std::string dht = "off";
};

int node(const NodeCommand& command);

}  // namespace ghostnet::cli
