#include "ghostnet/tcp/secrets.hpp"

#include <bit>

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::tcp {

namespace {

// A cookie lives one to two of these.
constexpr Duration kCookiePeriod = 64s;
constexpr std::uint32_t kCookiePeriods = 32;
// What a cookie can say of the peer's MSS: the largest of these that is not beyond it.
constexpr std::array<std::uint16_t, 8> kCookieMss = {216, 536, 1024, 1220, 1300, 1440, 1460, 8960};

void sip_round(std::array<std::uint64_t, 4>& v) {
  v[0] += v[1];
  v[2] += v[3];
  v[1] = std::rotl(v[1], 13) ^ v[0];
  v[3] = std::rotl(v[3], 16) ^ v[2];
  v[0] = std::rotl(v[0], 32);
  v[2] += v[1];
  v[0] += v[3];
  v[1] = std::rotl(v[1], 17) ^ v[2];
  v[3] = std::rotl(v[3], 21) ^ v[0];
  v[2] = std::rotl(v[2], 32);
}

}  // namespace

std::uint64_t siphash(const std::array<std::uint64_t, 2>& key, ByteView bytes) {
  // "somepseudorandomlygeneratedbytes"
  std::array<std::uint64_t, 4> v = {key[0] ^ 0x736f'6d65'7073'6575, key[1] ^ 0x646f'7261'6e64'6f6d,
                                    key[0] ^ 0x6c79'6765'6e65'7261, key[1] ^ 0x7465'6462'7974'6573};
  auto absorb = [&v](std::uint64_t word) {
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
  };
  std::uint64_t last = std::uint64_t{bytes.size()} << 56;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) absorb(load_le<std::uint64_t>(bytes.data()));
  for (std::size_t i = 0; i < bytes.size(); ++i) last |= std::uint64_t{bytes[i]} << (8 * i);
  absorb(last);
  v[2] ^= 0xff;
  for (int i = 0; i < 4; ++i) sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

std::uint64_t Secrets::hash(Purpose purpose, const Endpoint& local, const Endpoint& peer, std::uint64_t extra) const {
  std::array<std::uint8_t, 48> message;
  std::uint8_t* at = message.data();
  for (const Endpoint& endpoint : {local, peer}) {
    std::array<std::uint8_t, 16> address = endpoint.address().v6_bytes();
    std::copy(address.begin(), address.end(), at);
    store_be(at + 16, endpoint.port());
    at += 18;
  }
  store_be(at, static_cast<std::uint32_t>(purpose));
  store_be(at + 4, extra);
  return siphash(key_, message);
}

// RFC 6528 3: a clock of 4 microseconds and a hash of the addresses.
SeqNumber Secrets::initial_sequence(TimePoint now, const Endpoint& local, const Endpoint& peer) const {
  auto clock = static_cast<std::uint32_t>(to_ns(now) / 4000);
  return SeqNumber(clock + static_cast<std::uint32_t>(hash(Purpose::sequence, local, peer)));
}

std::uint32_t Secrets::timestamp_offset(const Endpoint& local, const Endpoint& peer) const {
  return static_cast<std::uint32_t>(hash(Purpose::timestamp, local, peer));
}

std::uint32_t Secrets::port_offset(const IpAddress& local, const Endpoint& peer) const {
  return static_cast<std::uint32_t>(hash(Purpose::port, Endpoint(local, 0), peer));
}

// Five bits of time, three of the MSS, 24 of the hash.
SeqNumber Secrets::cookie_of(std::uint32_t period, std::uint32_t mss_index, const Endpoint& local, const Endpoint& peer,
                             SeqNumber peer_sequence) const {
  std::uint64_t extra = std::uint64_t{peer_sequence.value()} << 32 | period << 3 | mss_index;
  auto mark = static_cast<std::uint32_t>(hash(Purpose::cookie, local, peer, extra)) & 0xff'ffff;
  return SeqNumber(period % kCookiePeriods << 27 | mss_index << 24 | mark);
}

SeqNumber Secrets::cookie(TimePoint now, const Endpoint& local, const Endpoint& peer, SeqNumber peer_sequence,
                          std::uint16_t peer_mss) const {
  std::uint32_t index = 0;
  while (index + 1 < kCookieMss.size() && kCookieMss[index + 1] <= peer_mss) ++index;
  auto period = static_cast<std::uint32_t>(now.time_since_epoch() / kCookiePeriod);
  return cookie_of(period, index, local, peer, peer_sequence);
}

std::optional<std::uint16_t> Secrets::mss_of_cookie(TimePoint now, const Endpoint& local, const Endpoint& peer,
                                                    SeqNumber peer_sequence, SeqNumber cookie) const {
  auto period = static_cast<std::uint32_t>(now.time_since_epoch() / kCookiePeriod);
  std::uint32_t index = cookie.value() >> 24 & 7;
  for (std::uint32_t age = 0; age <= 1 && age <= period; ++age) {
    if (cookie_of(period - age, index, local, peer, peer_sequence) == cookie) return kCookieMss[index];
  }
  return std::nullopt;
}

}  // namespace ghostnet::tcp
