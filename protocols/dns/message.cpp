#include "ghostnet/dns/message.hpp"

#include <algorithm>
#include <optional>

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::dns {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::uint16_t kTypeCname = 5;
constexpr std::uint16_t kTypeText = 16;
constexpr std::uint16_t kTypeOpt = 41;
constexpr std::uint16_t kClassInternet = 1;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kIsResponse = 0x8000;
constexpr std::uint16_t kOpcode = 0x7800;
constexpr std::uint16_t kTruncated = 0x0200;

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string small(std::string_view text) {
  std::string out(text);
  if (out.ends_with('.')) out.pop_back();
  std::ranges::transform(out, out.begin(), [](char c) { return small(c); });
  return out;
}

void append_u16(std::vector<std::uint8_t>& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

Result<> append_name(std::vector<std::uint8_t>& out, const std::string& name) {
  const std::size_t begun = out.size();
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    const std::size_t size = dot - at;
    if (size == 0 || size > kMaxLabelBytes) return fail(Errc::invalid_argument, "{} is no name of DNS", name);
    out.push_back(static_cast<std::uint8_t>(size));
    out.insert(out.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
               name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  out.push_back(0);
  if (name.empty() || name.ends_with('.') || out.size() - begun > kMaxNameBytes) {
    return fail(Errc::invalid_argument, "{} is no name of DNS", name);
  }
  return {};
}

// A cursor over a message, in which names may point back (RFC 1035 4.1.4). What passes the end fails for good.
class Cursor {
 public:
  explicit Cursor(ByteView message) : message_(message) {}

  bool failed() const { return failed_; }
  std::uint8_t u8() {
    const ByteView taken = bytes(1);
    return failed_ ? std::uint8_t{0} : taken[0];
  }
  std::uint16_t u16() {
    const ByteView taken = bytes(2);
    return failed_ ? std::uint16_t{0} : load_be<std::uint16_t>(taken.data());
  }
  ByteView bytes(std::size_t count) {
    if (failed_ || message_.size() - at_ < count) {
      failed_ = true;
      return {};
    }
    const ByteView taken = message_.subspan(at_, count);
    at_ += count;
    return taken;
  }
  // A cursor within the next so many bytes; names in it may point back beyond them.
  Cursor within(std::size_t count) {
    Cursor inner(message_.first(failed_ || message_.size() - at_ < count ? 0 : at_ + count));
    inner.at_ = std::min(at_, inner.message_.size());
    bytes(count);
    inner.failed_ = failed_;
    return inner;
  }
  bool at_end() const { return failed_ || at_ == message_.size(); }

  std::string name() {
    std::string name;
    std::size_t encoded = 1;
    std::size_t limit = at_;  // pointers lead to before here, so that they come to an end
    std::optional<std::size_t> after;
    while (true) {
      const std::uint8_t length = u8();
      if (failed_ || length == 0) break;
      if ((length & 0xc0) == 0xc0) {
        const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 | u8();
        if (failed_ || target >= limit) return fail_name();
        if (!after) after = at_;
        at_ = limit = target;
        continue;
      }
      encoded += 1u + length;
      if ((length & 0xc0) != 0 || encoded > kMaxNameBytes) return fail_name();
      const ByteView label = bytes(length);
      if (std::ranges::find(label, '.') != label.end()) return fail_name();  // it could not be told from two
      if (!name.empty()) name += '.';
      name += as_text(label);
    }
    if (after) at_ = *after;
    return failed_ ? std::string() : small(name);
  }

 private:
  std::string fail_name() {
    failed_ = true;
    return {};
  }

  ByteView message_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

struct Record {
  std::string name;
  std::uint16_t type = 0;
  std::uint16_t of_class = 0;
  Cursor data;
};

Record read_record(Cursor& in) {
  Record record{.name = in.name(), .type = in.u16(), .of_class = in.u16(), .data = in};
  in.bytes(4);  // how long it may be kept: a stub keeps nothing
  const std::uint16_t size = in.u16();
  record.data = in.within(size);
  return record;
}

// RFC 1035 3.3.14: one or more strings, each with its length in front.
std::optional<std::string> read_text(Cursor data) {
  std::string text;
  do {
    text += as_text(data.bytes(data.u8()));
  } while (!data.at_end());
  if (data.failed()) return std::nullopt;
  return text;
}

}  // namespace

Result<std::vector<std::uint8_t>> encode_text_question(std::uint16_t id, std::string_view name) {
  std::vector<std::uint8_t> out;
  for (std::uint16_t value :
       {id, kRecursionDesired, std::uint16_t{1}, std::uint16_t{0}, std::uint16_t{0}, std::uint16_t{1}}) {
    append_u16(out, value);
  }
  if (Result<> named = append_name(out, small(name)); !named) return fail(named);
  append_u16(out, kTypeText);
  append_u16(out, kClassInternet);
  // RFC 6891 6.1.2: of the root, as large as we take, of version 0, without options.
  out.push_back(0);
  append_u16(out, kTypeOpt);
  append_u16(out, static_cast<std::uint16_t>(kMaxUdpBytes));
  for (int i = 0; i < 3; ++i) append_u16(out, 0);
  return out;
}

Result<TextAnswer> parse_text_answer(ByteView message, std::uint16_t id, std::string_view name) {
  if (message.size() < kHeaderBytes) return fail(Errc::malformed, "a DNS message of {} bytes", message.size());
  Cursor in(message);
  const std::uint16_t its_id = in.u16();
  const std::uint16_t flags = in.u16();
  const std::uint16_t questions = in.u16();
  const std::uint16_t answers = in.u16();
  in.bytes(4);  // authorities and additional records: not asked for
  const std::string asked = small(name);
  const bool answer_to_it = its_id == id && (flags & kIsResponse) != 0 && (flags & kOpcode) == 0 && questions == 1 &&
                            in.name() == asked && in.u16() == kTypeText && in.u16() == kClassInternet;
  if (in.failed()) return fail(Errc::malformed, "a DNS message that ends too soon");
  if (!answer_to_it) return fail(Errc::protocol, "an answer to another question than for the texts of {}", asked);
  TextAnswer answer{
      .code = static_cast<ResponseCode>(flags & 0xf), .truncated = (flags & kTruncated) != 0, .texts = {}};
  std::string owner = asked;
  std::size_t aliases = 0;
  for (std::uint16_t i = 0; i < answers && !answer.truncated; ++i) {
    Record record = read_record(in);
    if (in.failed()) return fail(Errc::malformed, "a DNS record that ends too soon");
    if (record.of_class != kClassInternet || record.name != owner) continue;
    if (record.type == kTypeCname) {
      owner = record.data.name();
      if (record.data.failed()) return fail(Errc::malformed, "a CNAME record without a name");
      if (++aliases > kMaxAliases) return fail(Errc::limit, "{} has more than {} aliases", asked, kMaxAliases);
    } else if (record.type == kTypeText) {
      std::optional<std::string> text = read_text(record.data);
      if (!text) return fail(Errc::malformed, "a TXT record that ends too soon");
      if (answer.texts.size() >= kMaxTexts) return fail(Errc::limit, "{} has more than {} texts", asked, kMaxTexts);
      answer.texts.push_back(std::move(*text));
    }
  }
  return answer;
}

}  // namespace ghostnet::dns
