#include "ghostnet/scenarios/document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_map>

#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/runtime/text.hpp"

namespace ghostnet::scenarios {

namespace {

// Carries a refusal out through the parser; caught in parse_document().
struct Refused {
  Position at;
  std::string message;
};

Position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const DocumentLimits& limits) : limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "", anchor);
    add({.kind = Node::Kind::null, .at = position_of(mark), .text = {}, .items = {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{position_of(mark), "an alias (*name): write the value out, aliases are not allowed"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    add({.kind = Node::Kind::scalar, .at = position_of(mark), .text = value, .items = {}});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

  Node take() { return std::move(root_); }

 private:
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    Position at = position_of(mark);
    if (anchor != 0) throw Refused{at, "an anchor (&name): anchors and aliases are not allowed"};
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Refused{at, fmt::format("a tag ({}): tags are not allowed", tag)};
    if (++nodes_ > limits_.max_nodes) {
      throw Refused{at, fmt::format("too large: more than {} values", limits_.max_nodes)};
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    check(mark, tag, anchor);
    if (stack_.size() >= limits_.max_depth) {
      throw Refused{position_of(mark), fmt::format("nested more than {} deep", limits_.max_depth)};
    }
    stack_.push_back({.kind = kind, .at = position_of(mark), .text = {}, .items = {}});
    keys_.emplace_back();
  }

  void close() {
    Node done = std::move(stack_.back());
    stack_.pop_back();
    keys_.pop_back();
    add(std::move(done));
  }

  void add(Node node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Node& parent = stack_.back();
    bool is_key = parent.is_mapping() && parent.items.size() % 2 == 0;
    if (is_key) check_key(node);
    parent.items.push_back(std::move(node));
  }

  void check_key(const Node& key) {
    if (!key.is_scalar()) throw Refused{key.at, "a key must be plain text"};
    const auto [earlier, fresh] = keys_.back().try_emplace(key.text, key.at);
    if (fresh) return;
    throw Refused{key.at,
                  fmt::format("'{}' stands here twice; the first is on line {}", key.text, earlier->second.line)};
  }

  DocumentLimits limits_;
  std::size_t nodes_ = 0;
  std::vector<Node> stack_;
  std::vector<std::unordered_map<std::string, Position>> keys_;  // of each on the stack, where they stand
  Node root_;
};

// Where brackets stand too deep, by a look at the text alone: the parser reads far ahead over them before it tells of
// the first. Those in comments and in quotes are text. What the look takes for a quote in plain text hides brackets
// from it, but not from the builder.
class BracketScan {
 public:
  BracketScan(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  std::optional<Position> too_deep() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#' && (at_ == 0 || is_blank(text_[at_ - 1]) || text_[at_ - 1] == '\n')) {
        while (at_ < text_.size() && text_[at_] != '\n') step();
        continue;
      }
      if ((c == '"' || c == '\'') && value_begins_) {
        skip_quoted(c);
        continue;
      }
      if (c == '[' || c == '{') ++depth;
      if ((c == ']' || c == '}') && depth > 0) --depth;
      if (depth > max_depth_) return here_;
      note(c);
      step();
    }
    return std::nullopt;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  void note(char c) {
    const char before = at_ > 0 ? text_[at_ - 1] : '\n';
    if (is_blank(c)) {
      value_begins_ = value_begins_ || before == ':' || before == '-' || before == '?';
    } else {
      value_begins_ = c == '\n' || c == '[' || c == '{' || c == ',';
    }
  }

  void step() {
    ++here_.column;
    if (text_[at_++] == '\n') here_ = {here_.line + 1, 1};
  }

  void skip_quoted(char quote) {
    step();
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      step();
      const bool escapes = quote == '"' ? c == '\\' : c == quote && next == quote;
      if (escapes && at_ < text_.size()) {
        step();
      } else if (c == quote) {
        break;
      }
    }
    value_begins_ = false;
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
  Position here_{1, 1};
  bool value_begins_ = true;  // only there a quote is one
};

Diagnostic diagnostic(std::string file, Position at, std::string message) {
  return {.file = std::move(file), .at = at, .key = {}, .message = std::move(message)};
}

// yaml-cpp takes some binary input for an endless document of other encodings.
std::optional<Diagnostic> check_encoding(std::string_view text, const std::string& file) {
  std::size_t line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (is_control_byte(text[at])) {
      return diagnostic(file, {line, 1}, "not a text file: it holds control characters");
    }
    const std::size_t bytes = byte < 0x80 ? 1 : utf8_sequence_bytes(text.substr(at));
    if (bytes == 0) return diagnostic(file, {line, 1}, "not a text file in UTF-8");
    line += byte == '\n' ? 1 : 0;
    at += bytes;
  }
  return std::nullopt;
}

}  // namespace

