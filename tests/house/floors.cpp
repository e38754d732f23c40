#include "floors.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <sstream>
#include <utility>

namespace ghostnet::house {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnitTests = "tests/unit/";

constexpr int kProtocols = 2;
constexpr int kAboveAll = 6;  // tests, examples

// A library outside of the tree: how the paths of its headers look, and who alone may reach them.
struct Library {
  std::string_view law;
  std::vector<std::string_view> marks;
  std::string_view owner;
};

const std::vector<Library>& libraries() {
  static const std::vector<Library> list = {
      {"ns-3", {"/ns3/", "/ns3."}, "sim"},
      {"asio", {"/boost/asio", "/asio/", "/asio.hpp"}, "realnet"},
      {"sockets",
       {"/sys/socket.h", "/sys/un.h", "/sys/epoll.h", "/sys/eventfd.h", "/sys/ioctl.h", "/netinet/", "/arpa/",
        "/netdb.h", "/net/if", "/linux/if", "/linux/net", "/linux/rtnetlink.h", "/linux/sockios.h",
        "/linux/virtio_net.h", "/linux/errqueue.h", "/linux/udp.h", "/linux/tcp.h", "/ifaddrs.h", "/poll.h"},
       "realnet"},
      {"qt", {"/qt6/", "/QtCore/", "/QtGui/", "/QtWidgets/"}, "gui"},
      {"sqlite", {"/sqlite3.h"}, "results"},
      {"yaml", {"/yaml-cpp/"}, "scenarios"},
  };
  return list;
}

// What a folder of the ground floors would reach for if it did not have to stay lean.
constexpr std::array<std::string_view, 12> kNotLean = {"/boost/", "/openssl/", "/sodium",  "/nlohmann/",
                                                       "/CLI/",   "/spdlog/",  "/gnutls/", "/ngtcp2/",
                                                       "/nghttp", "/kj/",      "/capnp/",  "/google/"};

bool is_lean(std::string_view name) { return name == "runtime" || name == "link" || name == "capture"; }

int floor_of(std::string_view name, const Folder& folder) {
  if (name == "runtime") return 0;
  if (name == "crypto" || name == "link" || name == "capture") return 1;
  if (folder.path.starts_with("protocols/")) return kProtocols;
  if (name == "sim" || name == "realnet" || name == "results") return 3;
  if (name == "scenarios") return 4;
  return 5;
}

std::string_view without_planted(std::string_view path) {
  return path.starts_with(kPlanted) ? path.substr(kPlanted.size()) : path;
}

// The name of the folder that a path of the tree lies in; empty for tests, examples and generated files.
std::string folder_of(std::string_view path, const Folders& folders) {
  path = without_planted(path);
  for (const auto& [name, folder] : folders) {
    if (path.starts_with(folder.path) && path.substr(folder.path.size()).starts_with('/')) return name;
  }
  return {};
}

// A folder, and all that it stands on.
std::set<std::string> reachable(const std::string& name, const Folders& folders) {
  std::set<std::string> seen;
  std::vector<std::string> open = {name};
  while (!open.empty()) {
    auto next = std::move(open.back());
    open.pop_back();
    if (!seen.insert(next).second) continue;
    if (auto found = folders.find(next); found != folders.end()) {
      open.insert(open.end(), found->second.depends.begin(), found->second.depends.end());
    }
  }
  return seen;
}

// Who the source belongs to, and what it may see: a folder sees what it declared, its unit tests see every lower floor
// beside it, and other tests stand above the house.
struct Viewer {
  std::string folder;  // empty for those above the house
  int floor = kAboveAll;
  bool is_test = false;
  std::set<std::string> declared;
};

Viewer viewer_of(const std::string& source, const Folders& folders) {
  Viewer viewer;
  std::string_view path = source;
  if (path.starts_with(kUnitTests)) {
    path.remove_prefix(kUnitTests.size());
    viewer.is_test = true;
    viewer.folder = path.substr(0, path.find('/'));
  } else {
    viewer.folder = folder_of(path, folders);
  }
  if (auto found = folders.find(viewer.folder); found != folders.end()) {
    viewer.floor = floor_of(found->first, found->second);
    viewer.declared = reachable(viewer.folder, folders);
  } else {
    viewer.folder.clear();
  }
  return viewer;
}

bool looks_up(int from, int to) { return to > from || (to == from && from != kProtocols); }

// The laws on what lies outside of the tree.
void judge_system_header(const Viewer& viewer, const std::string& header, auto&& breach) {
  const auto is_marked = [&](std::string_view mark) { return header.find(mark) != std::string::npos; };
  for (const auto& library : libraries()) {
    // The runner and the program stand on realnet, whose headers show two of the system's.
    const bool stands_on_realnet = viewer.folder == "scenarios" || viewer.folder == "cli";
    const bool shown = header.ends_with("/sys/socket.h") || header.ends_with("/netinet/in.h");
    const bool through_realnet = library.law == "sockets" && stands_on_realnet && shown;
    if (library.owner != viewer.folder && !through_realnet && std::ranges::any_of(library.marks, is_marked)) {
      breach(library.law, "only " + std::string(library.owner) + "/ may reach " + header);
    }
  }
  if (is_lean(viewer.folder) && !viewer.is_test && std::ranges::any_of(kNotLean, is_marked)) {
    breach("lean", viewer.folder + " stands on the standard library and fmt alone, and reaches " + header);
  }
}

// The laws on what lies in another folder.
void judge_folder(const Viewer& viewer, const std::string& target, const Folder& folder, const std::string& header,
                  auto&& breach) {
  if (target == viewer.folder) return;
  if (looks_up(viewer.floor, floor_of(target, folder))) {
    breach("floor", viewer.folder + " may not see " + target + ": it reaches " + header);
  } else if (!viewer.is_test && !viewer.declared.contains(target)) {
    breach("undeclared", viewer.folder + " does not name " + target + " in its CMakeLists.txt: it reaches " + header);
  }
}

}  // namespace

