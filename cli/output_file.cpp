#include "output_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace ghostnet::cli {

namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;

// A file is replaced; everything else that has a name is written to.
bool is_in_place(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return path.starts_with("/dev/") || (fs::exists(status) && !fs::is_regular_file(status));
}

std::string end_of_links(const std::string& path) {
  std::error_code error;
  fs::path target = path;
  for (int i = 0; i < kMaxLinks && fs::is_symlink(fs::symlink_status(target, error)); ++i) {
    target = target.parent_path() / fs::read_symlink(target, error);
  }
  return target.string();
}

Error writing(int error, const std::string& path) { return error_from_errno(error, fmt::format("writing {}", path)); }

}  // namespace

OutputFile::~OutputFile() {
  if (file_ != nullptr) std::fclose(file_);
  if (!partial_.empty()) std::remove(partial_.c_str());
}

Error OutputFile::error() const { return writing(errno, path_.empty() ? "standard output" : path_); }

Result<> OutputFile::open() {
  if (path_.empty()) return {};
  std::error_code unseen;
  if (fs::is_directory(path_, unseen)) return fail(writing(EISDIR, path_));
  target_ = is_in_place(path_) ? path_ : end_of_links(path_);
  const std::string name = is_in_place(path_) ? path_ : target_ + ".partial";
  file_ = std::fopen(name.c_str(), "wb");
  if (file_ == nullptr) return fail(error());
  if (name != target_) partial_ = name;
  return {};
}

Result<> OutputFile::write(ByteView bytes) {
  std::FILE* out = file_ != nullptr ? file_ : stdout;
  if (std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size()) return {};
  return fail(error());
}

Result<> OutputFile::finish() {
  if (file_ == nullptr) return std::fflush(stdout) == 0 ? Result<>{} : fail(error());
  if (std::fclose(std::exchange(file_, nullptr)) != 0) return fail(error());
  if (partial_.empty()) return {};
  if (std::rename(partial_.c_str(), target_.c_str()) != 0) return fail(error());
  partial_.clear();
  return {};
}

Result<> check_writable(const std::string& path) {
  std::error_code unseen;
  if (fs::is_directory(path, unseen)) return fail(writing(EISDIR, path));
  if (is_in_place(path)) return ::access(path.c_str(), W_OK) == 0 ? Result<>{} : fail(writing(errno, path));
  const std::string folder = fs::absolute(end_of_links(path), unseen).parent_path().string();
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return fail(writing(errno, path));
  return fs::is_directory(folder, unseen) ? Result<>{} : fail(writing(ENOTDIR, path));
}

}  // namespace ghostnet::cli
