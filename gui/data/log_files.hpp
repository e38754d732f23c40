// LogFiles: what `record: logs` of a scenario left: a directory with a text file for each host, `host-7.log`, and
// `world.log` for what is of no host.
//
// Files may be of any length and may grow while they are read: of each the last kMaxFileBytes are. Lines that are not
// those of a ghostnet log are left out. Errors: not_found where the directory is gone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/gui/data_source.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::gui {

struct LogLine {
  std::int64_t time_ns = 0;
  std::optional<std::int64_t> host{};  // nothing: of the world
  std::string level{};                 // "info"
  std::string component{};             // "gossipsub"; may be empty
  std::string text{};
};

// "    12.345678900  #7  info   gossipsub: joined news"; nothing: it is no line of a log.
std::optional<LogLine> parse_log_line(std::string_view line);

// From the least to the most grave.
inline constexpr std::array<std::string_view, 5> kLogLevels = {"trace", "debug", "info", "warn", "error"};

struct LogQuestion {
  static constexpr std::size_t kMaxFiles = 32;
  static constexpr std::size_t kMaxFileBytes = std::size_t{8} << 20;
  static constexpr std::size_t kMaxLines = 50'000;

  std::string directory{};
  std::vector<std::int64_t> hosts{};  // the first kMaxFiles of them; the world's is read in any case
  std::string words{};                // in level, component or text; letters of ASCII in either case; empty: all
  std::string least_level{};          // "warn": those and errors; empty: all
};

struct LogAnswer {
  std::vector<LogLine> lines{};      // in order of time
  std::vector<std::int64_t> none{};  // hosts that left no file
  bool cut_short = false;            // there were more lines; these are the last
};

// Stops where nobody wants the answer any more, which is then that of the files read until there.
Result<LogAnswer> read_logs(const LogQuestion& question, const Ticket& ticket = {});

}  // namespace ghostnet::gui
