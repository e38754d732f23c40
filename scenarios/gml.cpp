#include "ghostnet/scenarios/gml.hpp"

#include <algorithm>
#include <optional>

namespace ghostnet::scenarios {

namespace {

class GmlParser {
 public:
  GmlParser(std::string_view text, const GmlLimits& limits) : rest_(text), limits_(limits) {}

  std::expected<std::vector<GmlEntry>, Diagnostic> parse() {
    std::vector<GmlEntry> entries;
    if (read_entries(entries, 0) && !rest_.empty()) complain("expected a key, found a ] that closes nothing");
    if (wrong_) return std::unexpected(*wrong_);
    return entries;
  }

 private:
  bool complain(std::string message) {
    if (!wrong_) wrong_ = Diagnostic{.file = {}, .at = at_, .key = {}, .message = std::move(message)};
    return false;
  }

  void advance(std::size_t bytes) {
    for (const char c : rest_.substr(0, bytes)) {
      ++at_.column;
      if (c == '\n') at_ = {at_.line + 1, 1, 0};
    }
    rest_.remove_prefix(std::min(bytes, rest_.size()));
  }

  // White space, and lines that begin with #.
  void skip() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '#') {
        advance(std::min(rest_.find('\n'), rest_.size()));
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        advance(1);
      } else {
        return;
      }
    }
  }

  // Up to a ] or the end.
  bool read_entries(std::vector<GmlEntry>& entries, std::size_t depth) {
    if (depth > limits_.max_depth) return complain(fmt::format("nested more than {} deep", limits_.max_depth));
    for (skip(); !rest_.empty() && rest_.front() != ']'; skip()) {
      if (++entries_ > limits_.max_entries) return complain(fmt::format("more than {} entries", limits_.max_entries));
      GmlEntry& entry = entries.emplace_back();
      entry.at = at_;
      if (!read_key(entry.key) || !read_value(entry, depth)) return false;
    }
    return true;
  }

  bool read_key(std::string& key) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    std::size_t end = 0;
    while (end < rest_.size() && (letter(rest_[end]) || (end > 0 && rest_[end] >= '0' && rest_[end] <= '9'))) ++end;
    if (end == 0) return complain(fmt::format("not GML: expected a key, found '{}'", printable(rest_.front())));
    key = rest_.substr(0, end);
    advance(end);
    return true;
  }

  bool read_value(GmlEntry& entry, std::size_t depth) {
    skip();
    if (rest_.empty()) return complain(fmt::format("expected a value of {}, found the end", entry.key));
    if (rest_.front() == '[') {
      advance(1);
      entry.list = true;
      if (!read_entries(entry.entries, depth + 1)) return false;
      if (rest_.empty()) return complain(fmt::format("expected a ] that closes {}, found the end", entry.key));
      advance(1);
      return true;
    }
    if (rest_.front() == '"') {
      const std::size_t end = rest_.find('"', 1);
      if (end == rest_.npos)
        return complain(fmt::format("expected a closing quote after {}, found the end", entry.key));
      entry.text = rest_.substr(1, end - 1);
      advance(end + 1);
      return true;
    }
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n[]\"#"), rest_.size());
    if (end == 0)
      return complain(fmt::format("expected a value of {}, found '{}'", entry.key, printable(rest_.front())));
    entry.text = rest_.substr(0, end);
    advance(end);
    return true;
  }

  static char printable(char c) { return c >= 0x20 && c < 0x7f ? c : '?'; }

  std::string_view rest_;
  GmlLimits limits_;
  Position at_{1, 1, 0};
  std::size_t entries_ = 0;
  std::optional<Diagnostic> wrong_;
};

}  // namespace

const GmlEntry* GmlEntry::find(std::string_view wanted) const {
  const auto found =
      std::ranges::find_if(entries, [wanted](const GmlEntry& entry) { return entry.key == wanted && !entry.list; });
  return found == entries.end() ? nullptr : &*found;
}

std::expected<std::vector<GmlEntry>, Diagnostic> parse_gml(std::string_view text, const GmlLimits& limits) {
  return GmlParser(text, limits).parse();
}

}  // namespace ghostnet::scenarios