Node* Node::find(std::string_view key) {
  if (!is_mapping()) return nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].text == key) return &items[i + 1];
  }
  return nullptr;
}

std::string_view Node::what() const {
  switch (kind) {
    case Kind::null: return "nothing";
    case Kind::scalar: return "text";
    case Kind::sequence: return "a list";
    case Kind::mapping: return "a mapping";
  }
  return "nothing";
}

std::expected<Node, Diagnostic> parse_document(std::string_view text, std::string file, const DocumentLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return std::unexpected(
        diagnostic(file, {}, fmt::format("too large: {} bytes, at most {}", text.size(), limits.max_bytes)));
  }
  if (std::optional<Diagnostic> odd = check_encoding(text, file)) return std::unexpected(std::move(*odd));
  if (const std::optional<Position> at = BracketScan(text, limits.max_depth).too_deep()) {
    return std::unexpected(diagnostic(file, *at, fmt::format("nested more than {} deep", limits.max_depth)));
  }
  TreeBuilder builder(limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return std::unexpected(diagnostic(file, {}, "an empty file"));
    TreeBuilder rest(limits);
    if (parser.HandleNextDocument(rest)) {
      return std::unexpected(diagnostic(file, {}, "a second document (---): a file holds one scenario"));
    }
  } catch (const Refused& refused) {
    return std::unexpected(diagnostic(file, refused.at, refused.message));
  } catch (const YAML::Exception& e) {
    return std::unexpected(diagnostic(file, position_of(e.mark), fmt::format("not YAML: {}", e.msg)));
  }
  return builder.take();
}

namespace {

// What stands in no file has no place in one.
void forget_places(Node& node) {
  node.at = {};
  for (Node& item : node.items) forget_places(item);
}

std::string items_in_words(std::size_t count) {
  if (count == 0) return "no items";
  return count == 1 ? "one item, 0" : fmt::format("items 0 to {}", count - 1);
}

}  // namespace

std::expected<void, std::string> set_path(Node& root, std::string_view path, std::string_view value) {
  std::expected<Node, Diagnostic> parsed = parse_document(value.empty() ? "''" : value, "the value");
  if (!parsed) return std::unexpected(parsed.error().message);
  Node* at = &root;
  std::string_view rest = path;
  const std::string_view first = path.substr(0, path.find('.'));
  Node* protocols = root.find("protocols");
  if (first != path && root.find(first) == nullptr && protocols != nullptr && protocols->find(first) != nullptr) {
    at = protocols;
  }
  while (true) {
    std::size_t dot = rest.find('.');
    std::string_view key = rest.substr(0, dot);
    if (key.empty()) return std::unexpected(fmt::format("'{}' is not a path: write name.name", path));
    if (at->is_sequence()) {
      Result<std::uint64_t> index = parse_unsigned(key);
      if (!index || *index >= at->items.size()) {
        return std::unexpected(fmt::format("'{}': the list has {}", path, items_in_words(at->items.size())));
      }
      at = &at->items[*index];
    } else {
      if (at->is_null()) at->kind = Node::Kind::mapping;
      if (!at->is_mapping())
        return std::unexpected(fmt::format("'{}': there is no place for '{}' in {}", path, key, at->what()));
      Node* next = at->find(key);
      if (next == nullptr) {
        at->items.push_back({.kind = Node::Kind::scalar, .at = {}, .text = std::string(key), .items = {}});
        at->items.push_back({});
        next = &at->items.back();
      }
      at = next;
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  *at = std::move(*parsed);
  forget_places(*at);
  return {};
}

namespace {

// Quoted unless it is a plain word or quantity, which cannot be taken for anything else.
void write_text(const std::string& text, std::string& out) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == ' ' || c == '%';
  };
  const bool bare = !text.empty() && std::ranges::all_of(text, plain) && text.front() != ' ' && text.back() != ' ' &&
                    text.front() != '%' && text != "null" && text != "Null" && text != "NULL";
  if (bare) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '\n' || c == '\t' || c == '\r') {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void write(const Node& node, std::string& out) {
  switch (node.kind) {
    case Node::Kind::null: out += "null"; return;
    case Node::Kind::scalar: return write_text(node.text, out);
    case Node::Kind::sequence:
      out += '[';
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i != 0) out += ", ";
        write(node.items[i], out);
      }
      out += ']';
      return;
    case Node::Kind::mapping:
      out += '{';
      for (std::size_t i = 0; i < node.size(); ++i) {
        if (i != 0) out += ", ";
        write(node.key(i), out);
        out += ": ";
        write(node.value(i), out);
      }
      out += '}';
      return;
  }
}

}  // namespace

std::string to_yaml(const Node& node) {
  std::string text;
  write(node, text);
  return text;
}

}  // namespace ghostnet::scenarios
