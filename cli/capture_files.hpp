// CaptureFiles: the captures of one run, a pcapng file for each host.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/sim/world.hpp"

namespace ghostnet::cli {

class CaptureFiles {
 public:
  static constexpr std::size_t kMaxFiles = 1000;

  CaptureFiles() = default;
  ~CaptureFiles() { static_cast<void>(close()); }
  CaptureFiles(const CaptureFiles&) = delete;
  CaptureFiles& operator=(const CaptureFiles&) = delete;

  Result<> open(const std::string& directory, sim::World& world);
  // What could not be written: the first of them.
  Result<> close();

 private:
  struct File {
    std::FILE* handle;  // null: closed
    std::string path;
    Error error() const;
  };

  std::vector<std::unique_ptr<File>> files_;  // the world's captures know where they are
};

}  // namespace ghostnet::cli
