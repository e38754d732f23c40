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
  std::vector<std::string> allow;  // peers and blocks of addresses
  std::vector<std::string> deny;
  std::vector<std::string> dns;
  std::string metrics;  // ADDRESS:PORT
  std::string trace;    // a file
  std::string bootstrap_file;
  std::vector<std::string> direct;  // peers, by their addresses
  bool validate = false;            // by commands
  bool no_commands = false;         // nothing is read from standard input
};

int node(const NodeCommand& command);

}  // namespace ghostnet::cli
