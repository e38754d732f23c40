#include "ghostnet/realnet/loopback_network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "followed_parcel.hpp"
#include "ghostnet/link/routes.hpp"
#include "ghostnet/realnet/shaped_sender.hpp"
#include "ghostnet/realnet/stream_farewell.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

constexpr std::uint32_t kDefaultMtuBytes = 65'535;

}  // namespace

struct LoopbackNetwork::Port {
  enum class Kind : std::uint8_t { out, in, between };  // of a host, or from one region to another
  Kind kind;
  Place* owner;       // of a host's
  RegionId leads_to;  // where it leads away from a host
  Random random;
  std::optional<Link> link{};     // none: infinitely fast
  TimePoint polled_at = kNever;   // an occurrence for it is under way
  std::uint64_t taken_bytes = 0;  // by the link, sent or still in its queue
};

struct LoopbackNetwork::Place {
  RegionId region;
  Port out;
  Port in;
  std::uint8_t cell = 0;
  bool up = true;
  TunPort* device = nullptr;
};

struct LoopbackNetwork::Edge {
  RegionId from;
  RegionId to;
  Port port;
};

LoopbackNetwork::Travelling LoopbackNetwork::CopyTravelling::operator()(const Travelling& first) const {
  return {first.parcel->copy(), first.info, first.from, first.to, first.ce_marked, first.corrupted};
}

// ---- laying it ----

LoopbackNetwork::LoopbackNetwork(World& world, std::uint64_t seed, std::vector<Way> ways)
    : world_(world),
      seed_(seed),
      ways_(std::move(ways)),
      regions_(static_cast<std::size_t>(std::sqrt(static_cast<double>(ways_.size())))),
      timer_(world.clock()),
      scope_(world.loop()) {
  assert(regions_ * regions_ == ways_.size());
  scope_.spawn(keep_time());
}

LoopbackNetwork::~LoopbackNetwork() {
  closing_ = true;  // what is under way is lost, and says so
  scope_.close();
  farewells_.clear();
  coming_.clear();
  edges_.clear();
  places_.clear();
}

Result<> LoopbackNetwork::attach(const IpAddress& address, RegionId region, const Links& links) {
  if (region >= regions_) return fail(Errc::invalid_argument, "{}: there is no region {}", address, region);
  if (places_.contains(address)) return fail(Errc::address_in_use, "{} is in this network already", address);
  auto place = std::make_unique<Place>(
      Place{region,
            {Port::Kind::out, nullptr, region, Random::derive(seed_, address.v4_value(), "loopback.out")},
            {Port::Kind::in, nullptr, region, Random::derive(seed_, address.v4_value(), "loopback.in")}});
  place->out.owner = place->in.owner = place.get();
  if (Result<> made = make_link(place->out, links.out); !made) return made;
  if (Result<> made = make_link(place->in, links.in); !made) return made;
  places_.emplace(address, std::move(place));
  return {};
}

Result<> LoopbackNetwork::lay_link(RegionId from, RegionId to, const link::LinkParams& params) {
  if (from >= regions_ || to >= regions_ || from == to) {
    return fail(Errc::invalid_argument, "a link from region {} to {}: there are {}", from, to, regions_);
  }
  auto edge = std::make_unique<Edge>(
      Edge{from, to, {Port::Kind::between, nullptr, to, Random::derive(seed_, edges_.size(), "loopback.between")}});
  if (Result<> made = make_link(edge->port, params); !made) return made;
  edges_.push_back(std::move(edge));
  hops_towards_.clear();
  return {};
}

// ---- faults ----

Result<> LoopbackNetwork::set_links(const IpAddress& address, const Links& links) {
  Place& there = place(address);
  if (Result<> changed = change_link(there.out, links.out); !changed) return changed;
  return change_link(there.in, links.in);
}

Result<> LoopbackNetwork::change_link(Port& port, const std::optional<link::LinkParams>& params) {
  if (!params) return {};
  if (!port.link) return make_link(port, params);
  auto profile = profile_of(*params);
  if (!profile) return fail(std::move(profile));
  advance(world_.loop().now());
  if (Result<> changed = port.link->change_profile(world_.loop().now(), std::move(*profile), port.random); !changed) {
    return changed;
  }
  poll_when_due(port);
  advance(world_.loop().now());
  return {};
}

void LoopbackNetwork::set_up(const IpAddress& address, bool up) { place(address).up = up; }

void LoopbackNetwork::partition(const std::unordered_map<IpAddress, std::uint8_t>& cells,
                                std::vector<std::vector<bool>> blocked) {
  for (const auto& [address, place] : places_) {
    const auto cell = cells.find(address);
    place->cell = cell == cells.end() ? std::uint8_t{0} : cell->second;
  }
  blocked_ = std::move(blocked);
}

bool LoopbackNetwork::reaches(const Travelling& what) const {
  return what.from->up && what.to->up && (blocked_.empty() || !blocked_[what.from->cell][what.to->cell]);
}

void LoopbackNetwork::set_port(const IpAddress& address, TunPort* port) { place(address).device = port; }
TunPort* LoopbackNetwork::port_of(const IpAddress& address) const { return place(address).device; }

