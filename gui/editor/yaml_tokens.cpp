#include "editor/yaml_tokens.hpp"

namespace ghostnet::gui {

namespace {

using Kind = YamlToken::Kind;

bool is_punctuation(QChar c) { return QString("{}[],").contains(c); }

// The colon that ends a key: a blank or the end of the line follows.
bool ends_key(const QString& line, qsizetype at) {
  return line[at] == ':' && (at + 1 == line.size() || line[at + 1].isSpace() || is_punctuation(line[at + 1]));
}

// "42", "0.1 %", "50 Mbit/s": begins with a digit, maybe after a sign.
bool begins_number(const QString& word) {
  if (word.isEmpty()) return false;
  const qsizetype at = word[0] == '-' || word[0] == '+' ? 1 : 0;
  return at < word.size() &&
         (word[at].isDigit() || (word[at] == '.' && at + 1 < word.size() && word[at + 1].isDigit()));
}

qsizetype end_of_quoted(const QString& line, qsizetype from) {
  const qsizetype end = line.indexOf(line[from], from + 1);
  return end < 0 ? line.size() : end + 1;
}

// A plain scalar ends at punctuation, at a key's colon, or before a comment.
qsizetype end_of_plain(const QString& line, qsizetype from) {
  qsizetype at = from;
  while (at < line.size() && !is_punctuation(line[at]) && !ends_key(line, at) &&
         !(line[at] == '#' && at > from && line[at - 1].isSpace())) {
    ++at;
  }
  while (at > from && line[at - 1].isSpace()) --at;
  return at;
}

}  // namespace

std::vector<YamlToken> yaml_tokens(const QString& line) {
  std::vector<YamlToken> tokens;
  qsizetype at = 0;
  while (at < line.size()) {
    const QChar c = line[at];
    if (c.isSpace()) {
      ++at;
    } else if (c == '#') {
      tokens.push_back({Kind::comment, at, line.size() - at});
      break;
    } else if (is_punctuation(c) || ends_key(line, at) ||
               (c == '-' && (at + 1 == line.size() || line[at + 1].isSpace()))) {
      tokens.push_back({Kind::punctuation, at, 1});
      ++at;
    } else {
      const bool quoted = c == '"' || c == '\'';
      const qsizetype end = quoted ? end_of_quoted(line, at) : end_of_plain(line, at);
      qsizetype after = end;
      while (after < line.size() && line[after].isSpace()) ++after;
      const bool key = after < line.size() && ends_key(line, after);
      const bool number = !quoted && begins_number(line.mid(at, end - at));
      tokens.push_back({key ? Kind::key : number ? Kind::number : Kind::text, at, end - at});
      at = end;
    }
  }
  return tokens;
}

}  // namespace ghostnet::gui
