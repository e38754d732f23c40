// Bytes as RPCs into a router that is subscribed, scored and meshed: total on any input, bounded in what it answers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ghostnet/gossipsub/router.hpp"

namespace {

using namespace ghostnet;
using namespace ghostnet::gossipsub;

struct Events final : RouterEvents {
  void ready_to_send(PeerHandle) override {}
  bool authentic(const Message& message) override { return message.data.size() % 5 != 0; }
  std::optional<Verdict> validate(MessageSeq, const Message& message, PeerHandle) override {
    return static_cast<Verdict>(message.data.size() % 3);
  }
  void deliver(const Delivery&) override {}
  void drop(PeerHandle, const Error&) override {}
  void exchanged(std::span<const PeerInfo>, PeerHandle) override {}
  void dial_direct(const Bytes&) override {}
  void mesh_changed(std::string_view, PeerHandle, bool) override {}
  void peer_subscribed(PeerHandle, std::string_view, bool) override {}
};

std::optional<MessageId> id_of(const Message& message) {
  return MessageId::of(message.data.first(std::min(message.data.size(), MessageId::kMaxBytes)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Events events;
  TimePoint now = from_ns(1);
  Router router({.options = {.signature_policy = SignaturePolicy::strict_no_sign, .peer_exchange = true},
                 .scoring = {.enabled = true, .topic = {}},
                 .own_id = Bytes::copy_of("own"),
                 .message_id = id_of},
                events, Random::derive(1, 1, "fuzz"), now);
  const PeerHandle peers[] = {*router.add_peer(now, {.id = Bytes::copy_of("a")}),
                              *router.add_peer(now, {.id = Bytes::copy_of("b"), .outbound = true})};
  if (!router.subscribe(now, "t")) std::abort();

  // Each RPC stands behind two bytes: whose it is and how much time passes, and its length.
  while (size >= 2) {
    const std::size_t length = std::min<std::size_t>(data[1], size - 2);
    router.receive(now, peers[data[0] & 1], Bytes::copy_of(ByteView(data + 2, length)));
    now += std::chrono::milliseconds((data[0] >> 1) * 20);
    while (router.next_deadline() <= now) router.on_deadline(router.next_deadline());
    data += 2 + length;
    size -= 2 + length;
  }
  for (const PeerHandle peer : peers) {
    while (const auto frame = router.next_frame(peer)) {
      Rpc rpc;
      ByteReader in(frame->head_view());
      in.leb128();
      if (!frame->body.empty() && in.remaining() == 0 && !rpc.parse(frame->body.view())) std::abort();
    }
  }
  return 0;
}
