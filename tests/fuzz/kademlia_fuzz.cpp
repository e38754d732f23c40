// Bytes as messages of the DHT: parsing is total, what is read is written and read again alike, and an answer of
// anybody leaves a search and a store within their bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ghostnet/kademlia/ipns.hpp"
#include "ghostnet/kademlia/lookup.hpp"
#include "ghostnet/kademlia/message.hpp"
#include "ghostnet/kademlia/record_store.hpp"

namespace {

using namespace ghostnet;
using namespace ghostnet::kademlia;

void require(bool holds) {
  if (!holds) std::abort();
}

libp2p::PeerId somebody() {
  const std::array<std::uint8_t, 36> key{0x08, 0x01, 0x12, 0x20};
  return libp2p::PeerId::of_encoded_key(key);
}

void search_with(const Message& answer) {
  const libp2p::PeerId seed[] = {somebody()};
  Lookup lookup(Key::of(answer.key.view()), seed, libp2p::PeerId(), {.k = 4, .alpha = 2, .max_candidates = 16});
  std::vector<libp2p::PeerId> closer;
  for (const PeerInfo& peer : answer.closer) closer.push_back(peer.id);
  std::size_t asked = 0;
  while (const auto next = lookup.next()) {
    ++asked;
    if (asked % 3 == 0) {
      lookup.failed(*next);
    } else {
      lookup.answered(*next, closer);
    }
  }
  require(lookup.finished());
  require(asked <= answer.closer.size() + 1);
  require(lookup.closest().size() <= 4);
}

void store(const Message& said) {
  const RecordStoreOptions options{
      .max_values = 2, .max_value_bytes = 64, .max_provided_keys = 2, .max_provider_bytes = 256};
  RecordStore store(Key(), options);
  if (said.record) static_cast<void>(store.put(Key::of(said.record->key.view()), *said.record, {}));
  for (const PeerInfo& provider : said.providers) store.add_provider(Key::of(said.key.view()), provider, {});
  require(store.value_count() <= 2 && store.provided_key_count() <= 2 && store.provider_bytes() <= 256);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(IpnsRecord::open(somebody(), {data, size}));
  static_cast<void>(parse_rfc3339(as_text(ByteView(data, size))));
  const auto message = Message::parse({data, size});
  if (!message) return 0;
  require(message->closer.size() <= Message::kMaxPeers && message->providers.size() <= Message::kMaxPeers);
  const std::vector<std::uint8_t> encoded = message->encode();
  const auto again = Message::parse(encoded);
  require(again && again->encode() == encoded);
  search_with(*message);
  store(*message);
  return 0;
}
