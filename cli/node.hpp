// `ghostnet node`: a live libp2p node, driven by lines of JSON: events on standard output, commands on standard input.
#pragma once

#include <string>
#include <vector>

namespace ghostnet::cli {

struct NodeCommand {
  std::vector<std::string> listen;
  std::vector<std::string> peers;
  std::string key_file;
  std::vector<std::string> security = {"noise"};
};

int node(const NodeCommand& command);

}  // namespace ghostnet::cli