Result<> LoopbackNetwork::make_link(Port& port, const std::optional<link::LinkParams>& params) {
  if (!params) return {};
  auto profile = profile_of(*params);
  if (!profile) return fail(std::move(profile));
  port.link.emplace(std::move(*profile));
  return {};
}

Result<std::shared_ptr<const link::LinkProfile>> LoopbackNetwork::profile_of(const link::LinkParams& params) {
  for (const auto& [known, profile] : profiles_) {
    if (known == params) return profile;
  }
  Result<link::LinkProfile> made = link::LinkProfile::make(params);
  if (!made) return fail(std::move(made));
  return profiles_.emplace_back(params, std::make_shared<const link::LinkProfile>(*made)).second;
}

// ---- asking it ----

LoopbackNetwork::Place& LoopbackNetwork::place(const IpAddress& address) const {
  const auto found = places_.find(address);
  assert(found != places_.end());
  return *found->second;
}

bool LoopbackNetwork::carries(const IpAddress& from, const IpAddress& to) const {
  return from != to && places_.contains(from) && places_.contains(to);
}

std::vector<LoopbackReading> LoopbackNetwork::read_links(const IpAddress& address) const {
  const Place& host = place(address);
  std::vector<LoopbackReading> readings;
  for (const Port* port : {&host.out, &host.in}) {
    if (!port->link) continue;
    const link::LinkCounters& counters = port->link->counters();
    const std::uint64_t queued_bytes = port->link->queued_bytes(now());
    readings.push_back({.out = port->kind == Port::Kind::out,
                        .rate_bps = port->link->profile().rate_bps(),
                        .queued_bytes = queued_bytes,
                        .sent_bytes = port->taken_bytes - std::min(port->taken_bytes, queued_bytes),
                        .dropped = counters.of(link::Fate::codel) + counters.of(link::Fate::queue_full) +
                                   counters.of(link::Fate::lost) + counters.of(link::Fate::in_flight_full)});
  }
  return readings;
}

LoopbackCounters LoopbackNetwork::counters() const {
  LoopbackCounters sum = counters_;
  const auto add = [&sum](const Port& port) {
    if (!port.link) return;
    const auto& fates = port.link->counters().fates;
    sum.dropped += std::accumulate(fates.begin() + 1, fates.end(), std::uint64_t{0});  // all but the carried
  };
  for (const auto& [address, place] : places_) {
    add(place->out);
    add(place->in);
  }
  for (const auto& edge : edges_) add(edge->port);
  return sum;
}

void LoopbackNetwork::say_farewell(FileDescriptor fd, std::shared_ptr<ShapedSender> sender, bool reading) {
  farewells_.remove_if([](const auto& farewell) { return farewell->over(); });
  if (farewells_.size() >= world_.options().max_lingering) return world_.poller().remove(fd.get());
  farewells_.push_back(std::make_unique<StreamFarewell>(world_, std::move(fd), std::move(sender), reading));
}

TimePoint LoopbackNetwork::now() const { return advancing_ ? now_ : world_.loop().now(); }

Duration LoopbackNetwork::delay(const IpAddress& from, const IpAddress& to) const {
  const Place& sender = place(from);
  const Place& receiver = place(to);
  Duration delay{};
  if (edges_.empty()) {
    delay = ways_[sender.region * regions_ + receiver.region].delay;
  } else {
    for_each_hop(sender.region, receiver.region, [&](const Edge& edge) { delay += edge.port.link->profile().delay(); });
  }
  if (sender.out.link) delay += sender.out.link->profile().delay();
  if (receiver.in.link) delay += receiver.in.link->profile().delay();
  return delay;
}

std::uint32_t LoopbackNetwork::mtu_bytes(const IpAddress& from, const IpAddress& to) const {
  std::uint32_t mtu_bytes = kDefaultMtuBytes;
  for (const Port* port : {&place(from).out, &place(to).in}) {
    if (port->link) mtu_bytes = std::min(mtu_bytes, port->link->profile().mtu_bytes());
  }
  for_each_hop(place(from).region, place(to).region,
               [&](const Edge& edge) { mtu_bytes = std::min(mtu_bytes, edge.port.link->profile().mtu_bytes()); });
  return mtu_bytes;
}

// ---- ways between routers ----

LoopbackNetwork::Edge* LoopbackNetwork::next_hop(RegionId at, RegionId to) const {
  if (edges_.empty()) return nullptr;
  hops_towards_.resize(regions_);
  if (hops_towards_[to].empty()) {
    std::vector<link::Hop> hops;
    for (const auto& edge : edges_) {
      hops.push_back({.from = edge->from, .to = edge->to, .delay = edge->port.link->profile().delay()});
    }
    hops_towards_[to] = link::hops_towards(to, hops, regions_);
  }
  const std::uint32_t hop = hops_towards_[to][at];
  return hop == link::kNoHop ? nullptr : edges_[hop].get();
}

