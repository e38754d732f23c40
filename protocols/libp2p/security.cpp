#include "ghostnet/libp2p/security.hpp"

#include <algorithm>
#include <array>

#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/libp2p/multistream.hpp"
#include "ghostnet/libp2p/protobuf.hpp"
#include "ghostnet/noise/noise_stream.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::libp2p {
namespace {

constexpr std::string_view kNoiseProtocol = "Noise_XX_25519_ChaChaPoly_SHA256";
constexpr std::string_view kNoiseKeyPrefix = "noise-libp2p-static-key:";
constexpr std::size_t kMaxExchangeBytes = 16 * 1024;

std::vector<std::uint8_t> signed_noise_key(ByteView noise_static_key) {
  std::vector<std::uint8_t> bytes(kNoiseKeyPrefix.begin(), kNoiseKeyPrefix.end());
  append(bytes, noise_static_key);
  return bytes;
}

const noise::Protocol& noise_protocol() {
  static const noise::Protocol protocol = *noise::Protocol::parse(kNoiseProtocol);
  return protocol;
}

// The first of the initiator's muxers that the responder has (libp2p specs, inlined muxer negotiation): yamux, or none
// while one side named none and they negotiate later.
Result<std::string_view> common_muxer(const NoisePayload& theirs) {
  if (theirs.muxers.empty()) return std::string_view();
  if (std::ranges::find(theirs.muxers, kYamuxId) == theirs.muxers.end()) {
    return fail(Errc::protocol, "the peer has no muxer that we have");
  }
  return kYamuxId;
}

Task<Result<>> send_message(Stream& raw, noise::HandshakeState& handshake, ByteView payload) {
  std::vector<std::uint8_t> message;
  if (Result<> written = handshake.write_message(payload, message); !written) co_return written;
  co_return co_await noise::write_framed(raw, message);
}

// The proposal and the first message of the handshake at once, and then the answer to the proposal. A listener reads
// no further than the line that it takes (multistream-select), so that the message waits for its Noise.
Task<Result<>> propose_and_send(Stream& raw, noise::HandshakeState& handshake) {
  LazyProposal proposal{std::string(kNoiseId)};
  std::vector<std::uint8_t> bytes = proposal.lines();
  const std::size_t length_at = bytes.size();
  bytes.resize(length_at + noise::kLengthBytes);
  if (Result<> written = handshake.write_message({}, bytes); !written) co_return written;
  const std::size_t message_bytes = bytes.size() - length_at - noise::kLengthBytes;
  store_be(bytes.data() + length_at, static_cast<std::uint16_t>(message_bytes));
  if (Result<> written = co_await raw.write(bytes); !written) co_return written;
  std::array<std::uint8_t, kMaxProtocolIdBytes + 1> room;
  while (true) {
    const MutableByteView wanted = MutableByteView(room).first(std::min(room.size(), proposal.wanted()));
    if (Result<> read = co_await raw.read_exactly(wanted); !read) co_return read;
    const Result<bool> agreed = proposal.feed(wanted);
    if (!agreed) co_return fail(agreed);
    if (*agreed) co_return Result<>();
  }
}

Task<Result<std::vector<std::uint8_t>>> receive_message(Stream& raw, noise::HandshakeState& handshake) {
  const Result<std::vector<std::uint8_t>> message = co_await noise::read_framed(raw);
  if (!message) co_return fail(message);
  std::vector<std::uint8_t> payload;
  if (Result<> read = handshake.read_message(*message, payload); !read) co_return fail(read);
  co_return payload;
}

}  // namespace

Result<> expect_peer(const PeerId& peer, const std::optional<PeerId>& expected) {
  if (!expected || *expected == peer) return {};
  return fail(Errc::permission, "{} was dialled and {} answered", expected->text(), peer.text());
}

NoiseIdentity::NoiseIdentity(const KeyPair& key, crypto::SecureRandom& random)
    : static_key_(crypto::DhKeyPair::generate(crypto::CurveKind::x25519, random)) {
  std::vector<std::uint8_t> extensions;
  ProtobufWriter(extensions).text(2, kYamuxId);
  ProtobufWriter out(payload_);
  out.bytes(1, key.public_key().encode());
  out.bytes(2, key.sign(signed_noise_key(static_key_.public_key()), random));
  out.bytes(4, extensions);
}

