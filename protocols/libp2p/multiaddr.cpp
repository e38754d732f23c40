#include "ghostnet/libp2p/multiaddr.hpp"

#include <algorithm>
#include <charconv>

#include "ghostnet/libp2p/multibase.hpp"
#include "ghostnet/libp2p/protobuf.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::libp2p {
namespace {

// How the value of a protocol is written, in bytes and in text.
enum class Form : std::uint8_t { none, ip4, ip6, port, number8, number64, text, path, peer, certhash, onion3 };

struct Protocol {
  MultiaddrCode code;
  std::string_view name;
  Form form;
};

constexpr Protocol kProtocols[] = {
    {MultiaddrCode::ip4, "ip4", Form::ip4},
    {MultiaddrCode::tcp, "tcp", Form::port},
    {MultiaddrCode::udp, "udp", Form::port},
    {MultiaddrCode::ip6, "ip6", Form::ip6},
    {MultiaddrCode::ip6zone, "ip6zone", Form::text},
    {MultiaddrCode::ipcidr, "ipcidr", Form::number8},
    {MultiaddrCode::dns, "dns", Form::text},
    {MultiaddrCode::dns4, "dns4", Form::text},
    {MultiaddrCode::dns6, "dns6", Form::text},
    {MultiaddrCode::dnsaddr, "dnsaddr", Form::text},
    {MultiaddrCode::p2p, "p2p", Form::peer},
    {MultiaddrCode::p2p_circuit, "p2p-circuit", Form::none},
    {MultiaddrCode::quic_v1, "quic-v1", Form::none},
    {MultiaddrCode::quic, "quic", Form::none},
    {MultiaddrCode::webtransport, "webtransport", Form::none},
    {MultiaddrCode::certhash, "certhash", Form::certhash},
    {MultiaddrCode::ws, "ws", Form::none},
    {MultiaddrCode::wss, "wss", Form::none},
    {MultiaddrCode::tls, "tls", Form::none},
    {MultiaddrCode::sni, "sni", Form::text},
    {MultiaddrCode::noise, "noise", Form::none},
    {MultiaddrCode::http, "http", Form::none},
    {MultiaddrCode::https, "https", Form::none},
    {MultiaddrCode::webrtc_direct, "webrtc-direct", Form::none},
    {MultiaddrCode::webrtc, "webrtc", Form::none},
    {MultiaddrCode::dccp, "dccp", Form::port},
    {MultiaddrCode::sctp, "sctp", Form::port},
    {MultiaddrCode::unix_path, "unix", Form::path},
    {MultiaddrCode::onion3, "onion3", Form::onion3},
    {MultiaddrCode::memory, "memory", Form::number64},
};

constexpr std::size_t kOnion3HostBytes = 35;

const Protocol* find(std::uint64_t code) {
  const auto* const found = std::ranges::find_if(
      kProtocols, [code](const Protocol& p) { return static_cast<std::uint64_t>(p.code) == code; });
  return found == std::end(kProtocols) ? nullptr : found;
}

const Protocol* find(std::string_view name) {
  if (name == "ipfs") name = "p2p";  // the name that it had
  const auto* const found = std::ranges::find_if(kProtocols, [name](const Protocol& p) { return p.name == name; });
  return found == std::end(kProtocols) ? nullptr : found;
}

// Bytes of the value; nothing where a length stands in front of it.
std::optional<std::size_t> fixed_bytes(Form form) {
  switch (form) {
    case Form::none: return 0;
    case Form::ip4: return 4;
    case Form::ip6: return 16;
    case Form::port: return 2;
    case Form::number8: return 1;
    case Form::number64: return 8;
    case Form::onion3: return kOnion3HostBytes + 2;
    default: return std::nullopt;
  }
}

bool is_multihash(ByteView bytes) {
  ByteReader in(bytes);
  in.leb128();
  const std::uint64_t length = in.leb128();
  in.expect(length == in.remaining() && length > 0, "a digest");
  return in.ok();
}

// Whether a value of variable length is what its form says. Text without "/" and control characters survives the way
// through the text form.
bool well_formed(Form form, ByteView value) {
  const auto is_plain = [](std::uint8_t c) { return c > ' ' && c != '/' && c != 0x7f; };
  switch (form) {
    case Form::text: return !value.empty() && std::ranges::all_of(value, is_plain);
    case Form::path: return !value.empty() && std::ranges::none_of(value, [](std::uint8_t c) { return c == 0; });
    case Form::peer: return PeerId::from_bytes(value).has_value();
    case Form::certhash: return is_multihash(value);
    default: return true;
  }
}

template <class T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class T>
void append_number(std::vector<std::uint8_t>& out, T number) {
  std::array<std::uint8_t, sizeof(T)> bytes;
  store_be(bytes.data(), number);
  append(out, bytes);
}

bool append_onion3(std::vector<std::uint8_t>& out, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto host = decode_base(Multibase::base32, text.substr(0, colon));
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!host || host->size() != kOnion3HostBytes || !port || *port == 0) return false;
  append(out, *host);
  append_number(out, *port);
  return true;
}

