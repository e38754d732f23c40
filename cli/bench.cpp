#include "bench.hpp"

#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "ghostnet/runtime/suggest.hpp"
#include "report.hpp"

namespace ghostnet::cli {

namespace {

constexpr std::string_view kSuffix = "_bench";

// Benchmarks are programs of their own, so that none disturbs another and the rivals' libraries stay out of this one.
std::vector<std::string> known_benches(const Program& program) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(program.executable.parent_path(), error)) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    name.resize(name.size() - kSuffix.size());
    std::ranges::replace(name, '_', '-');
    names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

// The exit code, and what the program printed when `output` is given.
int run_bench(const Program& program, std::string name, std::string* output) {
  std::ranges::replace(name, '-', '_');
  std::string path = program.beside(name + std::string(kSuffix)).string();
  std::fflush(nullptr);
  int ends[2] = {-1, -1};
  if (output != nullptr && pipe(ends) != 0) return kInternal;
  pid_t child = fork();
  if (child == 0) {
    if (output != nullptr) dup2(ends[1], STDOUT_FILENO);
    execl(path.c_str(), path.c_str(), output != nullptr ? "--json" : nullptr, nullptr);
    std::_Exit(kInternal);
  }
  if (output != nullptr) {
    close(ends[1]);
    char buffer[4096];
    for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
      output->append(buffer, static_cast<std::size_t>(got));
    close(ends[0]);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kInternal;
}

}  // namespace

int bench(const std::vector<std::string>& names, bool json, const Program& program) {
  std::vector<std::string> known = known_benches(program);
  std::vector<std::string_view> views(known.begin(), known.end());
  int exit_code = kOk;
  nlohmann::json all = nlohmann::json::array();
  for (const std::string& name : names.empty() ? known : names) {
    if (std::ranges::find(known, name) == known.end()) {
      std::string way_out = suggestion(name, views);
      if (known.empty()) way_out = "; build them with `./ghostnet bench`, where Google Benchmark is installed";
      if (way_out.empty()) way_out = fmt::format("; there are {}", fmt::join(known, ", "));
      return refuse({Errc::not_found, "there is no benchmark '{}'{}", name, way_out}, json);
    }
    std::string output;
    exit_code = worse(exit_code, run_bench(program, name, json ? &output : nullptr));
    nlohmann::json rows = nlohmann::json::parse(output, nullptr, false);
    if (rows.is_array()) all.insert(all.end(), rows.begin(), rows.end());
  }
  if (json) fmt::print("{}\n", all.dump(2));
  return exit_code;
}

}  // namespace ghostnet::cli
