// "Did you mean ...?": the name that somebody who wrote another one probably wanted.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace ghostnet {

// The one of `names` that is fewest edits away from `word` (letters inserted, left out, replaced, two swapped), the
// first of equals; empty when none is near. A word that differs in case, or in - for _, counts as nearest of all.
std::string_view closest(std::string_view word, std::span<const std::string_view> names);

// "; did you mean 'rate'?" where one is near, "; expected one of a, b, c" where there are few names, or nothing.
std::string suggestion(std::string_view word, std::span<const std::string_view> names);

inline std::string suggestion(std::string_view word, std::initializer_list<std::string_view> names) {
  return suggestion(word, std::span(names.begin(), names.size()));
}

}  // namespace ghostnet
