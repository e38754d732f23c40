// Segments that a stack receives: to whom they go, and what becomes of those that are for nobody (RFC 9293 3.10.7.1 and
// 3.10.7.2).
#include <algorithm>

#include "ghostnet/tcp/stack.hpp"
#include "ghostnet/tcp/tcb.hpp"

namespace ghostnet::tcp {

namespace {

// Where a cookie's SYN-ACK keeps what else was agreed upon: the low bits of its timestamp, which the peer echoes.
constexpr std::uint32_t kCookieScaleMask = 0x0f;
constexpr std::uint32_t kCookieNoScale = 0x0f;
constexpr std::uint32_t kCookieSack = 0x10;
constexpr std::uint32_t kCookieMask = 0x1f;
constexpr Duration kCookiesLast = 128s;

bool from_a_host(const IpAddress& address) {
  return !address.is_multicast() && !address.is_broadcast() && !address.is_unspecified();
}

}  // namespace

void Stack::receive(const Endpoint& source, const Endpoint& destination, ByteView bytes, Ecn ecn) {
  Result<Segment> segment = parse(bytes);
  if (!segment) [[unlikely]] {
    metrics_.malformed.add();
    return;
  }
  metrics_.segments_received.add();
  Flow* flow = table_.find(secrets_.flow_hash(destination, source), destination, source);
  if (flow == nullptr || flow->waiting) [[unlikely]] {
    if (flow == nullptr) return receive_for_nobody(source, destination, *segment, ecn);
    auto& wait = static_cast<TimeWait&>(*flow);
    TimeWait::Verdict verdict = wait.judge(*segment);
    if (verdict == TimeWait::Verdict::ignore) return;
    TcpListener* listener = verdict == TimeWait::Verdict::reopen ? listener_for(destination, source) : nullptr;
    if (listener != nullptr) {
      SeqNumber least_sequence = wait.next_initial_sequence();
      drop(wait);
      return open_passively(*listener, destination, source, *segment, ecn, least_sequence);
    }
    OutSegment out{.header = wait.answer(now())};
    if (verdict == TimeWait::Verdict::renew) {
      wait.expires_at = saturating_add(now(), tuning_.time_wait);
      wait.unlink();
      waits_.push_back(wait);
    }
    metrics_.segments_sent.add();
    (void)carrier_.send(destination.address(), source.address(), out);
    return;
  }
  auto& tcb = static_cast<Tcb&>(*flow);
  const TimePoint at = now();
  tcb.connection.on_segment(at, *segment, ecn);
  work(tcb);
  if (ledger_.relief_due(at)) [[unlikely]]
    relieve();
}

void Stack::receive_for_nobody(const Endpoint& source, const Endpoint& destination, const Segment& segment, Ecn ecn) {
  const SegmentHeader& header = segment.header;
  // RFC 9293 3.9.2.3: never to or from a group. And nobody calls himself from his own port (the LAND attack).
  if (!from_a_host(source.address()) || !from_a_host(destination.address()) || source == destination) return;
  if (header.has(kRst)) return;
  TcpListener* listener = listener_for(destination, source);
  if (listener == nullptr) return reset(destination, source, segment);
  if (header.has(kAck)) {
    if (!header.has(kSyn) && now() < cookies_until_ && open_by_cookie(*listener, destination, source, segment, ecn))
      return;
    return reset(destination, source, segment);
  }
  if (!header.has(kSyn) || header.has(kFin)) return;
  open_passively(*listener, destination, source, segment, ecn, std::nullopt);
}

TcpListener* Stack::listener_for(const Endpoint& local, const Endpoint& peer) const {
  TcpListener* best = nullptr;
  int best_score = -1;
  std::uint32_t equals = 0;
  for (TcpListener* listener : listeners_) {
    int score = listener->score(local);
    if (score < 0 || score < best_score) continue;
    equals = score == best_score ? equals + 1 : 1;
    // Those that share a port share its callers, by a hash (SO_REUSEPORT).
    if (score > best_score || secrets_.port_offset(local.address(), peer) % equals == 0) best = listener;
    best_score = score;
  }
  return best;
}

void Stack::open_passively(TcpListener& listener, const Endpoint& local, const Endpoint& peer, const Segment& segment,
                           Ecn ecn, std::optional<SeqNumber> least_sequence) {
  std::optional<Carrier::Route> route = carrier_.route(peer.address());
  if (!route) return;
  if (listener.full() || half_open_ >= tuning_.max_half_open || connections() >= tuning_.max_connections) {
    if (listener.ready_.size() >= listener.backlog_ || connections() >= tuning_.max_connections) {
      metrics_.syns_dropped.add();  // who completes a handshake finds nobody to accept it either
      return;
    }
    return send_cookie(listener, local, peer, segment.header, route->mtu_bytes);
  }
  ConnectionSetup setup = setup_for(local, peer, route->mtu_bytes, listener.options_);
  if (least_sequence) setup.initial_sequence = later(setup.initial_sequence, *least_sequence);
  Flow flow{.local = local, .peer = peer, .hash = secrets_.flow_hash(local, peer)};
  Tcb& tcb = *new Tcb(*this, flow, setup);
  table_.insert(tcb);
  tcb.listener = &listener;
  tcb.half_open = true;
  ++listener.half_open_;
  ++half_open_;
  tcb.connection.accept(now(), segment.header, ecn);
  work(tcb);
}

// ---- SYN cookies ----

void Stack::send_cookie(const TcpListener& listener, const Endpoint& local, const Endpoint& peer,
                        const SegmentHeader& syn, std::uint32_t mtu_bytes) {
  metrics_.cookies_sent.add();
  cookies_until_ = saturating_add(now(), kCookiesLast);
  // As the connection will be made: what is told of its window must hold for it.
  ConnectionSetup setup = setup_for(local, peer, mtu_bytes, listener.options_);
  std::uint32_t buffer_bytes = listener.options_.receive_buffer_bytes;
  if (buffer_bytes == 0) buffer_bytes = tuning_.receive_buffer_bytes;
  OutSegment out;
  SegmentHeader& header = out.header;
  header.source_port = local.port();
  header.destination_port = peer.port();
  header.sequence = secrets_.cookie(now(), local, peer, syn.sequence, syn.mss == 0 ? std::uint16_t{536} : syn.mss);
  header.acknowledgment = syn.sequence + 1;
  header.flags = kSyn | kAck;
  header.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(buffer_bytes, 0xffff));
  header.mss = setup.mss;
  // Without timestamps there is no room for more.
  if (tuning_.timestamps && syn.has_timestamps) {
    bool scaled = tuning_.window_scaling && syn.window_scale >= 0;
    std::uint32_t kept = scaled ? static_cast<std::uint32_t>(syn.window_scale) : kCookieNoScale;
    header.sack_permitted = tuning_.sack && syn.sack_permitted;
    if (header.sack_permitted) kept |= kCookieSack;
    if (scaled) header.window_scale = static_cast<std::int8_t>(Connection(setup).receive_scale());
    header.has_timestamps = true;
    auto ticks = setup.timestamp_offset + static_cast<std::uint32_t>(to_ns(now()) / 1'000'000);
    header.timestamp = (ticks & ~kCookieMask) | kept;
    if (static_cast<std::int32_t>(header.timestamp - ticks) > 0) header.timestamp -= kCookieMask + 1;
    header.timestamp_echo = syn.timestamp;
  }
  metrics_.segments_sent.add();
  (void)carrier_.send(local.address(), peer.address(), out);
}

