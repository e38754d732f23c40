#include "command_lines.hpp"

#include <unistd.h>

#include <string_view>
#include <thread>
#include <utility>

namespace ghostnet::cli {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr int kMaxDepth = 32;

}  // namespace

Result<nlohmann::json> parse_command(const std::string& line) {
  bool too_deep = false;
  const auto shallow = [&too_deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  nlohmann::json command = nlohmann::json::parse(line, shallow, false);
  if (too_deep) return fail(Errc::limit, "a command has at most {} values within each other", kMaxDepth);
  if (!command.is_object()) return fail(Errc::malformed, "a command is one JSON object on one line");
  return command;
}

CommandLines::CommandLines(realnet::World& world) : lines_(std::make_shared<Lines>(world.loop())) {
  std::thread(read, std::ref(world), lines_).detach();
}

CommandLines::~CommandLines() {
  lines_->open.store(false);
  lines_->room.release();
}

// False: nobody wants more.
bool CommandLines::hand_over(realnet::World& world, const std::shared_ptr<Lines>& lines, Result<std::string> line) {
  lines->room.acquire();
  if (!lines->open.load()) return false;
  world.post(
      [lines, line = std::move(line)]() mutable { static_cast<void>(lines->channel.try_send(std::move(line))); });
  return true;
}

void CommandLines::read(realnet::World& world, std::shared_ptr<Lines> lines) {
  Result<std::string> line = std::string();
  const auto add = [&line](std::string_view part) {
    if (!line) return;
    if (line->size() + part.size() <= kMaxLineBytes) {
      line->append(part);
    } else {
      line = fail(Errc::limit, "a command has at most {} bytes", kMaxLineBytes);
    }
  };
  char room[kReadBytes];
  while (true) {
    const ssize_t size = ::read(STDIN_FILENO, room, sizeof room);
    if (!lines->open.load()) return;
    if (size <= 0) break;
    std::string_view rest(room, static_cast<std::size_t>(size));
    for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
      add(rest.substr(0, end));
      if (!hand_over(world, lines, std::exchange(line, std::string()))) return;
    }
    add(rest);
  }
  if ((!line || !line->empty()) && !hand_over(world, lines, std::move(line))) return;
  world.post([lines] { lines->channel.close(); });
}

}  // namespace ghostnet::cli
