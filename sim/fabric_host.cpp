#include "ghostnet/sim/fabric_host.hpp"

#include <algorithm>

#include "ghostnet/sim/fabric.hpp"
#include "ghostnet/sim/fabric_host_extras.hpp"
#include "ghostnet/sim/fabric_tcp.hpp"

namespace ghostnet::sim {

namespace {

// RFC 6335 6: the dynamic ports.
constexpr std::uint16_t kFirstDynamicPort = 49'152;
constexpr std::uint32_t kDynamicPorts = 65'536 - kFirstDynamicPort;
constexpr std::uint32_t kDefaultMtuBytes = 1500;

Task<> finish_later(std::shared_ptr<ComputeJob> job, Clock clock, Duration cost) {
  co_await clock.sleep(cost);
  job->finish();
}

}  // namespace

FabricHost::FabricHost(const FabricContext& context, HostId id, GroupId group, Random random, Random net_random)
    : Host(context, id, group, random), net_random_(net_random) {}

FabricHost::~FabricHost() { scope_.close(); }

std::string FabricHost::name() const { return fabric().host_name(id()); }

FabricHost::Extras& FabricHost::extras() {
  if (!extras_) extras_ = std::make_unique<Extras>(loop());
  return *extras_;
}

// ---- interfaces ----

std::size_t FabricHost::further_interface_count() const { return extras_->more.size(); }

FabricHost::NetInterface& FabricHost::further_interface(InterfaceIndex index) const {
  return *extras_->more[index - 2];
}

std::vector<Interface> FabricHost::interfaces() const {
  std::vector<Interface> all;
  for (InterfaceIndex index = 1; index <= interface_count(); ++index) {
    const NetInterface& net = interface(index);
    Interface shown{
        .index = index, .name = fmt::format("eth{}", index - 1), .up = net.up, .mtu_bytes = kDefaultMtuBytes};
    shown.multicast = net.attachment.kind == Attachment::Kind::lan;
    if (!net.out.unlimited()) shown.mtu_bytes = std::min<std::uint32_t>(net.out.profile->mtu_bytes(), 65'535);
    if (net.numbered) {
      shown.addresses = {{Fabric::numbered_address(id(), IpFamily::v4), 8},
                         {Fabric::numbered_address(id(), IpFamily::v6), 64}};
    } else {
      shown.addresses = extras_->addresses[index - 1];
    }
    all.push_back(std::move(shown));
  }
  return all;
}

Event& FabricHost::interfaces_changed() { return extras().changed; }

Result<> FabricHost::set_interface_up(InterfaceIndex index, bool up) {
  if (index == 0 || index > interface_count()) return fail(Errc::not_found, "{} has no interface {}", name(), index);
  interface(index).up = up;
  extras().changed.pulse();
  return {};
}

Result<> FabricHost::set_links(InterfaceIndex index, const link::LinkParams* up, const link::LinkParams* down) {
  if (index == 0 || index > interface_count()) return fail(Errc::not_found, "{} has no interface {}", name(), index);
  NetInterface& net = interface(index);
  if (up != nullptr) {
    Result<> set = fabric().set_port(net.out, up, {.to = Onward::To::ground, .attachment = net.attachment});
    if (!set) return set;
  }
  if (down != nullptr) {
    if (!net.in) net.in = std::make_unique<Port>();
    return fabric().set_port(*net.in, down, {.to = Onward::To::host});
  }
  return {};
}

Result<> FabricHost::capture(InterfaceIndex index, capture::PcapngWriter* writer, std::uint32_t pcap_interface) {
  if (index == 0 || index > interface_count()) return fail(Errc::not_found, "{} has no interface {}", name(), index);
  extras().taps.resize(std::max<std::size_t>(extras().taps.size(), index));
  extras().taps[index - 1] = {writer, pcap_interface};
  interface(index).captured = writer != nullptr;
  return {};
}

// ---- for who looks ----

void FabricHost::watch_wires() {
  extras();
  first_.watched = true;
}

std::vector<WireReading> FabricHost::wires() const {
  std::vector<WireReading> readings;
  if (!extras_) return readings;
  const auto read = [&](const Port& port, const Extras::Meter& meter, bool out) {
    if (port.unlimited()) return;
    WireReading reading{.out = out,
                        .rate_bps = port.profile->rate_bps(),
                        .queued_bytes = port.transit.queued_bytes(loop().now(), *port.profile),
                        .sent_bytes = meter.sent_bytes,
                        .dropped = meter.dropped};
    if (port.queued != nullptr) {
      const link::LinkCounters& counters = port.queued->model.counters();
      reading.queued_bytes = port.queued->model.queued_bytes(loop().now());
      reading.dropped = counters.of(link::Fate::codel) + counters.of(link::Fate::queue_full) +
                        counters.of(link::Fate::lost) + counters.of(link::Fate::in_flight_full);
    }
    reading.sent_bytes -= std::min(reading.sent_bytes, reading.queued_bytes);  // what was let in is not yet sent
    readings.push_back(reading);
  };
  read(first_.out, extras_->out_meter, true);
  if (first_.in) read(*first_.in, extras_->in_meter, false);
  return readings;
}

std::vector<ConnectionReading> FabricHost::connections() const {
  std::vector<ConnectionReading> readings;
  if (!tcp_) return readings;
  for (const tcp::ConnectionStatus& status : tcp_->stack().statuses()) {
    readings.push_back({.local = status.local,
                        .peer = status.peer,
                        .window_bytes = status.window_bytes,
                        .in_flight_bytes = status.in_flight_bytes,
                        .smoothed_rtt = status.smoothed_rtt});
  }
  return readings;
}

IpAddress FabricHost::interface_address(InterfaceIndex index, IpFamily family) const {
  const NetInterface& net = interface(index);
  if (net.numbered) return Fabric::numbered_address(id(), family);
  if (!extras_ || extras_->addresses.size() < index) return {};
  for (const InterfaceAddress& address : extras_->addresses[index - 1]) {
    if (address.address.family() == family) return address.address;
  }
  return {};
}

IpAddress FabricHost::address(IpFamily family) const {
  for (InterfaceIndex index = 1; index <= interface_count(); ++index) {
    IpAddress address = interface_address(index, family);
    if (!address.is_unspecified()) return address;
  }
  return IpAddress::any(family);
}

IpAddress FabricHost::source_address(IpFamily family, InterfaceIndex via) const {
  if (via <= 1 && first_.numbered) [[likely]]
    return Fabric::numbered_address(id(), family);
  IpAddress address = via == 0 ? IpAddress::any(family) : interface_address(via, family);
  return address.is_unspecified() ? this->address(family) : address;
}

bool FabricHost::owns(const IpAddress& address) const {
  if (address.is_loopback()) return true;
  std::optional<Fabric::Owner> owner = fabric().owner_of(address);
  return owner && owner->host == id();
}

// ---- names and sockets ----

Task<Result<std::vector<IpAddress>>> FabricHost::resolve(std::string name) {
  if (Result<IpAddress> literal = IpAddress::parse(name)) co_return std::vector{*literal};
  FabricHost* host = name == "localhost" ? this : fabric().find_host(name);
  if (host == nullptr) co_return fail(Errc::not_found, "resolving {}: no host of this run has that name", name);
  std::vector<IpAddress> addresses;
  for (IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    IpAddress address = host->address(family);
    if (!address.is_unspecified()) addresses.push_back(address);
  }
  co_return addresses;
}

Result<> FabricHost::check_up(std::string_view doing) const {
  if (up_) return {};
  return fail(Errc::closed, "{} on {}: the host is down", doing, name());
}

Result<std::unique_ptr<UdpSocket>> FabricHost::open_udp(const UdpOptions& wanted) {
  if (Result<> up = check_up("opening a UDP socket"); !up) return fail(std::move(up));
  UdpOptions options = wanted;
  options.local = wanted.local.unmapped();
  const IpAddress& bound = options.local.address();
  if (!bound.is_unspecified() && !bound.is_multicast() && !owns(bound)) {
    return fail(Errc::address_not_available, "binding {}: {} has no such address", options.local, name());
  }
  if (socket_count() >= fabric().options_.max_sockets_per_host) {
    return fail(Errc::too_many_files, "binding {}: {} has {} sockets (max_sockets_per_host)", options.local, name(),
                socket_count());
  }
  Result<std::uint16_t> port = choose_port(options);
  if (!port) return fail(std::move(port));
  return std::make_unique<FabricUdpSocket>(*this, options, *port);
}

Result<std::uint16_t> FabricHost::choose_port(const UdpOptions& options) {
  if (std::uint16_t wanted = options.local.port(); wanted != 0) {
    if (!port_taken(options, wanted)) return wanted;
    return fail(Errc::address_in_use, "binding {}: another socket of {} has the port", options.local, name());
  }
  // RFC 6056 3.3.1: from a random start, the next one that is free.
  auto start = static_cast<std::uint32_t>(net_random_.below(kDynamicPorts));
  for (std::uint32_t i = 0; i < kDynamicPorts; ++i) {
    auto port = static_cast<std::uint16_t>(kFirstDynamicPort + (start + i) % kDynamicPorts);
    if (!port_taken(options, port)) return port;
  }
  return fail(Errc::address_in_use, "binding {}: all {} dynamic ports of {} are taken", options.local, kDynamicPorts,
              name());
}

bool FabricHost::port_taken(const UdpOptions& options, std::uint16_t port) const {
  const IpAddress ours = options.local.address();
  const bool both_families = FabricUdpSocket::takes_both_families(options);
  for (const FabricUdpSocket* socket = sockets_; socket != nullptr; socket = socket->next_) {
    if (socket->port_ != port) continue;
    if (!socket->carries(ours.family()) && !(both_families && socket->carries(IpFamily::v4))) continue;
    bool overlap = socket->bound_to_all() || ours.is_unspecified() || socket->extras_->bound == ours;
    bool shared = (options.reuse_address || options.reuse_port) && socket->extras_ && socket->extras_->reuse;
    if (overlap && !shared) return true;
  }
  return false;
}

std::size_t FabricHost::socket_count() const {
  std::size_t count = 0;
  for (const FabricUdpSocket* socket = sockets_; socket != nullptr; socket = socket->next_) ++count;
  return count;
}

FabricUdpSocket* FabricHost::socket_for(const Endpoint& local, const Endpoint& peer) const {
  if (sockets_ == nullptr) return nullptr;
  if (sockets_->next_ == nullptr) [[likely]]
    return sockets_->fit(local, peer) != FabricUdpSocket::kNoFit ? sockets_ : nullptr;
  FabricUdpSocket* best = nullptr;
  int best_fit = FabricUdpSocket::kNoFit;
  std::uint64_t equals = 0;
  for (FabricUdpSocket* socket = sockets_; socket != nullptr; socket = socket->next_) {
    const int fit = socket->fit(local, peer);
    if (fit == best_fit) ++equals;
    if (fit <= best_fit) continue;
    best = socket;
    best_fit = fit;
    equals = 1;
  }
  if (equals <= 1 || best == nullptr || !best->extras_->shares_port) [[likely]]
    return best;
  // Sockets that share a port share its peers; each peer keeps to one of them.
  std::uint64_t skip = peer.hash() % equals;
  while (best->fit(local, peer) != best_fit || skip-- != 0) best = best->next_;
  return best;
}

bool FabricHost::wants(const IpAddress& group, InterfaceIndex index) const {
  for (const FabricUdpSocket* socket = sockets_; socket != nullptr; socket = socket->next_) {
    if (socket->member_of(group, index)) return true;
  }
  return false;
}

FabricTcp& FabricHost::tcp() {
  if (!tcp_) {
    tcp_ = std::make_unique<FabricTcp>(*this);
    fabric().any_tcp_ = true;
  }
  return *tcp_;
}

Result<std::unique_ptr<Listener>> FabricHost::listen(const ListenOptions& options) {
  if (Result<> up = check_up("listening"); !up) return fail(std::move(up));
  return tcp().stack().listen(options);
}

Task<Result<std::unique_ptr<Stream>>> FabricHost::connect(ConnectOptions options) {
  if (Result<> up = check_up("connecting"); !up) co_return fail(std::move(up));
  co_return co_await tcp().stack().connect(std::move(options));
}

// ---- faults ----

void FabricHost::crash() {
  if (!up_) return;
  up_ = false;
  ++boot_;
  fabric().any_crash_ = true;
  extras().crashed_at_ns = to_ns(loop().now());
  extras().cpu_busy_until_ns = 0;
  if (tcp_) tcp_->stack().power_off();
  scope_.drop_all();
  while (sockets_ != nullptr) sockets_->close_for_good();
}

void FabricHost::restart() {
  if (up_) return;
  up_ = true;
  if (extras().boot) extras().boot(*this);
}

void FabricHost::on_restart(std::function<void(FabricHost&)> boot) { extras().boot = std::move(boot); }

std::int64_t FabricHost::crashed_at_ns() const { return extras_ ? extras_->crashed_at_ns : -1; }

void FabricHost::set_clock(std::int64_t drift_ppb, Duration wall_error) {
  TimePoint local_now = clock_.now();
  extras().clock = {.anchor = loop().now(),
                    .local_at_anchor = local_now,
                    .drift_ppb = std::clamp(drift_ppb, -ClockModel::kMaxDriftPpb, ClockModel::kMaxDriftPpb),
                    .wall_error = wall_error};
  clock_.set_model(&extras().clock);
}

// ---- computing ----

void FabricHost::set_cpu(const CpuModel& model) {
  extras().cpu = model;
  extras().has_cpu = true;
}

bool FabricHost::has_cpu() const { return extras_ && extras_->has_cpu; }

// The CPU does one thing at a time; returns when this work is done.
std::int64_t FabricHost::occupy_cpu(const CpuWork& work, std::int64_t now_ns) {
  extras_->cpu_busy_until_ns = std::max(extras_->cpu_busy_until_ns, now_ns) + extras_->cpu.cost(work).count();
  return extras_->cpu_busy_until_ns;
}

void FabricHost::charge(const CpuWork& work) {
  if (has_cpu()) occupy_cpu(work, to_ns(loop().now()));
}

void FabricHost::submit(std::shared_ptr<ComputeJob> job) {
  job->execute();
  if (!has_cpu()) return job->finish();
  std::int64_t now_ns = to_ns(loop().now());
  std::int64_t done_ns = occupy_cpu(job->work(), now_ns);
  scope_.spawn(finish_later(std::move(job), fabric().clock_, Duration(done_ns - now_ns)));
}

}  // namespace ghostnet::sim
