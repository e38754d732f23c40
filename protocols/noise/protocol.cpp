#include "ghostnet/noise/protocol.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace ghostnet::noise {
namespace {

// A pattern as the specification prints it: what is known before, of the initiator and of the responder, and the
// messages by turns.
struct NamedPattern {
  std::string_view name;
  std::string_view initiator_before;
  std::string_view responder_before;
  std::string_view messages;
};

constexpr NamedPattern kPatterns[] = {
    // 7.4, one-way
    {"N", "", "s", "e es"},
    {"K", "s", "s", "e es ss"},
    {"X", "", "s", "e es s ss"},
    // 7.5, fundamental
    {"NN", "", "", "e, e ee"},
    {"KN", "s", "", "e, e ee se"},
    {"NK", "", "s", "e es, e ee"},
    {"KK", "s", "s", "e es ss, e ee se"},
    {"NX", "", "", "e, e ee s es"},
    {"KX", "s", "", "e, e ee se s es"},
    {"XN", "", "", "e, e ee, s se"},
    {"IN", "", "", "e s, e ee se"},
    {"XK", "", "s", "e es, e ee, s se"},
    {"IK", "", "s", "e es s ss, e ee se"},
    {"XX", "", "", "e, e ee s es, s se"},
    {"IX", "", "", "e s, e ee se s es"},
    // 18.1, deferred
    {"NK1", "", "s", "e, e ee es"},
    {"NX1", "", "", "e, e ee s, es"},
    {"X1N", "", "", "e, e ee, s, se"},
    {"X1K", "", "s", "e es, e ee, s, se"},
    {"XK1", "", "s", "e, e ee es, s se"},
    {"X1K1", "", "s", "e, e ee es, s, se"},
    {"X1X", "", "", "e, e ee s es, s, se"},
    {"XX1", "", "", "e, e ee s, es s se"},
    {"X1X1", "", "", "e, e ee s, es s, se"},
    {"K1N", "s", "", "e, e ee, se"},
    {"K1K", "s", "s", "e es, e ee, se"},
    {"KK1", "s", "s", "e, e ee se es"},
    {"K1K1", "s", "s", "e, e ee es, se"},
    {"K1X", "s", "", "e, e ee s es, se"},
    {"KX1", "s", "", "e, e ee se s, es"},
    {"K1X1", "s", "", "e, e ee s, se es"},
    {"I1N", "", "", "e s, e ee, se"},
    {"I1K", "", "s", "e es s, e ee, se"},
    {"IK1", "", "s", "e s, e ee se es"},
    {"I1K1", "", "s", "e s, e ee es, se"},
    {"I1X", "", "", "e s, e ee s es, se"},
    {"IX1", "", "", "e s, e ee se s, es"},
    {"I1X1", "", "", "e s, e ee s, se es"},
};

constexpr std::size_t kMaxPsks = 8;

Token token_of(std::string_view word) {
  constexpr std::pair<std::string_view, Token> kWords[] = {{"e", Token::e},   {"s", Token::s},   {"ee", Token::ee},
                                                           {"es", Token::es}, {"se", Token::se}, {"ss", Token::ss}};
  return std::ranges::find(kWords, word, &std::pair<std::string_view, Token>::first)->second;
}

HandshakePattern pattern_of(const NamedPattern& named) {
  HandshakePattern pattern{.initiator_known = !named.initiator_before.empty(),
                           .responder_known = !named.responder_before.empty(),
                           .messages = {}};
  pattern.messages.emplace_back();
  for (std::string_view rest = named.messages; !rest.empty();) {
    const std::size_t end = rest.find_first_of(" ,");
    if (end != 0) pattern.messages.back().push_back(token_of(rest.substr(0, end)));
    if (end == std::string_view::npos) break;
    if (rest[end] == ',') pattern.messages.emplace_back();
    rest.remove_prefix(end + 1);
  }
  return pattern;
}

// Section 9.4: psk0 stands at the beginning of the first message, pskN at the end of the N-th.
bool add_psk(HandshakePattern& pattern, std::string_view modifier) {
  if (!modifier.starts_with("psk")) return false;
  modifier.remove_prefix(3);
  std::size_t place = 0;
  const auto [end, error] = std::from_chars(modifier.data(), modifier.data() + modifier.size(), place);
  if (error != std::errc() || end != modifier.data() + modifier.size()) return false;
  if (place > pattern.messages.size() || pattern.psk_count() == kMaxPsks) return false;
  if (place == 0) {
    pattern.messages[0].insert(pattern.messages[0].begin(), Token::psk);
  } else {
    pattern.messages[place - 1].push_back(Token::psk);
  }
  return true;
}

std::optional<HandshakePattern> parse_pattern(std::string_view text) {
  const std::size_t base_end = std::min(text.find_first_of("abcdefghijklmnopqrstuvwxyz"), text.size());
  const auto* const named = std::ranges::find(kPatterns, text.substr(0, base_end), &NamedPattern::name);
  if (named == std::end(kPatterns)) return std::nullopt;
  HandshakePattern pattern = pattern_of(*named);
  for (std::string_view rest = text.substr(base_end); !rest.empty();) {
    const std::size_t plus = std::min(rest.find('+'), rest.size());
    if (!add_psk(pattern, rest.substr(0, plus))) return std::nullopt;
    rest.remove_prefix(std::min(plus + 1, rest.size()));
  }
  return pattern;
}

template <class T, std::size_t N>
std::optional<T> choose(const std::pair<std::string_view, T> (&choices)[N], std::string_view name) {
  for (const auto& [word, choice] : choices) {
    if (word == name) return choice;
  }
  return std::nullopt;
}

constexpr std::pair<std::string_view, crypto::CurveKind> kCurves[] = {{"25519", crypto::CurveKind::x25519},
                                                                      {"448", crypto::CurveKind::x448}};
constexpr std::pair<std::string_view, crypto::AeadKind> kCiphers[] = {
    {"ChaChaPoly", crypto::AeadKind::chacha20_poly1305}, {"AESGCM", crypto::AeadKind::aes_256_gcm}};
constexpr std::pair<std::string_view, crypto::HashKind> kHashes[] = {{"SHA256", crypto::HashKind::sha256},
                                                                     {"SHA512", crypto::HashKind::sha512},
                                                                     {"BLAKE2s", crypto::HashKind::blake2s},
                                                                     {"BLAKE2b", crypto::HashKind::blake2b}};

}  // namespace

