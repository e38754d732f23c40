#include "tun.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "command.hpp"
#include "ghostnet/capture/pcapng.hpp"
#include "ghostnet/echo/service.hpp"
#include "ghostnet/ip/host.hpp"
#include "ghostnet/ip/shaped_link.hpp"
#include "ghostnet/ip/tcp_watch.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/signals.hpp"
#include "ghostnet/realnet/tun.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/tcp/tcp_options.hpp"
#include "output_file.hpp"
#include "relay.hpp"
#include "report.hpp"

namespace ghostnet::cli {
namespace {

constexpr Duration kTraceInterval = 100ms;
constexpr bool kNoJson = false;

// What the line between the device and our stack does, in each direction.
struct LineOptions {
  DataRate bandwidth{};
  Duration delay{};
  Duration jitter{};
  Probability loss{};
  Probability duplicate{};
  Probability corrupt{};
  Probability reorder{};
  DataSize queue = DataSize::kib(256);

  static constexpr OptionDesc kOptions[] = {
      option<&LineOptions::bandwidth>("bandwidth", "0: no limit"),
      option<&LineOptions::delay>("delay", "one way", in(0ns, 1h)),
      option<&LineOptions::jitter>("jitter", "the delay varies by so much either way, in order", in(0ns, 1h)),
      option<&LineOptions::loss>("loss", "of packets"),
      option<&LineOptions::duplicate>("duplicate", "packets that arrive twice"),
      option<&LineOptions::corrupt>("corrupt", "packets with a bit flipped"),
      option<&LineOptions::reorder>("reorder", "packets held back by 2 ms while others pass"),
      option<&LineOptions::queue>("queue", "bytes that wait for the line at most",
                                  in(DataSize::kib(2), DataSize::mib(1024))),
  };

  link::LinkParams params() const {
    return {.rate_bps = bandwidth.bits_per_second,
            .delay = delay,
            .jitter = jitter,
            .loss = loss,
            .corrupt = corrupt,
            .duplicate = duplicate,
            .reorder = reorder,
            .reorder_delay = 2ms,
            .queue_limit_bytes = static_cast<std::uint32_t>(queue.bytes)};
  }
};

template <OptionStruct T>
Result<T> read_options(std::string_view option, const std::vector<std::string>& settings) {
  AnyOptions options = AnyOptions::of(T());
  for (const std::string& setting : settings) {
    const std::size_t middle = setting.find('=');
    if (middle == setting.npos) return fail(Errc::invalid_argument, "{} {}: expected KEY=VALUE", option, setting);
    const std::string_view value = std::string_view(setting).substr(middle + 1);
    if (Result<> set = options.set(std::string_view(setting).substr(0, middle), OptionText(value)); !set) {
      return fail(Errc::invalid_argument, "{} {}: {}", option, setting, set.error().message());
    }
  }
  if (Result<> sound = options.validate(); !sound) return fail(std::move(sound));
  return options.as<T>();
}

Result<std::vector<InterfaceAddress>> read_addresses(std::string_view option, const std::vector<std::string>& texts) {
  std::vector<InterfaceAddress> addresses;
  for (const std::string& text : texts) {
    const Result<IpPrefix> network = IpPrefix::parse(text, IpPrefix::HostBits::clear);
    const Result<IpAddress> address = IpAddress::parse(text.substr(0, text.find('/')));
    if (!network || !address) {
      return fail(Errc::invalid_argument, "{} {}: expected ADDRESS/BITS, as in 10.9.0.2/24", option, text);
    }
    addresses.push_back({*address, static_cast<std::uint8_t>(network->length())});
  }
  return addresses;
}

Result<std::vector<IpPrefix>> read_routes(const std::vector<std::string>& texts) {
  std::vector<IpPrefix> routes;
  for (const std::string& text : texts) {
    const Result<IpPrefix> route = IpPrefix::parse(text, IpPrefix::HostBits::clear);
    if (!route) return fail(Errc::invalid_argument, "--route {}: {}", text, route.error().message());
    routes.push_back(*route);
  }
  return routes;
}

// ---- what is shown ----

class Capture {
 public:
  explicit Capture(std::string path)
      : file_(std::move(path)), writer_([this](ByteView bytes) { return file_.write(bytes); }) {}

