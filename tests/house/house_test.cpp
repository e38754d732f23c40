// The tests floors and tidy: the tree keeps the laws of floors.hpp and tidy.hpp, and the planted offenders are caught.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "floors.hpp"
#include "tidy.hpp"

namespace ghostnet::house::house_test {
namespace {

namespace fs = std::filesystem;
using Laws = std::set<std::string>;

const fs::path kTree = HOUSE_TREE;
constexpr std::uintmax_t kLargestTextBytes = 1 << 20;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

const Folders& folders() {
  static const Folders all = parse_folders(read(HOUSE_FOLDERS));
  return all;
}

// What the compiler read for every source of this build.
const std::vector<Compiled>& compiled() {
  static const auto all = [] {
    std::string text;
    FILE* ninja = popen("'" HOUSE_NINJA "' -C '" HOUSE_BUILD "' -t deps", "r");
    EXPECT_NE(ninja, nullptr);
    char chunk[1 << 16];
    for (std::size_t n = 0; (n = std::fread(chunk, 1, sizeof(chunk), ninja)) > 0;) text.append(chunk, n);
    EXPECT_EQ(pclose(ninja), 0);
    return parse_ninja_deps(text, HOUSE_BUILD, HOUSE_TREE);
  }();
  return all;
}

// Every file of the tree, relative to it, in order; neither builds nor what a version control keeps.
std::vector<std::string> files_of_the_tree() {
  std::vector<std::string> files;
  for (auto at = fs::recursive_directory_iterator(kTree); at != fs::end(at); ++at) {
    const auto name = at->path().filename().string();
    if (at->is_directory() && (name == ".git" || name == "build" || fs::exists(at->path() / "CMakeCache.txt"))) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file() && name != ".git") {  // which is a file in a work tree of its own
      files.push_back(at->path().lexically_relative(kTree).generic_string());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::set<std::string, std::less<>> long_files() {
  std::set<std::string, std::less<>> paths;
  std::istringstream lines(read(kTree / "tests/house/long_files.txt"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string path;
    std::string reason;
    if (!(words >> path) || path.starts_with('#')) continue;
    EXPECT_TRUE(words >> reason) << path << " may be long, and the list does not say why";
    paths.insert(path);
  }
  return paths;
}

std::string to_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const auto& finding : findings) text += finding.file + ": [" + finding.law + "] " + finding.text + "\n";
  return text;
}

Laws laws_of(const std::vector<Finding>& findings) {
  Laws laws;
  for (const auto& finding : findings) laws.insert(finding.law);
  return laws;
}

// The laws after "// expect: " in the first line.
Laws expected_of(const std::string& text) {
  constexpr std::string_view kMark = "// expect: ";
  EXPECT_TRUE(text.starts_with(kMark));
  std::istringstream words(text.substr(kMark.size(), text.find('\n') - kMark.size()));
  Laws laws;
  for (std::string law; std::getline(words >> std::ws, law, ',');) {
    if (law != "nothing") laws.insert(law);
  }
  return laws;
}

// A text that breaks one of the laws that no planted file can break without breaking them in the tree.
std::string machine_path() { return std::string("see /ro") + "ot/notes.txt\n"; }
std::string registry_host() { return std::string("deb http://deb.debian") + ".org/debian bookworm\n"; }

TEST(floors, DeclarationsPointDown) {
  EXPECT_GE(folders().size(), 3U);
  EXPECT_EQ(to_text(judge_declarations(folders())), "");
}

TEST(floors, SourcesReachOnlyWhatTheirFolderMay) {
  std::vector<Finding> findings;
  for (const auto& source : compiled()) {
    if (source.source.starts_with(kPlanted)) continue;
    const auto more = judge_source(source, folders());
    findings.insert(findings.end(), more.begin(), more.end());
  }
  EXPECT_EQ(to_text(findings), "");
}

TEST(floors, EverySourceOfEveryFolderWasJudged) {
  Laws judged;
  std::string missing;
  for (const auto& source : compiled()) judged.insert(source.source);
  for (const auto& [name, folder] : folders()) {
    for (const auto& entry : fs::directory_iterator(kTree / folder.path)) {
      if (entry.path().extension() != ".cpp") continue;
      const auto path = entry.path().lexically_relative(kTree).generic_string();
      if (!judged.contains(path)) missing += path + "\n";
    }
  }
  EXPECT_EQ(missing, "") << "these were not compiled in this build: build all, then test";
}

TEST(floors, EachPlantedOffenderIsCaught) {
  Laws caught;
  int offenders = 0;
  for (const auto& source : compiled()) {
    if (!source.source.starts_with(kPlanted)) continue;
    ++offenders;
    const auto text = read(kTree / source.source);
    auto findings = judge_source(source, folders());
    const auto more = judge_text(source.source, text, {});
    findings.insert(findings.end(), more.begin(), more.end());
    EXPECT_EQ(laws_of(findings), expected_of(text)) << source.source << "\n" << to_text(findings);
    caught.merge(laws_of(findings));
  }
  EXPECT_GE(offenders, 20);
  for (const auto& law : floor_laws()) {
    const bool needs_its_library = law == "ns-3" || law == "asio";
    EXPECT_TRUE(caught.contains(law) || needs_its_library) << "nothing planted breaks the law " << law;
  }
}

TEST(floors, JoinedSourcesAreJudgedOneByOne) {
  const std::string text =
      "joined.o: #deps 4, deps mtime 1 (VALID)\n    joined.cxx\n    ../../tests/house/floors.cpp\n"
      "    ../../tests/house/tidy.cpp\n    /usr/include/errno.h\n\n"
      "alone.o: #deps 2, deps mtime 1 (VALID)\n    ../../tests/house/house_test.cpp\n    ../../tests/house/gone.cpp\n";
  std::map<std::string, std::vector<std::string>> headers;
  for (const Compiled& one : parse_ninja_deps(text, (kTree / "build/any").string(), kTree.string())) {
    headers[one.source] = one.headers;
  }
  const std::map<std::string, std::vector<std::string>> expected = {
      {"tests/house/floors.cpp", {"/usr/include/errno.h"}},
      {"tests/house/tidy.cpp", {"/usr/include/errno.h"}},
      {"tests/house/house_test.cpp", {}}};
  EXPECT_EQ(headers, expected);
}

TEST(floors, DeclarationsThatPointUpOrInACircleAreCaught) {
  const auto laws = [](std::string_view text) { return laws_of(judge_declarations(parse_folders(text))); };
  EXPECT_EQ(laws("runtime protocols/runtime\nlink protocols/link runtime\n"), Laws{});
  EXPECT_EQ(laws("runtime protocols/runtime link\nlink protocols/link\n"), Laws{"floor"});
  EXPECT_EQ(laws("link protocols/link capture\ncapture protocols/capture\n"), Laws{"floor"});
  EXPECT_EQ(laws("sim sim realnet\nrealnet realnet\n"), Laws{"floor"});
  EXPECT_EQ(laws("tls protocols/tls\nquic protocols/quic tls\n"), Laws{});
  EXPECT_EQ(laws("tls protocols/tls quic\nquic protocols/quic tls\n"), Laws{"floor"});
  EXPECT_EQ(laws("tls protocols/tls elsewhere\n"), Laws{"undeclared"});
}

TEST(floors, UnitTestsSeeTheFloorsBelowTheirFolder) {
  const auto all =
      parse_folders("runtime protocols/runtime\necho protocols/echo runtime\nsim sim runtime\nrealnet realnet\n");
  const auto laws = [&](std::string source, std::string header) {
    return laws_of(judge_source({std::move(source), {std::move(header)}}, all));
  };
  EXPECT_EQ(laws("tests/unit/realnet/a_test.cpp", "protocols/echo/include/ghostnet/echo/echo.hpp"), Laws{});
  EXPECT_EQ(laws("tests/unit/realnet/a_test.cpp", "sim/include/ghostnet/sim/fabric.hpp"), Laws{"floor"});
  EXPECT_EQ(laws("tests/unit/echo/a_test.cpp", "sim/include/ghostnet/sim/fabric.hpp"), Laws{"floor"});
  EXPECT_EQ(laws("tests/unit/echo/a_test.cpp", "/usr/include/sys/socket.h"), Laws{"sockets"});
  EXPECT_EQ(laws("tests/bench/a_bench.cpp", "sim/include/ghostnet/sim/fabric.hpp"), Laws{});
}

TEST(tidy, TheTreeIsTidy) {
  const auto may_be_long = long_files();
  std::vector<Finding> findings;
  int judged = 0;
  for (const auto& path : files_of_the_tree()) {
    if (path.starts_with(kPlanted) || path.starts_with("tests/fuzz/corpus/")) continue;
    if (fs::file_size(kTree / path) > kLargestTextBytes) continue;
    const auto text = read(kTree / path);
    if (text.find('\0') != std::string::npos) continue;
    ++judged;
    const auto more = judge_text(path, text, may_be_long);
    findings.insert(findings.end(), more.begin(), more.end());
  }
  EXPECT_GE(judged, 50);
  EXPECT_EQ(to_text(findings), "");
}

TEST(tidy, TheListOfLongFilesHoldsNoOthers) {
  for (const auto& path : long_files()) {
    ASSERT_TRUE(fs::exists(kTree / path)) << path;
    EXPECT_TRUE(laws_of(judge_text(path, read(kTree / path), {})).contains("long-file")) << path << " is short by now";
  }
}

TEST(tidy, EveryBenchmarkStandsOnItsPage) {
  const std::string page = read(kTree / "docs/benchmarks.md");
  constexpr std::string_view kEnding = "_bench.cpp";
  int benches = 0;
  for (const auto& file : fs::directory_iterator(kTree / "tests/bench")) {
    std::string name = file.path().filename().string();
    if (!name.ends_with(kEnding)) continue;
    name.resize(name.size() - kEnding.size());
    std::ranges::replace(name, '_', '-');
    EXPECT_NE(page.find("\n| `" + name + "` |"), std::string::npos) << name << " is not in the table of benchmarks";
    ++benches;
  }
  EXPECT_GT(benches, 0);
}

TEST(tidy, EveryLawIsBrokenByAPlantedFileOrText) {
  Laws broken = laws_of(judge_text("sim/long.cpp", std::string(601, '\n'), {}));
  EXPECT_EQ(broken, Laws{"long-file"});
  EXPECT_EQ(laws_of(judge_text("sim/long.cpp", std::string(601, '\n'), {"sim/long.cpp"})), Laws{});
  EXPECT_EQ(laws_of(judge_text("sim/long.cpp", std::string(600, '\n'), {})), Laws{});
  EXPECT_EQ(laws_of(judge_text("docs/a.md", machine_path(), {})), Laws{"machine-path"});
  EXPECT_EQ(laws_of(judge_text("docs/a.md", registry_host(), {})), Laws{"registry-host"});
  broken.merge(Laws{"machine-path", "registry-host"});
  for (const auto& entry : fs::recursive_directory_iterator(kTree / kPlanted)) {
    if (entry.path().extension() != ".cpp") continue;
    const auto path = entry.path().lexically_relative(kTree).generic_string();
    broken.merge(laws_of(judge_text(path, read(entry.path()), {})));
  }
  const auto laws = tidy_laws();
  EXPECT_EQ(broken, Laws(laws.begin(), laws.end()));
}

TEST(tidy, CommentsAndLiteralsAreBlanked) {
  EXPECT_EQ(without_comments_and_literals("a; // b\nc"), "a;     \nc");
  EXPECT_EQ(without_comments_and_literals("a /* b\nc */ d"), "a     \n     d");
  EXPECT_EQ(without_comments_and_literals(R"(f("x\"y", 'z'))"), R"(f("    ", ' '))");
  EXPECT_EQ(without_comments_and_literals("1'000'000"), "1'000'000");
  EXPECT_EQ(without_comments_and_literals("R\"x(rand(\n))x\";"), "         \n    ;");
}

}  // namespace
}  // namespace ghostnet::house::house_test
