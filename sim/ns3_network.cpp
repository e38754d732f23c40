#include "ghostnet/sim/ns3_network.hpp"

#include <ns3/aodv-helper.h>
#include <ns3/boolean.h>
#include <ns3/dsdv-helper.h>
#include <ns3/dsdv-routing-protocol.h>
#include <ns3/icmpv6-l4-protocol.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-global-routing-helper.h>
#include <ns3/ipv4-l3-protocol.h>
#include <ns3/ipv4-list-routing-helper.h>
#include <ns3/ipv4-list-routing.h>
#include <ns3/ipv4-static-routing-helper.h>
#include <ns3/ipv6-l3-protocol.h>
#include <ns3/ipv6-list-routing-helper.h>
#include <ns3/ipv6-list-routing.h>
#include <ns3/ipv6-static-routing-helper.h>
#include <ns3/mobility-model.h>
#include <ns3/net-device-queue-interface.h>
#include <ns3/olsr-helper.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/queue.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/traffic-control-helper.h>
#include <ns3/traffic-control-layer.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

#include "ghostnet/sim/ns3_address.hpp"
#include "ghostnet/sim/ns3_host.hpp"
#include "ghostnet/sim/ns3_media.hpp"

namespace ghostnet::sim {

using ns3::Ptr;

namespace {

// A generator of ns-3 is good for so many seeds and runs (L'Ecuyer's MRG32k3a).
constexpr std::uint64_t kMaxNs3Seed = 4'294'944'442;
constexpr std::uint32_t kTcpOptionBytes = 12;  // the time stamps that ns-3's TCP sends with every segment
constexpr std::int16_t kOwnRoutingPriority = 100;
constexpr std::int16_t kManetRoutingPriority = 50;
constexpr std::uint32_t kMaxSegmentMembers = 65'000;

bool alive = false;

std::string file_name_of(std::string_view name) {
  std::string safe(name);
  for (char& c : safe) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!plain) c = '_';
  }
  return safe;
}

// What the attribute is by default, unless an override says otherwise.
bool was_overridden(const std::vector<Ns3Attribute>& attributes, std::string_view name) {
  return std::ranges::any_of(attributes, [&](const Ns3Attribute& attribute) { return attribute.name == name; });
}

}  // namespace

struct Ns3Network::Impl {
  struct Link {
    Medium medium;
    SegmentId segment = 0;
    std::vector<std::pair<HostId, InterfaceIndex>> members;
  };

  Impl(Timeline& timeline, const HostContext& context, Ns3Options wanted)
      : timeline(timeline), options(std::move(wanted)), world{timeline, context, options.cpu_price} {}

  Result<> check_options();
  void seed_ns3();
  Result<HostId> add_host(const std::string& name, std::string_view group);
  void install_stack(const Ptr<ns3::Node>& node, HostId id);
  Result<ns3::NodeContainer> nodes_of(std::span<const HostId> hosts, std::size_t at_least) const;
  Result<LinkId> add_link(std::span<const HostId> hosts, Result<Medium> medium);
  Result<IpPrefix> next_v4_subnet(std::size_t members);
  void attach(Link& link, HostId host, const Ptr<ns3::NetDevice>& device, const std::optional<IpPrefix>& v4,
              std::uint32_t number);
  void install_queue_disc(const Ptr<ns3::Node>& node, const Ptr<ns3::NetDevice>& device) const;
  Result<> start();
  void choose_tcp_segments();
  void introduce_neighbours();
  Result<> check_positions() const;
  Result<> open_captures();
  void assign_streams();
  void routes_changed();

  Timeline& timeline;
  Ns3Options options;
  Ns3Shared world;
  std::vector<Link> links;
  std::uint64_t next_v4 = 0;  // first free address of the pool
  std::int64_t next_stream = 0;
  bool recompute_pending = false;
  std::shared_ptr<Impl*> self = std::make_shared<Impl*>(this);  // for events that may outlive the network
};

// ---- construction ----

