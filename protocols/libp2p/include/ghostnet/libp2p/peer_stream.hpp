// PeerStream: one stream to a peer, agreed to speak one protocol: what a protocol on libp2p works with.
//
// It is a Stream (runtime/stream.hpp): read, gathered write, shutdown_send for the half-close, abort for the reset.
// A stream that was opened for one protocol only may be handed out before the peer has agreed: the proposal travels
// with the first bytes written (multistream-select 1.0, lazily). Then the first read tells: not_supported where the
// peer refused. Whoever has a PeerStream owns it; destroying it unfinished resets it. When the connection ends first,
// reads and writes fail with what ended it. It is gone before its Node is.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "ghostnet/libp2p/message_feed.hpp"
#include "ghostnet/libp2p/multiaddr.hpp"
#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::libp2p {

enum class Direction : std::uint8_t { inbound, outbound };
constexpr std::string_view to_string(Direction direction) {
  return direction == Direction::inbound ? "inbound" : "outbound";
}

// What is known of a connection from its beginning, and stays.
struct ConnectionInfo {
  PeerId peer;
  Direction direction = Direction::outbound;
  Endpoint local{};
  Endpoint remote{};
  Multiaddr remote_address{};   // without /p2p
  std::string_view security{};  // protocol ids
  std::string_view muxer{};
  TimePoint opened{};
};

class PeerStream : public Stream {
 public:
  const PeerId& remote_peer() const { return connection_->peer; }
  const ConnectionInfo& connection() const { return *connection_; }
  Direction direction() const { return direction_; }
  // "" while an inbound stream is being negotiated.
  std::string_view protocol() const { return protocol_; }

  // From here on, messages with their length in front go to the sink as they come, in the turn of the connection; the
  // stream is not read any more. For streams of many small messages: no task wakes and nothing is copied. The sink
  // outlives the stream.
  virtual void deliver_messages(MessageSink& sink, std::size_t max_bytes) = 0;
  // Bytes will be written: step 0 brings this object into the cache, the next steps what writing will touch below it
  // (runtime/foresight.hpp).
  virtual void foresee_writing(unsigned step) const { static_cast<void>(step); }

  Endpoint local() const override { return connection_->local; }
  Endpoint peer() const override { return connection_->remote; }

 protected:
  PeerStream(std::shared_ptr<const ConnectionInfo> connection, Direction direction)
      : connection_(std::move(connection)), direction_(direction) {}

  std::shared_ptr<const ConnectionInfo> connection_;
  std::string_view protocol_{};  // the Node keeps it
  Direction direction_;
};

}  // namespace ghostnet::libp2p
