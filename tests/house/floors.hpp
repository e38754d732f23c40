// The floors of the house: which headers a source may reach, judged by what the compiler really read.
//
// Include roots alone do not keep the floors (a parent path or a system header gets past them), so the judge reads the
// dependency lists that the compiler wrote. The laws:
//
//   floor        an arrow between folders points down: runtime < crypto, link, capture < the other protocols
//                < sim, realnet, results < scenarios < cli, gui; only protocols may stand on others of their own floor
//   undeclared   a folder reaches only the folders that its CMakeLists.txt names, and what those stand on
//   ns-3, asio, sockets, qt, sqlite, yaml
//                only the one folder made for it reaches that library
//   lean         runtime, link and capture stand on the standard library and fmt alone
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ghostnet::house {

// Where the tree keeps offenders for the tests.
inline constexpr std::string_view kPlanted = "tests/house/planted/";

// One breach of one law.
struct Finding {
  std::string file;  // relative to the tree
  std::string law;
  std::string text;  // what is wrong, and where
};

// A folder with the folders that its CMakeLists.txt declares.
struct Folder {
  std::string path;  // protocols/link
  std::vector<std::string> depends;
};
using Folders = std::map<std::string, Folder, std::less<>>;  // by name: link

// A source and every header that the compiler read for it; paths in the tree are relative to it, others absolute. Where
// the build joins sources of a folder, each has the headers of all of them.
struct Compiled {
  std::string source;
  std::vector<std::string> headers;
};

// The lines "name path depends..." that the build wrote.
Folders parse_folders(std::string_view text);

// The output of `ninja -t deps` in build_dir; sources that are no longer in the tree are left out.
std::vector<Compiled> parse_ninja_deps(std::string_view text, const std::string& build_dir, const std::string& tree);

// Breaches in what the CMakeLists.txt declare.
std::vector<Finding> judge_declarations(const Folders& folders);

// Breaches in what one source reached. Files under tests/house/planted/ are judged as if that were the tree.
std::vector<Finding> judge_source(const Compiled& compiled, const Folders& folders);

// The names of all laws above.
std::vector<std::string> floor_laws();

}  // namespace ghostnet::house
