#include "ghostnet/ip/host.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip {

namespace {

constexpr std::uint64_t kLinkLocalPrefix = 0xfe80'0000'0000'0000;

// What others must not guess: fragment numbers, and who shares a rate limit.
std::array<std::uint64_t, 2> secret_of(ghostnet::Host& host) {
  std::array<std::uint8_t, 16> bytes;
  host.fill_secret(bytes);
  return {load_be<std::uint64_t>(bytes.data()), load_be<std::uint64_t>(bytes.data() + 8)};
}

// The keys of TCP come from it.
Random secret_random(ghostnet::Host& host) {
  const std::array<std::uint64_t, 2> secret = secret_of(host);
  return Random::derive(secret[0], secret[1], "tcp");
}

}  // namespace

Host::Host(ghostnet::Host& under, HostOptions options)
    : ghostnet::Host(Over{under}),
      under_(under),
      options_(std::move(options)),
      interfaces_changed_(loop()),
      metrics_(metrics().family<IpMetrics>()),
      network_(options_.network, *this, metrics_, random_, secret_of(under_)),
      udp_(options_.udp, network_, clock_, random_),
      tcp_(*this, network_, secret_random(under_), options_.tcp),
      looped_waiting_(loop()),
      timer_(clock_),
      ping_identifier_(static_cast<std::uint16_t>(random_.next_u64())) {
  scope_.spawn(run_loopback());
  scope_.spawn(run_timer());
}

Host::~Host() { scope_.close(); }

std::string Host::name() const { return options_.name.empty() ? under_.name() : options_.name; }

// ---- interfaces ----

Result<InterfaceIndex> Host::attach(std::unique_ptr<IpLink> link, LinkOptions options) {
  owned_links_.push_back(std::move(link));
  return attach(*owned_links_.back(), std::move(options));
}

Result<InterfaceIndex> Host::attach(IpLink& link, LinkOptions options) {
  NetInterface interface{.name = std::move(options.name),
                         .addresses = std::move(options.addresses),
                         .mtu_bytes = static_cast<std::uint32_t>(std::min(link.mtu_bytes(), kMaxPacketBytes)),
                         .max_segmented_bytes = static_cast<std::uint32_t>(link.max_segmented_bytes()),
                         .multicast = options.multicast};
  if (interface.name.empty()) interface.name = fmt::format("ip{}", network_.interfaces().size());
  const bool any_v6 =
      std::ranges::any_of(interface.addresses, [](const InterfaceAddress& own) { return own.address.is_v6(); });
  if (options.link_local && any_v6) {
    interface.addresses.push_back({IpAddress::v6(kLinkLocalPrefix, random_.next_u64() | 1), 64});
  }
  const Result<InterfaceIndex> index = network_.add_interface(std::move(interface));
  if (!index) return fail(index);
  ports_.push_back(std::make_unique<LinkPort>(link, options_.link_queue_packets, loop(), metrics_));
  for (const IpPrefix& route : options.routes) {
    if (Result<> added = network_.add_route({.destination = route, .interface = *index}); !added) {
      return fail(std::move(added));
    }
  }
  scope_.spawn(receive_from(*index, link));
  scope_.spawn(ports_.back()->run([this] { udp_.wake_writers(); }));
  interfaces_changed_.pulse();
  return *index;
}

Result<> Host::add_address(InterfaceIndex interface, const InterfaceAddress& address) {
  Result<> added = network_.add_address(interface, address);
  if (added) interfaces_changed_.pulse();
  return added;
}

Result<> Host::remove_address(InterfaceIndex interface, const IpAddress& address) {
  Result<> removed = network_.remove_address(interface, address);
  if (removed) interfaces_changed_.pulse();
  return removed;
}

Result<> Host::set_up(InterfaceIndex interface, bool up) {
  Result<> set = network_.set_up(interface, up);
  if (set) interfaces_changed_.pulse();
  return set;
}

std::vector<Interface> Host::interfaces() const {
  std::vector<Interface> all;
  for (const NetInterface& interface : network_.interfaces()) {
    Interface shown{.index = interface.index,
                    .name = interface.name,
                    .up = interface.up,
                    .loopback = interface.loopback(),
                    .multicast = interface.multicast && !interface.loopback(),
                    .mtu_bytes = interface.mtu_bytes,
                    .addresses = interface.addresses};
    for (InterfaceAddress& own : shown.addresses) {
      if (own.address.is_link_local()) own.address = own.address.with_scope_id(interface.index);
    }
    all.push_back(std::move(shown));
  }
  return all;
}

// ---- names and sockets ----

Task<Result<std::vector<IpAddress>>> Host::resolve(std::string name) {
  if (Result<IpAddress> literal = IpAddress::parse(name)) co_return std::vector{*literal};
  if (const auto found = names_.find(name); found != names_.end()) co_return found->second;
  if (name == "localhost") co_return std::vector{IpAddress::loopback(IpFamily::v6), IpAddress::loopback(IpFamily::v4)};
  co_return fail(Errc::not_found, "resolving {}: {} was not told of that name", name, this->name());
}

Result<std::unique_ptr<ghostnet::UdpSocket>> Host::open_udp(const UdpOptions& options) { return udp_.open(options); }

Result<std::unique_ptr<Listener>> Host::listen(const ListenOptions& options) { return tcp_.stack().listen(options); }

Task<Result<std::unique_ptr<Stream>>> Host::connect(ConnectOptions options) {
  return tcp_.stack().connect(std::move(options));
}

// ---- packets ----

