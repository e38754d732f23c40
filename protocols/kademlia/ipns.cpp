#include "ghostnet/kademlia/ipns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "ghostnet/libp2p/protobuf.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::kademlia {
namespace {

constexpr std::string_view kSignaturePrefix = "ipns-signature:";
constexpr std::uint64_t kUntil = 0;  // the only type of validity: until a time (EOL)
constexpr unsigned kMaxCborDepth = 16;

// ---- DAG-CBOR, as much of it as the map needs (RFC 8949 3) ----

enum class Major : std::uint8_t { number = 0, negative, bytes, text, array, map, tag, simple };

struct Head {
  Major major;
  std::uint64_t value;  // the number, or how many bytes, items or pairs follow
};

Head read_head(ByteReader& in) {
  const std::uint8_t first = in.u8();
  const std::uint8_t info = first & 0x1f;
  Head head{static_cast<Major>(first >> 5), info};
  switch (info) {
    case 24: head.value = in.u8(); break;
    case 25: head.value = in.u16(); break;
    case 26: head.value = in.u32(); break;
    case 27: head.value = in.u64(); break;
    default: in.expect(info < 24, "a definite length"); break;
  }
  return head;
}

void skip_item(ByteReader& in, unsigned depth = 0) {
  in.expect(depth < kMaxCborDepth, "less depth");
  const Head head = read_head(in);
  std::uint64_t items = 0;
  switch (head.major) {
    case Major::number:
    case Major::negative:
    case Major::simple: break;
    case Major::bytes:
    case Major::text: in.skip(head.value); break;
    case Major::array: items = head.value; break;
    case Major::tag: items = 1; break;
    case Major::map:
      in.expect(head.value <= in.remaining(), "as many pairs as are said");
      items = 2 * head.value;
      break;
  }
  for (; items > 0 && in.ok(); --items) skip_item(in, depth + 1);
}

ByteView read_bytes(ByteReader& in) {
  const Head head = read_head(in);
  in.expect(head.major == Major::bytes || head.major == Major::text, "bytes");
  return in.bytes(head.value);
}

std::uint64_t read_number(ByteReader& in) {
  const Head head = read_head(in);
  in.expect(head.major == Major::number, "a number");
  return head.value;
}

void write_head(std::vector<std::uint8_t>& out, Major major, std::uint64_t value) {
  const auto first = static_cast<std::uint8_t>(static_cast<std::uint8_t>(major) << 5);
  const unsigned bytes = value < 24 ? 0 : value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffff'ffff ? 4 : 8;
  constexpr std::uint8_t kInfoOfOneByte = 24;
  const auto log2 = static_cast<std::uint8_t>(std::countr_zero(bytes));
  out.push_back(bytes == 0 ? static_cast<std::uint8_t>(first | value)
                           : static_cast<std::uint8_t>(first | (kInfoOfOneByte + log2)));
  for (unsigned i = bytes; i > 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1))));
}

void write_bytes(std::vector<std::uint8_t>& out, Major major, ByteView value) {
  write_head(out, major, value.size());
  libp2p::append(out, value);
}

// ---- the map ----

struct Data {
  ByteView value{};
  ByteView validity{};
  std::uint64_t validity_type = 0;
  std::uint64_t sequence = 0;
  std::uint64_t ttl_ns = 0;
};

Result<Data> parse_data(ByteView encoded) {
  constexpr unsigned kAll = 0x1f;
  Data data;
  unsigned seen = 0;
  ByteReader in(encoded);
  const Head map = read_head(in);
  in.expect(map.major == Major::map, "a map");
  for (std::uint64_t i = 0; i < map.value && in.ok(); ++i) {
    const Head key = read_head(in);
    in.expect(key.major == Major::text, "a text as key");
    const std::string_view name = in.text(key.value);
    unsigned field = 0;
    if (name == "Value") {
      field = 0x01;
      data.value = read_bytes(in);
    } else if (name == "Validity") {
      field = 0x02;
      data.validity = read_bytes(in);
    } else if (name == "ValidityType") {
      field = 0x04;
      data.validity_type = read_number(in);
    } else if (name == "Sequence") {
      field = 0x08;
      data.sequence = read_number(in);
    } else if (name == "TTL") {
      field = 0x10;
      data.ttl_ns = read_number(in);
    } else {
      skip_item(in);
    }
    in.expect((seen & field) == 0, "each key once");
    seen |= field;
  }
  in.expect(seen == kAll, "Value, Validity, ValidityType, Sequence and TTL");
  if (Result<> done = in.finish("data of an IPNS record"); !done) return fail(done);
  return data;
}

