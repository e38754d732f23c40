#include "capture_files.hpp"

#include <cerrno>
#include <utility>

namespace ghostnet::cli {

Error CaptureFiles::File::error() const { return error_from_errno(errno, fmt::format("--pcap: writing {}", path)); }

Result<> CaptureFiles::open(const std::string& directory, sim::World& world) {
  if (world.host_count() > kMaxFiles) {
    return fail(Errc::limit, "--pcap: {} hosts, and a file for each; at most {}", world.host_count(), kMaxFiles);
  }
  for (HostId id = 0; id < world.host_count(); ++id) {
    std::string path = fmt::format("{}/{}.pcapng", directory, world.host(id).name());
    std::FILE* open = std::fopen(path.c_str(), "wb");
    if (open == nullptr) return fail(error_from_errno(errno, fmt::format("--pcap: opening {}", path)));
    const File& file = *files_.emplace_back(std::make_unique<File>(open, std::move(path)));
    Result<> captured = world.capture(id, [&file](ByteView bytes) -> Result<> {
      // What hosts send while they are taken down is no part of the run.
      if (file.handle == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), file.handle) == bytes.size()) return {};
      return fail(file.error());
    });
    if (!captured) return captured;
  }
  return {};
}

Result<> CaptureFiles::close() {
  Result<> closed;
  for (const std::unique_ptr<File>& file : files_) {
    if (file->handle == nullptr || std::fclose(std::exchange(file->handle, nullptr)) == 0 || !closed) continue;
    closed = fail(file->error());
  }
  return closed;
}

}  // namespace ghostnet::cli
