#include "command.hpp"

#include <fstream>
#include <sstream>

#include "ghostnet/build_info.hpp"

namespace ghostnet::cli {

int worse(int a, int b) {
  auto rank = [](int code) {
    switch (code) {
      case kInterrupted: return 4;
      case kInternal: return 3;
      case kBadInput: return 2;
      case kFailed: return 1;
      default: return 0;
    }
  };
  return rank(a) >= rank(b) ? a : b;
}

int exit_code_of(const Error& error) { return error.code() == Errc::internal ? kInternal : kBadInput; }

std::filesystem::path Program::beside(const std::filesystem::path& relative) const {
  return (executable.parent_path() / relative).lexically_normal();
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return fail(Errc::not_found, "there is no such file");
  if (!std::filesystem::is_regular_file(path, error)) return fail(Errc::invalid_argument, "not a file");
  std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return fail(Errc::permission, "{}", error.message());
  if (size > max_bytes) return fail(Errc::limit, "too large: {} bytes, at most {}", size, max_bytes);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(Errc::permission, "cannot be read");
  return std::move(text).str();
}

Result<scenarios::MakeSimWorld> sim_module(const Program& program) {
  std::filesystem::path module = program.beside(build_info::module_dir()) / "ghostnet_sim.so";
  return scenarios::load_sim_module(module.string());
}

}  // namespace ghostnet::cli
