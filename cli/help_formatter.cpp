#include "help_formatter.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ghostnet::cli {

namespace {

// The word in capitals that a description begins with; empty: none.
std::string value_in(const std::string& description) {
  const std::string word = description.substr(0, description.find(' '));
  const auto may_be = [](char c) { return !(c >= 'a' && c <= 'z'); };
  const bool named = !word.empty() && word[0] >= 'A' && word[0] <= 'Z' && std::ranges::all_of(word, may_be);
  return named ? word.substr(0, word.find_last_not_of(':') + 1) : "";
}

// As it is written behind the option.
std::string value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return "";  // a flag
  const std::string type = option.get_type_name();
  if (const std::size_t set = type.find('{'); set != type.npos) return " " + type.substr(set);
  const std::string named = value_in(option.get_description());
  return named.empty() ? "" : " " + named;
}

std::string words_of(const CLI::Option& option) {
  std::string words = option.get_description();
  if (const std::string named = value_in(words); words.starts_with(named + ": ")) words.erase(0, named.size() + 2);
  const std::string standard = option.get_default_str();  // of a list, in brackets
  if (!standard.empty()) words += standard.starts_with('[') ? " " + standard : " [" + standard + "]";
  return words;
}

// Lines of words, all but the first behind the column.
std::string wrapped(const std::string& words) {
  const std::size_t width = HelpFormatter::kWidth - HelpFormatter::kColumn;
  std::string lines;
  for (std::size_t at = 0; at < words.size();) {
    std::size_t end = words.size();
    if (end - at > width) {
      end = words.rfind(' ', at + width);
      if (end == words.npos || end <= at) end = std::min(words.find(' ', at), words.size());
    }
    if (at != 0) lines += "\n" + std::string(HelpFormatter::kColumn, ' ');
    lines += words.substr(at, end - at);
    at = std::min(end + 1, words.size());
  }
  return lines;
}

}  // namespace

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string left = "  " + make_option_name(option, is_positional);
  if (!is_positional) left += value_of(*option);
  if (option->get_items_expected_max() > 1 && !left.ends_with("...")) left += "...";
  const std::string words = wrapped(words_of(*option));
  if (left.size() >= kColumn) return fmt::format("{}\n{:{}}{}\n", left, "", kColumn, words);
  return fmt::format("{:{}}{}\n", left, kColumn, words);
}

}  // namespace ghostnet::cli