Folders parse_folders(std::string_view text) {
  Folders folders;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    Folder folder;
    if (!(words >> name >> folder.path)) continue;
    for (std::string depends; words >> depends;) folder.depends.push_back(depends);
    folders.emplace(std::move(name), std::move(folder));
  }
  return folders;
}

// The format: "object: #deps N, deps mtime T (VALID)", then what was read for it, each indented; an empty line. Its
// sources are the files of the tree that end in .cpp: several where the build joins them.
std::vector<Compiled> parse_ninja_deps(std::string_view text, const std::string& build_dir, const std::string& tree) {
  std::vector<Compiled> all;
  std::vector<std::string> sources;
  std::vector<std::string> headers;
  const auto finish_object = [&] {
    for (std::string& source : sources) {
      if (fs::exists(fs::path(tree) / source)) all.push_back({std::move(source), headers});
    }
    sources.clear();
    headers.clear();
  };
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    if (line.front() != ' ') {
      finish_object();
      continue;
    }
    const auto absolute = (fs::path(build_dir) / line.substr(line.find_first_not_of(' '))).lexically_normal().string();
    if (absolute.starts_with(build_dir + '/')) continue;
    const bool in_tree = absolute.starts_with(tree + '/');
    auto path = in_tree ? absolute.substr(tree.size() + 1) : absolute;
    (in_tree && path.ends_with(".cpp") ? sources : headers).push_back(std::move(path));
  }
  finish_object();
  return all;
}

std::vector<Finding> judge_declarations(const Folders& folders) {
  std::vector<Finding> findings;
  for (const auto& [name, folder] : folders) {
    const auto list = folder.path + "/CMakeLists.txt";
    for (const auto& depends : folder.depends) {
      const auto target = folders.find(depends);
      if (target == folders.end()) {
        findings.push_back({list, "undeclared", name + " names " + depends + ", which is no folder of this build"});
      } else if (looks_up(floor_of(name, folder), floor_of(depends, target->second))) {
        findings.push_back({list, "floor", name + " may not stand on " + depends});
      } else if (reachable(depends, folders).contains(name)) {
        findings.push_back({list, "floor", name + " and " + depends + " stand on each other"});
      }
    }
  }
  return findings;
}

std::vector<Finding> judge_source(const Compiled& compiled, const Folders& folders) {
  const auto viewer = viewer_of(compiled.source, folders);
  if (viewer.folder.empty()) return {};
  std::vector<Finding> findings;
  std::set<std::pair<std::string, std::string>> told;  // one header for each law and folder is enough to read
  for (const auto& header : compiled.headers) {
    const auto target = header.starts_with('/') ? std::string() : folder_of(header, folders);
    const auto breach = [&](std::string_view law, std::string text) {
      if (told.emplace(law, target).second) findings.push_back({compiled.source, std::string(law), std::move(text)});
    };
    if (!target.empty()) {
      judge_folder(viewer, target, folders.find(target)->second, header, breach);
    } else {
      judge_system_header(viewer, header, breach);
    }
  }
  return findings;
}

std::vector<std::string> floor_laws() {
  std::vector<std::string> laws = {"floor", "undeclared", "lean"};
  for (const auto& library : libraries()) laws.emplace_back(library.law);
  return laws;
}

}  // namespace ghostnet::house
