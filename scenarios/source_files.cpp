#include "ghostnet/scenarios/source_files.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

namespace ghostnet::scenarios {

namespace {

constexpr std::string_view kInclude = "include";

void stamp(Node& node, std::uint32_t file) {
  node.at.file = file;
  for (Node& item : node.items) stamp(item, file);
}

// Takes a key out of a mapping.
std::optional<Node> take(Node& mapping, std::string_view key) {
  for (std::size_t i = 0; i < mapping.size() && mapping.is_mapping(); ++i) {
    if (mapping.key(i).text != key) continue;
    Node value = std::move(mapping.items[2 * i + 1]);
    mapping.items.erase(mapping.items.begin() + static_cast<std::ptrdiff_t>(2 * i),
                        mapping.items.begin() + static_cast<std::ptrdiff_t>(2 * i + 2));
    return value;
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return fail(Errc::not_found, "there is no such file");
  if (status.type() == fs::file_type::none) return fail(Errc::permission, "{}", error.message());
  if (fs::is_directory(status)) return fail(Errc::invalid_argument, "a directory, not a file");
  // What a shell gives for <(command) is a pipe.
  if (!fs::is_regular_file(status) && !fs::is_fifo(status)) return fail(Errc::invalid_argument, "not a file");
  std::ifstream file(path, std::ios::binary);
  std::string text;
  char buffer[65'536];
  while (file.read(buffer, sizeof buffer) || file.gcount() != 0) {
    text.append(buffer, static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_bytes) return fail(Errc::limit, "too large: more than {} bytes", max_bytes);
  }
  if (!file.is_open() || file.bad()) return fail(Errc::permission, "cannot be read");
  return text;
}

Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes) {
  Result<std::string> text = read_file(path, max_bytes);
  if (!text) return fail(text.error().code(), "{}: {}", path, text.error().message());
  return text;
}

std::uint64_t digest_of(std::string_view text) {
  constexpr std::uint64_t kBasis = 0xcbf29ce484222325, kPrime = 0x100000001b3;
  std::uint64_t digest = kBasis;
  for (const char c : text) digest = (digest ^ static_cast<unsigned char>(c)) * kPrime;
  return digest;
}

void merge(Node& under, Node over) {
  if (over.is_null()) return;
  if (!under.is_mapping() || !over.is_mapping()) {
    under = std::move(over);
    return;
  }
  under.at = over.at;
  for (std::size_t i = 0; i < over.size(); ++i) {
    Node& key = over.items[2 * i];
    Node& value = over.items[2 * i + 1];
    if (Node* known = under.find(key.text)) {
      merge(*known, std::move(value));
    } else {
      under.items.push_back(std::move(key));
      under.items.push_back(std::move(value));
    }
  }
}

Diagnostic SourceFiles::wrong(Position at, std::string key, std::string message) const {
  return {.file = name(at), .at = at, .key = std::move(key), .message = std::move(message)};
}

std::string SourceFiles::beside(Position named, std::string_view path) const {
  return (std::filesystem::path(name(named)).parent_path() / path).lexically_normal().string();
}

std::expected<Node, Diagnostic> SourceFiles::parse(std::string_view text, std::uint32_t file) {
  std::expected<Node, Diagnostic> root = parse_document(text, names_[file]);
  if (root) stamp(*root, file);
  return root;
}

std::expected<Node, Diagnostic> SourceFiles::load(std::string_view text, const std::string& file) {
  names_.push_back(file);
  digests_.push_back(digest_of(text));
  std::expected<Node, Diagnostic> own = parse(text, 0);
  if (!own) return own;
  std::vector<std::uint32_t> chain{0};
  return with_includes(std::move(*own), chain);
}

std::expected<SourceFiles::Text, Diagnostic> SourceFiles::read_named(std::string_view path, Position named,
                                                                     const std::string& key) {
  if (path.empty()) return std::unexpected(wrong(named, key, "expected the name of a file"));
  if (names_.size() >= kMaxFiles) {
    return std::unexpected(wrong(named, key, fmt::format("more than {} files in all", kMaxFiles)));
  }
  std::string full = beside(named, path);
  Result<std::string> text = read_(full, DocumentLimits{}.max_bytes);
  if (!text) return std::unexpected(wrong(named, key, std::string(text.error().message())));
  names_.push_back(std::move(full));
  digests_.push_back(digest_of(*text));
  return Text{std::move(*text), static_cast<std::uint32_t>(names_.size() - 1)};
}

std::expected<Node, Diagnostic> SourceFiles::load_named(std::string_view path, Position named, const std::string& key) {
  std::expected<Text, Diagnostic> text = read_named(path, named, key);
  if (!text) return std::unexpected(std::move(text).error());
  return parse(text->text, text->file);
}

std::expected<Node, Diagnostic> SourceFiles::with_includes(Node own, std::vector<std::uint32_t>& chain) {
  std::optional<Node> include = take(own, kInclude);
  if (!include || include->is_null()) return own;
  std::vector<Node> files;
  if (include->is_sequence()) {
    files = std::move(include->items);
  } else {
    files.push_back(std::move(*include));
  }
  Node whole{.kind = Node::Kind::mapping, .at = own.at, .text = {}, .items = {}};
  for (const Node& file : files) {
    if (!file.is_scalar()) {
      return std::unexpected(
          wrong(file.at, "include", fmt::format("expected the name of a file, found {}", file.what())));
    }
    const std::string path = beside(file.at, file.text);
    for (std::uint32_t open : chain) {
      if (std::filesystem::path(names_[open]).lexically_normal() != std::filesystem::path(path)) continue;
      return std::unexpected(wrong(file.at, "include", fmt::format("{} includes itself, by this line", path)));
    }
    if (chain.size() > kMaxDepth) {
      return std::unexpected(
          wrong(file.at, "include", fmt::format("files include others more than {} deep", kMaxDepth)));
    }
    std::expected<Node, Diagnostic> included = load_named(file.text, file.at, "include");
    if (!included) return included;
    if (!included->is_mapping()) {
      return std::unexpected(
          wrong(included->at, "", fmt::format("expected a mapping of keys, found {}", included->what())));
    }
    chain.push_back(included->at.file);
    included = with_includes(std::move(*included), chain);
    chain.pop_back();
    if (!included) return included;
    merge(whole, std::move(*included));
  }
  merge(whole, std::move(own));
  return whole;
}

}  // namespace ghostnet::scenarios
