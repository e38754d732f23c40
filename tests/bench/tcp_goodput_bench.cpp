// tcp-goodput: what one flow of our TCP reaches on links of many kinds, beside theory and ns-3's TcpCubic, and how
// evenly flows share a link. Virtual time only: the figures are the same on every machine.
//
//   build/release/bin/tcp_goodput_bench docs/tcp-goodput.md      writes the page
//   build/release/bin/tcp_goodput_bench - '100 ms'               prints those of its rows whose names have this
//   build/release/bin/tcp_goodput_bench + 7                      how the windows of both went in run 7 of its longest
//   path
//
// Losses are the same for both (same_losses.hpp).
//
// Theory: the link's rate less headers; the CUBIC response function (RFC 9438 5.1, formula 5) and, where it is larger,
// that of Reno with CUBIC's constants as Mathis and others give it, MSS / RTT * sqrt(3/2) / sqrt(p). Both are of losses
// at even distances, and of a flow that has gone on for ever. Losses here come at random and flows have just begun, so
// beside it stands what the window of RFC 9438 4.1 to 4.7 carries in the same seconds, round trip by round trip from
// its slow start on, under independent losses: the mean and the deviation of many such runs.
#include <ns3/boolean.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-address-helper.h>
#include <ns3/node-container.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/pointer.h>
#include <ns3/string.h>
#include <ns3/traffic-control-helper.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "bench_row.hpp"
#include "fabric_mesh.hpp"
#include "figure.hpp"
#include "ghostnet/ip/host.hpp"
#include "ghostnet/ip/pipe.hpp"
#include "ghostnet/ip/shaped_link.hpp"
#include "ghostnet/tcp/cubic.hpp"
#include "in_child.hpp"
#include "ns3_flow.hpp"
#include "same_losses.hpp"

namespace ghostnet::bench {
namespace {

constexpr std::uint16_t kPort = 9;
constexpr double kMssBytes = 1448;
constexpr Duration kFrom = 10s;
constexpr Duration kUntil = 40s;
// Of links that lose. Where a flow of the measured seconds meets a handful of losses, they differ much.
constexpr int kRuns = 20;
constexpr int kRareRuns = 60;
constexpr double kRareLosses = 20;
// ns-3's take ten times as long as ours. Where round trips are short it is so far behind that a few tell.
constexpr int kNs3Runs = 5;
constexpr Duration kShortRtt = 50ms;
constexpr int kTheoryRuns = 2000;
constexpr std::uint64_t kFirstSeed = 42;

struct Case {
  std::uint64_t rate_mbit;
  Duration rtt;
  double loss;
  double buffer_bdp;  // of the queue, in bandwidth-delay products

