#include "ghostnet/sim/fabric.hpp"

#include <algorithm>
#include <array>

#include "ghostnet/sim/fabric_host_extras.hpp"

namespace ghostnet::sim {

namespace {

// Whole blocks by size, record included: most datagrams fill theirs well.
constexpr std::array<std::size_t, 6> kBlockBytes = {256, 704, 1664, 4224, 9216, 65'664};

}  // namespace

Fabric::Fabric(Timeline& timeline, const HostContext& context, FabricOptions options)
    : timeline_(timeline),
      options_(options),
      host_context_{{context}, *this},
      router_random_(Random::derive(options.seed, 0, "fabric.routers")),
      clock_(timeline.loop()),
      pumps_(timeline.loop()) {
  for (std::size_t block_bytes : kBlockBytes) {
    pools_.push_back(std::make_unique<PacketPool>(
        PacketPool::Options{.buffer_bytes = block_bytes, .max_buffers = options.max_in_flight}));
  }
  timeline_.set_source(this);
}

Fabric::~Fabric() {
  timeline_.set_source(nullptr);
  pumps_.close();
  queued_ports_.clear();
  hosts_.clear();
  while (!flights_.empty()) {
    while (!flights_.settled()) flights_.settle();
    discard(flights_.pop());
  }
}

// ---- building ----

Result<RegionId> Fabric::add_region(std::string name) {
  if (regions_.size() >= options_.max_regions) {
    return fail(Errc::limit, "adding region {}: at most {} (max_regions)", name, options_.max_regions);
  }
  std::size_t before = regions_.size();
  regions_.push_back({std::move(name)});
  std::vector<PathParams> paths(regions_.size() * regions_.size());
  for (std::size_t from = 0; from < before; ++from) {
    for (std::size_t to = 0; to < before; ++to) paths[from * regions_.size() + to] = paths_[from * before + to];
  }
  paths_ = std::move(paths);
  return static_cast<RegionId>(before);
}

void Fabric::set_path(RegionId from, RegionId to, const PathParams& path) {
  paths_.at(std::size_t{from} * regions_.size() + to) = path;
}

Result<LanId> Fabric::add_lan(std::string name, Duration delay) {
  if (lans_.size() >= options_.max_lans) {
    return fail(Errc::limit, "adding LAN {}: at most {} (max_lans)", name, options_.max_lans);
  }
  if (delay < Duration::zero()) return fail(Errc::invalid_argument, "LAN {}: a delay of {} ns", name, delay.count());
  lans_.push_back({std::move(name), delay, {}});
  return static_cast<LanId>(lans_.size() - 1);
}

Result<> Fabric::add_edge(RouterId from, RouterId to, const link::LinkParams& params) {
  Result<RouterGraph::EdgeId> edge = graph_.add_edge(from, to);
  if (!edge) return fail(std::move(edge));
  return set_port(graph_.edge(*edge).port, &params, {.to = Onward::To::router, .attachment = {}, .router = to});
}

Result<FabricHost*> Fabric::add_host(const HostSpec& spec) {
  if (hosts_.size() >= options_.max_hosts) {
    return fail(Errc::limit, "adding host {}: at most {} (max_hosts)", spec.name, options_.max_hosts);
  }
  auto id = static_cast<HostId>(hosts_.size());
  if (!spec.name.empty()) {
    if (!by_name_.try_emplace(spec.name, id).second) {
      return fail(Errc::invalid_argument, "adding host {}: there is one of this name already", spec.name);
    }
    names_.emplace(id, spec.name);
  }
  std::unique_ptr<FabricHost> host(new FabricHost(host_context_, id, host_context_.metrics.group(spec.group),
                                                  Random::derive(options_.seed, id, "host"),
                                                  Random::derive(options_.seed, id, "fabric.links")));
  hosts_.push_back({std::move(host)});
  return hosts_.back().host.get();
}

Result<InterfaceIndex> Fabric::attach(FabricHost& host, const InterfaceSpec& spec) {
  std::size_t known = spec.attachment.kind == Attachment::Kind::region   ? regions_.size()
                      : spec.attachment.kind == Attachment::Kind::lan    ? lans_.size()
                      : spec.attachment.kind == Attachment::Kind::router ? graph_.router_count()
                                                                         : 0;
  if (spec.attachment.index >= known) {
    return fail(Errc::invalid_argument, "attaching {}: it names number {} of a kind of which there are {}", host.name(),
                spec.attachment.index, known);
  }
  auto index = static_cast<InterfaceIndex>(host.interface_count() + 1);
  if (index > FabricHost::kMaxInterfaces) {
    return fail(Errc::limit, "attaching {}: a host has at most {} interfaces", host.name(), FabricHost::kMaxInterfaces);
  }
  FabricHost::NetInterface* interface = &host.first_;
  if (index > 1) {
    host.extras().more.push_back(std::make_unique<FabricHost::NetInterface>());
    interface = host.extras().more.back().get();
  }
  interface->attachment = spec.attachment;
  if (index == 1) hosts_[host.id()].attachment = spec.attachment;
  if (Result<> set = set_port(interface->out, spec.out, {.to = Onward::To::ground, .attachment = spec.attachment});
      !set) {
    return fail(std::move(set));
  }
  if (spec.in != nullptr) {
    interface->in = std::make_unique<Port>();
    if (Result<> set = set_port(*interface->in, spec.in, {.to = Onward::To::host}); !set) return fail(std::move(set));
  }
  if (Result<> numbered = number(host, *interface, index, spec); !numbered) return fail(std::move(numbered));
  if (spec.attachment.kind == Attachment::Kind::lan) lans_[spec.attachment.index].members.push_back({&host, index});
  return index;
}

Result<> Fabric::number(FabricHost& host, FabricHost::NetInterface& interface, InterfaceIndex index,
                        const InterfaceSpec& spec) {
  if (spec.addresses.empty() && index == 1) {
    interface.numbered = true;
    hosts_[host.id()].numbered = true;
    return {};
  }
  std::vector<InterfaceAddress> addresses = spec.addresses;
  if (addresses.empty()) {
    std::uint32_t number = numbered_further_++;
    addresses = {{IpAddress::v4(kFurtherV4 + number), 8}, {IpAddress::v6(kFurtherV6High, number + 1), 64}};
  }
  for (const InterfaceAddress& address : addresses) {
    if (std::optional<Owner> owner = owner_of(address.address)) {
      return fail(Errc::address_in_use, "giving {} to {}: {} has it", address.address, host.name(),
                  host_name(owner->host));
    }
    owners_.emplace(address.address, Owner{host.id(), index, spec.attachment});
  }
  host.extras().addresses.resize(index);
  host.extras().addresses[index - 1] = std::move(addresses);
  return {};
}

Result<std::shared_ptr<const link::LinkProfile>> Fabric::profile_of(const link::LinkParams& params) {
  for (const auto& [known, profile] : profiles_) {
    if (known == params) return profile;
  }
  Result<link::LinkProfile> made = link::LinkProfile::make(params);
  if (!made) return fail(std::move(made));
  auto shared = std::make_shared<const link::LinkProfile>(std::move(*made));
  profiles_.emplace_front(params, shared);  // the one asked for last is likely to be asked for next
  return shared;
}

Result<> Fabric::set_port(Port& port, const link::LinkParams* params, Onward onward) {
  if (params == nullptr) {
    if (port.queued != nullptr) return fail(Errc::invalid_argument, "a link with CoDel cannot become an unlimited one");
    port.profile = nullptr;
    return {};
  }
  Result<std::shared_ptr<const link::LinkProfile>> profile = profile_of(*params);
  if (!profile) return fail(std::move(profile));
  bool holds = params->discipline != link::Discipline::drop_tail;
  TimePoint now = timeline_.now();
  if (port.queued != nullptr) {
    Result<> changed = port.queued->model.change_profile(now, *profile, port.queued->random);
    if (!changed) return changed;
    port.queued->timer.arm(port.queued->model.next_deadline());
  } else if (holds && port.profile != nullptr) {
    return fail(Errc::invalid_argument, "a drop-tail link in use cannot become one with CoDel");
  } else if (holds) {
    Random random = Random::derive(options_.seed, queued_ports_.size(), "fabric.queued_port");
    queued_ports_.push_back(std::make_unique<QueuedPort>(*profile, clock_, random, onward));
    port.queued = queued_ports_.back().get();
    pumps_.spawn(pump(*port.queued));
  } else if (port.profile != nullptr) {
    port.transit.profile_changed(now, *port.profile, **profile);
  }
  port.profile = profile->get();
  return {};
}

// ---- looking up ----

IpAddress Fabric::numbered_address(HostId id, IpFamily family) {
  return family == IpFamily::v4 ? IpAddress::v4(kFirstV4 + id) : IpAddress::v6(kV6High, std::uint64_t{id} + 1);
}

std::optional<Fabric::Owner> Fabric::owner_of(const IpAddress& address) const {
  const std::uint64_t number = number_of(address);
  if (number < hosts_.size() && hosts_[number].numbered) {
    return Owner{static_cast<HostId>(number), 1, hosts_[number].attachment};
  }
  auto found = owners_.find(address);
  if (found == owners_.end()) return std::nullopt;
  return found->second;
}

FabricHost* Fabric::find_host(std::string_view name) {
  if (auto found = by_name_.find(std::string(name)); found != by_name_.end()) return hosts_[found->second].host.get();
  for (std::string_view prefix = "host-"; name.starts_with(prefix);) {
    std::uint64_t number = 0;
    for (char digit : name.substr(prefix.size())) {
      if (digit < '0' || digit > '9' || number >= hosts_.size()) return nullptr;
      number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    bool exists =
        name.size() > prefix.size() && number < hosts_.size() && !names_.contains(static_cast<HostId>(number));
    return exists ? hosts_[number].host.get() : nullptr;
  }
  return nullptr;
}

FabricHost* Fabric::find_host(const IpAddress& address) {
  std::optional<Owner> owner = owner_of(address);
  return owner ? hosts_[owner->host].host.get() : nullptr;
}

std::string Fabric::host_name(HostId id) const {
  auto named = names_.find(id);
  return named == names_.end() ? fmt::format("host-{}", id) : named->second;
}

Result<> Fabric::readdress(FabricHost& host) {
  if (host.interface_count() == 0) return fail(Errc::not_found, "{} has no interface", host.name());
  FabricHost::NetInterface& interface = host.first_;
  std::vector<std::vector<InterfaceAddress>>& addresses = host.extras().addresses;
  if (!addresses.empty()) {
    for (const InterfaceAddress& old : addresses[0]) owners_.erase(old.address);
  } else {
    addresses.resize(1);
  }
  const std::uint32_t number = numbered_further_++;
  addresses[0] = {{IpAddress::v4(kFurtherV4 + number), 8}, {IpAddress::v6(kFurtherV6High, number + 1), 64}};
  for (const InterfaceAddress& address : addresses[0]) {
    owners_.emplace(address.address, Owner{host.id(), 1, interface.attachment});
  }
  interface.numbered = false;
  hosts_[host.id()].numbered = false;
  any_readdress_ = true;
  host.extras().changed.pulse();
  return {};
}

void Fabric::partition(std::vector<std::uint8_t> cell_of_host, std::vector<std::vector<bool>> blocked) {
  cell_of_host_ = std::move(cell_of_host);
  cell_of_host_.resize(hosts_.size());
  blocked_ = std::move(blocked);
}

// ---- packets ----

Result<PacketBuf> Fabric::take_buffer(std::size_t payload_bytes) {
  std::size_t wanted_bytes = Flight::kRecordBytes + payload_bytes;
  for (const std::unique_ptr<PacketPool>& pool : pools_) {
    if (pool->buffer_bytes() >= wanted_bytes) return pool->take(Flight::kRecordBytes);
  }
  return fail(Errc::message_too_large);
}

// Null when too many are in flight.
Flight* Fabric::new_flight(ByteView payload, PacketBuf* storage) {
  if (in_flight_ >= options_.max_in_flight) {
    ++counters_.overload_drops;
    return nullptr;
  }
  Flight* flight;
  if (storage != nullptr && storage->headroom() >= Flight::kRecordBytes && storage->data() == payload.data() &&
      storage->size() == payload.size()) {
    flight = &Flight::embark(std::move(*storage));
  } else {
    Result<PacketBuf> buffer = take_buffer(payload.size());
    if (!buffer) {
      ++counters_.overload_drops;
      return nullptr;
    }
    buffer->append(payload);
    flight = &Flight::embark(std::move(*buffer));
  }
  ++in_flight_;
  flight->content_hash = RunDigest::content_hash(payload);
  return flight;
}

Flight* Fabric::clone(Flight& flight) {
  Flight* copy = new_flight(flight.payload(), nullptr);
  if (copy == nullptr) return nullptr;
  std::uint32_t headroom_bytes = copy->headroom_bytes;
  *copy = flight;
  copy->headroom_bytes = headroom_bytes;
  copy->next = nullptr;
  copy->followed = false;
  return copy;
}

void Fabric::discard(Flight& flight) {
  if (flight.followed) [[unlikely]]
    tell_fate(flight, false);
  --in_flight_;
  (void)flight.disembark();
}

// ---- what is followed ----

void Fabric::follow(Flight& flight) {
  flight.followed = true;
  sent_at_ns_.insert_or_assign(&flight, now_ns());
}

void Fabric::tell_fate(Flight& flight, bool arrived) {
  flight.followed = false;
  const auto sent = sent_at_ns_.extract(&flight);
  Observer* const observer = host_context_.observer;
  if (observer == nullptr || flight.to == nullptr) return;
  observer->message({.sent = from_ns(sent.mapped()),
                     .received = arrived ? std::optional(timeline_.now()) : std::nullopt,
                     .from = flight.from,
                     .to = flight.to->id(),
                     .bytes = wire_bytes(flight),
                     .kind = flight.kind == Flight::Kind::segment ? "segment" : "datagram"});
}

QueuedPort::Held QueuedPort::Copy::operator()(const Held& flight) const {
  return {flight.get_deleter().fabric->clone(*flight), flight.get_deleter()};
}

void QueuedPort::Return::operator()(Flight* flight) const { fabric->drop_from_queue(*flight); }

void Fabric::drop_from_queue(Flight& flight) {
  ++counters_.link_drops;
  discard(flight);
}

void Fabric::enter_queue(Port& port, Flight& flight, link::PacketInfo info) {
  QueuedPort& queued = *port.queued;
  info.flow_hash = static_cast<std::uint32_t>((flight.source.hash() * 31 + flight.destination.hash()) >> 32);
  queued.model.enqueue(timeline_.now(), QueuedPort::Held(&flight, {this}), info, queued.random);
  queued.timer.arm(queued.model.next_deadline());
}

Task<> Fabric::pump(QueuedPort& port) {
  while (true) {
    co_await port.timer;
    while (auto delivery = port.model.poll(timeline_.now(), port.random)) {
      if (!delivery->packet) continue;
      Flight& flight = *delivery->packet.release();
      take_effect(flight, delivery->ce_marked, delivery->corrupt_bit);
      go_on(port.onward, flight, now_ns(), port.random);
    }
    port.timer.arm(port.model.next_deadline());
  }
}

}  // namespace ghostnet::sim
