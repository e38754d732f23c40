// Document: a YAML file as a tree that remembers where everything stood.
//
// It is built from the parser's events, so that what a tree of yaml-cpp 0.7 hides is seen and refused: keys that appear
// twice, anchors and aliases (a few hundred bytes of which can expand to millions of nodes), tags, several documents.
// Depth, nodes and bytes are bounded. Everything that is not a mapping, a sequence or a scalar of text is refused.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/scenarios/diagnostic.hpp"

namespace ghostnet::scenarios {

struct DocumentLimits {
  std::size_t max_bytes = 4 * 1024 * 1024;
  std::size_t max_nodes = 200'000;
  std::size_t max_depth = 32;
};

struct Node {
  enum class Kind { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  Position at;
  std::string text;         // of a scalar
  std::vector<Node> items;  // of a sequence; of a mapping: keys and values in turn

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_mapping() const { return kind == Kind::mapping; }
  bool is_null() const { return kind == Kind::null; }

  // Of a mapping.
  std::size_t size() const { return is_mapping() ? items.size() / 2 : items.size(); }
  const Node& key(std::size_t i) const { return items[2 * i]; }
  const Node& value(std::size_t i) const { return items[2 * i + 1]; }
  Node* find(std::string_view key);
  const Node* find(std::string_view key) const { return const_cast<Node*>(this)->find(key); }

  // "a mapping", "a list", "text", "nothing".
  std::string_view what() const;
};

// `file` is what messages call it.
std::expected<Node, Diagnostic> parse_document(std::string_view text, std::string file,
                                               const DocumentLimits& limits = {});

// Puts `value`, which is YAML itself, at `path` ("network.loss", "groups.slow.count", "workload.0.rate"), making
// mappings on the way: what --set does. The error is a message without a place.
// A first name that is no key of the document, but one of its protocols, means that: "echo.port" is
// "protocols.echo.port".
std::expected<void, std::string> set_path(Node& root, std::string_view path, std::string_view value);

// YAML on one line that parses to the same tree.
std::string to_yaml(const Node& node);

}  // namespace ghostnet::scenarios