  bool operator==(const Case&) const = default;
  std::uint32_t queue_bytes() const {
    double bdp_bytes = static_cast<double>(rate_mbit) * 1e6 / 8 * std::chrono::duration<double>(rtt).count();
    return std::max(static_cast<std::uint32_t>(bdp_bytes * buffer_bdp), 15'000u);
  }
  double link_mbit() const { return static_cast<double>(rate_mbit) * kMssBytes / 1500; }
  double rtt_s() const { return std::chrono::duration<double>(rtt).count(); }
  double mbit_of(double segments) const { return std::min(link_mbit(), segments * kMssBytes * 8 / rtt_s() / 1e6); }
  double theory_mbit() const {
    if (loss == 0) return link_mbit();
    double cubic_segments = 1.054 * std::pow(rtt_s(), 0.75) / std::pow(loss, 0.75);
    double reno_segments = std::sqrt(1.5 / loss);
    return mbit_of(std::max(cubic_segments, reno_segments));
  }
  struct Expected {
    double mbit = 0;
    double deviation_mbit = 0;  // of a single run
  };
  int runs() const {
    if (loss == 0) return 1;
    const double losses = theory_mbit() * 1e6 / 8 / kMssBytes * std::chrono::duration<double>(kUntil).count() * loss;
    return losses < kRareLosses && theory_mbit() < link_mbit() ? kRareRuns : kRuns;
  }
  int rival_runs() const { return rtt < kShortRtt ? std::min(runs(), kNs3Runs) : runs(); }
  Expected random_theory() const;

 private:
  double random_run_mbit(Random& random) const;
};

double Case::random_run_mbit(Random& random) const {
  constexpr double kC = 0.4, kBeta = 0.7, kAlpha = 3 * (1 - kBeta) / (1 + kBeta), kEmptyQueue = 0.98;
  const double pipe_segments = static_cast<double>(rate_mbit) * 1e6 / 8 * rtt_s() / 1500;
  const auto rounds = static_cast<int>(kUntil / rtt);
  const auto first = static_cast<int>(kFrom / rtt);
  double window = 10, most = 0, before = 0, from = 0, friendly = 0, since_s = 0, mbit = 0;
  bool slow_start = true;
  for (int i = 0; i < rounds; ++i) {
    if (i >= first) mbit += mbit_of(window);
    const bool lost = random.unit() > std::pow(1 - loss, window) || window > pipe_segments * (1 + buffer_bdp);
    if (lost) {
      const bool queued = window > pipe_segments / kEmptyQueue;
      most = window <= most - 1 && queued ? window * (1 + kBeta) / 2 : window;
      before = window;
      from = friendly = window = std::max(window * kBeta, 2.0);
      since_s = 0;
      slow_start = false;
      continue;
    }
    if (slow_start) {
      // RFC 9406 ends it where the queue begins.
      slow_start = 2 * window < pipe_segments;
      most = before = from = friendly = window = std::min(2 * window, pipe_segments);
      continue;
    }
    since_s += rtt_s();
    friendly += friendly >= before ? 1 : kAlpha;
    const double plateau_s = std::cbrt(std::max(most - from, 0.0) / kC);
    window = std::max(most + kC * std::pow(since_s - plateau_s, 3), friendly);
  }
  return mbit / (rounds - first);
}

Case::Expected Case::random_theory() const {
  if (loss == 0) return {.mbit = link_mbit()};
  Random random = Random::derive(1, 0, "theory");
  double sum = 0, squares = 0;
  for (int i = 0; i < kTheoryRuns; ++i) {
    const double mbit = random_run_mbit(random);
    sum += mbit;
    squares += mbit * mbit;
  }
  const double mean = sum / kTheoryRuns;
  return {.mbit = mean, .deviation_mbit = std::sqrt(std::max(squares / kTheoryRuns - mean * mean, 0.0))};
}

double goodput_mbit(std::uint64_t bytes) {
  return static_cast<double>(bytes) * 8 / std::chrono::duration<double>(kUntil - kFrom).count() / 1e6;
}

// What happens to a flow while it is measured, round trip by round trip. Empty: nobody looks.
struct Spectator {
  std::function<void(Duration at, double window_bytes, double threshold_bytes)> windows{};
  std::function<void(Duration at, std::uint64_t ordinal)> loss{};
};

// On the fabric.
double lossless_goodput(const Case& c, std::uint64_t seed) {
  auto* mesh = new Mesh(sim::FabricOptions{.seed = seed});
  link::LinkParams out;
  out.rate_bps = c.rate_mbit * 1'000'000;
  out.queue_limit_bytes = c.queue_bytes();
  sim::Attachment ground = mesh->region(c.rtt / 2);
  sim::FabricHost& sender = mesh->add(ground, &out);
  sim::FabricHost& receiver = mesh->add(ground);
  std::uint64_t bytes = 0;
  receiver.scope().spawn(receive_forever(receiver, kPort, bytes));
  sender.scope().spawn(send_forever(sender, Endpoint(receiver.address(), kPort)));
  mesh->timeline.run_until(TimePoint(kFrom));
  std::uint64_t before = bytes;
  mesh->timeline.run_until(TimePoint(kUntil));
  return goodput_mbit(bytes - before);
}

// On a wire with the losses of the seed.
double lossy_goodput(const Case& c, std::uint64_t seed, const tcp::CongestionAlgorithm& algorithm,
                     const Spectator& spectator = {}) {
  auto* mesh = new Mesh(sim::FabricOptions{.seed = seed});
  const Clock& clock = (*mesh->fabric.add_host({}))->clock();
  Losses::Tell tell;
  if (spectator.loss) {
    tell = [&](std::uint64_t ordinal) { spectator.loss(clock.now().time_since_epoch(), ordinal); };
  }
  auto* pipe = new ip::Pipe(clock.loop());
  auto* lossy = new LossyEnd(pipe->b(), clock, Losses(seed, Probability::of(c.loss), tell));
  const auto host = [&](std::string_view address, IpLink& link, const link::LinkParams& params) {
    auto* shaped =
        new ip::ShapedLink(link, clock, Random::derive(seed, 0, address),
                           {.outgoing = std::make_shared<link::LinkProfile>(*link::LinkProfile::make(params))});
    auto* made = new ip::Host(**mesh->fabric.add_host({}), {.tcp = {.congestion = &algorithm}});
    (void)made->attach(*shaped, {.addresses = {{*IpAddress::parse(address), 24}}});
    return made;
  };
  link::LinkParams out, back;
  out.rate_bps = c.rate_mbit * 1'000'000;
  out.queue_limit_bytes = c.queue_bytes();
  out.delay = back.delay = c.rtt / 2;
  ip::Host* sender = host("10.0.0.1", pipe->a(), out);
  ip::Host* receiver = host("10.0.0.2", *lossy, back);
  std::uint64_t bytes = 0, before = 0;
  receiver->scope().spawn(receive_forever(*receiver, kPort, bytes));
  sender->scope().spawn(send_forever(*sender, Endpoint(*IpAddress::parse("10.0.0.2"), kPort)));
  for (Duration at = c.rtt; at <= kUntil; at += c.rtt) {
    mesh->timeline.run_until(TimePoint(at));
    if (at == kFrom) before = bytes;
    if (!spectator.windows) continue;
    for (const tcp::ConnectionStatus& status : sender->tcp().statuses()) {
      spectator.windows(at, status.window_bytes, status.threshold_bytes);
    }
  }
  return goodput_mbit(bytes - before);
}

double our_goodput(const Case& c, std::uint64_t seed) {
  return c.loss == 0 ? lossless_goodput(c, seed) : lossy_goodput(c, seed, tcp::kCubic);
}

// CUBIC that gives way after every loss (RFC 9438 4.7), since it does not know whether there was a queue.
class YieldingCubic : public tcp::Cubic {
 public:
  using Cubic::Cubic;
  void on_ack(const tcp::AckedData& acked) override {
    tcp::AckedData blind = acked;
    blind.least_rtt = {};
    Cubic::on_ack(blind);
  }
};
constinit const tcp::CongestionAlgorithm kYieldingCubic = tcp::congestion_algorithm<YieldingCubic>("yielding-cubic");

// And that is where RFC 9438 4.2 wants it one round trip later, as ns-3's is.
class EarlyCubic final : public YieldingCubic {
 public:
  using YieldingCubic::YieldingCubic;
  void on_ack(const tcp::AckedData& acked) override {
    tcp::AckedData early = acked;
    early.smoothed_rtt *= 2;
    YieldingCubic::on_ack(early);
  }
};
constinit const tcp::CongestionAlgorithm kEarlyCubic = tcp::congestion_algorithm<EarlyCubic>("early-cubic");

void note_size(double* where, std::uint32_t, std::uint32_t value) { *where = value; }

double ns3_goodput(const Case& c, std::uint64_t seed, const Spectator& spectator = {}) {
  configure_ns3_tcp();
  ns3::NodeContainer nodes;
  nodes.Create(2);
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  stack.Install(nodes);
  ns3::PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", ns3::StringValue(fmt::format("{}Mbps", c.rate_mbit)));
  link.SetChannelAttribute("Delay", ns3::TimeValue(ns3::NanoSeconds((c.rtt / 2).count())));
  link.SetQueue("ns3::DropTailQueue", "MaxSize", ns3::StringValue(fmt::format("{}B", c.queue_bytes())));
  ns3::NetDeviceContainer devices = link.Install(nodes);
  const auto now = [] { return Duration(ns3::Simulator::Now().GetNanoSeconds()); };
  if (c.loss != 0) {
    Losses::Tell tell;
    if (spectator.loss) tell = [&](std::uint64_t ordinal) { spectator.loss(now(), ordinal); };
    devices.Get(1)->SetAttribute(
        "ReceiveErrorModel",
        ns3::PointerValue(ns3::CreateObject<LossyReceiver>(Losses(seed, Probability::of(c.loss), tell))));
  }
  ns3::Ipv4InterfaceContainer interfaces = ns3::Ipv4AddressHelper("10.0.0.0", "255.255.255.252").Assign(devices);
  ns3::TrafficControlHelper().Uninstall(devices);
  std::uint64_t bytes = 0, before = 0;
  start_ns3_flow(nodes.Get(0), nodes.Get(1), interfaces.GetAddress(1), kPort, &bytes);
  double window_bytes = 0, threshold_bytes = 0;
  if (spectator.windows) {
    const std::string sockets = "/NodeList/0/$ns3::TcpL4Protocol/SocketList/*/";
    ns3::Config::ConnectWithoutContext(sockets + "CongestionWindow", ns3::MakeBoundCallback(&note_size, &window_bytes));
    ns3::Config::ConnectWithoutContext(sockets + "SlowStartThreshold",
                                       ns3::MakeBoundCallback(&note_size, &threshold_bytes));
  }
  for (Duration at = c.rtt; at <= kUntil; at += c.rtt) {
    ns3::Simulator::Stop(ns3::NanoSeconds(c.rtt.count()));
    ns3::Simulator::Run();
    if (at == kFrom) before = bytes;
    if (spectator.windows) spectator.windows(at, window_bytes, threshold_bytes);
  }
  return goodput_mbit(bytes - before);
}

std::string name_of(const Case& c) {
  return fmt::format("{} Mbit/s, {} ms, loss {} %, {} BDP", c.rate_mbit, c.rtt / 1ms, c.loss * 100, c.buffer_bdp);
}

// The mean of some runs where losses are drawn.
template <class Measure>
double mean_of_runs(const Case& c, int runs, Measure measure) {
  if (c.loss == 0) runs = 1;
  double sum = 0;
  for (int i = 0; i < runs; ++i)
    sum += in_child([&] { return measure(c, kFirstSeed + static_cast<std::uint64_t>(i)); });
  return sum / runs;
}

// Jain's index of `flows` that start within five seconds of each other, over two minutes from the end of the first.
double fairness(std::uint32_t flows, const tcp::CongestionAlgorithm& algorithm, std::uint64_t seed) {
  Random random = Random::derive(seed, flows, "starts");
  sim::FabricOptions options{.seed = seed};
  options.tcp.congestion = &algorithm;
  auto* mesh = new Mesh(options);
  link::LinkParams shared;
  shared.rate_bps = 50'000'000;
  shared.delay = 20ms;
  shared.queue_limit_bytes = 250'000;
  link::LinkParams back;
  back.delay = 20ms;
  sim::RouterId left = *mesh->fabric.add_router("left");
  sim::RouterId right = *mesh->fabric.add_router("right");
  (void)mesh->fabric.add_edge(left, right, shared);
  (void)mesh->fabric.add_edge(right, left, back);
  auto* bytes = new std::vector<std::uint64_t>(flows);
  const auto start_at = [](sim::FabricHost& host, Endpoint peer, Duration after) -> Task<> {
    co_await host.clock().sleep(after);
    co_await send_forever(host, peer);
  };
  for (std::uint32_t i = 0; i < flows; ++i) {
    sim::FabricHost& sender = mesh->add({sim::Attachment::Kind::router, left});
    sim::FabricHost& receiver = mesh->add({sim::Attachment::Kind::router, right});
    receiver.scope().spawn(receive_forever(receiver, kPort, (*bytes)[i]));
    sender.scope().spawn(start_at(sender, Endpoint(receiver.address(), kPort), random.between(0ns, 5s)));
  }
  mesh->timeline.run_until(TimePoint(60s));
  std::vector<std::uint64_t> before = *bytes;
  mesh->timeline.run_until(TimePoint(180s));
  double sum = 0, squares = 0;
  for (std::uint32_t i = 0; i < flows; ++i) {
    auto moved = static_cast<double>((*bytes)[i] - before[i]);
    sum += moved;
    squares += moved * moved;
  }
  return sum * sum / (flows * squares);
}

// ---- the page ----

constexpr std::string_view kIntroduction =
    R"(# Goodput of our TCP

Written by `tcp_goodput_bench docs/tcp-goodput.md`. Virtual time, so the figures are the same
everywhere; seconds 10 to 40 of one flow with CUBIC and the defaults, in Mbit/s. Loss is drawn for each packet with data, and
the n-th of ours and the n-th of ns-3's meet the same: the mean of 20 runs, of 60 where a run meets few losses, of 5 where ns-3
is far behind; and within how much of it the true mean lies (95 %). The ratio is of the runs that met the same losses.
The buffer is a drop-tail queue before the link, in bandwidth-delay products. Theory for even losses: the link less headers, or the CUBIC
response function (RFC 9438 5.1), or Reno's where that is larger: of losses at even distances and a flow that goes on for ever.
Theory for random losses: what RFC 9438's window carries in the same seconds from its slow start on, under independent losses,
which is what is measured; beside it, how far the mean of as many such runs strays (95 %). As in ours, a loss that met an empty
queue makes no room for others (RFC 9438 4.7 is a SHOULD; see `cubic.hpp`): ns-3's makes it always.

| rate | RTT | loss | buffer | ours | ns-3 TcpCubic | ours / ns-3 | even losses | random losses | ours / random losses |
|---|---|---|---|---|---|---|---|---|---|
)";

constexpr std::string_view kVariantsIntroduction =
    R"(
## What ns-3's CUBIC does otherwise

It gives way after every loss that comes before its window is back where it was, also where a loss met an empty queue. And where
a path is long and losses are rare, it is a round trip early. RFC 9438 4.2 lets a window grow by (W_cubic(t + RTT) - cwnd)
/ cwnd for each segment acknowledged, so that it is at W_cubic(t + RTT) when that time has come. ns-3 counts segments until there
are cwnd / (W_cubic(t + RTT) - cwnd) of them, but what it counted in recovery, and on the plateau where the window does not grow,
it keeps (`m_cWndCnt`), so that its window is at W_cubic(t + RTT) at once. `tcp_goodput_bench + 7` prints the losses and windows of
run 7 of both, where this can be seen. The same losses, of 100 Mbit/s, 100 ms, 0.01 %:

| | Mbit/s | of ns-3's |
|---|---|---|
)";

constexpr std::string_view kFairnessIntroduction =
    R"(
## Fairness

Jain's index over two minutes of flows that share 50 Mbit/s, 40 ms and a queue of 250,000 bytes and started within five
seconds, a minute before; 1 is even. Of ten runs the mean and the least.

| flows | CUBIC | least | NewReno | least |
|---|---|---|---|---|
)";

