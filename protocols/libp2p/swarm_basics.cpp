// What every node speaks: identify, identify/push and ping (libp2p specs).
#include <array>

#include "ghostnet/crypto/secret.hpp"
#include "ghostnet/libp2p/envelope.hpp"
#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/libp2p/swarm.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::libp2p::detail {
namespace {

constexpr Duration kIdentifyTimeout = 30s;
constexpr Duration kPingTimeout = 10s;
constexpr std::size_t kPingBytes = 32;
constexpr std::size_t kMaxPushes = 32;  // that one connection may bring within kPushInterval: each may be signed
constexpr Duration kPushInterval = 60s;
constexpr std::size_t kChunkedFromBytes = 2048;  // go-libp2p: longer answers send the signed record on its own

Task<Result<>> send_identify(Stream& stream, Identify said) {
  std::vector<std::uint8_t> message = said.encode();
  if (message.size() > kChunkedFromBytes && said.signed_peer_record) {
    const Identify rest{.signed_peer_record = std::exchange(said.signed_peer_record, std::nullopt)};
    message = said.encode();
    if (Result<> sent = co_await write_message(stream, message); !sent) co_return sent;
    message = rest.encode();
  }
  if (Result<> sent = co_await write_message(stream, message); !sent) co_return sent;
  co_return stream.shutdown_send();
}

// One probe on a stream of its own.
Task<Result<>> probe(Stream& stream, crypto::SecureRandom& random) {
  std::array<std::uint8_t, kPingBytes> sent;
  random.fill(sent);
  if (Result<> written = co_await stream.write(sent); !written) co_return written;
  if (Result<> finished = stream.shutdown_send(); !finished) co_return finished;
  std::array<std::uint8_t, kPingBytes> received;
  if (Result<> read = co_await stream.read_exactly(received); !read) co_return read;
  if (sent != received) co_return fail(Errc::protocol, "the peer answered a ping with other bytes");
  co_return Result<>();
}

}  // namespace

bool Swarm::Counts::enter(const PeerId& peer) {
  std::size_t& open = open_[peer];
  if (open >= max_) return false;
  ++open;
  return true;
}

void Swarm::Counts::leave(const PeerId& peer) {
  const auto open = open_.find(peer);
  if (--open->second == 0) open_.erase(open);
}

// ---- ping ----

Task<Result<Duration>> Swarm::ping(PeerId peer) {
  const Result<std::unique_ptr<PeerStream>> stream = co_await open_stream(peer, {std::string(kPingId)});
  if (!stream) co_return fail(stream);
  const TimePoint begun = host.now();
  if (Result<> answered = co_await with_timeout(host.clock(), kPingTimeout, probe(**stream, random)); !answered) {
    co_return fail(answered);
  }
  const Duration rtt = host.now() - begun;
  metrics.ping_rtt.record(rtt);
  co_return rtt;
}

void Swarm::PingHandler::accept(std::unique_ptr<PeerStream> stream) {
  if (!swarm_.pings_.enter(stream->remote_peer())) return swarm_.metrics.streams_refused.add();
  swarm_.scope_.spawn(swarm_.answer_pings(std::move(stream)));
}

Task<> Swarm::answer_pings(std::unique_ptr<PeerStream> stream) {
  const PeerId peer = stream->remote_peer();
  std::array<std::uint8_t, kPingBytes> payload;
  while (co_await stream->read_exactly(payload)) {
    if (!co_await stream->write(payload)) break;
  }
  static_cast<void>(stream->shutdown_send());
  pings_.leave(peer);
}

// ---- identify ----

Identify Swarm::describe_self(const ConnectionInfo* to) {
  Identify said{.protocol_version = options.protocol_version, .agent_version = options.agent};
  const std::vector<std::uint8_t> encoded = key.public_key().encode();
  said.public_key = Bytes::copy_of(ByteView(encoded));
  said.listen_addresses = addresses();
  for (std::string_view protocol : protocols()) said.protocols.emplace_back(protocol);
  if (to != nullptr) said.observed_address = to->remote_address;
  if (!record_ || record_->addresses != said.listen_addresses) {
    record_ = PeerRecord{key.peer_id(), ++record_seq_, said.listen_addresses};
    const std::vector<std::uint8_t> sealed = record_->seal(key, random);
    sealed_record_ = Bytes::copy_of(ByteView(sealed));
  }
  said.signed_peer_record = sealed_record_;
  return said;
}

void Swarm::IdentifyHandler::accept(std::unique_ptr<PeerStream> stream) {
  if (!swarm_.identifies_.enter(stream->remote_peer())) return swarm_.metrics.streams_refused.add();
  swarm_.scope_.spawn(swarm_.answer_identify(std::move(stream)));
}

