#include "ghostnet/runtime/suggest.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace ghostnet {
namespace {

// Longer names are not compared: nobody mistypes them, and the work stays bounded.
constexpr std::size_t kMaxWordBytes = 48;
constexpr std::size_t kMaxNamesListed = 12;

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

bool same_but_for_style(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, folded, folded); }

// Edits between two words, with swaps of neighbours (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  using Row = std::array<std::uint8_t, kMaxWordBytes + 1>;
  Row before_last{}, last{}, row{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<std::uint8_t>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<std::uint8_t>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replaced = last[j - 1] + (folded(a[i - 1]) == folded(b[j - 1]) ? 0 : 1);
      int least = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped =
          i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped) least = std::min(least, before_last[j - 2] + 1);
      row[j] = static_cast<std::uint8_t>(least);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string_view closest(std::string_view word, std::span<const std::string_view> names) {
  if (word.empty() || word.size() > kMaxWordBytes) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view name : names) {
    if (name.empty() || name.size() > kMaxWordBytes) continue;
    if (same_but_for_style(word, name)) return name;
    const std::size_t edits = distance(word, name);
    if (edits < best_distance && edits < name.size()) {
      best = name;
      best_distance = edits;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> names) {
  if (const std::string_view near = closest(word, names); !near.empty())
    return fmt::format("; did you mean '{}'?", near);
  if (names.empty() || names.size() > kMaxNamesListed) return {};
  return fmt::format("; expected {}{}", names.size() == 1 ? "" : "one of ", fmt::join(names, ", "));
}

}  // namespace ghostnet