class Sheet {
 public:
  using Cell = std::size_t;

  Cell add(std::string name, std::function<double()> measure) {
    return add(std::move(name), 1, [measure](int) { return measure(); });
  }
  Cell add(std::string name, int runs, const std::function<double(int)>& measure) {
    for (int i = 0; i < runs; ++i) {
      measures_.push_back([measure, i] { return measure(i); });
      places_.push_back({.cell = figures_.size(), .run = static_cast<std::size_t>(i)});
    }
    figures_.push_back({.name = std::move(name), .values = std::vector<double>(static_cast<std::size_t>(runs))});
    return figures_.size() - 1;
  }
  // Says what each has cost on standard error.
  void measure(std::size_t jobs) {
    in_children(measures_, jobs, [this](std::size_t index, InChild child) {
      Figure& figure = figures_[places_[index].cell];
      figure.values[places_[index].run] = child.figure;
      fmt::print(stderr, "{}: {:.4g}, {:.1f} s of processor\n", figure.name, child.figure, child.user_s);
    });
  }
  const Figure& operator[](Cell cell) const { return figures_[cell]; }

 private:
  struct Place {
    Cell cell;
    std::size_t run;
  };
  std::vector<std::function<double()>> measures_;
  std::vector<Place> places_;  // of each measurement
  std::vector<Figure> figures_;
};