template <class Visit>
void LoopbackNetwork::for_each_hop(RegionId at, RegionId to, Visit visit) const {
  while (at != to) {
    const Edge* const edge = next_hop(at, to);
    if (edge == nullptr) return;
    visit(*edge);
    at = edge->to;
  }
}

// ---- the way of a parcel ----

void LoopbackNetwork::send(const IpAddress& from, const IpAddress& to, std::unique_ptr<Parcel> parcel,
                           link::PacketInfo info) {
  if (closing_) return;
  const bool from_outside = !advancing_;
  if (from_outside) advance(world_.loop().now());
  ++counters_.sent;
  now_ = now();
  if (Observer* const observer = world_.context().observer; observer != nullptr && observer->follows_next()) {
    const MessageSample about{.sent = now_,
                              .from = observer->host_at(from),
                              .to = observer->host_at(to),
                              .bytes = info.size_bytes,
                              .kind = parcel->kind()};
    parcel = std::make_unique<FollowedParcel>(std::move(parcel), world_, about);
  }
  Place& sender = place(from);
  if (sender.up) {
    enter(sender.out, {std::move(parcel), info, &sender, &place(to)});
  } else {
    ++counters_.dropped;
  }
  if (from_outside) advance(world_.loop().now());
}

void LoopbackNetwork::call_at(TimePoint at, std::unique_ptr<Parcel> parcel) {
  if (closing_) return;
  schedule(std::max(at, now()), nullptr, {std::move(parcel), {}, nullptr, nullptr});
  if (!advancing_) timer_.arm(coming_.front().at);
}

void LoopbackNetwork::schedule(TimePoint at, Port* port, Travelling what) {
  coming_.push_back({at, ++last_order_, port, std::move(what)});
  std::push_heap(coming_.begin(), coming_.end());
}

// Everything that is due, in order, each at its own instant.
void LoopbackNetwork::advance(TimePoint until) {
  advancing_ = true;
  while (!coming_.empty() && coming_.front().at <= until) {
    std::pop_heap(coming_.begin(), coming_.end());
    Occurrence next = std::move(coming_.back());
    coming_.pop_back();
    now_ = next.at;
    happen(std::move(next));
  }
  release_all();
  advancing_ = false;
  coming_.empty() ? timer_.cancel() : timer_.arm(coming_.front().at);
}

void LoopbackNetwork::happen(Occurrence occurrence) {
  if (occurrence.port == nullptr) return occurrence.what.parcel->arrive(now_, false);
  occurrence.what.parcel == nullptr ? poll(*occurrence.port) : enter(*occurrence.port, std::move(occurrence.what));
}

void LoopbackNetwork::enter(Port& port, Travelling what) {
  if (port.kind == Port::Kind::in && !reaches(what)) {
    ++counters_.dropped;
    return;
  }
  if (!port.link) return leave(port, std::move(what), now_);
  const link::PacketInfo info = what.info;
  const link::Fate fate = port.link->enqueue(now_, std::move(what), info, port.random);
  if (fate == link::Fate::carried) port.taken_bytes += info.size_bytes;
  poll_when_due(port);
}

void LoopbackNetwork::poll_when_due(Port& port) {
  const TimePoint due = port.link->next_deadline();
  if (due >= port.polled_at) return;
  port.polled_at = due;
  schedule(due, &port, {});
}

void LoopbackNetwork::poll(Port& port) {
  port.polled_at = kNever;
  while (auto delivery = port.link->poll(now_, port.random)) {
    Travelling what = std::move(delivery->packet);
    if (what.parcel == nullptr) continue;  // the copy of something that has none
    what.ce_marked |= delivery->ce_marked;
    what.corrupted |= delivery->corrupt_bit != link::kNoBit;
    leave(port, std::move(what), delivery->arrival);
  }
  poll_when_due(port);
}

void LoopbackNetwork::leave(Port& port, Travelling what, TimePoint at) {
  if (port.kind != Port::Kind::in) return go_on(port.leads_to, port.random, std::move(what), at);
  if (what.corrupted) {  // the checksum tells
    ++counters_.dropped;
    return;
  }
  ++counters_.arrived;
  what.parcel->arrive(at, what.ce_marked);
}

// From a region on: by the way to the receiver's, or to the next router.
void LoopbackNetwork::go_on(RegionId region, Random& random, Travelling what, TimePoint at) {
  Port* next = &what.to->in;
  bool lost = coming_.size() >= kMaxUnderWay;
  if (edges_.empty()) {
    const Way& way = ways_[region * regions_ + what.to->region];
    lost = lost || random.chance(way.loss);
    at += way.delay;
    if (!lost && way.jitter != Duration{}) at += random.between(-way.jitter, way.jitter);
  } else if (region != what.to->region) {
    Edge* const edge = next_hop(region, what.to->region);
    lost = lost || edge == nullptr;
    if (edge != nullptr) next = &edge->port;
  }
  if (lost) {
    ++counters_.dropped;
    return;
  }
  schedule(std::max(at, now_), next, std::move(what));
}

Task<> LoopbackNetwork::keep_time() {
  while (true) {
    co_await timer_;
    advance(world_.loop().now());
  }
}

}  // namespace ghostnet::realnet
