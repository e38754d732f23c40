#include "ghostnet/scenarios/option_reader.hpp"

#include <algorithm>

#include "ghostnet/runtime/suggest.hpp"
#include "ghostnet/scenarios/reference.hpp"

namespace ghostnet::scenarios {

namespace {

std::string fit(std::string_view text, std::size_t max_bytes) {
  std::string fitted(text.substr(0, max_bytes));
  std::ranges::replace_if(fitted, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  if (text.size() > max_bytes) fitted += "...";
  return fitted;
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

std::string OptionReader::join(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

void OptionReader::complain(Position at, std::string_view key, std::string_view message) {
  ++seen_;
  if (complaints_.size() >= kMaxComplaints) return;
  constexpr std::size_t kMaxKeyBytes = 100;
  complaints_.push_back(
      {.file = files_.name(at), .at = at, .key = fit(key, kMaxKeyBytes), .message = fit(message, kMaxMessageBytes)});
}

void OptionReader::fill(const Node& node, std::string_view path, const OptionTable& table, void* object,
                        std::span<const std::string_view> others) {
  if (!node.is_mapping() && !node.is_null()) {
    return complain(node.at, path, fmt::format("expected a mapping, found {}", node.what()));
  }
  for (std::size_t i = 0; i < node.size() && node.is_mapping(); ++i) {
    const Node& key = node.key(i);
    if (contains(others, key.text)) continue;
    const OptionDesc* desc = table.find(key.text);
    if (desc == nullptr && complaints_.size() >= kMaxComplaints) {
      ++seen_;  // a file may have tens of thousands
      continue;
    }
    if (desc == nullptr) {
      std::vector<std::string_view> names = table.names();
      names.insert(names.end(), others.begin(), others.end());
      const std::string place = place_of_key(key.text, path);
      complain(key.at, join(path, key.text),
               place.empty() ? fmt::format("there is no such key{}", suggestion(key.text, names))
                             : fmt::format("there is no such key here; it belongs {}", place));
      continue;
    }
    set(*desc, object, node.value(i), join(path, key.text));
  }
  check_whole(node, path, table, object);
}

void OptionReader::fill_known(const Node& node, std::string_view path, const OptionTable& table, void* object,
                              std::span<const std::string_view> others) {
  for (std::size_t i = 0; i < node.size() && node.is_mapping(); ++i) {
    const OptionDesc* desc = table.find(node.key(i).text);
    if (desc == nullptr || contains(others, node.key(i).text)) continue;
    set(*desc, object, node.value(i), join(path, node.key(i).text));
  }
  check_whole(node, path, table, object);
}

void OptionReader::check_whole(const Node& node, std::string_view path, const OptionTable& table, const void* object) {
  for (const OptionDesc& option : table.options) {
    if (!option.required || node.find(option.name) != nullptr) continue;
    complain(node.at, join(path, option.name), fmt::format("is needed: expected {}", option.expected()));
  }
  if (Result<> valid = table.validate(object); !valid) complain(node.at, path, valid.error().message());
}

void OptionReader::set(const OptionDesc& desc, void* object, const Node& value, const std::string& path) {
  std::vector<std::string_view> items;
  if (value.is_sequence()) {
    for (const Node& item : value.items) {
      if (!item.is_scalar()) {
        return complain(item.at, path, fmt::format("expected {}, found {}", desc.expected(), item.what()));
      }
      items.push_back(item.text);
    }
  } else if (!value.is_scalar()) {
    // `network.regions` is a name or a file; regions that are written out stand elsewhere.
    const bool is_section = path.starts_with("network.") && contains(kFileSections, desc.name);
    return complain(value.at, path,
                    fmt::format("expected {}, found {}{}", desc.expected(), value.what(),
                                is_section ? "; written out, it belongs at the top of the file" : ""));
  }
  OptionText text = value.is_sequence() ? OptionText::of_list(std::move(items)) : OptionText(value.text);
  // A single value stands for a list of one.
  if (desc.list && !text.list) text = OptionText::of_list({std::string_view(value.text)});
  if (Result<> set = desc.set(desc, object, text); !set) complain(value.at, path, set.error().message());
}

const Node* OptionReader::mapping(const Node& root, std::string_view name) {
  const Node* node = root.find(name);
  if (node == nullptr || node->is_null()) return nullptr;
  if (node->is_mapping()) return node;
  complain(node->at, name, fmt::format("expected a mapping, found {}", node->what()));
  return nullptr;
}

bool OptionReader::check_name(std::string_view what, const std::string& name, std::span<const std::string_view> names,
                              Position at, std::string_view path) {
  if (contains(names, name)) return true;
  complain(at, path, fmt::format("there is no {} '{}'{}", what, name.substr(0, 60), suggestion(name, names)));
  return false;
}

}  // namespace ghostnet::scenarios
