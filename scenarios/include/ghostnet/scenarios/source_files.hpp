// SourceFiles: the files of which a scenario is made, and the tree that they make together.
//
//   include: base.yaml            or a list
//
// What a file includes comes first, then what it says itself: mappings are joined key by key, everything else is
// replaced. Files are named from the directory of the file that names them. A file that includes itself, by whatever
// way, is refused; number, depth and bytes are bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/result.hpp"
#include "ghostnet/scenarios/diagnostic.hpp"
#include "ghostnet/scenarios/document.hpp"

namespace ghostnet::scenarios {

// Of a file or of a pipe. Errors: not_found, invalid_argument when it is neither, permission, limit.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);
// The same, with the file named in the messages.
using ReadFile = std::function<Result<std::string>(const std::string& path, std::size_t max_bytes)>;
Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes);

// Tells one content from another (FNV-1a, 64 bits).
std::uint64_t digest_of(std::string_view text);

class SourceFiles {
 public:
  static constexpr std::size_t kMaxFiles = 64;
  static constexpr std::size_t kMaxDepth = 8;  // of includes

  // `read` outlives it.
  explicit SourceFiles(const ReadFile& read) : read_(read) {}

  const std::vector<std::string>& names() const { return names_; }
  // Of their contents, in the same order.
  const std::vector<std::uint64_t>& digests() const { return digests_; }
  const std::string& name(Position at) const { return names_[at.file < names_.size() ? at.file : 0]; }

  // The tree of the first file, of which the text is there already, and of all that it includes.
  std::expected<Node, Diagnostic> load(std::string_view text, const std::string& file);
  // The tree of a further file, named at `named` in another, without includes.
  std::expected<Node, Diagnostic> load_named(std::string_view path, Position named, const std::string& key);

  struct Text {
    std::string text;
    std::uint32_t file;
  };
  // A further file that is not YAML.
  std::expected<Text, Diagnostic> read_named(std::string_view path, Position named, const std::string& key);

 private:
  std::expected<Node, Diagnostic> parse(std::string_view text, std::uint32_t file);
  std::expected<Node, Diagnostic> with_includes(Node own, std::vector<std::uint32_t>& chain);
  std::string beside(Position named, std::string_view path) const;
  Diagnostic wrong(Position at, std::string key, std::string message) const;

  const ReadFile& read_;
  std::vector<std::string> names_;
  std::vector<std::uint64_t> digests_;
};

// Lays `over` on `under`.
void merge(Node& under, Node over);

}  // namespace ghostnet::scenarios