// Keys in the order of DAG-CBOR: the shorter first, then by their bytes.
std::vector<std::uint8_t> encode_data(const Data& data) {
  std::vector<std::uint8_t> out;
  const auto key = [&out](std::string_view name) { write_bytes(out, Major::text, as_bytes(name)); };
  write_head(out, Major::map, 5);
  key("TTL");
  write_head(out, Major::number, data.ttl_ns);
  key("Value");
  write_bytes(out, Major::bytes, data.value);
  key("Sequence");
  write_head(out, Major::number, data.sequence);
  key("Validity");
  write_bytes(out, Major::bytes, data.validity);
  key("ValidityType");
  write_head(out, Major::number, data.validity_type);
  return out;
}

std::vector<std::uint8_t> signed_bytes(ByteView data) {
  std::vector<std::uint8_t> bytes(kSignaturePrefix.begin(), kSignaturePrefix.end());
  libp2p::append(bytes, data);
  return bytes;
}

// ---- the message around it ----

struct Outer {
  Data legacy{};  // what stands outside of the map
  bool has_legacy = false;
  ByteView public_key{};
  ByteView signature{};
  ByteView data{};
};

Result<Outer> parse_outer(ByteView encoded) {
  Outer outer;
  libp2p::ProtobufReader in(encoded);
  while (in.next()) {
    const std::uint32_t field = in.field();
    outer.has_legacy = outer.has_legacy || field == 1 || field == 2;
    switch (field) {
      case 1: outer.legacy.value = in.bytes(); break;
      case 3: outer.legacy.validity_type = in.varint(); break;
      case 4: outer.legacy.validity = in.bytes(); break;
      case 5: outer.legacy.sequence = in.varint(); break;
      case 6: outer.legacy.ttl_ns = in.varint(); break;
      case 7: outer.public_key = in.bytes(); break;
      case 8: outer.signature = in.bytes(); break;
      case 9: outer.data = in.bytes(); break;
      default: break;
    }
  }
  if (Result<> done = in.finish("IPNS record"); !done) return fail(done);
  return outer;
}

bool same(const Data& a, const Data& b) {
  return equal(a.value, b.value) && equal(a.validity, b.validity) && a.validity_type == b.validity_type &&
         a.sequence == b.sequence && a.ttl_ns == b.ttl_ns;
}

// The key stands in the record where the name does not hold it.
Result<> check_signature(const libp2p::PeerId& name, const Outer& outer) {
  const ByteView encoded_key = outer.public_key.empty() ? name.inlined_key() : outer.public_key;
  const Result<libp2p::PublicKey> key = libp2p::PublicKey::decode(encoded_key);
  if (!key) return fail(key.error().while_doing("IPNS record"));
  if (key->peer_id() != name) return fail(Errc::permission, "an IPNS record with the key of another name");
  if (!key->verify(signed_bytes(outer.data), outer.signature)) {
    return fail(Errc::permission, "the signature of an IPNS record does not fit its name");
  }
  return {};
}

// ---- times ----