void append_with_length(std::vector<std::uint8_t>& out, ByteView value) {
  append_varint(out, value.size());
  append(out, value);
}

// False where the text is no value of the form.
bool append_value(std::vector<std::uint8_t>& out, Form form, std::string_view text) {
  switch (form) {
    case Form::none: return true;
    case Form::ip4:
    case Form::ip6: {
      const Result<IpAddress> address = IpAddress::parse(text);
      if (!address || address->is_v4() != (form == Form::ip4) || address->scope_id() != 0) return false;
      if (form == Form::ip4) append(out, address->v4_bytes());
      if (form == Form::ip6) append(out, address->v6_bytes());
      return true;
    }
    case Form::port: {
      const auto port = parse_number<std::uint16_t>(text);
      if (port) append_number(out, *port);
      return port.has_value();
    }
    case Form::number8: {
      const auto number = parse_number<std::uint8_t>(text);
      if (number) append_number(out, *number);
      return number.has_value();
    }
    case Form::number64: {
      const auto number = parse_number<std::uint64_t>(text);
      if (number) append_number(out, *number);
      return number.has_value();
    }
    case Form::text:
    case Form::path: {
      if (!well_formed(form, as_bytes(text))) return false;
      append_with_length(out, as_bytes(text));
      return true;
    }
    case Form::peer: {
      const Result<PeerId> peer = PeerId::parse(text);
      if (peer) append_with_length(out, peer->bytes());
      return peer.has_value();
    }
    case Form::certhash: {
      const auto hash = decode_multibase(text);
      if (!hash || !is_multihash(*hash)) return false;
      append_with_length(out, *hash);
      return true;
    }
    case Form::onion3: return append_onion3(out, text);
  }
  return false;
}

std::string value_text(Form form, ByteView value) {
  switch (form) {
    case Form::none: return {};
    case Form::ip4:
    case Form::ip6: return IpAddress::from_bytes(value)->to_string();
    case Form::port: return std::to_string(load_be<std::uint16_t>(value.data()));
    case Form::number8: return std::to_string(value[0]);
    case Form::number64: return std::to_string(load_be<std::uint64_t>(value.data()));
    case Form::text: return std::string(as_text(value));
    case Form::path: return std::string(as_text(value.subspan(value[0] == '/' ? 1 : 0)));
    case Form::peer: return PeerId::from_bytes(value)->text();
    case Form::certhash: return encode_multibase(Multibase::base64url, value);
    case Form::onion3:
      return encode_base(Multibase::base32, value.first(kOnion3HostBytes)) + ":" +
             std::to_string(load_be<std::uint16_t>(value.data() + kOnion3HostBytes));
  }
  return {};
}

// The next part of bytes that are known to be well-formed, or are being checked.
Result<MultiaddrPart> next_part(ByteReader& in) {
  const std::uint64_t code = in.leb128();
  if (Result<> read = in.check("multiaddr"); !read) return fail(read);
  const Protocol* const protocol = find(code);
  if (protocol == nullptr) return fail(Errc::not_supported, "multiaddr protocol {:#x}", code);
  const std::optional<std::size_t> fixed = fixed_bytes(protocol->form);
  const ByteView value = in.bytes(fixed ? *fixed : in.leb128());
  in.expect(in.ok() && well_formed(protocol->form, value), "a value that fits its protocol");
  if (Result<> read = in.check("multiaddr"); !read) return fail(read);
  return MultiaddrPart{protocol->code, value};
}

}  // namespace

Result<Multiaddr> Multiaddr::from_bytes(ByteView bytes) {
  if (bytes.size() > kMaxBytes)
    return fail(Errc::limit, "a multiaddr of {} bytes; at most {}", bytes.size(), kMaxBytes);
  ByteReader in(bytes);
  for (std::size_t parts = 0; in.more(); ++parts) {
    if (parts == kMaxParts) return fail(Errc::limit, "a multiaddr of more than {} parts", kMaxParts);
    const Result<MultiaddrPart> part = next_part(in);
    if (!part) return fail(part);
    if (part->code == MultiaddrCode::unix_path && in.more()) {
      return fail(Errc::malformed, "multiaddr: a path takes all of the rest");
    }
  }
  return Multiaddr(Bytes::copy_of(bytes));
}

