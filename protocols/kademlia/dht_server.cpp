// What a server of the DHT answers.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "ghostnet/kademlia/dht.hpp"
#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::kademlia {
namespace {

constexpr std::size_t kMaxQuestionBytes = 1024 * 1024;

// RFC 3339 5.6, to the second.
std::string text_of(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace

void Dht::accept(std::unique_ptr<libp2p::PeerStream> stream) {
  if (inbound_ >= options_.max_inbound_streams) return;  // dropped: reset
  std::size_t& of_peer = inbound_of_[stream->remote_peer()];
  if (of_peer >= options_.max_inbound_streams_per_peer) return;
  ++of_peer;
  ++inbound_;
  scope_.spawn(serve(std::move(stream)));
}

Task<> Dht::serve(std::unique_ptr<libp2p::PeerStream> stream) {
  co_await answer_all(*stream);
  --inbound_;
  const auto of_peer = inbound_of_.find(stream->remote_peer());
  if (--of_peer->second == 0) inbound_of_.erase(of_peer);
}

// One question after the other, until the peer has no more, is idle for too long or is refused: then the stream is
// reset, as go-libp2p-kad-dht does it, so that who keeps it for its next question does not wait for an answer.
Task<> Dht::answer_all(libp2p::PeerStream& stream) {
  const libp2p::PeerId asker = stream.remote_peer();
  while (true) {
    auto bytes = co_await with_timeout(node_.host().clock(), options_.idle_timeout,
                                       libp2p::read_message(stream, kMaxQuestionBytes));
    if (!bytes) {
      if (bytes.error() == Errc::end_of_stream) static_cast<void>(stream.shutdown_send());
      co_return;
    }
    const auto question = Message::parse(bytes->view());
    if (!question) co_return;
    const auto reply = answer(asker, *question);
    if (!reply) co_return;
    if (!*reply) continue;
    const std::vector<std::uint8_t> encoded = (*reply)->encode();
    const auto sent =
        co_await with_timeout(node_.host().clock(), options_.idle_timeout, libp2p::write_message(stream, encoded));
    if (!sent) co_return;
  }
}

std::vector<PeerInfo> Dht::closer_to(const Key& at, const libp2p::PeerId& asker) {
  std::vector<PeerInfo> peers;
  for (const libp2p::PeerId& peer : table_.closest(at, options_.table.bucket_size)) {
    if (peer != asker) peers.push_back(about(peer));
  }
  return peers;
}

Result<std::optional<Message>> Dht::answer(const libp2p::PeerId& asker, const Message& question) {
  const TimePoint now = node_.host().now();
  const Key at = Key::of(question.key.view());
  Message reply{.type = question.type, .key = question.key};
  switch (question.type) {
    case MessageType::find_node: {
      reply.closer = closer_to(at, asker);
      // Who is asked for by name is named, a client too.
      const auto wanted = libp2p::PeerId::from_bytes(question.key.view());
      if (wanted && *wanted != asker && std::ranges::find(reply.closer, *wanted, &PeerInfo::id) == reply.closer.end()) {
        PeerInfo info = about(*wanted);
        if (!info.addresses.empty()) reply.closer.insert(reply.closer.begin(), std::move(info));
      }
      return reply;
    }
    case MessageType::get_value:
      if (const Record* record = store_.get(at, now)) reply.record = *record;
      reply.closer = closer_to(at, asker);
      return reply;
    case MessageType::get_providers:
      reply.providers = store_.providers(at, now);
      reply.closer = closer_to(at, asker);
      return reply;
    case MessageType::put_value: return answer_put(at, question);
    case MessageType::add_provider: take_providers(asker, at, question); return std::nullopt;
    case MessageType::ping: return reply;
  }
  return std::nullopt;
}

// Stores what is valid and no worse than what is here, and echoes it.
Result<std::optional<Message>> Dht::answer_put(const Key& at, const Message& question) {
  if (!question.record || question.record->key != question.key || question.key.empty()) return fail(Errc::malformed);
  const ByteView key = question.key.view();
  const ByteView value = question.record->value.view();
  if (!valid(key, value)) return fail(Errc::permission);
  const TimePoint now = node_.host().now();
  if (const Record* known = store_.get(at, now); known != nullptr && !equal(known->value.view(), value)) {
    if (validator_ == nullptr || !validator_->better(key, value, known->value.view())) return fail(Errc::permission);
  }
  const std::string received = text_of(node_.host().clock().wall_now());
  Record kept{.key = question.key, .value = question.record->value, .time_received = received};
  if (Result<> stored = store_.put(at, std::move(kept), now); !stored) return fail(stored);
  return question;
}

// Only who provides may say so.
void Dht::take_providers(const libp2p::PeerId& asker, const Key& at, const Message& question) {
  if (question.key.empty()) return;
  for (const PeerInfo& provider : question.providers) {
    if (provider.id != asker) continue;
    learn(std::span(&provider, 1));
    store_.add_provider(at, provider, node_.host().now());
  }
}

}  // namespace ghostnet::kademlia