  Result<> open(std::string_view device) {
    if (Result<> opened = file_.open(); !opened) return opened;
    const Result<std::uint32_t> added = writer_.add_interface({.name = device});
    if (!added) return fail(added);
    return {};
  }
  void take(WallTime now, bool outgoing, const IpPacket& packet, std::string_view comment) {
    if (failure_) return;
    const capture::Direction direction = outgoing ? capture::Direction::outbound : capture::Direction::inbound;
    const Result<> written = writer_.write(
        capture::Packet{.time = now, .bytes = packet.data.view(), .direction = direction, .comment = comment});
    if (!written) failure_ = written.error();
  }
  Result<> finish() {
    if (failure_) return std::unexpected<Error>(*failure_);
    if (Result<> flushed = writer_.flush(); !flushed) return flushed;
    return file_.finish();
  }

 private:
  OutputFile file_;
  capture::PcapngWriter writer_;
  std::optional<Error> failure_;
};

void show_connections(const ip::Host& host) {
  const std::vector<tcp::ConnectionStatus> all = host.tcp().statuses();
  const tcp::TcpMetrics& metrics = host.tcp().metrics();
  fmt::print("{} connections, {} in TIME-WAIT; {} segments sent, {} received, {} resets sent\n", all.size(),
             host.tcp().time_waits(), metrics.segments_sent.value(), metrics.segments_received.value(),
             metrics.resets_sent.value());
  if (!all.empty()) {
    fmt::print("{:<12} {:<28} {:<28} {:>9} {:>9} {:>9} {:>9} {:>10} {:>7} {:>5}\n", "state", "local", "peer", "cwnd",
               "in flight", "unsent", "unread", "srtt", "resent", "RTOs");
  }
  for (const tcp::ConnectionStatus& each : all) {
    const double srtt_ms = std::chrono::duration<double, std::milli>(each.smoothed_rtt).count();
    fmt::print("{:<12} {:<28} {:<28} {:>9} {:>9} {:>9} {:>9} {:>7.2f} ms {:>7} {:>5}\n", tcp::to_string(each.state),
               each.local.to_string(), each.peer.to_string(), each.window_bytes, each.in_flight_bytes,
               each.unsent_bytes, each.unread_bytes, srtt_ms, each.counters.retransmitted, each.counters.timeouts);
  }
  std::fflush(stdout);
}

Task<> show_again_and_again(ip::Host& host, Duration interval) {
  while (true) {
    co_await host.clock().sleep(interval);
    show_connections(host);
  }
}

// ---- the whole ----

// What the command line says, understood.
struct TunPlan {
  std::vector<InterfaceAddress> addresses;
  std::vector<InterfaceAddress> kernel;
  std::vector<IpPrefix> routes;
  tcp::TcpOptions tcp;
  std::optional<LineOptions> line;
  std::vector<RelayRule> forward;
  std::vector<RelayRule> reach;
  Duration status{};
  Duration lasts{};
};

Result<Duration> read_time(std::string_view option, const std::string& text) {
  if (text.empty()) return Duration();
  const Result<Duration> time = parse_duration(text);
  if (!time || *time <= Duration()) return fail(Errc::invalid_argument, "{} {}: expected a time", option, text);
  return *time;
}

Result<TunPlan> tun_plan_of(const TunCommand& command) {
  TunPlan plan;
  Result<std::vector<InterfaceAddress>> addresses = read_addresses("--address", command.addresses);
  if (!addresses) return fail(std::move(addresses));
  plan.addresses = std::move(*addresses);
  Result<std::vector<InterfaceAddress>> kernel = read_addresses("--kernel", command.kernel);
  if (!kernel) return fail(std::move(kernel));
  plan.kernel = std::move(*kernel);
  for (const InterfaceAddress& each : plan.kernel) {
    if (std::ranges::find(plan.addresses, each.address, &InterfaceAddress::address) == plan.addresses.end()) continue;
    return fail(Errc::invalid_argument, "--kernel {}/{}: our stack has this address (--address)", each.address,
                each.prefix_bits);
  }
  Result<std::vector<IpPrefix>> routes = read_routes(command.routes);
  if (!routes) return fail(std::move(routes));
  plan.routes = std::move(*routes);
  Result<tcp::TcpOptions> tcp = read_options<tcp::TcpOptions>("--tcp", command.tcp);
  if (!tcp) return fail(std::move(tcp));
  plan.tcp = *tcp;
  if (!command.line.empty()) {
    Result<LineOptions> line = read_options<LineOptions>("--line", command.line);
    if (!line) return fail(std::move(line));
    plan.line = *line;
  }
  for (auto [rules, texts] : {std::pair(&plan.forward, &command.forward), std::pair(&plan.reach, &command.reach)}) {
    for (const std::string& text : *texts) {
      Result<RelayRule> rule = RelayRule::parse(text);
      if (!rule) return fail(std::move(rule));
      rules->push_back(std::move(*rule));
    }
  }
  const Result<Duration> status = read_time("--status", command.status);
  if (!status) return fail(status);
  plan.status = *status;
  const Result<Duration> lasts = read_time("--for", command.lasts);
  if (!lasts) return fail(lasts);
  plan.lasts = *lasts;
  return plan;
}

// Everything that stands while the command runs; what is below in the order stands on what is above.
class Bridge {
 public:
  Bridge(realnet::World& world, const TunCommand& command, const TunPlan& plan)
      : world_(world), command_(command), plan_(plan) {}