struct Row {
  Case link;
  Sheet::Cell ours;
  Sheet::Cell rival;
  Sheet::Cell theory;
  Sheet::Cell theory_deviation;
  struct Variants {
    Sheet::Cell yielding;  // of kYieldingCubic
    Sheet::Cell early;     // of kEarlyCubic
  };
  std::optional<Variants> variants{};
};

// Long, with rare losses: where ns-3 is ahead.
constexpr Case kLongPath{100, 100ms, 0.0001, 1};

struct FairnessRow {
  std::uint32_t flows;
  Sheet::Cell cubic;
  Sheet::Cell reno;
  static constexpr int kRuns = 10;
};

std::vector<Row> goodput_rows(Sheet& sheet, std::string_view only) {
  std::vector<Row> rows;
  for (std::uint64_t rate : {10u, 100u}) {
    for (Duration rtt : {Duration(10ms), Duration(100ms)}) {
      for (double loss : {0.0, 0.0001, 0.001, 0.01}) {
        for (double buffer : {0.2, 1.0}) {
          if (loss != 0 && buffer != 1.0) continue;
          const Case c{rate, rtt, loss, buffer};
          const auto seed = [](int run) { return kFirstSeed + static_cast<std::uint64_t>(run); };
          const std::string name = name_of(c);
          if (name.find(only) == name.npos) continue;
          rows.push_back(
              {.link = c,
               .ours = sheet.add(name + ", ours", c.runs(), [=](int run) { return our_goodput(c, seed(run)); }),
               .rival = sheet.add(name + ", ns-3", c.rival_runs(), [=](int run) { return ns3_goodput(c, seed(run)); }),
               .theory = sheet.add(name + ", theory", [=] { return c.random_theory().mbit; }),
               .theory_deviation =
                   sheet.add(name + ", its deviation", [=] { return c.random_theory().deviation_mbit; })});
          if (c == kLongPath) {
            const auto with = [&](std::string_view what, const tcp::CongestionAlgorithm& algorithm) {
              return sheet.add(fmt::format("{}, ours {}", name, what), c.runs(),
                               [=, &algorithm](int run) { return lossy_goodput(c, seed(run), algorithm); });
            };
            rows.back().variants = {.yielding = with("yielding", kYieldingCubic), .early = with("early", kEarlyCubic)};
          }
        }
      }
    }
  }
  return rows;
}

