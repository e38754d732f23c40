// GoPeer: a rival that is written in Go: the program in a folder beside this file, its modules pinned there, built when
// it is first needed and run in a process of its own.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace ghostnet::bench {

class GoPeer {
 public:
  // Built into a directory that goes with this object; `missing` says why it is not there.
  explicit GoPeer(const std::string& folder) : missing("the Go modules of " + folder + " cannot be had") {
    char path[] = "/tmp/ghostnet-go-XXXXXX";
    if (::mkdtemp(path) == nullptr) return;
    directory_ = path;
    if (std::system("command -v go > /dev/null 2>&1") != 0) {
      missing = "Go is not installed";
      return;
    }
    const std::string build =
        "cd '" GHOSTNET_BENCH_SOURCES "/" + folder + "' && go build -o " + this->path() + " . > /dev/null 2>&1";
    if (std::system(build.c_str()) == 0) missing.clear();
  }
  GoPeer(const GoPeer&) = delete;
  ~GoPeer() {
    if (directory_.empty()) return;
    ::unlink(path().c_str());
    ::rmdir(directory_.c_str());
  }

  std::string path() const { return directory_ + "/peer"; }

  // Runs it to its end; the figure that it prints. 0: it failed.
  double figure(const std::string& words) const {
    std::FILE* const said = ::popen((path() + " " + words).c_str(), "r");
    if (said == nullptr) return 0;
    double value = 0;
    const bool read = std::fscanf(said, "%lf", &value) == 1;
    return ::pclose(said) == 0 && read ? value : 0;
  }

  std::string missing;

 private:
  std::string directory_;
};

}  // namespace ghostnet::bench