  Result<> open() {
    if (!command_.netns.empty()) {
      Result<realnet::NetworkNamespace> there = realnet::NetworkNamespace::open(command_.netns);
      if (!there) return fail(std::move(there));
      where_ = std::make_shared<const realnet::NetworkNamespace>(std::move(*there));
    }
    Result<std::unique_ptr<realnet::Tun>> tun = realnet::Tun::open(world_, {.name = command_.device,
                                                                            .addresses = plan_.kernel,
                                                                            .routes = plan_.routes,
                                                                            .mtu_bytes = command_.mtu,
                                                                            .offload = !command_.no_offload,
                                                                            .where = where_});
    if (!tun) return fail(std::move(tun));
    tun_ = std::move(*tun);
    if (Result<> files = open_files(); !files) return files;
    kernel_ = std::make_unique<realnet::Host>(world_, realnet::HostOptions{.name = "kernel", .where = where_});
    ip::HostOptions options{.name = "stack", .tcp = plan_.tcp.tuning()};
    if (capture_) {
      options.tap = [this](InterfaceIndex, bool outgoing, const IpPacket& packet) {
        const std::string comment = outgoing ? ip::describe_connection_of(*stack_, packet) : std::string();
        capture_->take(kernel_->clock().wall_now(), outgoing, packet, comment);
      };
    }
    stack_ = std::make_unique<ip::Host>(*kernel_, std::move(options));
    if (Result<> attached = attach(); !attached) return attached;
    return serve();
  }

  ip::Host& stack() { return *stack_; }
  const std::string& device() const { return tun_->name(); }

  Result<> finish() {
    watch_.reset();
    if (trace_) {
      if (Result<> finished = trace_->finish(); !finished) return finished;
    }
    return capture_ ? capture_->finish() : Result<>();
  }

 private:
  Result<> open_files() {
    if (!command_.pcap.empty()) {
      capture_.emplace(command_.pcap);
      if (Result<> opened = capture_->open(tun_->name()); !opened) return opened;
    }
    if (command_.trace.empty()) return {};
    trace_.emplace(command_.trace);
    return trace_->open();
  }