Result<NoisePayload> NoisePayload::parse(ByteView bytes) {
  NoisePayload payload;
  ProtobufReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: payload.identity_key = in.bytes(); break;
      case 2: payload.identity_signature = in.bytes(); break;
      case 4: {
        ProtobufReader extensions(in.bytes());
        while (extensions.next()) {
          if (extensions.field() != 2) continue;
          extensions.expect(payload.muxers.size() < kMaxMuxers, "at most 64 muxers");
          payload.muxers.push_back(extensions.text());
        }
        if (Result<> done = extensions.finish("Noise extensions"); !done) return fail(done);
        break;
      }
      default: break;
    }
  }
  if (Result<> done = in.finish("Noise handshake payload"); !done) return fail(done);
  return payload;
}

Result<PeerId> NoisePayload::check(ByteView noise_static_key) const {
  const Result<PublicKey> key = PublicKey::decode(identity_key);
  if (!key) return fail(key.error().while_doing("Noise handshake payload"));
  if (!key->verify(signed_noise_key(noise_static_key), identity_signature)) {
    return fail(Errc::permission, "the peer's Noise key is not signed by its identity");
  }
  return key->peer_id();
}

Task<Result<Secured>> secure_with_noise(Host& host, std::unique_ptr<Stream> raw, const NoiseIdentity& identity,
                                        Direction direction, std::optional<PeerId> expected, Agreement agreement) {
  crypto::HostRandom random(host);
  const bool initiator = direction == Direction::outbound;
  noise::HandshakeConfig config{.protocol = noise_protocol(),
                                .role = initiator ? noise::Role::initiator : noise::Role::responder};
  config.s = identity.static_key().copy();
  Result<noise::HandshakeState> handshake = noise::HandshakeState::begin(std::move(config), random);
  if (!handshake) co_return fail(handshake);

  // -> e; <- e ee s es, payload; -> s se, payload
  if (initiator && agreement == Agreement::with_first_message) {
    if (Result<> sent = co_await propose_and_send(*raw, *handshake); !sent) co_return fail(sent);
  } else if (initiator) {
    if (Result<> sent = co_await send_message(*raw, *handshake, {}); !sent) co_return fail(sent);
  } else {
    if (auto first = co_await receive_message(*raw, *handshake); !first) co_return fail(first);
    if (Result<> sent = co_await send_message(*raw, *handshake, identity.payload()); !sent) co_return fail(sent);
  }
  const Result<std::vector<std::uint8_t>> received = co_await receive_message(*raw, *handshake);
  if (!received) co_return fail(received);
  const Result<NoisePayload> payload = NoisePayload::parse(*received);
  if (!payload) co_return fail(payload);
  const Result<PeerId> peer = payload->check(*handshake->remote_static());
  if (!peer) co_return fail(peer);
  if (Result<> right = expect_peer(*peer, expected); !right) co_return fail(right);
  const Result<std::string_view> muxer = common_muxer(*payload);
  if (!muxer) co_return fail(muxer);
  if (initiator) {
    if (Result<> sent = co_await send_message(*raw, *handshake, identity.payload()); !sent) co_return fail(sent);
  }
  auto stream = std::make_unique<noise::NoiseStream>(host, std::move(raw), std::move(*handshake).split());
  co_return Secured{std::move(stream), *peer, *muxer};
}

Task<Result<Secured>> secure_with_plaintext(std::unique_ptr<Stream> raw, const KeyPair& key,
                                            std::optional<PeerId> expected) {
  std::vector<std::uint8_t> ours;
  ProtobufWriter out(ours);
  out.bytes(1, key.peer_id().bytes());
  out.bytes(2, key.public_key().encode());
  if (Result<> written = co_await write_message(*raw, ours); !written) co_return fail(written);

  const Result<Bytes> theirs = co_await read_message(*raw, kMaxExchangeBytes);
  if (!theirs) co_return fail(theirs);
  ByteView id_bytes;
  ByteView key_bytes;
  ProtobufReader in(theirs->view());
  while (in.next()) {
    switch (in.field()) {
      case 1: id_bytes = in.bytes(); break;
      case 2: key_bytes = in.bytes(); break;
      default: break;
    }
  }
  if (Result<> done = in.finish("plaintext exchange"); !done) co_return fail(done);
  const Result<PublicKey> peer_key = PublicKey::decode(key_bytes);
  if (!peer_key) co_return fail(peer_key);
  const PeerId peer = peer_key->peer_id();
  if (!equal(peer.bytes(), id_bytes)) co_return fail(Errc::permission, "a peer id of another key");
  if (Result<> right = expect_peer(peer, expected); !right) co_return fail(right);
  co_return Secured{std::move(raw), peer, {}};
}

}  // namespace ghostnet::libp2p