Result<std::unique_ptr<Ns3Network>> Ns3Network::make(Timeline& timeline, const HostContext& context,
                                                     Ns3Options options) {
  if (alive) return fail(Errc::busy, "ns-3 has one set of defaults to a process: one Ns3Network at a time");
  auto impl = std::make_unique<Impl>(timeline, context, std::move(options));
  if (Result<> ok = impl->check_options(); !ok) return fail(std::move(ok));
  // While a neighbour's address is being found ns-3 keeps three packets for it; Linux keeps some hundred.
  std::vector<Ns3Attribute> attributes = {{"ns3::ArpCache::PendingQueueSize", "101"}};
  attributes.insert(attributes.end(), impl->options.attributes.begin(), impl->options.attributes.end());
  if (Result<> ok = set_attributes(attributes); !ok) return fail(std::move(ok));
  impl->seed_ns3();
  alive = true;
  return std::unique_ptr<Ns3Network>(new Ns3Network(std::move(impl)));
}

Ns3Network::Ns3Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Ns3Network::~Ns3Network() {
  *impl_->self = nullptr;
  impl_->world.hosts.clear();
  reset_attributes();
  alive = false;
}

Result<> Ns3Network::Impl::check_options() {
  if (!options.ipv4 && !options.ipv6) return fail(Errc::invalid_argument, "a network with neither IPv4 nor IPv6");
  const bool manet = options.routing != Ns3Routing::global && options.routing != Ns3Routing::paths;
  if (manet && !options.ipv4) return fail(Errc::not_supported, "ns-3's OLSR, AODV and DSDV are of IPv4");
  if (!options.ipv4_pool.address().is_v4() || options.ipv4_pool.length() > 24) {
    return fail(Errc::invalid_argument, "IPv4 pool {}: expected an IPv4 prefix of 24 bits or less",
                options.ipv4_pool.to_string());
  }
  if (!options.queue_disc.empty()) {
    if (Result<> ok = check_type(options.queue_disc, "ns3::QueueDisc"); !ok) {
      return std::unexpected(ok.error().while_doing("queue discipline"));
    }
    // The others want classes or a shaped rate that nobody gives them here, or end the process.
    static const std::set<std::string> kAlone{
        "ns3::FqCoDelQueueDisc", "ns3::CoDelQueueDisc",    "ns3::FqPieQueueDisc",
        "ns3::PieQueueDisc",     "ns3::FqCobaltQueueDisc", "ns3::CobaltQueueDisc",
        "ns3::RedQueueDisc",     "ns3::FifoQueueDisc",     "ns3::PfifoFastQueueDisc"};
    if (!kAlone.contains(options.queue_disc)) {
      return fail(Errc::not_supported, "queue discipline {}: expected one of those that need no classes, such as {}",
                  options.queue_disc, *kAlone.begin());
    }
  }
  return {};
}

