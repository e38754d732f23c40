#include "ghostnet/tcp/stack.hpp"

#include <algorithm>

#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/tcp/tcb.hpp"

namespace ghostnet::tcp {

namespace {

// RFC 6335 6: the dynamic ports.
constexpr std::uint16_t kFirstDynamicPort = 49'152;
constexpr std::uint32_t kDynamicPorts = 65'536 - kFirstDynamicPort;
constexpr std::uint32_t kPortStride = 500;  // RFC 6056 3.3.5: the trade-off N

std::uint32_t ip_header_bytes(IpFamily family) { return family == IpFamily::v4 ? 20 : 40; }

ConnectionStatus status_of(const Tcb& tcb) {
  const Connection& connection = tcb.connection;
  return {.local = tcb.local,
          .peer = tcb.peer,
          .state = connection.state(),
          .window_bytes = connection.congestion().window_bytes(),
          .threshold_bytes = connection.congestion().threshold_bytes(),
          .in_flight_bytes = connection.in_flight_bytes(),
          .unsent_bytes = connection.unsent_bytes(),
          .unread_bytes = connection.unread_bytes(),
          .receive_window_bytes = connection.receive_window_bytes(),
          .smoothed_rtt = connection.rtt().smoothed(),
          .counters = connection.counters()};
}

std::uint16_t mss_for(std::uint32_t mtu_bytes, IpFamily family) {
  auto headers_bytes = static_cast<std::uint32_t>(ip_header_bytes(family) + kBaseHeaderBytes);
  return static_cast<std::uint16_t>(std::clamp<std::uint32_t>(mtu_bytes, headers_bytes, 65'535) - headers_bytes);
}

}  // namespace

Stack::Stack(Host& host, Carrier& carrier, Random random, const Tuning& tuning)
    : host_(host),
      carrier_(carrier),
      tuning_(tuning),
      metrics_(host.metrics().family<TcpMetrics>()),
      ledger_(metrics_, tuning.max_buffer_bytes),
      random_(random),
      secrets_(random_) {
  port_step_ = static_cast<std::uint32_t>(random_.next_u64());
}

Stack::~Stack() { power_off(); }

ConnectionSetup Stack::setup_for(const Endpoint& local, const Endpoint& peer, std::uint32_t mtu_bytes,
                                 const StreamOptions& stream) {
  return {.tuning = &tuning_,
          .initial_sequence = secrets_.initial_sequence(now(), local, peer),
          .timestamp_offset = secrets_.timestamp_offset(local, peer),
          .mss = mss_for(mtu_bytes, local.family()),
          .stream = stream,
          .ledger = &ledger_};
}

// ---- opening ----

Task<Result<std::unique_ptr<Stream>>> Stack::connect(ConnectOptions options) {
  Result<std::unique_ptr<TcpStream>> stream = begin(options);
  if (!stream) co_return fail(std::move(stream));
  while (!(*stream)->settled()) co_await (*stream)->writable();
  if (std::optional<Errc> failure = (*stream)->failure()) {
    co_return fail(*failure, "connecting to {}: {}", options.peer, to_string(*failure));
  }
  co_return std::move(*stream);
}

Result<std::unique_ptr<TcpStream>> Stack::begin(const ConnectOptions& options) {
  Endpoint peer(options.peer.address().unmapped(), options.peer.port());
  if (peer.port() == 0 || peer.address().is_unspecified() || peer.address().is_multicast()) {
    return fail(Errc::invalid_argument, "connecting to {}: not the endpoint of a host", options.peer);
  }
  std::optional<Carrier::Route> route = carrier_.route(peer.address());
  if (!route) return fail(Errc::unreachable, "connecting to {}: no route from {}", options.peer, host_.name());
  IpAddress address = options.local.address().unmapped();
  if (address.is_unspecified()) {
    address = route->source;
  } else if (!carrier_.owns(address)) {
    return fail(Errc::address_not_available, "connecting from {}: {} has no such address", options.local, host_.name());
  }
  if (address.family() != peer.family()) {
    return fail(Errc::invalid_argument, "connecting from {} to {}: of different families", options.local, options.peer);
  }
  if (connections() >= tuning_.max_connections) {
    return fail(Errc::too_many_files, "connecting to {}: {} connections (max_connections)", options.peer,
                connections());
  }
  std::uint16_t port = options.local.port();
  SeqNumber least_sequence;
  if (port == 0) {
    Result<std::uint16_t> chosen = choose_port(address, peer);
    if (!chosen) return fail(std::move(chosen));
    port = *chosen;
  } else if (!options.reuse_address && std::ranges::any_of(listeners_, [&](const TcpListener* listener) {
               return listener->score(Endpoint(address, port)) >= 0;
             })) {
    return fail(Errc::address_in_use, "connecting from {}: somebody listens there", options.local);
  }
  Endpoint local(address, port);
  if (!port_is_free(local, peer, least_sequence)) {
    return fail(Errc::address_in_use, "connecting from {} to {}: there is such a connection", local, peer);
  }
  ConnectionSetup setup = setup_for(local, peer, route->mtu_bytes, options.stream);
  if (least_sequence != SeqNumber()) setup.initial_sequence = later(setup.initial_sequence, least_sequence);
  Flow flow{.local = local, .peer = peer, .hash = secrets_.flow_hash(local, peer)};
  Tcb& tcb = *new Tcb(*this, flow, setup);
  table_.insert(tcb);
  auto stream = std::make_unique<TcpStream>(tcb);
  tcb.connection.connect(now());
  work(tcb);
  return stream;
}

// A connection in TIME-WAIT gives way where timestamps keep its old segments out (RFC 6191 2).
bool Stack::port_is_free(const Endpoint& local, const Endpoint& peer, SeqNumber& least_sequence) {
  Flow* there = table_.find(secrets_.flow_hash(local, peer), local, peer);
  if (there == nullptr) return true;
  if (!there->waiting || !tuning_.timestamps) return false;
  auto& wait = static_cast<TimeWait&>(*there);
  least_sequence = wait.next_initial_sequence();
  drop(wait);
  return true;
}

// RFC 6056 3.3.3 and 3.3.5: from a place that depends on the peer, some way further each time.
Result<std::uint16_t> Stack::choose_port(const IpAddress& local, const Endpoint& peer) {
  std::uint32_t offset = secrets_.port_offset(local, peer);
  port_step_ += static_cast<std::uint32_t>(random_.below(kPortStride));
  for (std::uint32_t i = 0; i < kDynamicPorts; ++i) {
    auto port = static_cast<std::uint16_t>(kFirstDynamicPort + (offset + port_step_++) % kDynamicPorts);
    Endpoint candidate(local, port);
    bool taken =
        table_.find(secrets_.flow_hash(candidate, peer), candidate, peer) != nullptr ||
        std::ranges::any_of(listeners_, [&](const TcpListener* listener) { return listener->score(candidate) >= 0; });
    if (!taken) return port;
  }
  return fail(Errc::address_in_use, "connecting to {}: all {} dynamic ports are taken", peer, kDynamicPorts);
}

Result<std::unique_ptr<Listener>> Stack::listen(const ListenOptions& options) {
  Result<Endpoint> local = bind(options);
  if (!local) return fail(std::move(local));
  auto listener = std::make_unique<TcpListener>(*this, *local, options);
  listeners_.push_back(listener.get());
  return listener;
}

Result<Endpoint> Stack::bind(const ListenOptions& options) {
  IpAddress address = options.local.address().unmapped();
  if (!address.is_unspecified() && !carrier_.owns(address)) {
    return fail(Errc::address_not_available, "listening at {}: {} has no such address", options.local, host_.name());
  }
  auto taken = [&](const Endpoint& wanted) {
    return std::ranges::any_of(listeners_, [&](const TcpListener* other) {
      if (options.reuse_port && other->reuse_port_) return false;
      if (other->local_.port() != wanted.port()) return false;
      const IpAddress theirs = other->local_.address();
      bool same_family = theirs.family() == address.family();
      bool both_families = (theirs.is_v6() && theirs.is_unspecified() && !other->v6_only_) ||
                           (address.is_v6() && address.is_unspecified() && !options.v6_only);
      if (!same_family && !both_families) return false;
      return theirs.is_unspecified() || address.is_unspecified() || theirs == address;
    });
  };
  if (std::uint16_t port = options.local.port(); port != 0) {
    Endpoint wanted(address, port);
    if (!taken(wanted)) return wanted;
    return fail(Errc::address_in_use, "listening at {}: {} listens there already", options.local, host_.name());
  }
  for (std::uint32_t i = 0; i < kDynamicPorts; ++i) {
    Endpoint candidate(address, static_cast<std::uint16_t>(kFirstDynamicPort + port_step_++ % kDynamicPorts));
    if (!taken(candidate)) return candidate;
  }
  return fail(Errc::address_in_use, "listening at {}: all {} dynamic ports are taken", options.local, kDynamicPorts);
}

// ---- connections at work ----

void Stack::work(Tcb& tcb) {
  OutSegment out;
  TimePoint at = now();
  std::uint32_t most_bytes = carrier_.most_payload_bytes();
  while (tcb.connection.next_segment(at, out, most_bytes)) {
    out.header.source_port = tcb.local.port();
    out.header.destination_port = tcb.peer.port();
    metrics_.segments_sent.add();
    std::optional<Errc> refused = carrier_.send(tcb.local.address(), tcb.peer.address(), out);
    if (refused) [[unlikely]]
      refuse(tcb, out.header.sequence, *refused);
  }
  tcb.connection.settle();
  if (std::uint8_t events = tcb.connection.take_events()) tell(tcb, events);
  if (tcb.connection.finished()) [[unlikely]] {
    unlist(tcb);
    if (tcb.stream == nullptr && tcb.listener == nullptr) return destroy(tcb);
  }
  tcb.arm();
}

// What did not leave this host. A path that has become narrower, as a report about another flow may have told, is no
// failure of the connection: it sends smaller segments from now on (RFC 1191 6.4, RFC 8201 5.2).
void Stack::refuse(Tcb& tcb, SeqNumber sequence, Errc error) {
  if (error == Errc::message_too_large) {
    std::optional<Carrier::Route> route = carrier_.route(tcb.peer.address());
    if (route) tcb.connection.on_path_mss(now(), sequence, mss_for(route->mtu_bytes, tcb.local.address().family()));
  } else {
    tcb.connection.on_unreachable(sequence, error);
  }
}

void Stack::tell(Tcb& tcb, std::uint8_t events) {
  if (events & kConnected) {
    note_open(tcb);
    if (host_.observer() != nullptr) [[unlikely]]
      show(tcb, true);
    if (tcb.half_open) {
      tcb.half_open = false;
      --half_open_;
      if (tcb.listener != nullptr) {
        --tcb.listener->half_open_;
        tcb.listener->take(tcb);
      }
    }
  }
  if (events & (kTimeWait | kClosed)) note_end(tcb);
  if (events & kTimeWait) leave_to_time_wait(tcb);
  if ((events & kClosed) && tcb.half_open) {
    // It never was a connection: nobody has heard of it.
    tcb.half_open = false;
    --half_open_;
    if (tcb.listener != nullptr) --std::exchange(tcb.listener, nullptr)->half_open_;
  }
  if (tcb.stream == nullptr) return;
  if (events & (kReadable | kClosed)) tcb.stream->wake_reader();
  if (events & (kWritable | kConnected | kClosed)) tcb.stream->wake_writer();
}

void Stack::note_open(Tcb& tcb) {
  tcb.open = true;
  metrics_.connections.add();
  (tcb.half_open ? metrics_.accepted : metrics_.opened).add();
}

void Stack::note_end(Tcb& tcb) {
  const std::optional<Errc> failure = tcb.connection.failure();
  if (std::exchange(tcb.open, false)) {
    metrics_.connections.sub();
    if (failure == Errc::reset) metrics_.reset.add();
    if (failure == Errc::timed_out) metrics_.timed_out.add();
  } else if (failure && failure != Errc::closed && !tcb.half_open) {
    metrics_.failed.add();
  }
}

void Stack::leave_to_time_wait(Tcb& tcb) {
  unlist(tcb);
  if (time_wait_count_ >= tuning_.max_time_wait) drop(waits_.front());
  auto* wait = new TimeWait(now(), tcb, tcb.connection, tuning_);
  table_.insert(*wait);
  waits_.push_back(*wait);
  ++time_wait_count_;
  metrics_.time_waits.add();
  if (!sweeper_) sweeper_ = std::make_unique<Sweeper>(*this);
  if (!sweeper_->timer.armed()) sweeper_->timer.arm(wait->expires_at);
  tcb.connection.retire();
}

void Stack::unlist(Tcb& tcb) {
  if (tcb.seen) [[unlikely]]
    show(tcb, false);
  if (tcb.listed) table_.erase(tcb);
}

void Stack::show(Tcb& tcb, bool up) {
  constexpr LinkName kName{.kind = "tcp"};
  Observer* const observer = host_.observer();
  tcb.seen = up;
  if (observer == nullptr) return;
  const HostId peer = observer->host_at(tcb.peer.address());
  if (up) {
    observer->link_up(host_.id(), peer, kName);
  } else {
    observer->link_down(host_.id(), peer, kName);
  }
}

void Stack::destroy(Tcb& tcb) {
  unlist(tcb);
  delete &tcb;
}

// The stream is gone: what was shut down is still delivered, all else is aborted.
void Stack::release(Tcb& tcb, bool shut) {
  if (shut) {
    tcb.connection.orphan(now());
  } else {
    tcb.connection.abort();
  }
  work(tcb);
}

void Stack::close(TcpListener& listener) {
  std::erase(listeners_, &listener);
  while (!listener.ready_.empty()) {
    Tcb& tcb = *listener.ready_.pop_front();
    tcb.listener = nullptr;
    tcb.connection.abort();
    work(tcb);
  }
  for (Flow* flow : table_.all()) {
    if (flow->waiting) continue;
    auto& tcb = static_cast<Tcb&>(*flow);
    if (tcb.listener != &listener) continue;
    tcb.listener = nullptr;
    if (std::exchange(tcb.half_open, false)) --half_open_;
    tcb.connection.abort();
    work(tcb);
  }
}

void Stack::power_off() {
  for (Flow* flow : table_.all()) {
    if (flow->waiting) {
      drop(static_cast<TimeWait&>(*flow));
      continue;
    }
    auto& tcb = static_cast<Tcb&>(*flow);
    tcb.connection.vanish();
    tell(tcb, tcb.connection.take_events());
    unlist(tcb);
    if (tcb.stream == nullptr && tcb.listener == nullptr) destroy(tcb);
  }
  for (TcpListener* listener : std::exchange(listeners_, {})) {
    while (!listener->ready_.empty()) destroy(*listener->ready_.pop_front());
    listener->stack_ = nullptr;
    listener->acceptor_.wake(host_.loop());
  }
  half_open_ = 0;
}

// ---- memory ----

void Stack::relieve() {
  for (Flow* flow : table_.all()) {
    if (!flow->waiting) metrics_.pruned_bytes.add(static_cast<Tcb&>(*flow).connection.prune());
  }
}

// ---- TIME-WAIT ----

Stack::Sweeper::Sweeper(Stack& stack) : timer(stack.host_.clock()), stack_(stack), expiry_(timer) {
  expiry_.start(Continuation(static_cast<Completion&>(*this)));
}

PromiseBase* Stack::Sweeper::completed() noexcept {
  expiry_.await_resume();
  stack_.sweep();
  return nullptr;
}

void Stack::sweep() {
  while (!waits_.empty() && waits_.front().expires_at <= now()) drop(waits_.front());
  if (!waits_.empty()) sweeper_->timer.arm(waits_.front().expires_at);
}

void Stack::drop(TimeWait& wait) {
  table_.erase(wait);
  --time_wait_count_;
  metrics_.time_waits.sub();
  delete &wait;
}

// ---- for the cache ----

void Stack::prefetch_flow(std::uint32_t hash) const {
  const Flow* flow = table_.likely(hash);
  if (flow != nullptr) fetch_lines(flow, sizeof(Tcb));
}

void Stack::prefetch_stream(std::uint32_t hash) const {
  const Flow* flow = table_.likely(hash);
  if (flow == nullptr || flow->waiting) return;
  const auto& tcb = static_cast<const Tcb&>(*flow);
  tcb.connection.prefetch();
  if (tcb.stream != nullptr) fetch_lines(tcb.stream, sizeof(TcpStream));
}

void Stack::foresee_reading(std::uint32_t hash, unsigned step) const {
  const Flow* flow = table_.likely(hash);
  if (flow == nullptr || flow->waiting) return;
  const TcpStream* const stream = static_cast<const Tcb&>(*flow).stream;
  if (stream == nullptr) return;
  if (step == 0) stream->prefetch_reader();
  if (stream->foreseen_by_ != nullptr) stream->foreseen_by_->foresee_reading(step);
}

// ---- for who watches ----

std::vector<ConnectionStatus> Stack::statuses() const {
  std::vector<ConnectionStatus> all;
  table_.for_each([&all](const Flow& flow) {
    if (!flow.waiting) all.push_back(status_of(static_cast<const Tcb&>(flow)));
  });
  // The table's order follows its keys, which change from run to run where secrets do.
  std::ranges::sort(all, {}, [](const ConnectionStatus& each) { return std::pair(each.local, each.peer); });
  return all;
}

std::optional<ConnectionStatus> Stack::status(const Endpoint& local, const Endpoint& peer) const {
  const Flow* const flow = table_.find(secrets_.flow_hash(local, peer), local, peer);
  if (flow == nullptr || flow->waiting) return std::nullopt;
  return status_of(static_cast<const Tcb&>(*flow));
}

}  // namespace ghostnet::tcp
