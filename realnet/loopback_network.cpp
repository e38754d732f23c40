#include "ghostnet/realnet/loopback_network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ghostnet/realnet/shaped_sender.hpp"
#include "ghostnet/realnet/stream_farewell.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

constexpr std::uint32_t kDefaultMtuBytes = 65'535;

}  // namespace

struct LoopbackNetwork::Port {
  Place* owner;
  bool outward;
  Random random;
  std::optional<Link> link{};    // none: infinitely fast
  TimePoint polled_at = kNever;  // an occurrence for it is under way
};

struct LoopbackNetwork::Place {
  RegionId region;
  Port out;
  Port in;
};

LoopbackNetwork::Travelling LoopbackNetwork::CopyTravelling::operator()(const Travelling& first) const {
  return {first.parcel->copy(), first.info, first.to, first.ce_marked, first.corrupted};
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
  places_.clear();
}

Result<> LoopbackNetwork::attach(const IpAddress& address, RegionId region, const Links& links) {
  if (region >= regions_) return fail(Errc::invalid_argument, "{}: there is no region {}", address, region);
  if (places_.contains(address)) return fail(Errc::address_in_use, "{} is in this network already", address);
  auto place =
      std::make_unique<Place>(Place{region,
                                    {nullptr, true, Random::derive(seed_, address.v4_value(), "loopback.out")},
                                    {nullptr, false, Random::derive(seed_, address.v4_value(), "loopback.in")}});
  place->out.owner = place->in.owner = place.get();
  if (Result<> made = make_link(place->out, links.out); !made) return made;
  if (Result<> made = make_link(place->in, links.in); !made) return made;
  places_.emplace(address, std::move(place));
  return {};
}

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

LoopbackCounters LoopbackNetwork::counters() const {
  LoopbackCounters sum = counters_;
  for (const auto& [address, place] : places_) {
    for (const Port* port : {&place->out, &place->in}) {
      if (!port->link) continue;
      const auto& fates = port->link->counters().fates;
      sum.dropped += std::accumulate(fates.begin() + 1, fates.end(), std::uint64_t{0});  // all but the carried
    }
  }
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
  Duration delay = ways_[sender.region * regions_ + receiver.region].delay;
  if (sender.out.link) delay += sender.out.link->profile().delay();
  if (receiver.in.link) delay += receiver.in.link->profile().delay();
  return delay;
}

std::uint32_t LoopbackNetwork::mtu_bytes(const IpAddress& from, const IpAddress& to) const {
  std::uint32_t mtu_bytes = kDefaultMtuBytes;
  for (const Port* port : {&place(from).out, &place(to).in}) {
    if (port->link) mtu_bytes = std::min(mtu_bytes, port->link->profile().mtu_bytes());
  }
  return mtu_bytes;
}

// ---- the way of a parcel ----

void LoopbackNetwork::send(const IpAddress& from, const IpAddress& to, std::unique_ptr<Parcel> parcel,
                           link::PacketInfo info) {
  if (closing_) return;
  const bool from_outside = !advancing_;
  if (from_outside) advance(world_.loop().now());
  ++counters_.sent;
  now_ = now();
  enter(place(from).out, {std::move(parcel), info, &place(to)});
  if (from_outside) advance(world_.loop().now());
}

void LoopbackNetwork::call_at(TimePoint at, std::unique_ptr<Parcel> parcel) {
  if (closing_) return;
  schedule(std::max(at, now()), nullptr, {std::move(parcel), {}, nullptr});
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
  if (!port.link) return leave(port, std::move(what), now_);
  const link::PacketInfo info = what.info;
  port.link->enqueue(now_, std::move(what), info, port.random);
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
  if (port.outward) return cross(*port.owner, std::move(what), at);
  if (what.corrupted) {  // the checksum tells
    ++counters_.dropped;
    return;
  }
  ++counters_.arrived;
  what.parcel->arrive(at, what.ce_marked);
}

void LoopbackNetwork::cross(Place& from, Travelling what, TimePoint at) {
  const Way& way = ways_[from.region * regions_ + what.to->region];
  if (coming_.size() >= kMaxUnderWay || from.out.random.chance(way.loss)) {
    ++counters_.dropped;
    return;
  }
  at += way.delay;
  if (way.jitter != Duration{}) at += from.out.random.between(-way.jitter, way.jitter);
  Port& in = what.to->in;
  schedule(std::max(at, now_), &in, std::move(what));
}

Task<> LoopbackNetwork::keep_time() {
  while (true) {
    co_await timer_;
    advance(world_.loop().now());
  }
}

}  // namespace ghostnet::realnet