LinkPort* Host::port_of(InterfaceIndex interface) const {
  return interface < 2 || interface - 2 >= ports_.size() ? nullptr : ports_[interface - 2].get();
}

bool Host::has_room(InterfaceIndex interface) const {
  if (interface == kLoopbackInterface) return looped_.size() < options_.loopback_queue_packets;
  const LinkPort* const port = port_of(interface);
  return port != nullptr && port->has_room();
}

bool Host::transmit(InterfaceIndex interface, IpPacket packet) {
  LinkPort* const port = port_of(interface);
  if (options_.tap) [[unlikely]]
    options_.tap(interface, true, packet);
  return port != nullptr && port->send(std::move(packet));
}

void Host::loop_back(InterfaceIndex interface, IpPacket packet) {
  if (!has_room(kLoopbackInterface)) return metrics_.drop(DropReason::link_queue_full);
  looped_.push_back({interface, std::move(packet)});
  looped_waiting_.set();
}

void Host::deliver(const Header& header, InterfaceIndex interface, IpPacket packet) {
  if (header.protocol == kUdp) return udp_.deliver(header, interface, std::move(packet));
  tcp_.deliver(header, std::move(packet));
}

bool Host::on_error(const ErrorReport& report) {
  if (report.about.protocol == kUdp) return udp_.on_error(report);
  if (report.about.protocol == kTcp) return tcp_.on_error(report);
  const std::uint8_t icmp = report.about.is_v4() ? kIcmp : kIcmpv6;
  if (report.about.protocol != icmp) return false;
  const std::optional<IcmpMessage> echo = IcmpMessage::parse(report.transport);
  if (!echo || echo->type != echo_request_type(report.about.source.family())) return false;
  Ping* const ping = find_ping(report.about.destination, {echo->echo_identifier(), echo->echo_sequence()});
  if (ping == nullptr) return false;
  ping->error = errc_of(report.error);
  ping->answered.set();
  return true;
}

void Host::deadline_moved() {
  const TimePoint deadline = network_.next_deadline();
  if (deadline == armed_for_) return;
  armed_for_ = deadline;
  timer_.arm(deadline);
}

Task<> Host::receive_from(InterfaceIndex interface, IpLink& link) {
  std::vector<IpPacket> batch(kReceiveBatch);
  while (true) {
    const Result<std::size_t> received = co_await link.recv(batch);
    if (!received && received.error() == Errc::closed) break;
    if (!received) {
      metrics_.drop(DropReason::link_refused);
      continue;
    }
    for (IpPacket& packet : std::span(batch).first(*received)) {
      if (options_.tap) [[unlikely]]
        options_.tap(interface, false, packet);
      network_.input(now(), interface, std::move(packet));
    }
    deadline_moved();
  }
  static_cast<void>(set_up(interface, false));
}

Task<> Host::run_loopback() {
  while (true) {
    co_await looped_waiting_;
    // What is there now; what it calls forth waits for the next turn.
    for (std::size_t left = looped_.size(); left != 0; --left) {
      Looped looped = looped_.pop_front();
      network_.input_looped(now(), looped.interface, std::move(looped.packet));
    }
    if (looped_.empty()) looped_waiting_.reset();
    udp_.wake_writers();
    deadline_moved();
    if (!looped_.empty()) co_await clock_.sleep(Duration{});
  }
}

Task<> Host::run_timer() {
  while (true) {
    co_await timer_;
    armed_for_ = kNever;
    network_.advance(now());
    deadline_moved();
  }
}

// ---- ICMP echo ----

Host::Ping* Host::find_ping(const IpAddress& peer, PingKey key) {
  const auto found = pings_.find(key);
  if (found == pings_.end()) return nullptr;
  const IpAddress& to = found->second->to;
  const bool same = to.is_multicast() || to.without_scope_id() == peer.without_scope_id();
  return same ? found->second : nullptr;
}

void Host::on_echo_reply(const EchoReply& reply) {
  Ping* const ping = find_ping(reply.from, {reply.identifier, reply.sequence});
  if (ping == nullptr || ping->answered.is_set()) return;
  ping->answer = PingAnswer{.from = reply.from, .hop_limit = reply.hop_limit};
  ping->answered.set();
}

Task<Result<PingAnswer>> Host::ping(IpAddress address, PingOptions options) {
  if (options.data_bytes > kMaxPingBytes) co_return fail(Errc::invalid_argument);
  if (pings_.size() >= options_.max_pings) co_return fail(Errc::limit);
  const PingKey key{ping_identifier_, next_ping_++};
  Ping ping{.answered = Event(loop()), .to = address};
  if (!pings_.emplace(key, &ping).second) co_return fail(Errc::limit);
  // Also when this task is dropped.
  struct Forget {
    std::map<PingKey, Ping*>& pings;
    PingKey key;
    ~Forget() { pings.erase(key); }
  };
  const Forget forget{pings_, key};
  std::vector<std::uint8_t> data(options.data_bytes);
  random_.fill(data);
  const TimePoint sent_at = now();
  if (const std::optional<Errc> refused = network_.send_echo_request(sent_at, address, key.first, key.second, data)) {
    co_return fail(*refused, "pinging {}: {}", address, to_string(*refused));
  }
  auto outcome = co_await first_of(ping.answered, clock_.sleep(options.timeout));
  if (ping.error) co_return fail(*ping.error, "pinging {}: {}", address, to_string(*ping.error));
  if (outcome.index() != 0 || !ping.answer) co_return fail(Errc::timed_out);
  ping.answer->round_trip = now() - sent_at;
  co_return *ping.answer;
}

}  // namespace ghostnet::ip
