// What the words of a line of YAML are, for colouring. Sees one line at a time, as scenarios are written: no block
// scalars, no keys over several lines.
#pragma once

#include <QString>
#include <cstdint>
#include <vector>

namespace ghostnet::gui {

struct YamlToken {
  enum class Kind : std::uint8_t { key, number, text, punctuation, comment };
  Kind kind{};
  qsizetype from = 0;
  qsizetype length = 0;

  bool operator==(const YamlToken&) const = default;
};

// In order; what is between them is white space.
std::vector<YamlToken> yaml_tokens(const QString& line);

}  // namespace ghostnet::gui