std::optional<unsigned> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  unsigned number = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string rfc3339_text(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Duration> clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  const auto refuse = [] { return fail(Errc::malformed, "no time as in 2030-01-31T23:59:59Z"); };
  const auto year = digits(text, 4);
  if (!year || !take(text, '-')) return refuse();
  const auto month = digits(text, 2);
  if (!month || !take(text, '-')) return refuse();
  const auto day = digits(text, 2);
  if (!day || !take(text, 'T')) return refuse();
  const auto hour = digits(text, 2);
  if (!hour || !take(text, ':')) return refuse();
  const auto minute = digits(text, 2);
  if (!minute || !take(text, ':')) return refuse();
  const auto second = digits(text, 2);
  if (!second) return refuse();
  std::int64_t fraction_ns = 0;
  if (take(text, '.')) {
    std::size_t places = 0;
    while (const auto digit = digits(text, 1)) {
      if (++places > 9) return refuse();
      fraction_ns = fraction_ns * 10 + *digit;
    }
    if (places == 0) return refuse();
    for (; places < 9; ++places) fraction_ns *= 10;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (text != "Z" || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return refuse();
  // Beyond what nanoseconds in 64 bits can say.
  constexpr unsigned kFirstYear = 1678;
  constexpr unsigned kLastYear = 2261;
  if (*year < kFirstYear || *year > kLastYear) return refuse();
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + Duration(fraction_ns);
}

std::vector<std::uint8_t> IpnsRecord::key_of(const libp2p::PeerId& name) {
  std::vector<std::uint8_t> key(kPrefix.begin(), kPrefix.end());
  libp2p::append(key, name.bytes());
  return key;
}

std::vector<std::uint8_t> IpnsRecord::seal(const libp2p::KeyPair& key, crypto::SecureRandom& random,
                                           bool legacy) const {
  const std::string validity = rfc3339_text(valid_until);
  const std::vector<std::uint8_t> data = encode_data({.value = as_bytes(value),
                                                      .validity = as_bytes(validity),
                                                      .validity_type = kUntil,
                                                      .sequence = sequence,
                                                      .ttl_ns = static_cast<std::uint64_t>(ttl.count())});
  std::vector<std::uint8_t> record;
  libp2p::ProtobufWriter out(record);
  if (legacy) {
    std::vector<std::uint8_t> first_signed(value.begin(), value.end());
    libp2p::append(first_signed, as_bytes(validity));
    libp2p::append(first_signed, as_bytes("0"));  // the type of validity, as text
    out.text(1, value);
    out.bytes(2, key.sign(first_signed, random));
    out.varint(3, kUntil);
    out.text(4, validity);
    out.varint(5, sequence);
    out.varint(6, static_cast<std::uint64_t>(ttl.count()));
  }
  if (key.peer_id().inlined_key().empty()) out.bytes(7, key.public_key().encode());
  out.bytes(8, key.sign(signed_bytes(data), random));
  out.bytes(9, data);
  return record;
}

Result<IpnsRecord> IpnsRecord::open(const libp2p::PeerId& name, ByteView encoded) {
  if (encoded.size() > kMaxBytes) {
    return fail(Errc::limit, "an IPNS record of {} bytes; at most {} are taken", encoded.size(), kMaxBytes);
  }
  const Result<Outer> outer = parse_outer(encoded);
  if (!outer) return fail(outer);
  if (outer->signature.empty() || outer->data.empty()) {
    return fail(Errc::malformed, "an IPNS record without its signature V2");
  }
  const Result<Data> data = parse_data(outer->data);
  if (!data) return fail(data);
  if (Result<> signed_by_name = check_signature(name, *outer); !signed_by_name) return fail(signed_by_name);
  if (outer->has_legacy && !same(outer->legacy, *data)) {
    return fail(Errc::malformed, "an IPNS record that says something else than what is signed");
  }
  if (data->validity_type != kUntil) return fail(Errc::malformed, "an IPNS record of an unknown type of validity");
  const Result<WallTime> until = parse_rfc3339(as_text(data->validity));
  if (!until) return fail(until.error().while_doing("IPNS record"));
  constexpr auto kMaxTtl = static_cast<std::uint64_t>(Duration::max().count());
  return IpnsRecord{.value = std::string(as_text(data->value)),
                    .sequence = data->sequence,
                    .valid_until = *until,
                    .ttl = Duration(static_cast<std::int64_t>(std::min(data->ttl_ns, kMaxTtl)))};
}

}  // namespace ghostnet::kademlia
