// The way of a packet through the fabric: from send_through() to a receive queue.
#include <algorithm>

#include "ghostnet/sim/digest.hpp"
#include "ghostnet/sim/fabric.hpp"
#include "ghostnet/sim/fabric_host_extras.hpp"
#include "ghostnet/sim/fabric_tcp.hpp"
#include "ghostnet/sim/queued_port.hpp"

namespace ghostnet::sim {

namespace {

bool ecn_capable(const Flight& flight) { return flight.ecn != Ecn::not_ect; }

// How far ahead the run loop touches what a coming instant will need; each step finds its pointers in cache.
constexpr std::size_t kFlightAhead = 36;
constexpr std::size_t kHostAhead = 31;
constexpr std::size_t kSocketAhead = 28;
constexpr std::size_t kFrameAhead = 20;
constexpr std::size_t kSegmentHashAhead = 26;
constexpr std::size_t kConnectionAhead = 24;
constexpr std::size_t kStreamAhead = 20;
constexpr std::size_t kReadingAhead[] = {17, 14, 12, 10, 8, 6, 4, 2};  // by the step of tcp::Stack::foresee_reading()
constexpr std::size_t kTimerAhead = 16;
constexpr std::size_t kTimerHostAhead = 8;
constexpr std::size_t kBeforeTimerLines = 2;        // of a task's frame
constexpr std::size_t kBeforeTcpTimerLines = 12;    // of a connection, at whose end its timer stands
constexpr std::size_t kPayloadAheadBytes = 640;     // of a packet; the processor guesses the rest of larger ones
constexpr std::size_t kPureSegmentBytes = 20 + 40;  // what is larger brings data

void prefetch_lines(const void* first, std::size_t lines) {
  // As a number: what is touched ahead may be nothing.
  const auto line = reinterpret_cast<std::uintptr_t>(first);
  for (std::size_t i = 0; i < lines; ++i) __builtin_prefetch(reinterpret_cast<const void*>(line + 64 * i), 1);
}

// The receiver reads it, and whoever sends next writes over it: blocks are used again while they are warm.
void prefetch_payload(Flight& flight) {
  const std::size_t size_bytes = std::min<std::size_t>(flight.size_bytes, kPayloadAheadBytes);
  prefetch_lines(flight.payload().data(), (size_bytes + 63) / 64);
}

}  // namespace

// ---- the run loop ----

void Fabric::run(Loop& loop, std::int64_t limit_ns, const bool& stop) {
  TimerQueue& timers = loop.timers();
  std::uint64_t turns = 0;
  while (!stop) {
    std::int64_t flight_ns = flights_.lower_bound_ns();
    std::int64_t timer_ns = timers.lower_bound_ns();
    if (std::min(flight_ns, timer_ns) > limit_ns || (flights_.empty() && timers.empty())) break;
    if (flight_ns <= timer_ns) {
      if (!flights_.settled()) {
        flights_.settle();
        continue;
      }
      loop.set_now(from_ns(flight_ns));
      prefetch_flights();
      arrive(flights_.pop());
    } else {
      if (!timers.settled()) {
        timers.settle();
        continue;
      }
      loop.set_now(from_ns(timer_ns));
      prefetch_timers(timers);
      loop.fire_head_timer();
    }
    if (loop.has_ready()) loop.run_ready();
    ++turns;
  }
  timeline_.count_turns(turns);
}

void Fabric::prefetch_flights() {
  flights_.gather_ahead(kFlightAhead + 1);
  if (Flight* flight = flights_.ahead(kFlightAhead)) prefetch_lines(flight->block_address(), 3);
  if (Flight* flight = flights_.ahead(kHostAhead)) {
    prefetch_lines(flight->to, 1);
    prefetch_lines(&flight->to->first_, 3);
    if (last_stage(*flight)) prefetch_payload(*flight);
  }
  if (Flight* flight = flights_.ahead(kSocketAhead)) {
    if (!last_stage(*flight)) {
      prefetch_lines(flight->to->first_.in.get(), 2);
    } else if (flight->kind == Flight::Kind::segment) {
      if (flight->to->tcp_) prefetch_lines(flight->to->tcp_.get(), 4);
    } else if (flight->to->sockets_ != nullptr) {
      prefetch_lines(flight->to->sockets_, 2);
    }
  }
  if (Flight* flight = flights_.ahead(kFrameAhead)) {
    if (flight->kind != Flight::Kind::segment && flight->to->sockets_ != nullptr) {
      flight->to->sockets_->prefetch_reader();
    }
  }
  if (any_tcp_) prefetch_segments();
}

// Whether it arrives next, and has not the receiver's link before it.
bool Fabric::last_stage(const Flight& flight) {
  return flight.stage == Flight::Stage::deliver || (flight.stage == Flight::Stage::edge && !flight.to->first_.in);
}

// From a host's table to the connection, its stream and who reads from it: each step where the one before has arrived.
void Fabric::prefetch_segments() const {
  const auto segment_at = [this](std::size_t distance) -> const Flight* {
    const Flight* const flight = flights_.ahead(distance);
    const bool counts = flight != nullptr && flight->kind == Flight::Kind::segment && last_stage(*flight);
    return counts && flight->to->tcp_ ? flight : nullptr;
  };
  const auto stack_of = [](const Flight& flight) -> const tcp::Stack& { return flight.to->tcp_->stack(); };
  const auto hash_of = [&](const Flight& flight) {
    return stack_of(flight).flow_hash(flight.destination, flight.source);
  };
  if (const Flight* flight = segment_at(kSegmentHashAhead)) stack_of(*flight).prefetch_slot(hash_of(*flight));
  if (const Flight* flight = segment_at(kConnectionAhead)) stack_of(*flight).prefetch_flow(hash_of(*flight));
  if (const Flight* flight = segment_at(kStreamAhead)) stack_of(*flight).prefetch_stream(hash_of(*flight));
  for (unsigned step = 0; step < std::size(kReadingAhead); ++step) {
    const Flight* const flight = segment_at(kReadingAhead[step]);
    if (flight == nullptr || flight->size_bytes <= kPureSegmentBytes) continue;
    stack_of(*flight).foresee_reading(hash_of(*flight), step);
  }
}

void Fabric::prefetch_timers(TimerQueue& timers) const {
  timers.gather_ahead(kTimerAhead + 1);
  if (Timer* timer = timers.ahead(kTimerAhead)) {
    const std::size_t before = any_tcp_ ? kBeforeTcpTimerLines : kBeforeTimerLines;
    prefetch_lines(reinterpret_cast<char*>(timer) - 64 * before, before + 2);
  }
  if (Timer* timer = timers.ahead(kTimerHostAhead)) {
    // A host's timers run on its own clock, which stands in it; what it made first, a socket as a rule, stands behind
    // it.
    prefetch_lines(&timer->clock(), 5);
  }
}

void Fabric::arrive(Flight& flight) {
  switch (flight.stage) {
    case Flight::Stage::edge: return reach_edge(flight);
    case Flight::Stage::router: return reach_router(flight);
    case Flight::Stage::deliver: return deliver(flight);
    case Flight::Stage::process: return hand_over(flight);
  }
}

void Fabric::schedule(Flight& flight, std::int64_t at_ns, Flight::Stage stage) {
  flight.stage = stage;
  flights_.push(at_ns, flight);
}

// ---- leaving ----

std::optional<Errc> Fabric::route(FabricHost& from, Flight& flight, InterfaceIndex via) {
  IpAddress to = flight.destination.address();
  std::optional<Owner> owner = owner_of(to);
  if (owner ? owner->host == from.id() : to.is_loopback()) [[unlikely]] {
    flight.to = &from;
    schedule(flight, now_ns(), Flight::Stage::deliver);
    return std::nullopt;
  }
  if (!owner) [[unlikely]] {
    ++counters_.unroutable;
    drop(flight);
    return std::nullopt;  // the network swallows it, as it does
  }
  flight.to = hosts_[owner->host].host.get();
  flight.to_interface = static_cast<std::uint16_t>(owner->interface);
  flight.to_ground = owner->attachment.index;
  InterfaceIndex count = static_cast<InterfaceIndex>(from.interface_count());
  for (InterfaceIndex index = via == 0 ? 1 : via; index <= (via == 0 ? count : via); ++index) {
    FabricHost::NetInterface& out = from.interface(index);
    if (out.up && reaches(out.attachment, owner->attachment)) return send_through(from, index, flight);
  }
  drop(flight);
  return Errc::unreachable;
}

bool Fabric::reaches(Attachment from, Attachment to) {
  if (from.kind != to.kind || from.kind == Attachment::Kind::none) return false;
  return from.kind != Attachment::Kind::lan || from.index == to.index;
}

std::optional<Errc> Fabric::send_through(FabricHost& from, InterfaceIndex via, Flight& flight) {
  FabricHost::NetInterface& out = from.interface(via);
  if (out.captured) [[unlikely]]
    capture(from, via, flight);
  const Onward onward{.to = Onward::To::ground, .attachment = out.attachment};
  if (out.watched) [[unlikely]] {
    cross_watched(from, out.out, flight, from.net_random_, onward);
  } else {
    cross(out.out, flight, from.net_random_, onward);
  }
  return std::nullopt;
}

void Fabric::flood(FabricHost& from, InterfaceIndex via, Flight& flight) {
  FabricHost::NetInterface& out = from.interface(via);
  flight.to = nullptr;
  if (out.captured) [[unlikely]]
    capture(from, via, flight);
  cross(out.out, flight, from.net_random_, {.to = Onward::To::ground, .attachment = out.attachment});
}

// Sends the packet through a link. It goes on, is held by the link's queue, or is dropped: it is gone from the caller.
void Fabric::cross(Port& port, Flight& flight, Random& random, Onward onward) {
  if (port.unlimited()) return go_on(onward, flight, now_ns(), random);
  std::uint32_t size_bytes = wire_bytes(flight);
  if (size_bytes > port.profile->mtu_bytes()) return cross_in_fragments(port, flight, random, onward);
  link::PacketInfo info{.size_bytes = size_bytes, .ecn_capable = ecn_capable(flight), .flow_hash = 0};
  if (port.queued != nullptr) return enter_queue(port, flight, info);
  link::Outcome outcome = port.transit.admit(from_ns(now_ns()), info, *port.profile, random);
  if (outcome.fate != link::Fate::carried) {
    ++counters_.link_drops;
    return drop(flight);
  }
  take_effect(flight, outcome.ce_marked, outcome.corrupt_bit);
  if (onward.to == Onward::To::ground && flight.left_at_ns == 0) flight.left_at_ns = to_ns(outcome.departure);
  if (outcome.duplicate_arrival != kNever) [[unlikely]] {
    if (Flight* copy = clone(flight)) go_on(onward, *copy, to_ns(outcome.duplicate_arrival), random);
  }
  go_on(onward, flight, to_ns(outcome.arrival), random);
}

// A drop-tail link answers at once; what one that holds its packets drops later, it counts itself.
void Fabric::cross_watched(FabricHost& host, Port& port, Flight& flight, Random& random, Onward onward) {
  FabricHost::Extras::Meter& meter = onward.to == Onward::To::host ? host.extras().in_meter : host.extras().out_meter;
  const std::uint32_t size_bytes = wire_bytes(flight);
  const std::uint64_t dropped_before = counters_.link_drops;
  cross(port, flight, random, onward);
  const std::uint64_t dropped = counters_.link_drops - dropped_before;
  meter.dropped += port.queued == nullptr ? dropped : 0;
  if (dropped == 0) meter.sent_bytes += size_bytes;
}

// RFC 791 2.3: the pieces travel on their own, and the datagram is there when the last one is. One piece lost loses it.
void Fabric::cross_in_fragments(Port& port, Flight& flight, Random& random, Onward onward) {
  std::uint32_t mtu_bytes = port.profile->mtu_bytes();
  std::uint32_t ip_bytes = flight.destination.is_v4() ? 20 : 48;  // with the fragment header of IPv6
  if (flight.dont_fragment || mtu_bytes < ip_bytes + 8 || port.queued != nullptr) {
    ++counters_.link_drops;
    return drop(flight);
  }
  std::uint32_t piece_bytes = (mtu_bytes - ip_bytes) / 8 * 8;
  std::uint32_t left_bytes = flight.size_bytes + transport_header_bytes(flight);
  TimePoint arrival{};
  bool whole = true;
  while (left_bytes != 0) {
    std::uint32_t now_bytes = std::min(left_bytes, piece_bytes);
    left_bytes -= now_bytes;
    link::PacketInfo info{.size_bytes = now_bytes + ip_bytes, .ecn_capable = ecn_capable(flight), .flow_hash = 0};
    link::Outcome outcome = port.transit.admit(from_ns(now_ns()), info, *port.profile, random);
    whole = whole && outcome.fate == link::Fate::carried && outcome.corrupt_bit == link::kNoBit;
    if (!whole) continue;
    arrival = std::max(arrival, outcome.arrival);
    if (outcome.ce_marked) flight.ecn = Ecn::ce;
    if (onward.to == Onward::To::ground) flight.left_at_ns = to_ns(outcome.departure);
  }
  if (!whole) {
    ++counters_.link_drops;
    return drop(flight);
  }
  go_on(onward, flight, to_ns(arrival), random);
}

void Fabric::take_effect(Flight& flight, bool ce_marked, std::uint32_t corrupt_bit) {
  if (ce_marked) flight.ecn = Ecn::ce;
  if (corrupt_bit != link::kNoBit) [[unlikely]]
    flight.corrupted = true;  // the receiver's checksum will tell
}

// ---- under way ----

void Fabric::go_on(Onward onward, Flight& flight, std::int64_t at_ns, Random& random) {
  switch (onward.to) {
    case Onward::To::host: return reach_host(flight, at_ns);
    case Onward::To::router: flight.router = onward.router; return schedule(flight, at_ns, Flight::Stage::router);
    case Onward::To::ground: return cross_ground(onward.attachment, flight, at_ns, random);
  }
}

void Fabric::cross_ground(Attachment ground, Flight& flight, std::int64_t at_ns, Random& random) {
  if (ground.kind == Attachment::Kind::router) {
    flight.router = ground.index;
    return schedule(flight, at_ns, Flight::Stage::router);
  }
  if (ground.kind == Attachment::Kind::lan) {
    at_ns += lans_[ground.index].delay.count();
    if (flight.to == nullptr) return fan_out(lans_[ground.index], flight, at_ns);
    return schedule(flight, at_ns, Flight::Stage::edge);
  }
  const PathParams& path = paths_[ground.index * regions_.size() + flight.to_ground];
  if (random.chance(path.loss)) {
    ++counters_.path_losses;
    return drop(flight);
  }
  at_ns += path.delay.count();
  if (path.jitter != Duration::zero()) at_ns += random.between(-path.jitter.count(), path.jitter.count());
  schedule(flight, std::max(at_ns, now_ns()), Flight::Stage::edge);
}

// A frame to all: every member that wants it gets a copy of its own.
void Fabric::fan_out(Lan& lan, Flight& flight, std::int64_t at_ns) {
  IpAddress group = flight.destination.address();
  for (auto [member, index] : lan.members) {
    if (member->id() == flight.from || !member->wants(group, index)) continue;
    Flight* copy = clone(flight);
    if (copy == nullptr) break;
    copy->to = member;
    copy->to_interface = static_cast<std::uint16_t>(index);
    schedule(*copy, at_ns, Flight::Stage::edge);
  }
  discard(flight);
}

void Fabric::reach_router(Flight& flight) {
  auto at = static_cast<RouterId>(flight.router);
  if (at == flight.to_ground) return reach_edge(flight);
  std::optional<RouterGraph::EdgeId> next = graph_.next_hop(at, flight.to_ground);
  if (!next || flight.hop_limit <= 1) {
    ++counters_.unroutable;
    return drop(flight);
  }
  --flight.hop_limit;
  RouterGraph::Edge& edge = graph_.edge(*next);
  cross(edge.port, flight, router_random_, {.to = Onward::To::router, .attachment = {}, .router = edge.to});
}

void Fabric::reach_edge(Flight& flight) {
  if (!blocked_.empty() && blocked(flight)) [[unlikely]] {
    ++counters_.partition_drops;
    return drop(flight);
  }
  FabricHost::NetInterface& in = flight.to->interface(flight.to_interface);
  if (!in.in) return deliver(flight);
  FabricHost& host = *flight.to;
  if (in.watched) [[unlikely]]
    return cross_watched(host, *in.in, flight, host.net_random_, {.to = Onward::To::host});
  cross(*in.in, flight, host.net_random_, {.to = Onward::To::host});
}

void Fabric::reach_host(Flight& flight, std::int64_t at_ns) {
  if (at_ns <= now_ns()) return deliver(flight);
  schedule(flight, at_ns, Flight::Stage::deliver);
}

// ---- arriving ----

void Fabric::deliver(Flight& flight) {
  FabricHost& host = *flight.to;
  if (!host.up_ || (flight.to_interface != 0 && !host.interface(flight.to_interface).up)) [[unlikely]] {
    ++counters_.host_down_drops;
    return drop(flight);
  }
  if (any_crash_ && lost_in_crash(flight)) [[unlikely]] {
    ++counters_.host_down_drops;
    return drop(flight);
  }
  if (any_readdress_ && !flight.to_group && !host.owns(flight.destination.address())) [[unlikely]] {
    ++counters_.unroutable;
    return drop(flight);
  }
  if (flight.to_interface != 0 && host.interface(flight.to_interface).captured) [[unlikely]] {
    capture(host, flight.to_interface, flight);
  }
  if (flight.corrupted) [[unlikely]] {
    ++counters_.checksum_drops;
    return drop(flight);
  }
  if (host.extras_ && host.has_cpu()) [[unlikely]] {
    return schedule(flight, host.occupy_cpu({.packets = 1}, now_ns()), Flight::Stage::process);
  }
  hand_over(flight);
}

void Fabric::hand_over(Flight& flight) {
  FabricHost& host = *flight.to;
  if (!host.up_) [[unlikely]] {
    ++counters_.host_down_drops;
    return drop(flight);
  }
  if (flight.kind == Flight::Kind::segment) return hand_to_tcp(flight);
  if (flight.kind == Flight::Kind::port_unreachable) [[unlikely]]
    return report_refusal(flight);
  if (flight.to_group) [[unlikely]]
    return hand_to_members(flight);
  FabricUdpSocket* socket = host.socket_for(flight.destination, flight.source);
  if (socket == nullptr) [[unlikely]]
    return refuse(flight);
  accept(*socket, flight);
}

void Fabric::accept(FabricUdpSocket& socket, Flight& flight) {
  FabricHost& host = *flight.to;
  digest_.deliver(host.chain_, from_ns(now_ns()), host.id(), flight.content_hash);
  if (!socket.has_room(flight.size_bytes)) [[unlikely]] {
    ++counters_.queue_drops;
    ++socket.extras().dropped;
    return drop(flight);
  }
  ++counters_.delivered;
  if (flight.followed) [[unlikely]]
    tell_fate(flight, true);
  flight.left_at_ns = now_ns();  // from here on: when it was received
  socket.enqueue(flight);
}

void Fabric::hand_to_tcp(Flight& flight) {
  FabricHost& host = *flight.to;
  digest_.deliver(host.chain_, from_ns(now_ns()), host.id(), flight.content_hash);
  ++counters_.delivered;
  if (flight.followed) [[unlikely]]
    tell_fate(flight, true);
  host.tcp().stack().receive(flight.source, flight.destination, flight.payload(), flight.ecn);
  discard(flight);
}

void Fabric::hand_to_members(Flight& flight) {
  for (FabricUdpSocket* socket = flight.to->sockets_; socket != nullptr; socket = socket->next_) {
    if (socket->port_ != flight.destination.port()) continue;
    if (!socket->member_of(flight.destination.address(), flight.to_interface)) continue;
    if (Flight* copy = clone(flight)) accept(*socket, *copy);
  }
  discard(flight);
}

// RFC 1122 4.1.3.1: the sender is told, which a connected socket reports.
void Fabric::refuse(Flight& flight) {
  ++counters_.refused;
  if (flight.followed) [[unlikely]]
    tell_fate(flight, false);
  FabricHost& here = *flight.to;
  if (flight.from >= hosts_.size() || flight.from == here.id()) return drop(flight);
  std::swap(flight.source, flight.destination);
  flight.from = here.id();
  flight.boot = here.boot_;
  flight.kind = Flight::Kind::port_unreachable;
  flight.size_bytes = std::min<std::uint32_t>(flight.size_bytes, 20);
  flight.left_at_ns = 0;
  flight.hop_limit = 64;
  flight.ecn = Ecn::not_ect;
  (void)route(here, flight, flight.to_interface);
}

void Fabric::report_refusal(Flight& flight) {
  for (FabricUdpSocket* socket = flight.to->sockets_; socket != nullptr; socket = socket->next_) {
    if (socket->port_ == flight.destination.port() && socket->extras_ && socket->extras_->peer == flight.source) {
      socket->report(Errc::refused);
      break;
    }
  }
  discard(flight);
}

bool Fabric::blocked(const Flight& flight) const {
  std::uint8_t from = cell_of_host_[flight.from];
  std::uint8_t to = cell_of_host_[flight.to->id()];
  return blocked_[from][to];
}

// What had not left the sender's queue when it crashed never did.
bool Fabric::lost_in_crash(const Flight& flight) const {
  const FabricHost& sender = *hosts_[flight.from].host;
  return sender.boot_ != flight.boot && flight.left_at_ns > sender.crashed_at_ns();
}

}  // namespace ghostnet::sim
