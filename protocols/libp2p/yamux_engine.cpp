#include "ghostnet/libp2p/yamux_engine.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>

#include "ghostnet/runtime/foresight.hpp"

namespace ghostnet::libp2p {
namespace {

constexpr std::size_t kFirstRoomBytes = 512;

// Output is gathered in buffers that all sessions of the thread share: one is held only while something waits in it.
constexpr PacketPool::Options kOutputBuffers{.buffer_bytes = 2048, .max_buffers = 4096};

PacketBuf output_buffer() {
  thread_local PacketPool pool(kOutputBuffers);
  Result<PacketBuf> buffer = pool.take();
  return buffer ? std::move(*buffer) : PacketBuf::with_room(0, kFirstRoomBytes);
}

// Room for n more bytes, doubling, so that many small pieces cost no more than one large one.
void append(PacketBuf& to, ByteView bytes) {
  if (to.tailroom() < bytes.size()) to.reserve(0, std::max({bytes.size(), to.size(), kFirstRoomBytes}));
  to.append(bytes);
}

}  // namespace

// ---- YamuxStreamState ----

Result<std::size_t> YamuxStreamState::take(MutableByteView buffer, TimePoint now) {
  if (!in_.empty()) {
    const std::size_t taken = std::min(buffer.size(), in_.size());
    if (taken == 0) return 0;
    std::memcpy(buffer.data(), in_.data(), taken);
    in_.trim_front(taken);
    if (in_.empty()) in_ = PacketBuf();
    if (engine_ != nullptr) {
      engine_->release(taken);
      engine_->give_window(*this, now);
    }
    return taken;
  }
  if (peer_finished_) return 0;
  if (ended_) return fail(*ended_);
  assert(engine_ != nullptr && "a stream is opened before it is used");
  if (outbound_ && !announced_) engine_->queue({YamuxType::window_update, take_flags(), id_, 0});
  return fail(Errc::would_block);
}

Result<std::size_t> YamuxStreamState::put(std::span<const ByteView> parts) {
  if (ended_) return fail(*ended_);
  if (finished_) return fail(Errc::closed);
  std::size_t size = 0;
  for (ByteView part : parts) size += part.size();
  if (size == 0) return 0;
  const std::size_t room = engine_->send_room();
  if (room <= kYamuxHeaderBytes) {
    wants_room_ = engine_->somebody_wants_room_ = true;
    return fail(Errc::would_block);
  }
  if (send_credit_ == 0) return fail(Errc::would_block);
  size = std::min(
      {size, room - kYamuxHeaderBytes, std::size_t{send_credit_}, std::size_t{engine_->options_.max_frame_bytes}});
  send_credit_ -= static_cast<std::uint32_t>(size);
  engine_->queue({YamuxType::data, take_flags(), id_, static_cast<std::uint32_t>(size)}, parts, size);
  return size;
}

Result<> YamuxStreamState::finish() {
  if (ended_) return fail(*ended_);
  if (finished_) return {};
  finished_ = true;
  engine_->queue({YamuxType::data, static_cast<std::uint16_t>(take_flags() | yamux_flag::kFin), id_, 0});
  return {};
}

void YamuxStreamState::reset() {
  if (ended_) return;
  const bool known_to_peer = !outbound_ || announced_;
  if (known_to_peer && !(finished_ && peer_finished_)) {
    engine_->queue({YamuxType::window_update, static_cast<std::uint16_t>(take_flags() | yamux_flag::kRst), id_, 0});
  }
  end(Errc::closed);
}

void YamuxStreamState::end(Errc why) {
  if (engine_ != nullptr) engine_->release(in_.size());
  in_ = PacketBuf();
  if (!ended_) ended_ = why;
  peer_finished_ = false;
  became_readable();
  became_writable();
}

void YamuxStreamState::detach() {
  if (engine_ == nullptr) return;
  if (!ended_) {
    const bool known_to_peer = !outbound_ || announced_;
    if (known_to_peer && !finished_) {
      engine_->queue({YamuxType::window_update, static_cast<std::uint16_t>(take_flags() | yamux_flag::kRst), id_, 0});
    }
    engine_->release(in_.size());
    if (finished_ && !peer_finished_) engine_->drain(*this);
  }
  engine_->remove(*this);
}

// The SYN or ACK that goes with the first frame of ours.
std::uint16_t YamuxStreamState::take_flags() {
  if (announced_) return 0;
  announced_ = true;
  return outbound_ ? yamux_flag::kSyn : yamux_flag::kAck;
}

// ---- YamuxEngine ----

YamuxEngine::YamuxEngine(Side side, const YamuxOptions& options, Driver& driver, TimePoint now, YamuxBudget* budget)
    : options_(options),
      driver_(driver),
      budget_(budget),
      side_(side),
      next_id_(side == Side::client ? 1 : 2),
      heard_(now) {}

Result<> YamuxEngine::receive(ByteView bytes, TimePoint now) {
  if (over_) return fail(Errc::closed);
  if (!bytes.empty()) heard_ = now;
  while (!bytes.empty()) {
    if (body_left_ > 0) {
      if (Result<> taken = take_data(bytes, now); !taken) return taken;
      continue;
    }
    const std::size_t taken = std::min(bytes.size(), kYamuxHeaderBytes - header_bytes_);
    std::memcpy(header_room_.data() + header_bytes_, bytes.data(), taken);
    bytes = bytes.subspan(taken);
    header_bytes_ += static_cast<std::uint8_t>(taken);
    if (header_bytes_ < kYamuxHeaderBytes) break;
    header_bytes_ = 0;
    const Result<YamuxHeader> header = YamuxHeader::parse(header_room_);
    if (!header) return broke(header.error(), YamuxGoAway::protocol_error);
    header_ = *header;
    if (Result<> started = start_frame(now); !started) return started;
  }
  if (out_.size() > options_.max_send_bytes + kMaxControlBytes) {
    return broke({Errc::limit, "the peer asks for answers and does not read them"}, YamuxGoAway::internal_error);
  }
  return {};
}

Result<> YamuxEngine::start_frame(TimePoint now) {
  switch (header_.type) {
    case YamuxType::ping: return on_ping(now);
    case YamuxType::go_away: peer_gone_ = header_.length; return {};
    case YamuxType::data:
    case YamuxType::window_update: return on_stream_frame();
  }
  return {};
}

Result<> YamuxEngine::on_stream_frame() {
  if (header_.has(yamux_flag::kSyn)) {
    if (Result<> accepted = accept(); !accepted) return accepted;
  } else if (is_ours(header_.stream_id) ? header_.stream_id >= next_id_ : header_.stream_id > highest_theirs_) {
    return broke({Errc::protocol, "yamux stream {} was never opened", header_.stream_id}, YamuxGoAway::protocol_error);
  }
  YamuxStreamState* const stream = find(header_.stream_id);
  if (stream != nullptr && header_.has(yamux_flag::kAck) && stream->outbound_ && !stream->acknowledged_) {
    stream->acknowledged_ = true;
    --unacknowledged_;
  }
  if (header_.type == YamuxType::window_update) {
    if (Result<> updated = on_window_update(); !updated) return updated;
    return end_frame();
  }
  Drained* const drained = stream == nullptr ? find_drained(header_.stream_id) : nullptr;
  const std::uint32_t credit = stream != nullptr ? stream->receive_credit_ : drained != nullptr ? drained->credit : ~0u;
  if (header_.length > credit) {
    return broke(
        {Errc::protocol, "yamux stream {}: {} bytes, and a window of {}", header_.stream_id, header_.length, credit},
        YamuxGoAway::protocol_error);
  }
  if (stream != nullptr && stream->peer_finished_ && header_.length > 0) {
    return broke({Errc::protocol, "yamux stream {}: data after its end", header_.stream_id},
                 YamuxGoAway::protocol_error);
  }
  if (stream != nullptr) stream->receive_credit_ -= header_.length;
  if (drained != nullptr) drained->credit -= header_.length;
  body_left_ = header_.length;
  return body_left_ == 0 ? end_frame() : Result<>();
}

Result<> YamuxEngine::accept() {
  const std::uint32_t id = header_.stream_id;
  if (is_ours(id) || id <= highest_theirs_) {
    return broke({Errc::protocol, "yamux stream {} cannot be opened by the peer, or not again", id},
                 YamuxGoAway::protocol_error);
  }
  highest_theirs_ = id;
  const bool full = inbound_ >= options_.max_inbound_streams ||
                    (budget_ != nullptr && budget_->inbound_streams >= budget_->max_inbound_streams);
  YamuxStreamState* const stream = we_go_ || full ? nullptr : driver_.accept_stream();
  if (stream == nullptr) {
    reset_unknown(id);
    return {};
  }
  stream->engine_ = this;
  stream->id_ = id;
  ++inbound_;
  if (budget_ != nullptr) ++budget_->inbound_streams;
  insert(*stream);
  return {};
}

// A part of the frame's data, to its stream, or to nobody where that is gone.
Result<> YamuxEngine::take_data(ByteView& bytes, TimePoint now) {
  const ByteView part = bytes.first(std::min<std::size_t>(bytes.size(), body_left_));
  bytes = bytes.subspan(part.size());
  body_left_ -= static_cast<std::uint32_t>(part.size());
  YamuxStreamState* const stream = find(header_.stream_id);
  if (stream != nullptr && !stream->ended_) {
    if (stream->in_.empty() && stream->take_now(part)) {
      last_taking_ = stream;
      if (!stream->ended_ && stream->engine_ != nullptr) give_window(*stream, now);
      return body_left_ == 0 ? end_frame() : Result<>();
    }
    hold(part.size());
    if (holds_too_much()) {
      const std::size_t held = held_bytes_;
      release(part.size());
      return broke({Errc::limit, "{} bytes wait for readers", held}, YamuxGoAway::internal_error);
    }
    append(stream->in_, part);
    stream->became_readable();
  } else if (Drained* const drained = find_drained(header_.stream_id)) {
    throw_away(*drained, static_cast<std::uint32_t>(part.size()));
  }
  return body_left_ == 0 ? end_frame() : Result<>();
}

// What the flags say happens after the data.
Result<> YamuxEngine::end_frame() {
  YamuxStreamState* const stream = find(header_.stream_id);
  if (stream == nullptr && (header_.has(yamux_flag::kRst) || header_.has(yamux_flag::kFin))) {
    std::erase_if(drained_, [this](const Drained& drained) { return drained.id == header_.stream_id; });
  }
  if (stream == nullptr || stream->ended_) return {};
  if (header_.has(yamux_flag::kRst)) {
    stream->end(Errc::reset);
  } else if (header_.has(yamux_flag::kFin) && !stream->peer_finished_) {
    stream->peer_finished_ = true;
    stream->became_readable();
  }
  return {};
}

Result<> YamuxEngine::on_window_update() {
  YamuxStreamState* const stream = find(header_.stream_id);
  if (stream == nullptr || header_.length == 0) return {};
  if (header_.length > std::numeric_limits<std::uint32_t>::max() - stream->send_credit_) {
    return broke({Errc::protocol, "yamux stream {}: a window beyond 2^32", header_.stream_id},
                 YamuxGoAway::protocol_error);
  }
  stream->send_credit_ += header_.length;
  stream->became_writable();
  return {};
}

Result<> YamuxEngine::on_ping(TimePoint now) {
  if (header_.has(yamux_flag::kSyn)) {
    queue({YamuxType::ping, yamux_flag::kAck, 0, header_.length});
  } else if (ping_sent_ && header_.length == ping_value_) {
    rtt_ = now - *ping_sent_;
    ping_sent_.reset();
  }
  return {};
}

void YamuxEngine::ping(TimePoint now) {
  if (ping_sent_) return;
  ping_sent_ = now;
  queue({YamuxType::ping, yamux_flag::kSyn, 0, ++ping_value_});
}

// Half a window read is given back; a reader that is faster than four round trips gets a larger one.
void YamuxEngine::give_window(YamuxStreamState& stream, TimePoint now) {
  if (stream.ended_ || stream.peer_finished_) return;
  const auto used = [&stream] {
    return stream.window_ - std::min<std::uint32_t>(
                                stream.window_, stream.receive_credit_ + static_cast<std::uint32_t>(stream.in_.size()));
  };
  if (used() < stream.window_ / 2) return;
  if (!rtt_) {
    ping(now);
  } else if (now - stream.window_given_ < 4 * *rtt_ && stream.window_ < options_.max_window_bytes) {
    stream.window_ = std::min(options_.max_window_bytes, 2 * stream.window_);
  }
  const std::uint32_t more = used();
  stream.window_given_ = now;
  stream.receive_credit_ += more;
  queue({YamuxType::window_update, stream.take_flags(), stream.id_, more});
}

// The first `size` bytes of the parts behind the header, straight from where they lie; what the connection has no room
// for is kept. False: nothing was sent.
bool YamuxEngine::send_long(const YamuxHeader& header, std::span<const ByteView> parts, std::size_t size) {
  constexpr std::size_t kMaxPieces = 8;
  std::array<ByteView, kMaxPieces> pieces;
  if (parts.size() >= kMaxPieces) return false;
  const auto encoded = header.encode();
  pieces[0] = encoded;
  std::size_t count = 1;
  for (ByteView part : parts) {
    pieces[count] = part.first(std::min(part.size(), size));
    size -= pieces[count++].size();
  }
  std::size_t sent = driver_.send_now(std::span(pieces).first(count));
  if (sent == 0) return false;
  for (ByteView piece : std::span(pieces).first(count)) {
    const std::size_t gone = std::min(sent, piece.size());
    sent -= gone;
    if (gone == piece.size()) continue;
    const bool was_empty = out_.empty();
    append(out_, piece.subspan(gone));
    if (was_empty) driver_.has_output();
  }
  return true;
}

void YamuxEngine::queue(const YamuxHeader& header, std::span<const ByteView> parts, std::size_t size) {
  if (over_) return;
  if (size >= kLongFrameBytes && out_.empty() && send_long(header, parts, size)) return;
  const bool was_empty = out_.empty();
  if (was_empty) out_ = output_buffer();
  if (const std::size_t room = kYamuxHeaderBytes + size; out_.tailroom() < room) {
    out_.reserve(0, std::max(room, out_.size()));
  }
  out_.append(ByteView(header.encode()));
  for (ByteView part : parts) {
    const std::size_t taken = std::min(part.size(), size);
    out_.append(part.first(taken));
    size -= taken;
  }
  if (was_empty) driver_.has_output();
}

void YamuxEngine::foresee(unsigned step) const {
  constexpr std::size_t kStreamBytes = 256;  // with what derives from it
  if (step == 0) return __builtin_prefetch(streams_.data());
  if (step == 1) return fetch_lines(last_taking_, last_taking_ == nullptr ? 0 : kStreamBytes);
  const auto taking = std::ranges::find(streams_, last_taking_, &Entry::stream);
  if (taking != streams_.end()) taking->stream->foresee_taking(step - 2);
}

void YamuxStreamState::foresee_output(unsigned step) const {
  if (engine_ == nullptr) return;
  if (step == 0) return fetch_lines(engine_, sizeof(YamuxEngine));
  engine_->driver_.foresee_output(step - 1);
}

void YamuxEngine::sent(std::size_t bytes) {
  out_.trim_front(bytes);
  if (out_.empty()) out_ = PacketBuf();
  if (!somebody_wants_room_ || out_.size() > options_.max_send_bytes / 2) return;
  somebody_wants_room_ = false;
  for (const auto& [id, stream] : streams_) {
    if (std::exchange(stream->wants_room_, false)) stream->became_writable();
  }
}

TimePoint YamuxEngine::next_deadline() const {
  if (over_ || options_.keepalive_interval <= Duration{}) return kNever;
  return ping_sent_ ? saturating_add(*ping_sent_, options_.keepalive_timeout)
                    : saturating_add(heard_, options_.keepalive_interval);
}

Result<> YamuxEngine::on_time(TimePoint now) {
  if (over_ || now < next_deadline()) return {};
  if (ping_sent_) {
    if (heard_ > *ping_sent_ && now < saturating_add(heard_, options_.keepalive_timeout)) {
      ping_sent_ = heard_;  // busy with something else: it is there
      return {};
    }
    return broke({Errc::timed_out, "the peer did not answer a yamux ping"}, YamuxGoAway::internal_error);
  }
  ping(now);
  return {};
}

Result<> YamuxEngine::open(YamuxStreamState& stream) {
  assert(stream.engine_ == nullptr && stream.id_ == 0);
  if (over_ || we_go_ || peer_gone_) return fail(Errc::closed, "the connection is being closed");
  if (outbound_ >= options_.max_outbound_streams || unacknowledged_ >= options_.max_ack_backlog ||
      next_id_ > std::numeric_limits<std::uint32_t>::max() - 2) {
    return fail(Errc::limit, "{} streams are open, {} of them not acknowledged", outbound_, unacknowledged_);
  }
  stream.engine_ = this;
  stream.id_ = next_id_;
  stream.outbound_ = true;
  next_id_ += 2;
  ++outbound_;
  ++unacknowledged_;
  insert(stream);
  return {};
}

void YamuxEngine::go_away(YamuxGoAway why) {
  if (std::exchange(we_go_, true)) return;
  queue({YamuxType::go_away, 0, 0, static_cast<std::uint32_t>(why)});
}

Result<> YamuxEngine::broke(Error why, YamuxGoAway code) {
  go_away(code);
  end(why.code());
  return fail(std::move(why));
}

void YamuxEngine::end(Errc why) {
  if (std::exchange(over_, true)) return;
  for (const auto& [id, stream] : streams_) {
    stream->end(stream->ended_.value_or(why));
    leave_budget(*stream);
    stream->engine_ = nullptr;
  }
  streams_.clear();
}

YamuxStreamState* YamuxEngine::find(std::uint32_t id) const {
  const auto found = std::ranges::lower_bound(streams_, id, {}, &Entry::id);
  return found != streams_.end() && found->id == id ? found->stream : nullptr;
}

YamuxEngine::Drained* YamuxEngine::find_drained(std::uint32_t id) {
  const auto found = std::ranges::find(drained_, id, &Drained::id);
  return found == drained_.end() ? nullptr : &*found;
}

// A reset behind our FIN would take back at the peer what was written before and is not read yet; nothing at all would
// leave its writer waiting for a window.
void YamuxEngine::drain(const YamuxStreamState& stream) {
  if (options_.max_drained_streams == 0) return reset_unknown(stream.id_);
  if (drained_.size() >= options_.max_drained_streams) {
    reset_unknown(drained_.front().id);
    drained_.erase(drained_.begin());
  }
  drained_.push_back({.id = stream.id_,
                      .credit = stream.receive_credit_,
                      .spent = stream.window_ - std::min(stream.window_, stream.receive_credit_),
                      .left = options_.max_drained_bytes});
  throw_away(drained_.back(), 0);
}

void YamuxEngine::throw_away(Drained& drained, std::uint32_t bytes) {
  drained.spent += bytes;
  if (bytes > drained.left) {
    const std::uint32_t id = drained.id;
    reset_unknown(id);
    std::erase_if(drained_, [id](const Drained& one) { return one.id == id; });
    return;
  }
  drained.left -= bytes;
  if (drained.spent < kYamuxInitialWindowBytes / 2) return;
  drained.credit += drained.spent;
  queue({YamuxType::window_update, 0, drained.id, std::exchange(drained.spent, 0)});
}

void YamuxEngine::hold(std::size_t bytes) {
  held_bytes_ += bytes;
  if (budget_ != nullptr) budget_->held_bytes += bytes;
}

void YamuxEngine::release(std::size_t bytes) {
  held_bytes_ -= bytes;
  if (budget_ != nullptr) budget_->held_bytes -= bytes;
}

bool YamuxEngine::holds_too_much() const {
  if (held_bytes_ > options_.max_receive_bytes) return true;
  return budget_ != nullptr && budget_->held_bytes > budget_->max_receive_bytes &&
         held_bytes_ > kYamuxInitialWindowBytes;
}

void YamuxEngine::leave_budget(const YamuxStreamState& stream) {
  if (budget_ != nullptr && !stream.outbound_) --budget_->inbound_streams;
}

void YamuxEngine::insert(YamuxStreamState& stream) {
  streams_.insert(std::ranges::lower_bound(streams_, stream.id_, {}, &Entry::id), {stream.id_, &stream});
}

void YamuxEngine::remove(YamuxStreamState& stream) {
  streams_.erase(std::ranges::lower_bound(streams_, stream.id_, {}, &Entry::id));
  --(stream.outbound_ ? outbound_ : inbound_);
  leave_budget(stream);
  if (stream.outbound_ && !stream.acknowledged_) --unacknowledged_;
  stream.engine_ = nullptr;
}

}  // namespace ghostnet::libp2p
