// Diagnostic: one thing that is wrong with a scenario, and where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <fmt/core.h>

namespace ghostnet::scenarios {

// Lines and columns count from 1; 0: the whole file. `file` is a number of SourceFiles.
struct Position {
  std::size_t line = 0;
  std::size_t column = 0;
  std::uint32_t file = 0;
};

struct Diagnostic {
  std::string file;
  Position at;
  std::string key;  // the path to it, "workload[2].rate"; empty: the document
  std::string message;

  // "file.yaml:12:7: workload[2].rate: ...", as compilers write it.
  std::string to_string() const {
    std::string where = at.line == 0 ? file : fmt::format("{}:{}:{}", file, at.line, at.column);
    return key.empty() ? fmt::format("{}: {}", where, message) : fmt::format("{}: {}: {}", where, key, message);
  }
};

}  // namespace ghostnet::scenarios