bool Stack::open_by_cookie(TcpListener& listener, const Endpoint& local, const Endpoint& peer, const Segment& segment,
                           Ecn ecn) {
  const SegmentHeader& header = segment.header;
  SeqNumber cookie = header.acknowledgment - 1;
  std::optional<std::uint16_t> mss = secrets_.mss_of_cookie(now(), local, peer, header.sequence - 1, cookie);
  if (!mss) return false;
  if (listener.ready_.size() >= listener.backlog_ || connections() >= tuning_.max_connections) return true;
  std::optional<Carrier::Route> route = carrier_.route(peer.address());
  if (!route) return true;
  Agreement agreed{.peer_mss = *mss};
  if (header.has_timestamps && tuning_.timestamps) {
    std::uint32_t kept = header.timestamp_echo & kCookieMask;
    agreed.timestamps = true;
    agreed.sack = (kept & kCookieSack) != 0;
    std::uint32_t scale = kept & kCookieScaleMask;
    agreed.peer_window_scale = scale <= kMaxWindowScale ? static_cast<std::int8_t>(scale) : std::int8_t{-1};
  }
  metrics_.cookies_accepted.add();
  ConnectionSetup setup = setup_for(local, peer, route->mtu_bytes, listener.options_);
  setup.initial_sequence = cookie;
  Flow flow{.local = local, .peer = peer, .hash = secrets_.flow_hash(local, peer)};
  Tcb& tcb = *new Tcb(*this, flow, setup);
  table_.insert(tcb);
  tcb.listener = &listener;
  tcb.half_open = true;
  ++listener.half_open_;
  ++half_open_;
  tcb.connection.resume(now(), header, agreed);
  tcb.connection.on_segment(now(), segment, ecn);
  work(tcb);
  return true;
}

// ---- what is for nobody ----

// RFC 9293 3.10.7.1
void Stack::reset(const Endpoint& local, const Endpoint& peer, const Segment& segment) {
  OutSegment out;
  SegmentHeader& header = out.header;
  header.source_port = local.port();
  header.destination_port = peer.port();
  if (segment.header.has(kAck)) {
    header.sequence = segment.header.acknowledgment;
    header.flags = kRst;
  } else {
    header.acknowledgment = segment.header.sequence + segment.length();
    header.flags = kRst | kAck;
  }
  metrics_.resets_sent.add();
  metrics_.segments_sent.add();
  (void)carrier_.send(local.address(), peer.address(), out);
}

bool Stack::on_packet_too_big(const Endpoint& local, const Endpoint& peer, SeqNumber quoted, std::uint32_t mtu_bytes) {
  Flow* flow = table_.find(secrets_.flow_hash(local, peer), local, peer);
  if (flow == nullptr || flow->waiting) return false;
  auto& tcb = static_cast<Tcb&>(*flow);
  std::uint32_t headers_bytes = (local.is_v4() ? 20 : 40) + kBaseHeaderBytes;
  if (mtu_bytes <= headers_bytes) return false;
  const auto mss = static_cast<std::uint16_t>(std::min(mtu_bytes - headers_bytes, 65'535u));
  const bool on_its_way = tcb.connection.on_path_mss(now(), quoted, mss);
  work(tcb);
  return on_its_way;
}

void Stack::on_unreachable(const Endpoint& local, const Endpoint& peer, SeqNumber quoted, Errc error) {
  Flow* flow = table_.find(secrets_.flow_hash(local, peer), local, peer);
  if (flow == nullptr || flow->waiting) return;
  auto& tcb = static_cast<Tcb&>(*flow);
  tcb.connection.on_unreachable(quoted, error);
  work(tcb);
}

}  // namespace ghostnet::tcp
