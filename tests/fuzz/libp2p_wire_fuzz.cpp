// What peers send before and after they are trusted: keys, ids, addresses, envelopes, identify, Noise payloads, lines
// of multistream-select. The first byte says which.
#include <cstdlib>

#include "ghostnet/libp2p/envelope.hpp"
#include "ghostnet/libp2p/identify.hpp"
#include "ghostnet/libp2p/key.hpp"
#include "ghostnet/libp2p/message_feed.hpp"
#include "ghostnet/libp2p/multiaddr.hpp"
#include "ghostnet/libp2p/multibase.hpp"
#include "ghostnet/libp2p/multistream.hpp"
#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/libp2p/security.hpp"

namespace {

using namespace ghostnet;          // NOLINT
using namespace ghostnet::libp2p;  // NOLINT

void require(bool condition) {
  if (!condition) std::abort();
}

void multiaddr_bytes(ByteView input) {
  const auto address = Multiaddr::from_bytes(input);
  if (!address) return;
  const auto again = Multiaddr::parse(address->text());
  require(again.has_value() || address->empty());
  if (again) require(again->text() == address->text());
  static_cast<void>(tcp_target(*address));
  require(!address->without_peer().peer() || address->parts().size() > 1);
}

void multiaddr_text(ByteView input) {
  const auto address = Multiaddr::parse(as_text(input));
  if (!address) return;
  const auto again = Multiaddr::from_bytes(address->bytes());
  require(again && *again == *address);
}

void peer_id(ByteView input) {
  if (const auto id = PeerId::from_bytes(input)) {
    require(*PeerId::parse(id->text()) == *id);
    require(*PeerId::parse(id->cid_text()) == *id);
  }
  if (const auto id = PeerId::parse(as_text(input))) require(*PeerId::from_bytes(id->bytes()) == *id);
}

void key(ByteView input) {
  const auto key = PublicKey::decode(input);
  if (!key) return;
  const auto again = PublicKey::decode(key->encode());
  require(again && *again == *key);
}

void identify(ByteView input) {
  Identify said;
  if (!said.merge(input)) return;
  Identify again;
  require(again.merge(said.encode()).has_value());
  require(again.protocols == said.protocols && again.listen_addresses == said.listen_addresses);
}

void lines(ByteView input) {
  LineParser parser;
  for (std::size_t fed = 0; !input.empty() && fed < 1000; ++fed) {
    const ByteView part = input.first(std::min(input.size(), parser.wanted()));
    input = input.subspan(part.size());
    const auto line = parser.feed(part);
    if (!line) return;
    require(parser.wanted() > 0 && parser.wanted() <= kMaxProtocolIdBytes + 1);
  }
}

// In one piece and byte by byte: the same messages and the same end.
void messages(ByteView input) {
  struct Counted final : MessageSink {
    void on_message(ByteView message) override { sizes.push_back(message.size()); }
    void on_messages_end(const Error& why) override { ends.push_back(why.code()); }
    std::vector<std::size_t> sizes;
    std::vector<Errc> ends;
  };
  Counted whole;
  MessageFeed at_once(whole, 4096);
  at_once.feed(input);
  at_once.finish();
  Counted pieces;
  MessageFeed by_bytes(pieces, 4096);
  for (const std::uint8_t& byte : input) by_bytes.feed({&byte, 1});
  by_bytes.finish();
  require(whole.sizes == pieces.sizes && whole.ends == pieces.ends && whole.ends.size() == 1);
}

void base(ByteView input) {
  if (const auto bytes = decode_multibase(as_text(input))) {
    require(*decode_multibase(encode_multibase(static_cast<Multibase>(input[0]), *bytes)) == *bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 10) {
    case 0: multiaddr_bytes(input); break;
    case 1: multiaddr_text(input); break;
    case 2: peer_id(input); break;
    case 3: key(input); break;
    case 4: static_cast<void>(PeerRecord::open(input)); break;
    case 5: static_cast<void>(PeerRecord::decode(input)); break;
    case 6: identify(input); break;
    case 7: {
      if (const auto payload = NoisePayload::parse(input)) static_cast<void>(payload->check({}));
      break;
    }
    case 8: {
      lines(input);
      base(input);
      break;
    }
    case 9: messages(input); break;
  }
  return 0;
}