std::vector<FairnessRow> fairness_rows(Sheet& sheet, std::string_view only) {
  std::vector<FairnessRow> rows;
  for (std::uint32_t flows = 2; flows <= 10; ++flows) {
    const std::string name = fmt::format("{} flows", flows);
    if (name.find(only) == name.npos) continue;
    const auto cell = [&](std::string_view of, const tcp::CongestionAlgorithm& algorithm) {
      return sheet.add(fmt::format("{} of {}", name, of), FairnessRow::kRuns, [=, &algorithm](int run) {
        return fairness(flows, algorithm, 1 + static_cast<std::uint64_t>(run));
      });
    };
    rows.push_back({.flows = flows, .cubic = cell("CUBIC", tcp::kCubic), .reno = cell("NewReno", tcp::kNewReno)});
  }
  return rows;
}

std::string variants_table(const Figure& ours, const Figure& yielding, const Figure& early, const Figure& rival) {
  std::string text(kVariantsIntroduction);
  const auto line = [&](std::string_view name, const Figure& figure) {
    text += fmt::format("| {} | {} | {} |\n", name, figure.text(), PairedRatio(figure, rival).text());
  };
  line("ours", ours);
  line("ours, gave it way after every loss too", yielding);
  line("ours, gave it way after every loss and were a round trip early too", early);
  text += fmt::format("| ns-3 TcpCubic | {} | 1 |\n", rival.text());
  return text;
}