void Ns3Network::Impl::seed_ns3() {
  ns3::RngSeedManager::SetSeed(static_cast<std::uint32_t>(1 + (options.seed >> 32) % kMaxNs3Seed));
  ns3::RngSeedManager::SetRun(options.seed & 0xffff'ffff);
}

// ---- hosts ----

Result<HostId> Ns3Network::add_host(const std::string& name, std::string_view group) {
  return impl_->add_host(name, group);
}

Result<HostId> Ns3Network::Impl::add_host(const std::string& name, std::string_view group) {
  if (world.started) return fail(Errc::busy, "host {}: the network has started", name);
  if (name.empty() || group.empty()) return fail(Errc::invalid_argument, "a host or group without a name");
  if (world.names.contains(name)) return fail(Errc::address_in_use, "host {}: there is one of this name", name);
  if (world.hosts.size() == kMaxHosts) return fail(Errc::limit, "more than {} hosts", kMaxHosts);
  const auto id = static_cast<HostId>(world.hosts.size());
  auto node = ns3::CreateObject<ns3::Node>();
  install_stack(node, id);
  const GroupId group_id = world.context.metrics.group(group);
  world.context.metrics.host(id, group_id);
  auto host = std::make_unique<Ns3Host>(world, id, group_id, Random::derive(options.seed, id, "host"), name, node);

  Ns3Port loopback;
  loopback.device = node->GetDevice(0);
  loopback.name = "lo";
  loopback.loopback = true;
  if (options.ipv4) {
    loopback.v4_number = 0;
    loopback.addresses.push_back({IpAddress::loopback(IpFamily::v4), 8});
  }
  if (options.ipv6) {
    loopback.v6_number = 0;
    loopback.addresses.push_back({IpAddress::loopback(IpFamily::v6), 128});
  }
  host->add_port(std::move(loopback));
  world.hosts.push_back(std::move(host));
  world.names.emplace(name, id);
  return id;
}

void Ns3Network::Impl::install_stack(const Ptr<ns3::Node>& node, HostId id) {
  ns3::InternetStackHelper stack;
  stack.SetIpv4StackInstall(options.ipv4);
  stack.SetIpv6StackInstall(options.ipv6);
  ns3::Ipv4ListRoutingHelper list;
  list.Add(ns3::Ipv4StaticRoutingHelper(), 0);
  switch (options.routing) {
    case Ns3Routing::global: list.Add(ns3::Ipv4GlobalRoutingHelper(), -10); break;
    case Ns3Routing::paths: break;
    case Ns3Routing::olsr: list.Add(ns3::OlsrHelper(), kManetRoutingPriority); break;
    case Ns3Routing::aodv: list.Add(ns3::AodvHelper(), kManetRoutingPriority); break;
    case Ns3Routing::dsdv: list.Add(ns3::DsdvHelper(), kManetRoutingPriority); break;
  }
  stack.SetRoutingHelper(list);
  ns3::Ipv6ListRoutingHelper list6;  // the helper's own default is static routing alone, without a list to add to
  list6.Add(ns3::Ipv6StaticRoutingHelper(), 0);
  stack.SetRoutingHelper(list6);
  stack.Install(node);

  if (options.ipv4) {
    auto own = ns3::CreateObject<PathRouting4>();
    own->set_up(world.graph, id, options.routing == Ns3Routing::paths);
    auto routing = node->GetObject<ns3::Ipv4L3Protocol>()->GetRoutingProtocol();
    ns3::DynamicCast<ns3::Ipv4ListRouting>(routing)->AddRoutingProtocol(own, kOwnRoutingPriority);
  }
  if (options.ipv6) {
    auto own = ns3::CreateObject<PathRouting6>();
    own->set_up(world.graph, id);
    auto ipv6 = node->GetObject<ns3::Ipv6L3Protocol>();
    ns3::DynamicCast<ns3::Ipv6ListRouting>(ipv6->GetRoutingProtocol())->AddRoutingProtocol(own, kOwnRoutingPriority);
    ipv6->SetAttribute("IpForward", ns3::BooleanValue(true));
    // As with IPv4 and as on real hosts, an address is the host's, not the interface's.
    ipv6->SetAttribute("StrongEndSystemModel", ns3::BooleanValue(false));
    if (!was_overridden(options.attributes, "ns3::Icmpv6L4Protocol::DAD")) {
      // Addresses are unique by construction; testing it would make hosts unreachable for the first second.
      node->GetObject<ns3::Icmpv6L4Protocol>()->SetAttribute("DAD", ns3::BooleanValue(false));
    }
  }
}

// ---- links ----

Result<LinkId> Ns3Network::connect(HostId a, HostId b, const WireOptions& options) {
  const HostId ends[] = {a, b};
  Result<ns3::NodeContainer> nodes = impl_->nodes_of(ends, 2);
  if (!nodes) return fail(std::move(nodes));
  return impl_->add_link(ends, make_wire(*nodes, options));
}

Result<LinkId> Ns3Network::add_lan(std::span<const HostId> hosts, const LanOptions& options) {
  Result<ns3::NodeContainer> nodes = impl_->nodes_of(hosts, 1);
  if (!nodes) return fail(std::move(nodes));
  return impl_->add_link(hosts, make_lan(*nodes, options));
}

Result<LinkId> Ns3Network::add_wifi(std::span<const HostId> hosts, const WifiOptions& options) {
  Result<ns3::NodeContainer> nodes = impl_->nodes_of(hosts, options.kind == WifiKind::infrastructure ? 2 : 1);
  if (!nodes) return fail(std::move(nodes));
  return impl_->add_link(hosts, make_wifi(*nodes, options));
}

Result<ns3::NodeContainer> Ns3Network::Impl::nodes_of(std::span<const HostId> hosts, std::size_t at_least) const {
  if (world.started) return fail(Errc::busy, "the network has started: nothing can be added to it");
  if (hosts.size() < at_least)
    return fail(Errc::invalid_argument, "a segment of {} hosts: expected {} or more", hosts.size(), at_least);
  if (hosts.size() > kMaxSegmentMembers)
    return fail(Errc::limit, "more than {} hosts on one segment", kMaxSegmentMembers);
  ns3::NodeContainer nodes;
  std::set<HostId> seen;
  for (HostId id : hosts) {
    if (id >= world.hosts.size()) return fail(Errc::not_found, "there is no host {}", id);
    if (!seen.insert(id).second) return fail(Errc::invalid_argument, "{} is named twice", world.hosts[id]->name());
    nodes.Add(world.hosts[id]->node());
  }
  return nodes;
}

Result<IpPrefix> Ns3Network::Impl::next_v4_subnet(std::size_t members) {
  const unsigned host_bits = std::max(2, static_cast<int>(std::bit_width(members + 1)));
  const std::uint64_t size = std::uint64_t{1} << host_bits;
  const std::uint64_t begin = (next_v4 + size - 1) / size * size;
  if (begin + size > std::uint64_t{1} << (32 - options.ipv4_pool.length())) {
    return fail(Errc::limit, "IPv4 pool {} is exhausted", options.ipv4_pool.to_string());
  }
  next_v4 = begin + size;
  const auto first = static_cast<std::uint32_t>(options.ipv4_pool.address().v4_value() + begin);
  return IpPrefix(IpAddress::v4(first), 32 - host_bits);
}

Result<LinkId> Ns3Network::Impl::add_link(std::span<const HostId> hosts, Result<Medium> medium) {
  if (!medium) return fail(std::move(medium));
  std::optional<IpPrefix> v4;
  if (options.ipv4) {
    Result<IpPrefix> subnet = next_v4_subnet(hosts.size());
    if (!subnet) return fail(std::move(subnet));
    v4 = *subnet;
  }
  const SegmentId segment = world.graph.add_segment(medium->transit);
  Link link{std::move(*medium), segment, {}};
  for (std::uint32_t i = 0; i < hosts.size(); ++i) attach(link, hosts[i], link.medium.devices.Get(i), v4, i + 1);
  links.push_back(std::move(link));
  return static_cast<LinkId>(links.size() - 1);
}

void Ns3Network::Impl::attach(Link& link, HostId id, const Ptr<ns3::NetDevice>& device,
                              const std::optional<IpPrefix>& v4, std::uint32_t number) {
  Ns3Host& host = *world.hosts[id];
  SegmentMember attachment{.host = id, .segment = link.segment, .device = device, .v4 = {}, .v6 = {}};
  Ns3Port port;
  port.device = device;
  const auto same_kind = std::ranges::count_if(
      host.ports(), [&](const Ns3Port& other) { return other.name.starts_with(link.medium.port_prefix); });
  port.name = fmt::format("{}{}", link.medium.port_prefix, same_kind);
  port.switch_radio = radio_switch(device);
  port.groups = link.medium.groups;
  if (v4) {
    auto ipv4 = host.node()->GetObject<ns3::Ipv4L3Protocol>();
    const std::uint32_t interface = ipv4->AddInterface(device);
    attachment.v4 = IpAddress::v4(v4->address().v4_value() + number);
    const auto mask = static_cast<std::uint32_t>(~std::uint64_t{0} << (32 - v4->length()));
    ipv4->AddAddress(interface, ns3::Ipv4InterfaceAddress(to_ns3_v4(*attachment.v4), ns3::Ipv4Mask(mask)));
    ipv4->SetMetric(interface, 1);
    ipv4->SetUp(interface);
    port.v4_number = static_cast<std::int32_t>(interface);
    port.addresses.push_back({*attachment.v4, static_cast<std::uint8_t>(v4->length())});
  }
  if (options.ipv6) {
    auto ipv6 = host.node()->GetObject<ns3::Ipv6L3Protocol>();
    const std::uint32_t interface = ipv6->AddInterface(device);
    attachment.v6 = IpAddress::v6(std::uint64_t{0xfd67'6873} << 32 | link.segment, number);
    ipv6->SetMetric(interface, 1);
    ipv6->SetUp(interface);
    ipv6->AddAddress(interface, ns3::Ipv6InterfaceAddress(to_ns3_v6(*attachment.v6), ns3::Ipv6Prefix(64)));
    port.v6_number = static_cast<std::int32_t>(interface);
    port.addresses.push_back({*attachment.v6, 64});
    const auto index = static_cast<std::uint32_t>(host.ports().size() + 1);
    const IpAddress link_local = from_ns3(ipv6->GetInterface(interface)->GetLinkLocalAddress().GetAddress());
    port.addresses.push_back({link_local.with_scope_id(index), 64});
  }
  install_queue_disc(host.node(), device);
  host.add_port(std::move(port));
  world.graph.attach(attachment);
  link.members.emplace_back(id, static_cast<InterfaceIndex>(host.ports().size()));
}

// As ns-3's address helpers do when they see a device without one.
void Ns3Network::Impl::install_queue_disc(const Ptr<ns3::Node>& node, const Ptr<ns3::NetDevice>& device) const {
  auto control = node->GetObject<ns3::TrafficControlLayer>();
  auto queues = device->GetObject<ns3::NetDeviceQueueInterface>();
  if (options.queue_disc.empty() || queues == nullptr || control->GetRootQueueDiscOnDevice(device) != nullptr) return;
  ns3::TrafficControlHelper helper;
  if (queues->GetNTxQueues() == 1) {
    helper.SetRootQueueDisc(options.queue_disc);
  } else {
    const std::uint16_t handle = helper.SetRootQueueDisc("ns3::MqQueueDisc");
    const auto classes =
        helper.AddQueueDiscClasses(handle, static_cast<std::uint16_t>(queues->GetNTxQueues()), "ns3::QueueDiscClass");
    helper.AddChildQueueDiscs(handle, classes, options.queue_disc);
  }
  helper.Install(device);
}

// ---- movement ----

Result<> Ns3Network::move(std::span<const HostId> hosts, const Mobility& mobility) {
  Result<ns3::NodeContainer> nodes = impl_->nodes_of(hosts, 1);
  if (!nodes) return fail(std::move(nodes));
  Result<std::int64_t> streams = move_nodes(*nodes, mobility, impl_->next_stream);
  if (!streams) return fail(std::move(streams));
  impl_->next_stream += *streams;
  return {};
}

Result<Position> Ns3Network::position(HostId host) const {
  if (host >= impl_->world.hosts.size()) return fail(Errc::not_found, "there is no host {}", host);
  auto model = impl_->world.hosts[host]->node()->GetObject<ns3::MobilityModel>();
  if (model == nullptr) return fail(Errc::not_found, "{} has no position", impl_->world.hosts[host]->name());
  const ns3::Vector at = model->GetPosition();
  return Position{at.x, at.y, at.z};
}

// ---- what there is to see ----

void Ns3Network::follow_segments() { sim::follow_segments(impl_->world); }
void Ns3Network::stop_following(Observer& observer) { sim::tell_lost(impl_->world, observer); }

std::vector<WireReading> Ns3Network::wires(HostId host) const {
  const ns3::Ptr<ns3::Node>& node = impl_->world.hosts[host]->node();
  for (const Ns3Port& port : impl_->world.hosts[host]->ports()) {
    const auto device = ns3::DynamicCast<ns3::PointToPointNetDevice>(port.device);
    if (device == nullptr) continue;
    const auto& queue = *device->GetQueue();
    ns3::DataRateValue rate;
    device->GetAttribute("DataRate", rate);
    const std::uint64_t taken_bytes = queue.GetTotalReceivedBytes();
    WireReading reading{.rate_bps = rate.Get().GetBitRate(),
                        .queued_bytes = queue.GetNBytes(),
                        .sent_bytes = taken_bytes - queue.GetNBytes(),
                        .dropped = queue.GetTotalDroppedPackets()};
    const auto control = node->GetObject<ns3::TrafficControlLayer>();
    const auto discipline = control == nullptr ? nullptr : control->GetRootQueueDiscOnDevice(device);
    if (discipline != nullptr) {
      reading.queued_bytes += discipline->GetNBytes();
      reading.dropped += discipline->GetStats().nTotalDroppedPackets;
    }
    return {reading};
  }
  return {};
}

std::vector<ConnectionReading> Ns3Network::connections(HostId host) const {
  std::vector<ConnectionReading> readings;
  impl_->world.hosts[host]->tcp_registry().for_each([&](TcpSocket& socket) {
    if (socket.established() && !socket.failure()) readings.push_back(socket.reading());
    return true;
  });
  return readings;
}

// ---- start ----

Result<> Ns3Network::start() { return impl_->start(); }

Result<> Ns3Network::Impl::start() {
  if (world.started) return fail(Errc::busy, "the network has started");
  if (Result<> ok = check_positions(); !ok) return ok;
  if (Result<> ok = open_captures(); !ok) return ok;
  choose_tcp_segments();
  introduce_neighbours();
  assign_streams();
  if (options.ipv4 && options.routing == Ns3Routing::global) ns3::Ipv4GlobalRoutingHelper::PopulateRoutingTables();
  // ns-3 would do so at its first event; a socket that sends before meets a queue without its queue discipline.
  for (const auto& host : world.hosts) host->node()->Initialize();
  world.started = true;
  return {};
}

// ns-3's TCP neither negotiates a segment size nor finds it: one that fits everywhere, unless the user set it.
void Ns3Network::Impl::choose_tcp_segments() {
  std::uint32_t mtu_bytes = 1500;
  for (const auto& host : world.hosts) {
    for (const Ns3Port& port : host->ports()) {
      if (!port.loopback) mtu_bytes = std::min<std::uint32_t>(mtu_bytes, port.device->GetMtu());
    }
  }
  world.tcp_segment_bytes[static_cast<std::size_t>(IpFamily::v4)] = mtu_bytes - 20 - 20 - kTcpOptionBytes;
  world.tcp_segment_bytes[static_cast<std::size_t>(IpFamily::v6)] = mtu_bytes - 40 - 20 - kTcpOptionBytes;
  for (const Ns3Attribute& attribute : options.attributes) {
    if (attribute.name != "ns3::TcpSocket::SegmentSize") continue;
    for (std::uint32_t& bytes : world.tcp_segment_bytes)
      bytes = static_cast<std::uint32_t>(std::stoul(attribute.value));
  }
}

void Ns3Network::Impl::introduce_neighbours() {
  for (const Link& link : links) {
    if (link.medium.groups || !options.ipv6) continue;
    for (const auto& [own, own_index] : link.members) {
      Ns3Port& port = *world.hosts[own]->port(own_index);
      for (const auto& [other, other_index] : link.members) {
        if (other == own) continue;
        const Ns3Port& there = *world.hosts[other]->port(other_index);
        for (const InterfaceAddress& address : there.addresses) {
          if (address.address.is_v6()) {
            port.neighbours.emplace_back(to_ns3_v6(address.address), there.device->GetAddress());
          }
        }
      }
      world.hosts[own]->introduce_neighbours(port);
    }
  }
}

Result<> Ns3Network::Impl::check_positions() const {
  for (const auto& host : world.hosts) {
    const bool wireless =
        std::ranges::any_of(host->ports(), [](const Ns3Port& port) { return port.switch_radio != nullptr; });
    if (wireless && host->node()->GetObject<ns3::MobilityModel>() == nullptr) {
      return fail(Errc::invalid_argument, "{} has a radio but no position: give it a mobility", host->name());
    }
  }
  return {};
}

// ns-3 ends the process when it cannot write a file, so each is opened here first.
Result<> Ns3Network::Impl::open_captures() {
  if (options.pcap_directory.empty()) return {};
  const std::filesystem::path directory(options.pcap_directory);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(Errc::permission, "packet traces in {}: {}", directory.string(), error.message());
  for (const Link& link : links) {
    for (std::size_t i = 0; i < link.members.size(); ++i) {
      const auto [id, index] = link.members[i];
      Ns3Host& host = *world.hosts[id];
      const std::string name = fmt::format("{}-{}-{}.pcap", id, file_name_of(host.name()), host.port(index)->name);
      const std::string path = (directory / name).string();
      if (!std::ofstream(path, std::ios::binary)) {
        return fail(Errc::permission, "packet trace {}: cannot be written", path);
      }
      link.medium.capture(path, link.medium.devices.Get(static_cast<std::uint32_t>(i)));
    }
  }
  return {};
}

void Ns3Network::Impl::assign_streams() {
  ns3::NodeContainer nodes;
  for (const auto& host : world.hosts) nodes.Add(host->node());
  ns3::InternetStackHelper stack;
  next_stream += stack.AssignStreams(nodes, next_stream);
  for (const Link& link : links) next_stream += link.medium.assign_streams(next_stream);
  if (options.routing == Ns3Routing::olsr) next_stream += ns3::OlsrHelper().AssignStreams(nodes, next_stream);
  if (options.routing == Ns3Routing::aodv) next_stream += ns3::AodvHelper().AssignStreams(nodes, next_stream);
  if (options.routing == Ns3Routing::dsdv && options.ipv4) {
    for (const auto& host : world.hosts) {
      auto list =
          ns3::DynamicCast<ns3::Ipv4ListRouting>(host->node()->GetObject<ns3::Ipv4L3Protocol>()->GetRoutingProtocol());
      for (std::uint32_t i = 0; i < list->GetNRoutingProtocols(); ++i) {
        std::int16_t priority = 0;
        auto dsdv = ns3::DynamicCast<ns3::dsdv::RoutingProtocol>(list->GetRoutingProtocol(i, priority));
        if (dsdv != nullptr) next_stream += dsdv->AssignStreams(next_stream);
      }
    }
  }
}

// ---- running ----

std::size_t Ns3Network::host_count() const { return impl_->world.hosts.size(); }

Host& Ns3Network::host(HostId id) { return *impl_->world.hosts.at(id); }

void Ns3Network::crash(HostId id) {
  impl_->world.hosts.at(id)->crash();
  impl_->routes_changed();
}

void Ns3Network::restart(HostId id) {
  impl_->world.hosts.at(id)->restart();
  impl_->routes_changed();
}

bool Ns3Network::is_up(HostId id) const { return impl_->world.hosts.at(id)->is_up(); }

void Ns3Network::set_link_up(LinkId link, bool up) {
  for (const auto& [host, index] : impl_->links.at(link).members) {
    if (impl_->world.hosts[host]->is_up()) impl_->world.hosts[host]->set_port_up(index, up);
  }
  impl_->routes_changed();
}

Result<> Ns3Network::set_interface_up(HostId host, InterfaceIndex interface, bool up) {
  if (host >= impl_->world.hosts.size()) return fail(Errc::not_found, "there is no host {}", host);
  Ns3Host& owner = *impl_->world.hosts[host];
  Ns3Port* port = owner.port(interface);
  if (port == nullptr || port->loopback)
    return fail(Errc::not_found, "{} has no interface {} to switch", owner.name(), interface);
  if (!owner.is_up()) return fail(Errc::closed, "{} is down", owner.name());
  owner.set_port_up(interface, up);
  impl_->routes_changed();
  return {};
}

Result<> Ns3Network::change(LinkId wire, const WireOptions& options) {
  if (wire >= impl_->links.size()) return fail(Errc::not_found, "there is no link {}", wire);
  return change_wire(impl_->links[wire].medium, options);
}

UdpCounters Ns3Network::datagrams() const { return impl_->world.datagrams; }

std::uint64_t Ns3Network::digest() const { return impl_->world.digest.value(); }

// Global routing computes everything anew: once for all that changes at one instant.
void Ns3Network::Impl::routes_changed() {
  if (!world.started || !options.ipv4 || options.routing != Ns3Routing::global ||
      std::exchange(recompute_pending, true))
    return;
  ns3::Simulator::ScheduleNow([self = self] {
    if (*self == nullptr) return;
    (*self)->recompute_pending = false;
    ns3::Ipv4GlobalRoutingHelper::RecomputeRoutingTables();
  });
}

}  // namespace ghostnet::sim
