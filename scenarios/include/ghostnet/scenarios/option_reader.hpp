// OptionReader: fills structs of options from a tree by their tables, and keeps what is wrong with it.
//
// Every complaint has a place, the path of its key, and what was expected instead. What is quoted from the file is cut
// and stripped of control characters, so that a page of complaints stays a page.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/options.hpp"
#include "ghostnet/scenarios/diagnostic.hpp"
#include "ghostnet/scenarios/document.hpp"
#include "ghostnet/scenarios/source_files.hpp"

namespace ghostnet::scenarios {

class OptionReader {
 public:
  static constexpr std::size_t kMaxComplaints = 20;
  static constexpr std::size_t kMaxMessageBytes = 300;

  // Outlived by it.
  explicit OptionReader(const SourceFiles& files) : files_(files) {}

  void complain(Position at, std::string_view key, std::string_view message);
  bool sound() const { return complaints_.empty(); }
  std::size_t complaints() const { return seen_; }
  std::vector<Diagnostic> take_complaints() { return std::move(complaints_); }

  // "path.key"
  static std::string join(std::string_view path, std::string_view key);

  // Sets the keys of a mapping by a table; null leaves the defaults. `others` are keys that somebody else reads.
  void fill(const Node& node, std::string_view path, const OptionTable& table, void* object,
            std::span<const std::string_view> others = {});
  template <OptionStruct T>
  void fill(const Node& node, std::string_view path, T& object, std::span<const std::string_view> others = {}) {
    fill(node, path, option_table<T>(), &object, others);
  }
  // Likewise, of those keys alone that the table has and `others` have not.
  void fill_known(const Node& node, std::string_view path, const OptionTable& table, void* object,
                  std::span<const std::string_view> others);

  // A section that is a mapping; null where it is not there or is not one.
  const Node* mapping(const Node& root, std::string_view name);
  template <class Visit>
  void for_each_item(const Node& root, std::string_view name, Visit&& visit);

  // Complains of a name that is none of `names`.
  bool check_name(std::string_view what, const std::string& name, std::span<const std::string_view> names, Position at,
                  std::string_view path);

 private:
  void set(const OptionDesc& desc, void* object, const Node& value, const std::string& path);
  void check_whole(const Node& node, std::string_view path, const OptionTable& table, const void* object);

  const SourceFiles& files_;
  std::vector<Diagnostic> complaints_;
  std::size_t seen_ = 0;
};

template <class Visit>
void OptionReader::for_each_item(const Node& root, std::string_view name, Visit&& visit) {
  const Node* node = root.find(name);
  if (node == nullptr || node->is_null()) return;
  if (!node->is_sequence()) {
    return complain(node->at, name, fmt::format("expected a list (lines that begin with -), found {}", node->what()));
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) visit(node->items[i], fmt::format("{}[{}]", name, i));
}

}  // namespace ghostnet::scenarios
