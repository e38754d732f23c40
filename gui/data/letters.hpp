// Words as a person searches for them: A is a.
#pragma once

#include <algorithm>
#include <string_view>

namespace ghostnet::gui {

inline bool holds(std::string_view text, std::string_view words) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::search(text, words, {}, lower, lower).size() == words.size();
}

}  // namespace ghostnet::gui