Result<Multiaddr> Multiaddr::parse(std::string_view text) {
  const auto refuse = [text](std::string_view why) { return fail(Errc::malformed, "multiaddr {}: {}", text, why); };
  if (text.size() > 4 * kMaxBytes) return fail(Errc::limit, "a multiaddr of {} characters", text.size());
  if (!text.starts_with('/')) return refuse("expected it to begin with /");
  while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  std::vector<std::uint8_t> bytes;
  std::size_t at = 0;
  const auto next_word = [text, &at] {
    const std::size_t from = at + 1;
    at = std::min(text.find('/', from), text.size());
    return text.substr(from, at - from);
  };
  while (at < text.size()) {
    const std::string_view name = next_word();
    const Protocol* const protocol = find(name);
    if (protocol == nullptr) return fail(Errc::not_supported, "multiaddr {}: no protocol {}", text, name);
    append_varint(bytes, static_cast<std::uint64_t>(protocol->code));
    if (protocol->form == Form::none) continue;
    if (at >= text.size()) return refuse(fmt::format("{} wants a value", name));
    const std::string_view value =
        protocol->form == Form::path ? text.substr(std::exchange(at, text.size())) : next_word();
    if (!append_value(bytes, protocol->form, value)) return refuse(fmt::format("{} is no value of {}", value, name));
  }
  return from_bytes(bytes);
}

Multiaddr Multiaddr::tcp(const Endpoint& endpoint) {
  return *parse(fmt::format("/{}/{}/tcp/{}", endpoint.is_v4() ? "ip4" : "ip6",
                            endpoint.address().without_scope_id().to_string(), endpoint.port()));
}

Multiaddr Multiaddr::udp(const Endpoint& endpoint) {
  return *parse(fmt::format("/{}/{}/udp/{}", endpoint.is_v4() ? "ip4" : "ip6",
                            endpoint.address().without_scope_id().to_string(), endpoint.port()));
}

std::vector<MultiaddrPart> Multiaddr::parts() const {
  std::vector<MultiaddrPart> parts;
  for (ByteReader in(bytes()); in.more();) parts.push_back(*next_part(in));
  return parts;
}

bool Multiaddr::has(MultiaddrCode code) const {
  for (ByteReader in(bytes()); in.more();) {
    if (next_part(in)->code == code) return true;
  }
  return false;
}

std::string Multiaddr::text() const {
  std::string text;
  for (const MultiaddrPart& part : parts()) {
    const Protocol& protocol = *find(static_cast<std::uint64_t>(part.code));
    text += '/';
    text += protocol.name;
    if (protocol.form == Form::none) continue;
    text += '/';
    text += value_text(protocol.form, part.value);
  }
  return text;
}

std::optional<PeerId> Multiaddr::peer() const {
  std::optional<MultiaddrPart> last;
  for (ByteReader in(bytes()); in.more();) last = *next_part(in);
  if (!last || last->code != MultiaddrCode::p2p) return std::nullopt;
  return *PeerId::from_bytes(last->value);
}

Multiaddr Multiaddr::without_peer() const {
  std::size_t last_begins = 0;
  std::optional<MultiaddrCode> last;
  for (ByteReader in(bytes()); in.more();) {
    last_begins = in.position();
    last = next_part(in)->code;
  }
  return last == MultiaddrCode::p2p ? Multiaddr(bytes_.slice(0, last_begins)) : *this;
}

Multiaddr Multiaddr::with_peer(const PeerId& peer) const {
  std::vector<std::uint8_t> bytes;
  append(bytes, without_peer().bytes());
  append_varint(bytes, static_cast<std::uint64_t>(MultiaddrCode::p2p));
  append_with_length(bytes, peer.bytes());
  return Multiaddr(Bytes::copy_of(bytes));
}

Result<Multiaddr> Multiaddr::join(const Multiaddr& other) const {
  std::vector<std::uint8_t> bytes;
  append(bytes, this->bytes());
  append(bytes, other.bytes());
  return from_bytes(bytes);
}

Result<TcpTarget> tcp_target(const Multiaddr& address) {
  const std::vector<MultiaddrPart> parts = address.without_peer().parts();
  const auto refuse = [&address] {
    return fail(Errc::not_supported, "{} is not reached over TCP alone", address.text());
  };
  if (parts.size() != 2 || parts[1].code != MultiaddrCode::tcp) return refuse();
  TcpTarget target{.port = load_be<std::uint16_t>(parts[1].value.data())};
  switch (parts[0].code) {
    case MultiaddrCode::ip4:
    case MultiaddrCode::ip6: target.address = *IpAddress::from_bytes(parts[0].value); return target;
    case MultiaddrCode::dns4: target.family = IpFamily::v4; break;
    case MultiaddrCode::dns6: target.family = IpFamily::v6; break;
    case MultiaddrCode::dns: break;
    default: return refuse();
  }
  target.name = as_text(parts[0].value);
  return target;
}

}  // namespace ghostnet::libp2p
