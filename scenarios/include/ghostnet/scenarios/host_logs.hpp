// HostLogs: the log of each host in a file of its own, beside what goes to the program's sink.
//
// Files are DIR/host-N.log, made anew when the run begins; lines that concern no host are in DIR/world.log. At most
// kMaxOpen are open at once. A file that cannot be written is left alone, and said once to the program's sink.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "ghostnet/runtime/log.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::scenarios {

class HostLogs final : public LogSink {
 public:
  static constexpr std::size_t kMaxOpen = 256;

  // Makes the directory. `next` gets the lines of `next_level` and above; it outlives this. Errors: those of the
  // system.
  static Result<std::unique_ptr<HostLogs>> open(const std::string& directory, LogSink& next, LogLevel next_level);
  ~HostLogs() override;
  HostLogs(const HostLogs&) = delete;
  HostLogs& operator=(const HostLogs&) = delete;

  void write(const LogRecord& record) override;

 private:
  HostLogs(std::string directory, LogSink& next, LogLevel next_level)
      : directory_(std::move(directory)), next_(next), next_level_(next_level) {}

  std::FILE* file_of(HostId host);
  void close_all();

  std::string directory_;
  LogSink& next_;
  LogLevel next_level_;
  std::map<HostId, std::FILE*> files_;
  std::set<HostId> begun_;  // so that a file is made anew once
  bool failed_ = false;
};

}  // namespace ghostnet::scenarios
