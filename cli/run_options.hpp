// What `ghostnet run` was asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/runtime/log.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::cli {

inline constexpr std::string_view kDefaultDb = "results.sqlite";

struct RunCommand {
  std::vector<std::string> files;
  std::string mode = "sim";
  std::string live = "loopback";
  scenarios::Overrides overrides;
  std::vector<std::string> sweep;  // PATH=V1,V2
  std::optional<std::uint32_t> repeat;
  std::size_t jobs = 0;  // 0: as many as the machine has processors; live runs one after the other
  bool resume = false;
  bool from_start = false;  // every run, also where several begin alike
  std::string db;           // empty: several runs of one command go to kDefaultDb, one alone is not recorded
  std::string junit;        // empty: none
  std::string pcap_directory;
  bool verify_determinism = false;
  bool json = false;
  bool quiet = false;
  LogLevel log = LogLevel::warn;
  std::vector<std::pair<std::string, std::uint64_t>> plugins;  // files, and the digests of their contents
  std::string command_line;                                    // as typed, for the record
  std::string batch;                                           // what groups the runs of this command in the record
};

}  // namespace ghostnet::cli
