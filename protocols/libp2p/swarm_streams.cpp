// The streams of a Swarm: who handles which protocol, and how a stream comes to one.
#include <algorithm>

#include "ghostnet/libp2p/swarm.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::libp2p::detail {

// ---- handlers and observers ----

Result<std::uint64_t> Swarm::handle(std::string_view protocol, StreamHandler& handler) {
  if (!is_protocol_id(protocol)) return fail(Errc::invalid_argument, "{} is no protocol id", protocol);
  if (find_handler(protocol) != nullptr) return fail(Errc::invalid_argument, "{} has a handler already", protocol);
  if (handlers_.size() >= options.max_protocols)
    return fail(Errc::limit, "{} protocols have handlers", handlers_.size());
  handlers_.push_back({next_registration_, peers.keep_own(protocol), &handler});
  push_identify();
  return next_registration_++;
}

std::uint64_t Swarm::observe(NodeObserver& observer) {
  observers_.push_back({next_registration_, &observer});
  return next_registration_++;
}

void Swarm::end_registration(std::uint64_t id) {
  const std::size_t handled = std::erase_if(handlers_, [id](const Handler& handler) { return handler.id == id; });
  std::erase_if(observers_, [id](const Observing& observing) { return observing.id == id; });
  if (handled > 0) push_identify();
}

const Swarm::Handler* Swarm::find_handler(std::string_view protocol) const {
  const auto found = std::ranges::find(handlers_, protocol, &Handler::protocol);
  return found == handlers_.end() ? nullptr : &*found;
}

std::vector<std::string_view> Swarm::protocols() const {
  std::vector<std::string_view> ids;
  for (const Handler& handler : handlers_) ids.push_back(handler.protocol);
  return ids;
}

// ---- inbound ----

void Swarm::inbound(std::unique_ptr<YamuxStream> stream) { scope_.spawn(negotiate(std::move(stream))); }

Task<> Swarm::negotiate(std::unique_ptr<YamuxStream> stream) {
  const std::function<bool(std::string_view)> takes = [this](std::string_view id) {
    return find_handler(id) != nullptr;
  };
  const Result<std::string> agreed =
      co_await with_timeout(host.clock(), options.negotiation_timeout, select(*stream, takes));
  const Handler* const handler = agreed ? find_handler(*agreed) : nullptr;
  if (handler == nullptr) {
    metrics.streams_refused.add();
    co_return;
  }
  stream->agree(handler->protocol);
  metrics.streams_accepted.add();
  handler->handler->accept(std::move(stream));
}

// ---- outbound ----

// A stream that is to say `lines` first, and then to be used as if the peer had agreed.
Result<std::unique_ptr<YamuxStream>> Swarm::open_lazily(Connection& connection, std::string_view protocol,
                                                        std::vector<std::uint8_t>& lines) {
  if (!is_protocol_id(protocol)) return fail(Errc::invalid_argument, "{} is no protocol id", protocol);
  Result<std::unique_ptr<YamuxStream>> stream = connection.session.open();
  if (stream) lines = (*stream)->propose_lazily(peers.keep_own(protocol));
  return stream;
}

Task<Result<std::unique_ptr<PeerStream>>> Swarm::open_and_choose(Connection& connection,
                                                                 std::vector<std::string> protocols) {
  Result<std::unique_ptr<YamuxStream>> opened = connection.session.open();
  if (!opened) co_return fail(opened);
  std::unique_ptr<YamuxStream> stream = std::move(*opened);
  const Result<std::size_t> agreed =
      co_await with_timeout(host.clock(), options.negotiation_timeout, propose(*stream, protocols));
  if (!agreed) co_return fail(agreed);
  stream->agree(peers.keep_own(protocols[*agreed]));
  metrics.streams_opened.add();
  co_return std::unique_ptr<PeerStream>(std::move(stream));
}

Task<Result<std::unique_ptr<PeerStream>>> Swarm::open_stream(PeerId peer, std::vector<std::string> protocols) {
  if (protocols.empty()) co_return fail(Errc::invalid_argument, "a stream wants a protocol");
  if (Result<> connected = co_await connect_peer(peer); !connected) co_return fail(connected);
  Connection* const connection = connection_to(peer);
  if (connection == nullptr) co_return fail(Errc::closed, "the connection is gone again");
  auto chosen = protocols.begin();
  if (protocols.size() > 1) {
    chosen =
        std::ranges::find_if(protocols, [&](const std::string& protocol) { return peers.supports(peer, protocol); });
  }
  if (chosen == protocols.end()) co_return co_await open_and_choose(*connection, std::move(protocols));
  std::vector<std::uint8_t> lines;
  Result<std::unique_ptr<YamuxStream>> stream = open_lazily(*connection, *chosen, lines);
  if (!stream) co_return fail(stream);
  if (Result<> proposed = co_await (*stream)->write(lines); !proposed) co_return fail(proposed);
  metrics.streams_opened.add();
  co_return std::unique_ptr<PeerStream>(std::move(*stream));
}

Result<std::unique_ptr<PeerStream>> Swarm::open_stream_now(const PeerId& peer, std::string_view protocol) {
  Connection* const connection = connection_to(peer);
  if (connection == nullptr) return fail(Errc::not_found, "there is no connection to {}", peer.text());
  std::vector<std::uint8_t> lines;
  Result<std::unique_ptr<YamuxStream>> stream = open_lazily(*connection, protocol, lines);
  if (!stream) return fail(stream);
  const ByteView part(lines);
  const Result<std::size_t> written = (*stream)->try_write(std::span(&part, 1));
  if (!written) return fail(written);
  if (*written < lines.size()) return fail(Errc::no_buffers, "the connection has no room for another stream");
  metrics.streams_opened.add();
  return std::unique_ptr<PeerStream>(std::move(*stream));
}

}  // namespace ghostnet::libp2p::detail
