// What `ghostnet run` was asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ghostnet/runtime/log.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::cli {

struct RunCommand {
  std::vector<std::string> files;
  std::string mode = "sim";
  std::string live = "loopback";
  scenarios::Overrides overrides;
  std::string pcap_directory;
  std::string db;  // empty: not recorded
  bool verify_determinism = false;
  bool json = false;
  bool quiet = false;
  LogLevel log = LogLevel::warn;
};

}  // namespace ghostnet::cli
