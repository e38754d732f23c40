#include "data/log_files.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <span>
#include <utility>

#include "data/letters.hpp"

namespace ghostnet::gui {

namespace {

namespace fs = std::filesystem;

// Takes the next word off the text; empty: there is none.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> time_in(std::string_view text) {
  constexpr std::size_t kDigits = 9;
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || text.size() - point - 1 != kDigits) return std::nullopt;
  const auto seconds = number_in<std::int64_t>(text.substr(0, point));
  const auto fraction = number_in<std::int64_t>(text.substr(point + 1));
  constexpr std::int64_t kMostSeconds = 9'000'000'000;  // nanoseconds of more do not fit
  if (!seconds || !fraction || *seconds > kMostSeconds || *seconds < -kMostSeconds) return std::nullopt;
  return *seconds * 1'000'000'000 + (text.front() == '-' ? -*fraction : *fraction);
}

bool passes(const LogLine& line, const LogQuestion& question) {
  if (!question.least_level.empty()) {
    const auto* least = std::ranges::find(kLogLevels, question.least_level);
    if (std::ranges::find(kLogLevels, line.level) < least) return false;
  }
  return question.words.empty() || holds(line.text, question.words) || holds(line.component, question.words) ||
         holds(line.level, question.words);
}

// False: there is no such file.
bool read_file(const fs::path& path, const LogQuestion& question, const Ticket& ticket, LogAnswer& answer) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(0, file.tellg()));
  const std::size_t from = size > LogQuestion::kMaxFileBytes ? size - LogQuestion::kMaxFileBytes : 0;
  file.seekg(static_cast<std::streamoff>(from));
  std::string line;
  if (from != 0) {
    std::getline(file, line);  // whose beginning is missing
    answer.cut_short = true;
  }
  while (ticket.wanted() && std::getline(file, line)) {
    std::optional<LogLine> parsed = parse_log_line(line);
    if (parsed && passes(*parsed, question)) answer.lines.push_back(std::move(*parsed));
  }
  return true;
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
  const std::optional<std::int64_t> time_ns = time_in(take_word(line));
  const std::string_view who = take_word(line);
  const std::string_view level = take_word(line);
  if (!time_ns || who.empty() || std::ranges::find(kLogLevels, level) == kLogLevels.end()) return std::nullopt;
  LogLine parsed{.time_ns = *time_ns, .level = std::string(level)};
  if (who != "world") {
    parsed.host = number_in<std::int64_t>(who.substr(1));
    if (who.front() != '#' || !parsed.host) return std::nullopt;
  }
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  // A component is one word before a colon.
  const std::size_t colon = line.find(": ");
  if (colon != std::string_view::npos && line.substr(0, colon).find(' ') == std::string_view::npos) {
    parsed.component = line.substr(0, colon);
    line.remove_prefix(colon + 2);
  }
  parsed.text = line;
  return parsed;
}

Result<LogAnswer> read_logs(const LogQuestion& question, const Ticket& ticket) {
  std::error_code error;
  if (!fs::is_directory(question.directory, error)) {
    return fail(Errc::not_found, "{}: the directory of this run's logs is not there any more", question.directory);
  }
  LogAnswer answer;
  const fs::path directory(question.directory);
  read_file(directory / "world.log", question, ticket, answer);
  for (std::size_t at = 0; at < std::min(question.hosts.size(), LogQuestion::kMaxFiles); ++at) {
    const std::int64_t host = question.hosts[at];
    if (!read_file(directory / fmt::format("host-{}.log", host), question, ticket, answer)) answer.none.push_back(host);
  }
  // Lines of one instant stay in the order in which they were written.
  std::vector<std::size_t> order(answer.lines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t at) { return std::pair(answer.lines[at].time_ns, at); });
  const std::size_t left_out = order.size() - std::min(order.size(), LogQuestion::kMaxLines);
  answer.cut_short = answer.cut_short || left_out > 0;
  std::vector<LogLine> sorted;
  for (const std::size_t at : std::span(order).subspan(left_out)) sorted.push_back(std::move(answer.lines[at]));
  answer.lines = std::move(sorted);
  return answer;
}

}  // namespace ghostnet::gui
