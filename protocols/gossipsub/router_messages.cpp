// Messages on their way through a router: publishing, validation, delivery, forwarding.
#include <utility>

#include "ghostnet/gossipsub/router.hpp"
#include "ghostnet/runtime/foresight.hpp"
#include "router_state.hpp"

namespace ghostnet::gossipsub {

Result<MessageSeq> Router::publish(TimePoint now, Bytes encoded) {
  if (encoded.size() > options_.max_message.bytes) {
    return fail(Errc::message_too_large, "gossipsub: a message of {} bytes; max_message is {}", encoded.size(),
                options_.max_message.bytes);
  }
  auto message = Message::parse(encoded.view());
  if (!message) return fail(message);
  if (!allowed(*message)) return fail(Errc::invalid_argument, "gossipsub: the signature policy forbids this message");
  auto found = topic(message->topic);
  if (!found) return fail(found);
  const auto id = message_id_(*message);
  if (!id) return fail(Errc::invalid_argument, "gossipsub: the message has no id");
  const std::uint64_t hash = messages_.hash(*id);
  if (messages_.find(*id, hash)) {
    return fail(Errc::invalid_argument, "gossipsub: a message of this id was published or seen already");
  }
  Topic& topic = **found;
  const MessageSeq seq = messages_.insert({.hash = hash,
                                           .id = *id,
                                           .first_seen = now,
                                           .concluded = now,
                                           .encoded = std::move(encoded),
                                           .topic = topic.number,
                                           .state = SeenMessage::State::accepted});
  ++counters_.published;
  events_.sets_out(*id);
  trace({.kind = TraceKind::publish_message, .message_id = id->view(), .topic = topic.name});
  spread(now, seq, topic);
  return seq;
}

// Own messages: to everybody (v1.1 "Flood Publishing"), or to the mesh, or to the fanout (v1.0 "Message Processing").
void Router::spread(TimePoint now, MessageSeq seq, Topic& topic) {
  SeenMessage& seen = messages_[seq];
  const Frame frame = Frame::of_message(seen.encoded);
  const bool to_all = options_.flood_publish;
  const double threshold = scoring_.publish_threshold;
  const auto trusted = [&](const Peer& peer) { return !scores_.enabled() || score_of(peer) >= threshold; };

  std::vector<Peer*> receivers;
  for (Peer* peer : topic.members) {
    if (peer->direct || ((to_all || !peer->meshes()) && trusted(*peer))) receivers.push_back(peer);
  }
  if (!to_all) {
    if (!topic.subscribed) {
      topic.last_published = now;
      if (topic.fanout.empty()) {
        topic.fanout =
            choose(topic, options_.d, [&](const Peer& peer) { return peer.meshes() && !peer.direct && trusted(peer); });
      }
    }
    for (Peer* peer : topic.subscribed ? topic.mesh : topic.fanout) receivers.push_back(peer);
  }
  for (Peer* peer : receivers) give(*peer, SendQueue::Class::urgent, frame, seq, seen.hash);
}

// pubsub/README.md "Signature Policy Options"; the signature itself is looked at by authentic().
bool Router::allowed(const Message& message) const {
  switch (options_.signature_policy) {
    case SignaturePolicy::strict_sign: return message.from && message.seqno && message.signature;
    case SignaturePolicy::strict_no_sign: return !message.from && !message.seqno && !message.signature && !message.key;
  }
  return false;
}

void Router::on_message(TimePoint now, Peer& source, ByteView encoded) {
  // Each may cost the check of a signature.
  if (source.invalid_messages >= options_.max_invalid_messages) {
    ++counters_.ignored;
    return;
  }
  const auto message =
      encoded.size() > options_.max_message.bytes ? fail(Errc::message_too_large) : Message::parse(encoded);
  if (!message) {
    ++counters_.malformed;
    ++source.invalid_messages;
    scores_.penalize(source.score, 1);
    return;
  }
  Topic* const topic = find_topic(message->topic);
  if (topic == nullptr || !topic->subscribed) {
    ++counters_.ignored;
    return;
  }
  const auto id = message_id_(*message);
  if (!allowed(*message) || !id) {
    ++counters_.rejected;
    ++source.invalid_messages;
    trace({.kind = TraceKind::reject_message,
           .peer = source.about.id.view(),
           .message_id = id ? id->view() : ByteView(),
           .topic = topic->name,
           .detail = "signature policy"});
    scores_.invalid_delivery(source.score, topic->number);
    return;
  }
  events_.copy_came(*id, source.handle);
  const std::uint64_t hash = messages_.hash(*id);
  if (const auto seq = messages_.find(*id, hash)) return on_duplicate(now, *seq, source);
  if (message->from && equal(*message->from, own_id_.view())) {  // ours, from before a restart
    ++counters_.ignored;
    return;
  }
  // Before anything is made of it: it may come again when there is room.
  if (messages_.validating() > 0 && !may_validate(encoded.size())) {
    ++counters_.throttled;
    return;
  }
  if (!events_.authentic(*message)) {
    ++counters_.rejected;
    ++source.invalid_messages;
    scores_.invalid_delivery(source.score, topic->number);
    return;
  }

  foresee_spreading(*topic);
  const MessageSeq seq = messages_.insert({.hash = hash,
                                           .id = *id,
                                           .first_seen = now,
                                           .encoded = Bytes::copy_of(encoded),
                                           .topic = topic->number,
                                           .source = source.handle});
  std::erase_if(promises_, [&](const Promise& promise) { return promise.message_hash == hash; });
  if (encoded.size() >= options_.idontwant_threshold.bytes) tell_unwanted(*topic, source, *id);
  if (const auto verdict = events_.validate(seq, *message, source.handle)) conclude(now, seq, *verdict);
}

// v1.1 "Extended Validators": how many verdicts are awaited at once.
bool Router::may_validate(std::size_t size) const {
  return messages_.validating() < options_.max_validating &&
         messages_.validating_bytes() + size <= static_cast<std::size_t>(options_.max_history.bytes);
}

// A new message goes to all of the mesh: they are fetched while it is copied and looked at.
void Router::foresee_spreading(const Topic& topic) const {
  for (const Peer* peer : topic.mesh) fetch_lines(peer, sizeof(*peer));
  for (const Peer* peer : topic.mesh) events_.foresee_sending(peer->handle);
}

// v1.2: those of the mesh need not send what is here.
void Router::tell_unwanted(const Topic& topic, const Peer& source, const MessageId& id) {
  std::optional<Frame> frame;
  for (Peer* peer : topic.mesh) {
    if (peer == &source || peer->about.version < Version::v1_2) continue;
    if (!frame) {
      Rpc rpc;
      rpc.idontwant.push_back(id.view());
      frame = Frame::of_rpc(rpc.encode());
    }
    if (send(*peer, SendQueue::Class::urgent, *frame)) ++counters_.idontwant_sent;
  }
}

void Router::on_duplicate(TimePoint now, MessageSeq seq, Peer& source) {
  ++counters_.duplicates;
  if (tracer_ != nullptr) [[unlikely]] {
    trace({.kind = TraceKind::duplicate_message,
           .peer = source.about.id.view(),
           .message_id = messages_[seq].id.view(),
           .topic = topics_[messages_[seq].topic]->name});
  }
  if (!scores_.enabled()) return;
  SeenMessage& seen = messages_[seq];
  if (seen.source == source.handle) return;
  switch (seen.state) {
    case SeenMessage::State::rejected: scores_.invalid_delivery(source.score, seen.topic); return;
    case SeenMessage::State::ignored: return;
    case SeenMessage::State::accepted:
      if (now - seen.concluded > scores_.topic_params(seen.topic).mesh_message_deliveries_window) return;
      break;
    case SeenMessage::State::validating: break;
  }
  std::vector<PeerHandle>& near_first = seen.with_rare().near_first;
  if (contains(near_first, source.handle)) return;  // again from the same peer: it earns nothing
  near_first.push_back(source.handle);
  if (seen.state == SeenMessage::State::accepted) {
    scores_.near_first_delivery(source.score, seen.topic, now - seen.concluded);
  }
}

void Router::conclude(TimePoint now, MessageSeq seq, Verdict verdict) {
  if (!messages_.contains(seq) || messages_[seq].state != SeenMessage::State::validating) return;
  switch (verdict) {
    case Verdict::accept:
      messages_.conclude(seq, SeenMessage::State::accepted, now);
      accept(seq);
      break;
    case Verdict::ignore:
      ++counters_.ignored;
      messages_.conclude(seq, SeenMessage::State::ignored, now);
      refuse(seq);
      break;
    case Verdict::reject:
      ++counters_.rejected;
      messages_.conclude(seq, SeenMessage::State::rejected, now);
      if (Peer* const source = find(messages_[seq].source)) ++source->invalid_messages;
      refuse(seq);
      break;
  }
  if (messages_.contains(seq) && !messages_.in_history(seq)) messages_.let_go(seq);
}

void Router::accept(MessageSeq seq) {
  SeenMessage& seen = messages_[seq];
  if (scores_.enabled()) {
    if (const Peer* const source = find(seen.source)) scores_.first_delivery(source->score, seen.topic);
    if (seen.rare) {
      for (const PeerHandle handle : seen.rare->near_first) {
        if (const Peer* const peer = find(handle)) scores_.near_first_delivery(peer->score, seen.topic, Duration());
      }
    }
  }
  ++counters_.delivered;
  const auto message = Message::parse(seen.encoded.view());
  const Topic& topic = *topics_[seen.topic];
  trace({.kind = TraceKind::deliver_message,
         .peer = peer_id(seen.source).view(),
         .message_id = seen.id.view(),
         .topic = topic.name});
  forward(seq, topic, *message);
  if (topic.subscribed) {
    events_.deliver({.seq = seq,
                     .message = *message,
                     .encoded = seen.encoded,
                     .id = seen.id,
                     .source = seen.source,
                     .first_seen = seen.first_seen});
  }
}

void Router::refuse(MessageSeq seq) {
  const SeenMessage& seen = messages_[seq];
  const bool rejected = seen.state == SeenMessage::State::rejected;
  trace({.kind = TraceKind::reject_message,
         .peer = peer_id(seen.source).view(),
         .message_id = seen.id.view(),
         .topic = topics_[seen.topic]->name,
         .detail = rejected ? "validation failed" : "validation ignored"});
  if (rejected) {
    if (const Peer* const source = find(seen.source)) scores_.invalid_delivery(source->score, seen.topic);
    if (seen.rare) {
      for (const PeerHandle handle : seen.rare->near_first) {
        if (const Peer* const peer = find(handle)) scores_.invalid_delivery(peer->score, seen.topic);
      }
    }
  }
  messages_.let_go(seq);
}

void Router::forward(MessageSeq seq, const Topic& topic, const Message& message) {
  const SeenMessage& seen = messages_[seq];
  const Frame frame = Frame::of_message(seen.encoded);
  const auto pass = [&](Peer& peer) {
    if (peer.handle == seen.source) return;
    if (message.from && equal(*message.from, peer.about.id.view())) return;
    give(peer, SendQueue::Class::ordinary, frame, seq, seen.hash);
  };
  for (Peer* peer : topic.mesh) pass(*peer);
  for (Peer* peer : topic.members) {
    if (peer->direct || (!peer->meshes() && score_of(*peer) >= scoring_.publish_threshold)) pass(*peer);
  }
}

void Router::give(Peer& peer, SendQueue::Class of, const Frame& frame, MessageSeq seq, std::uint64_t hash) {
  if (peer.does_not_want(hash)) {
    ++counters_.suppressed;
    return;
  }
  if (!send(peer, of, frame, seq)) return;
  ++counters_.forwarded;
  events_.copy_queued(messages_[seq].id, peer.handle, frame.body.size());
}

}  // namespace ghostnet::gossipsub
