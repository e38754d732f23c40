// CommandLines: the commands that a script writes to standard input, one JSON object a line.
//
// They are read on a thread of their own, since a terminal blocks, and arrive on the world's. While kMaxWaiting of them
// wait no more is read. A line longer than kMaxLineBytes is skipped and told of as an error; the last line needs no
// end.
#pragma once

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <semaphore>
#include <string>

#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet::cli {

// Errors: malformed (no JSON object), limit (more than 32 values within each other).
Result<nlohmann::json> parse_command(const std::string& line);

class CommandLines {
 public:
  static constexpr std::size_t kMaxLineBytes = 1024 * 1024;
  static constexpr std::size_t kMaxWaiting = 256;

  explicit CommandLines(realnet::World& world);
  CommandLines(const CommandLines&) = delete;
  CommandLines& operator=(const CommandLines&) = delete;
  ~CommandLines();

  // A line, or that one was too long; nothing: standard input has ended. taken() is to follow each.
  auto next() { return lines_->channel.recv(); }
  void taken() { lines_->room.release(); }

 private:
  struct Lines {
    explicit Lines(Loop& loop) : channel(loop, kMaxWaiting) {}
    Channel<Result<std::string>> channel;
    std::counting_semaphore<> room{kMaxWaiting};
    std::atomic<bool> open = true;
  };

  static void read(realnet::World& world, std::shared_ptr<Lines> lines);
  static bool hand_over(realnet::World& world, const std::shared_ptr<Lines>& lines, Result<std::string> line);

  std::shared_ptr<Lines> lines_;
};

}  // namespace ghostnet::cli