  Result<> attach() {
    IpLink* link = tun_.get();
    if (plan_.line) {
      Result<link::LinkProfile> made = link::LinkProfile::make(plan_.line->params());
      if (!made) return fail(std::move(made));
      const auto profile = std::make_shared<const link::LinkProfile>(std::move(*made));
      line_ = std::make_unique<ip::ShapedLink>(*tun_, world_.clock(),
                                               Random::derive(kernel_->random().next_u64(), 0, "line"),
                                               ip::ShapedLinkOptions{.outgoing = profile, .incoming = profile});
      link = line_.get();
    }
    ip::LinkOptions options{.name = tun_->name(), .addresses = plan_.addresses};
    // All else is the kernel's, which may pass it on.
    options.routes = {IpPrefix(IpAddress::any(IpFamily::v4), 0), IpPrefix(IpAddress::any(IpFamily::v6), 0)};
    const Result<InterfaceIndex> attached = stack_->attach(*link, std::move(options));
    if (!attached) return fail(attached);
    return {};
  }

  Result<> serve() {
    if (command_.echo != 0) {
      Result<std::unique_ptr<echo::EchoService>> echo = echo::EchoService::start(*stack_, {.port = command_.echo});
      if (!echo) return fail(std::move(echo));
      echo_ = std::move(*echo);
    }
    for (const RelayRule& rule : plan_.forward) {
      if (Result<> opened = add_relay(*stack_, *kernel_, rule); !opened) return opened;
    }
    for (const RelayRule& rule : plan_.reach) {
      if (Result<> opened = add_relay(*kernel_, *stack_, rule); !opened) return opened;
    }
    if (trace_) {
      watch_ = std::make_unique<ip::TcpWatch>(*stack_, kTraceInterval,
                                              [this](ByteView bytes) { return trace_->write(bytes); });
    }
    return {};
  }

  Result<> add_relay(Host& near, Host& far, const RelayRule& rule) {
    Result<std::unique_ptr<Relay>> relay = Relay::open(near, far, rule);
    if (!relay) return fail(std::move(relay));
    relays_.push_back(std::move(*relay));
    return {};
  }

  realnet::World& world_;
  const TunCommand& command_;
  const TunPlan& plan_;
  std::shared_ptr<const realnet::NetworkNamespace> where_;
  std::unique_ptr<realnet::Tun> tun_;
  std::optional<Capture> capture_;
  std::optional<OutputFile> trace_;
  std::unique_ptr<realnet::Host> kernel_;
  std::unique_ptr<ip::ShapedLink> line_;
  std::unique_ptr<ip::Host> stack_;
  std::unique_ptr<echo::EchoService> echo_;
  std::vector<std::unique_ptr<Relay>> relays_;
  std::unique_ptr<ip::TcpWatch> watch_;
};

Task<bool> until_told(const Clock& clock, realnet::Signals& signals, Duration lasts) {
  const Duration longest = lasts == Duration() ? Duration::max() : lasts;
  co_await first_of(signals.received(), clock.sleep(longest));
  co_return signals.which() == 0;
}

}  // namespace

int tun(const TunCommand& command) {
  const Result<TunPlan> plan = tun_plan_of(command);
  if (!plan) return refuse(plan.error(), kNoJson);
  auto world = realnet::World::create();
  if (!world) return refuse(world.error(), kNoJson);
  auto signals = realnet::Signals::watch(**world);
  if (!signals) return refuse(signals.error(), kNoJson);
  Bridge bridge(**world, command, *plan);
  if (Result<> opened = bridge.open(); !opened) return refuse(opened.error(), kNoJson);
  fmt::print("{} is up: our stack is", bridge.device());
  for (const std::string& address : command.addresses) fmt::print(" {}", address);
  fmt::print("\n");
  std::fflush(stdout);
  bool ended_by_itself = false;
  {
    Scope showing((*world)->loop());
    if (plan->status != Duration()) showing.spawn(show_again_and_again(bridge.stack(), plan->status));
    ended_by_itself = (*world)->run(until_told((*world)->clock(), **signals, plan->lasts)).value_or(false);
  }
  show_connections(bridge.stack());
  if (Result<> finished = bridge.finish(); !finished) return refuse(finished.error(), kNoJson);
  return ended_by_itself ? kOk : kInterrupted;
}

}  // namespace ghostnet::cli
