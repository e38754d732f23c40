#include "gui.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ghostnet::cli {

int gui(const std::vector<std::string>& words, const Program& program) {
  const std::string path = program.beside("ghostnet-gui").string();
  std::vector<std::string> owned = words;
  owned.insert(owned.begin(), "ghostnet gui");  // which its help says, too
  std::vector<char*> arguments;
  for (std::string& word : owned) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(path.c_str(), arguments.data());
  if (errno == ENOENT) {
    fmt::print(
        stderr,
        "ghostnet: the visualizer is not built here, since Qt 6 was missing. In the source tree `./ghostnet gui` "
        "installs it (qt6-base-dev) and builds the visualizer\n");
    return kBadInput;
  }
  fmt::print(stderr, "ghostnet: {}: {}\n", path, std::strerror(errno));
  return kInternal;
}

}  // namespace ghostnet::cli
