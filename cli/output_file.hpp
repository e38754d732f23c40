// OutputFile: a file that is written as a whole or not at all; a device or pipe, in place; or standard output.
//
// Until finish() the bytes stand in NAME.partial, which is gone again after any failure. A symbolic link is followed,
// and stays.
#pragma once

#include <cstdio>
#include <string>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::cli {

class OutputFile {
 public:
  // Empty: standard output.
  explicit OutputFile(std::string path) : path_(std::move(path)) {}
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Errors: invalid_argument (a directory), and those of the system.
  Result<> open();
  Result<> write(ByteView bytes);
  Result<> finish();

 private:
  Error error() const;

  std::string path_;
  std::string target_;   // what a link leads to
  std::string partial_;  // empty: written in place
  std::FILE* file_ = nullptr;
};

// Whether `path` could be written, as far as can be said without touching it. Errors: as open().
Result<> check_writable(const std::string& path);

}  // namespace ghostnet::cli