Task<> Swarm::answer_identify(std::unique_ptr<PeerStream> stream) {
  Task<Result<>> sending = send_identify(*stream, describe_self(&stream->connection()));
  static_cast<void>(co_await with_timeout(host.clock(), kIdentifyTimeout, std::move(sending)));
  identifies_.leave(stream->remote_peer());
}

Task<Result<>> Swarm::read_identify(Stream& stream, PeerId peer) {
  Identify said;
  for (std::size_t messages = 0; messages < kMaxIdentifyMessages; ++messages) {
    const Result<Bytes> message = co_await read_message(stream, kMaxIdentifyBytes);
    if (!message) {
      if (message.error() == Errc::end_of_stream && messages > 0) break;
      co_return fail(message);
    }
    if (Result<> merged = said.merge(message->view()); !merged) co_return merged;
  }
  note_identify(peer, std::move(said));
  co_return Result<>();
}

// What is missing says nothing; what is there replaces what was known.
void Swarm::note_identify(const PeerId& peer, Identify said) {
  const PeerAbout* const known = peers.find(peer);
  PeerAbout about = known != nullptr ? *known : PeerAbout{};
  if (!said.protocols.empty()) {
    about.protocols.clear();
    for (const std::string& protocol : said.protocols) {
      if (about.protocols.size() == PeerStore::kMaxProtocols) break;
      about.protocols.push_back(protocol);
    }
  }
  if (said.agent_version) about.agent = *said.agent_version;
  if (said.protocol_version) about.protocol_version = *said.protocol_version;
  if (said.observed_address) about.observed = *said.observed_address;
  // An address that the peer signed counts for more than one that it merely says; a record of somebody else for
  // nothing.
  std::vector<Multiaddr> addresses = std::move(said.listen_addresses);
  if (said.signed_peer_record) {
    const Result<PeerRecord> record = PeerRecord::open(said.signed_peer_record->view());
    if (record && record->peer == peer && record->seq >= about.record_seq) {
      about.signed_record = *said.signed_peer_record;
      about.record_seq = record->seq;
      addresses = record->addresses;
    }
  }
  peers.set_about(peer, std::move(about));
  peers.add_addresses(peer, addresses, host.now(), PeerStore::kConnectedAddress);
  tell_observers([&peer](NodeObserver& observer) { observer.identified(peer); });
}

Task<Result<>> Swarm::identify(PeerId peer) {
  const Result<std::unique_ptr<PeerStream>> stream = co_await open_stream(peer, {std::string(kIdentifyId)});
  if (!stream) co_return fail(stream);
  static_cast<void>((*stream)->shutdown_send());
  co_return co_await with_timeout(host.clock(), kIdentifyTimeout, read_identify(**stream, peer));
}

Task<> Swarm::identify_new(PeerId peer) { static_cast<void>(co_await identify(peer)); }

// ---- push ----

bool Swarm::may_push(const PeerId& peer) {
  Connection* const connection = connection_to(peer);
  if (connection == nullptr) return false;
  if (host.now() - connection->pushes_from >= kPushInterval) {
    connection->pushes_from = host.now();
    connection->pushes = 0;
  }
  return ++connection->pushes <= kMaxPushes && pushes_.enter(peer);
}

void Swarm::PushHandler::accept(std::unique_ptr<PeerStream> stream) {
  if (!swarm_.may_push(stream->remote_peer())) return swarm_.metrics.streams_refused.add();
  swarm_.scope_.spawn(swarm_.take_push(std::move(stream)));
}

Task<> Swarm::take_push(std::unique_ptr<PeerStream> stream) {
  static_cast<void>(
      co_await with_timeout(host.clock(), kIdentifyTimeout, read_identify(*stream, stream->remote_peer())));
  static_cast<void>(stream->shutdown_send());
  pushes_.leave(stream->remote_peer());
}

void Swarm::push_identify() {
  for (const PeerId& peer : connected_peers()) {
    if (peers.supports(peer, kIdentifyPushId)) scope_.spawn(push_to(peer));
  }
}

Task<> Swarm::push_to(PeerId peer) {
  const Result<std::unique_ptr<PeerStream>> stream = open_stream_now(peer, kIdentifyPushId);
  if (!stream) co_return;
  Task<Result<>> sending = send_identify(**stream, describe_self(&(*stream)->connection()));
  static_cast<void>(co_await with_timeout(host.clock(), kIdentifyTimeout, std::move(sending)));
}

}  // namespace ghostnet::libp2p::detail
