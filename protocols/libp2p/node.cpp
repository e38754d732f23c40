#include "ghostnet/libp2p/node.hpp"

#include "ghostnet/libp2p/swarm.hpp"

namespace ghostnet::libp2p {

Registration& Registration::operator=(Registration&& other) noexcept {
  if (this == &other) return *this;
  end();
  swarm_ = std::move(other.swarm_);
  id_ = other.id_;
  return *this;
}

void Registration::end() {
  if (const std::shared_ptr<detail::Swarm> swarm = swarm_.lock()) swarm->end_registration(id_);
  swarm_.reset();
}

Node::Node(Host& host, KeyPair key, NodeOptions options)
    : swarm_(std::make_shared<detail::Swarm>(host, std::move(key), std::move(options))) {}
Node::~Node() = default;

const PeerId& Node::id() const { return swarm_->key.peer_id(); }
const KeyPair& Node::key() const { return swarm_->key; }
Host& Node::host() const { return swarm_->host; }
const NodeOptions& Node::options() const { return swarm_->options; }
NodeMetrics& Node::metrics() const { return swarm_->metrics; }
crypto::SecureRandom& Node::secure_random() const { return swarm_->random; }

Result<Multiaddr> Node::listen(const Multiaddr& address) { return swarm_->listen(address); }
std::vector<Multiaddr> Node::addresses() const { return swarm_->addresses(); }

Result<Registration> Node::handle(std::string_view protocol, StreamHandler& handler) {
  const Result<std::uint64_t> id = swarm_->handle(protocol, handler);
  if (!id) return fail(id);
  return Registration(swarm_, *id);
}

Registration Node::observe(NodeObserver& observer) { return {swarm_, swarm_->observe(observer)}; }
std::vector<std::string_view> Node::protocols() const { return swarm_->protocols(); }

Task<Result<PeerId>> Node::connect(Multiaddr address) { return swarm_->connect_address(std::move(address)); }
Task<Result<>> Node::connect(PeerId peer) { return swarm_->connect_peer(peer); }
bool Node::is_connected(const PeerId& peer) const { return swarm_->is_connected(peer); }
std::vector<PeerId> Node::connected_peers() const { return swarm_->connected_peers(); }
std::vector<ConnectionInfo> Node::connections() const { return swarm_->connections(); }
const ConnectionInfo* Node::connection(const PeerId& peer) const { return swarm_->connection(peer); }
std::size_t Node::connection_count(Direction direction) const { return swarm_->connection_count(direction); }
void Node::disconnect(const PeerId& peer) { swarm_->disconnect(peer); }

Task<Result<std::unique_ptr<PeerStream>>> Node::open_stream(PeerId peer, std::string_view protocol) {
  return swarm_->open_stream(peer, {std::string(protocol)});
}
Task<Result<std::unique_ptr<PeerStream>>> Node::open_stream(PeerId peer, std::vector<std::string> protocols) {
  return swarm_->open_stream(peer, std::move(protocols));
}
Result<std::unique_ptr<PeerStream>> Node::open_stream_now(const PeerId& peer, std::string_view protocol) {
  return swarm_->open_stream_now(peer, protocol);
}

void Node::tag(const PeerId& peer, std::string_view tag, std::int32_t value) { swarm_->manager.tag(peer, tag, value); }
void Node::protect(const PeerId& peer, std::string_view tag) { swarm_->manager.protect(peer, tag); }
void Node::unprotect(const PeerId& peer, std::string_view tag) { swarm_->manager.unprotect(peer, tag); }

PeerStore& Node::peers() { return swarm_->peers; }
const PeerStore& Node::peers() const { return swarm_->peers; }
Task<Result<Duration>> Node::ping(PeerId peer) { return swarm_->ping(peer); }
Task<Result<>> Node::identify(PeerId peer) { return swarm_->identify(peer); }
void Node::push_identify() { swarm_->push_identify(); }
Task<> Node::close(TimePoint deadline) { return swarm_->close(deadline); }

}  // namespace ghostnet::libp2p