// Both on the same losses, as they went.
void print_windows(int run) {
  const auto seconds = [](Duration at) { return std::chrono::duration<double>(at).count(); };
  const Spectator spectator{
      .windows =
          [&](Duration at, double window_bytes, double threshold_bytes) {
            fmt::print("{:8.3f}  window {:7.1f}  ssthresh {:9.1f}  segments\n", seconds(at), window_bytes / kMssBytes,
                       threshold_bytes / kMssBytes);
            std::fflush(stdout);
          },
      .loss = [&](Duration at,
                  std::uint64_t ordinal) { fmt::print("{:8.3f}  packet {} is lost\n", seconds(at), ordinal); }};
  const std::uint64_t seed = kFirstSeed + static_cast<std::uint64_t>(run);
  const double ours = in_child([&] { return lossy_goodput(kLongPath, seed, tcp::kCubic, spectator); });
  fmt::print("ours: {:.2f} Mbit/s\n", ours);
  const double rival = in_child([&] { return ns3_goodput(kLongPath, seed, spectator); });
  fmt::print("ns-3: {:.2f} Mbit/s\n", rival);
}

// With `only` the rows whose names have it.
std::string page(std::string_view only) {
  Sheet sheet;
  const std::vector<Row> rows = goodput_rows(sheet, only);
  const std::vector<FairnessRow> fair_rows = fairness_rows(sheet, only);
  sheet.measure(std::max(1u, std::thread::hardware_concurrency()));

  std::string text(kIntroduction);
  for (const Row& row : rows) {
    const Case& c = row.link;
    const Figure &ours = sheet[row.ours], &rival = sheet[row.rival];
    const double theory = sheet[row.theory].mean();
    const double stray = 2 * sheet[row.theory_deviation].mean() / std::sqrt(c.runs());
    text +=
        fmt::format("| {} Mbit/s | {} ms | {} % | {} | {} | {} | {} | {:.2f} | {:.2f}{} | {:.2f} |\n", c.rate_mbit,
                    c.rtt / 1ms, c.loss * 100, c.buffer_bdp, ours.text(), rival.text(), PairedRatio(ours, rival).text(),
                    c.theory_mbit(), theory, c.loss == 0 ? "" : fmt::format(" ± {:.2f}", stray), ours.mean() / theory);
  }
  for (const Row& row : rows) {
    if (!row.variants) continue;
    text +=
        variants_table(sheet[row.ours], sheet[row.variants->yielding], sheet[row.variants->early], sheet[row.rival]);
  }
  text += kFairnessIntroduction;
  for (const FairnessRow& row : fair_rows) {
    text += fmt::format("| {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |\n", row.flows, sheet[row.cubic].mean(),
                        sheet[row.cubic].least(), sheet[row.reno].mean(), sheet[row.reno].least());
  }
  return text;
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) {
  using namespace ghostnet::bench;
  using namespace std::chrono_literals;
  if (argc > 2 && std::string_view(argv[1]) == "+") {
    print_windows(std::atoi(argv[2]));
    return 0;
  }
  if (argc > 1 && (argv[1][0] != '-' || argv[1][1] == '\0')) {
    const std::string text = page(argc > 2 ? argv[2] : "");
    if (argv[1][0] == '-') {
      fmt::print("{}", text);
    } else {
      std::ofstream(argv[1]) << text;
    }
    return 0;
  }
  std::vector<BenchRow> rows;
  for (Case c : {Case{100, 40ms, 0, 1}, Case{100, 100ms, 0, 0.2}, Case{100, 10ms, 0, 0.2}, Case{100, 100ms, 0.001, 1},
                 Case{10, 10ms, 0.01, 1}}) {
    rows.push_back({.name = name_of(c),
                    .value = mean_of_runs(c, kRuns, our_goodput),
                    .unit = "Mbit/s",
                    .rival = "ns-3 TcpCubic",
                    .rival_value = mean_of_runs(
                        c, kNs3Runs, [](const Case& of, std::uint64_t seed) { return ns3_goodput(of, seed); }),
                    .goal_ratio = 1,
                    .goal_value = 0.9 * c.random_theory().mbit});
  }
  rows.push_back({.name = "Jain's index of 10 flows",
                  .value = in_child([] { return fairness(10, ghostnet::tcp::kCubic, 1); }),
                  .unit = "",
                  .goal_value = 0.95});
  return report(rows, argc, argv);
}