std::size_t HandshakePattern::psk_count() const {
  std::size_t count = 0;
  for (const MessagePattern& message : messages)
    count += static_cast<std::size_t>(std::ranges::count(message, Token::psk));
  return count;
}

Result<Protocol> Protocol::parse(std::string_view name) {
  std::string_view parts[5];
  std::string_view rest = name;
  for (std::string_view& part : parts) {
    const std::size_t end = std::min(rest.find('_'), rest.size());
    part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto unknown = [name](std::string_view what) {
    return fail(Errc::not_supported, "Noise protocol {}: the {} is not known", name, what);
  };
  if (parts[0] != "Noise" || !rest.empty()) return unknown("form of the name");
  const auto pattern = parse_pattern(parts[1]);
  if (!pattern) return unknown("handshake pattern");
  const auto curve = choose(kCurves, parts[2]);
  if (!curve) return unknown("curve");
  const auto cipher = choose(kCiphers, parts[3]);
  if (!cipher) return unknown("cipher");
  const auto hash = choose(kHashes, parts[4]);
  if (!hash) return unknown("hash");
  return Protocol{std::string(name), *pattern, *curve, *cipher, *hash};
}

std::vector<std::string_view> pattern_names() {
  std::vector<std::string_view> names;
  for (const NamedPattern& pattern : kPatterns) names.push_back(pattern.name);
  return names;
}

}  // namespace ghostnet::noise
