#include "ghostnet/scenarios/host_logs.hpp"

#include <filesystem>
#include <utility>

namespace ghostnet::scenarios {

Result<std::unique_ptr<HostLogs>> HostLogs::open(const std::string& directory, LogSink& next, LogLevel next_level) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error || !std::filesystem::is_directory(directory, error)) {
    return fail(Errc::permission, "record.logs: making the directory {}: {}", directory,
                error ? error.message() : "something else has its name");
  }
  return std::unique_ptr<HostLogs>(new HostLogs(directory, next, next_level));
}

HostLogs::~HostLogs() { close_all(); }

void HostLogs::close_all() {
  for (const auto& [host, file] : files_) std::fclose(file);
  files_.clear();
}

void HostLogs::write(const LogRecord& record) {
  if (record.level >= next_level_) next_.write(record);
  std::FILE* file = file_of(record.host);
  if (file != nullptr) {
    TextLogSink(file).write(record);
    return;
  }
  if (std::exchange(failed_, true)) return;
  const std::string text = fmt::format("record.logs: files in {} cannot be written", directory_);
  next_.write({.time = record.time, .host = kNoHost, .level = LogLevel::error, .component = {}, .text = text});
}

std::FILE* HostLogs::file_of(HostId host) {
  if (const auto open = files_.find(host); open != files_.end()) return open->second;
  if (files_.size() >= kMaxOpen) close_all();
  const std::string name = host == kNoHost ? "world" : fmt::format("host-{}", host);
  std::FILE* file =
      std::fopen(fmt::format("{}/{}.log", directory_, name).c_str(), begun_.insert(host).second ? "w" : "a");
  if (file != nullptr) files_.emplace(host, file);
  return file;
}

}  // namespace ghostnet::scenarios
