#include "tidy.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace ghostnet::house {
namespace {

constexpr std::size_t kLongFileLines = 600;

enum class Form {
  word,      // the identifier, wherever it stands
  call,      // a call of the free function: time(...), std::time(...), but neither x.time() nor a declaration
  std_call,  // a call spelled with std::, for names that are common words
  header,    // #include <word>
};

struct Ban {
  std::string_view law;
  Form form;
  std::string_view name;
};

constexpr Ban kBans[] = {
    {"clock", Form::word, "system_clock::now"},
    {"clock", Form::word, "steady_clock::now"},
    {"clock", Form::word, "high_resolution_clock::now"},
    {"clock", Form::call, "time"},
    {"clock", Form::call, "gettimeofday"},
    {"clock", Form::call, "clock_gettime"},
    {"clock", Form::call, "timespec_get"},
    {"clock", Form::call, "localtime"},
    {"clock", Form::call, "gmtime"},
    {"clock", Form::header, "ctime"},
    {"clock", Form::header, "time.h"},
    {"clock", Form::header, "sys/time.h"},
    {"random", Form::call, "rand"},
    {"random", Form::call, "srand"},
    {"random", Form::call, "drand48"},
    {"random", Form::call, "getrandom"},
    {"random", Form::call, "getentropy"},
    {"random", Form::call, "arc4random"},
    {"random", Form::word, "random_device"},
    {"random", Form::word, "mt19937"},
    {"random", Form::word, "mt19937_64"},
    {"random", Form::header, "random"},
    {"thread", Form::word, "std::thread"},
    {"thread", Form::word, "std::jthread"},
    {"thread", Form::word, "std::mutex"},
    {"thread", Form::word, "this_thread"},
    {"thread", Form::std_call, "async"},
    {"thread", Form::call, "sleep"},
    {"thread", Form::call, "usleep"},
    {"thread", Form::call, "nanosleep"},
    {"thread", Form::header, "thread"},
    {"thread", Form::header, "mutex"},
    {"thread", Form::header, "shared_mutex"},
    {"thread", Form::header, "condition_variable"},
    {"thread", Form::header, "future"},
    {"thread", Form::header, "pthread.h"},
    {"file", Form::header, "fstream"},
    {"file", Form::header, "filesystem"},
    {"file", Form::header, "fcntl.h"},
    {"file", Form::header, "unistd.h"},
    {"file", Form::call, "fopen"},
    {"file", Form::call, "freopen"},
    {"environment", Form::call, "getenv"},
    {"environment", Form::call, "secure_getenv"},
    {"environment", Form::call, "setenv"},
    {"environment", Form::word, "environ"},
    {"libm", Form::std_call, "exp"},
    {"libm", Form::std_call, "exp2"},
    {"libm", Form::std_call, "log"},
    {"libm", Form::std_call, "log2"},
    {"libm", Form::std_call, "log10"},
    {"libm", Form::std_call, "pow"},
    {"libm", Form::std_call, "sin"},
    {"libm", Form::std_call, "cos"},
    {"libm", Form::std_call, "tan"},
    {"libm", Form::std_call, "hypot"},
    {"libm", Form::std_call, "cbrt"},
};

// Written in two halves, so that this file does not hold what it looks for.
constexpr std::array<std::string_view, 3> kMachinePaths[] = {{"/wo", "rk/"}, {"/fa", "rm/"}, {"/ro", "ot/"}};
constexpr std::array<std::string_view, 2> kRegistries[] = {
    {"deb.debian", ".org"},         {"security.debian", ".org"}, {"snapshot.debian", ".org"}, {"pypi", ".org"},
    {"files.pythonhosted", ".org"}, {"registry.npmjs", ".org"},  {"crates", ".io"},           {"proxy.golang", ".org"},
    {"repo.maven.apache", ".org"},  {"rubygems", ".org"}};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

// Whether what stands before a name makes `name(` a call of the free function of that name.
bool calls_free_function(std::string_view before) {
  before = trimmed(before);
  if (before.ends_with("::")) {
    before.remove_suffix(2);
    return before.empty() || before.ends_with("std") || !is_word(before.back());
  }
  if (before.ends_with('.') || before.ends_with("->") || before.ends_with('~')) return false;
  if (before.empty() ||
      !(is_word(before.back()) || before.back() == '>' || before.back() == '&' || before.back() == '*')) {
    return true;
  }
  for (std::string_view keyword : {"return", "co_return", "co_await", "co_yield", "else", "do", "&&"}) {
    if (before.ends_with(keyword)) return true;
  }
  return false;  // a type stands there: a declaration
}

bool breaks(const Ban& ban, std::string_view line) {
  if (ban.form == Form::header) {
    line = trimmed(line);
    return line.starts_with("#include <") && line.substr(10).starts_with(ban.name) &&
           line.substr(10 + ban.name.size()).starts_with('>');
  }
  for (auto at = line.find(ban.name); at != std::string_view::npos; at = line.find(ban.name, at + 1)) {
    const auto before = line.substr(0, at);
    const auto after = line.substr(at + ban.name.size());
    if ((!before.empty() && is_word(before.back())) || (!after.empty() && is_word(after.front()))) continue;
    if (ban.form == Form::word) return true;
    if (!trimmed(after).starts_with('(')) continue;
    if (ban.form == Form::std_call ? trimmed(before).ends_with("std::") : calls_free_function(before)) return true;
  }
  return false;
}

// What the folder of the file is held to.
bool holds(std::string_view law, std::string_view path) {
  if (path.starts_with("protocols/")) return true;
  return path.starts_with("sim/") && (law == "clock" || law == "random" || law == "libm");
}

bool is_source(std::string_view path) {
  for (std::string_view ending : {".cpp", ".hpp", ".h", ".cc"}) {
    if (path.ends_with(ending)) return true;
  }
  return false;
}

bool is_allowed(std::string_view law, std::string_view line, std::string_view line_before) {
  const auto waiver = "// tidy: allow " + std::string(law) + ", ";
  return line.find(waiver) != std::string_view::npos || trimmed(line_before).starts_with(waiver);
}

bool includes_by_parent_path(std::string_view line) {
  line = trimmed(line);
  return line.starts_with("#include \"") && line.find("..") != std::string_view::npos;
}

bool names_machine_path(std::string_view line) {
  for (const auto& halves : kMachinePaths) {
    const auto path = std::string(halves[0]) + std::string(halves[1]);
    for (auto at = line.find(path); at != std::string_view::npos; at = line.find(path, at + 1)) {
      if (at == 0 || !(is_word(line[at - 1]) || line[at - 1] == '.' || line[at - 1] == '}')) return true;
    }
  }
  return false;
}

bool names_registry(std::string_view line) {
  return std::ranges::any_of(kRegistries, [&](const auto& halves) {
    return line.find(std::string(halves[0]) + std::string(halves[1])) != std::string_view::npos;
  });
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::vector<Finding> judge_text(std::string_view path, std::string_view text,
                                const std::set<std::string, std::less<>>& long_files) {
  std::vector<Finding> findings;
  const auto lines = lines_of(text);
  const auto breach = [&](std::string_view law, std::size_t index) {
    findings.push_back({std::string(path), std::string(law),
                        "line " + std::to_string(index + 1) + ": " + std::string(trimmed(lines[index]))});
  };

  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (names_machine_path(lines[i])) breach("machine-path", i);
    if (names_registry(lines[i])) breach("registry-host", i);
  }
  if (!is_source(path)) return findings;

  if (lines.size() > kLongFileLines && !long_files.contains(path)) {
    findings.push_back({std::string(path), "long-file", std::to_string(lines.size()) + " lines"});
  }
  const auto code = without_comments_and_literals(text);
  const auto code_lines = lines_of(code);
  const auto place = path.starts_with(kPlanted) ? path.substr(kPlanted.size()) : path;
  for (std::size_t i = 0; i < code_lines.size(); ++i) {
    if (includes_by_parent_path(lines[i])) breach("parent-path", i);
    for (const auto& ban : kBans) {
      if (holds(ban.law, place) && breaks(ban, code_lines[i]) &&
          !is_allowed(ban.law, lines[i], i > 0 ? lines[i - 1] : "")) {
        breach(ban.law, i);
      }
    }
  }
  return findings;
}

std::string without_comments_and_literals(std::string_view text) {
  std::string out(text);
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (auto i = from; i < std::min(to, out.size()); ++i) {
      if (out[i] != '\n') out[i] = ' ';
    }
  };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    const auto rest = text.substr(i);
    if (rest.starts_with("//")) {
      end = std::min(text.find('\n', i), text.size());
      blank(i, end);
    } else if (rest.starts_with("/*")) {
      end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
      blank(i, end);
    } else if (rest.starts_with("R\"") && (i == 0 || !is_word(text[i - 1]))) {
      const auto open = text.find('(', i);
      const auto close = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
      end = std::min(text.find(close, open), text.size() - close.size()) + close.size();
      blank(i, end);
    } else if (rest[0] == '"' || (rest[0] == '\'' && (i == 0 || !is_word(text[i - 1])))) {
      while (end < text.size() && text[end] != rest[0] && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
      blank(i + 1, end);
      end = std::min(end + 1, text.size());
    }
    i = end;
  }
  return out;
}

std::vector<std::string> tidy_laws() {
  std::vector<std::string> laws = {"parent-path", "long-file", "machine-path", "registry-host"};
  for (const auto& ban : kBans) {
    if (std::ranges::find(laws, ban.law) == laws.end()) laws.emplace_back(ban.law);
  }
  return laws;
}

}  // namespace ghostnet::house
