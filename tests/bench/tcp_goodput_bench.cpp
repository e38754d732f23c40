// tcp-goodput: what one flow of our TCP reaches on links of many kinds, beside theory and ns-3's TcpCubic, and how
// evenly flows share a link. Virtual time only: the figures are the same on every machine.
//
//   build/release/bin/tcp_goodput_bench docs/tcp-goodput.md      writes the page
//
// Theory: the link's rate less headers; the CUBIC response function (RFC 9438 5.1, formula 5) and, where it is larger,
// that of Reno with CUBIC's constants as Mathis and others give it, MSS / RTT * sqrt(3/2) / sqrt(p). Both are of losses
// at even distances. Losses here come at random, so beside it stands the mean of the window that RFC 9438 4.1 to 4.7
// describes, round trip by round trip, under independent losses.
#include <ns3/boolean.h>
#include <ns3/double.h>
#include <ns3/error-model.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-address-helper.h>
#include <ns3/node-container.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/pointer.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/string.h>
#include <ns3/traffic-control-helper.h>

#include <cmath>
#include <fstream>

#include "bench_row.hpp"
#include "fabric_mesh.hpp"
#include "in_child.hpp"
#include "ns3_flow.hpp"

namespace ghostnet::bench {
namespace {

constexpr std::uint16_t kPort = 9;
constexpr double kMssBytes = 1448;
constexpr Duration kFrom = 10s;
constexpr Duration kUntil = 40s;

struct Case {
  std::uint64_t rate_mbit;
  Duration rtt;
  double loss;
  double buffer_bdp;  // of the queue, in bandwidth-delay products

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
  double random_theory_mbit() const;
};

double Case::random_theory_mbit() const {
  if (loss == 0) return link_mbit();
  constexpr double kC = 0.4, kBeta = 0.7, kAlpha = 3 * (1 - kBeta) / (1 + kBeta);
  constexpr int kRounds = 1'000'000;
  const double pipe_segments = static_cast<double>(rate_mbit) * 1e6 / 8 * rtt_s() / 1500;
  Random random = Random::derive(1, 0, "theory");
  double window = 10, most = 10, before = 10, friendly = 10, since_s = 0, mbit = 0;
  for (int i = 0; i < kRounds; ++i) {
    mbit += mbit_of(window);
    const bool lost = random.unit() > std::pow(1 - loss, window) || window > pipe_segments * (1 + buffer_bdp);
    if (lost) {
      most = window < most ? window * (1 + kBeta) / 2 : window;
      before = window;
      friendly = window = std::max(window * kBeta, 2.0);
      since_s = 0;
      continue;
    }
    since_s += rtt_s();
    friendly += friendly >= before ? 1 : kAlpha;
    const double plateau_s = std::cbrt(std::max(most - before * kBeta, 0.0) / kC);
    window = std::max(most + kC * std::pow(since_s - plateau_s, 3), friendly);
  }
  return mbit / kRounds;
}

double our_goodput(const Case& c, std::uint64_t seed) {
  auto* mesh = new Mesh(sim::FabricOptions{.seed = seed});
  link::LinkParams out;
  out.rate_bps = c.rate_mbit * 1'000'000;
  out.queue_limit_bytes = c.queue_bytes();
  out.loss = Probability::of(c.loss);
  sim::Attachment ground = mesh->region(c.rtt / 2);
  sim::FabricHost& sender = mesh->add(ground, &out);
  sim::FabricHost& receiver = mesh->add(ground);
  std::uint64_t bytes = 0;
  receiver.scope().spawn(receive_forever(receiver, kPort, bytes));
  sender.scope().spawn(send_forever(sender, Endpoint(receiver.address(), kPort)));
  mesh->timeline.run_until(TimePoint(kFrom));
  std::uint64_t before = bytes;
  mesh->timeline.run_until(TimePoint(kUntil));
  return static_cast<double>(bytes - before) * 8 / std::chrono::duration<double>(kUntil - kFrom).count() / 1e6;
}

double ns3_goodput(const Case& c, std::uint64_t seed) {
  configure_ns3_tcp();
  ns3::RngSeedManager::SetSeed(static_cast<std::uint32_t>(seed));
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
  if (c.loss != 0) {
    auto errors = ns3::CreateObject<ns3::RateErrorModel>();
    errors->SetAttribute("ErrorUnit", ns3::StringValue("ERROR_UNIT_PACKET"));
    errors->SetAttribute("ErrorRate", ns3::DoubleValue(c.loss));
    devices.Get(1)->SetAttribute("ReceiveErrorModel", ns3::PointerValue(errors));
  }
  ns3::Ipv4InterfaceContainer interfaces = ns3::Ipv4AddressHelper("10.0.0.0", "255.255.255.252").Assign(devices);
  ns3::TrafficControlHelper().Uninstall(devices);
  std::uint64_t bytes = 0;
  start_ns3_flow(nodes.Get(0), nodes.Get(1), interfaces.GetAddress(1), kPort, &bytes);
  ns3::Simulator::Stop(ns3::NanoSeconds(kFrom.count()));
  ns3::Simulator::Run();
  std::uint64_t before = bytes;
  ns3::Simulator::Stop(ns3::NanoSeconds((kUntil - kFrom).count()));
  ns3::Simulator::Run();
  return static_cast<double>(bytes - before) * 8 / std::chrono::duration<double>(kUntil - kFrom).count() / 1e6;
}

// The mean of five runs where losses are drawn.
template <class Measure>
double mean_of_runs(const Case& c, Measure measure) {
  const int runs = c.loss == 0 ? 1 : 5;
  double sum = 0;
  for (int i = 0; i < runs; ++i) {
    sum += in_child([&] { return measure(c, 42 + static_cast<std::uint64_t>(i)); });
  }
  return sum / runs;
}

// Jain's index of `flows` that start one after the other, over the last minute of two.
double fairness(std::uint32_t flows, const tcp::CongestionAlgorithm& algorithm) {
  sim::FabricOptions options{.seed = 42};
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
    sender.scope().spawn(start_at(sender, Endpoint(receiver.address(), kPort), i * 700ms));
  }
  mesh->timeline.run_until(TimePoint(60s));
  std::vector<std::uint64_t> before = *bytes;
  mesh->timeline.run_until(TimePoint(120s));
  double sum = 0, squares = 0;
  for (std::uint32_t i = 0; i < flows; ++i) {
    auto moved = static_cast<double>((*bytes)[i] - before[i]);
    sum += moved;
    squares += moved * moved;
  }
  return sum * sum / (flows * squares);
}

std::string page() {
  std::string text =
      "# Goodput of our TCP\n\n"
      "Written by `tcp_goodput_bench docs/tcp-goodput.md`. Virtual time, so the figures are the same everywhere; "
      "seconds 10 to 40\n"
      "of one flow with CUBIC and the defaults, in Mbit/s. Loss is drawn for each packet; then the mean of five runs "
      "of "
      "each. The\n"
      "buffer is a drop-tail queue before the link, in bandwidth-delay products. Even losses: the link less headers, "
      "or "
      "the CUBIC\n"
      "response function (RFC 9438 5.1), or Reno's where that is larger: of losses at even distances. Random losses: "
      "the mean of\n"
      "RFC 9438's window under independent ones, which is what is measured.\n\n"
      "| rate | RTT | loss | buffer | ours | ns-3 TcpCubic | even losses | random losses | ours / random losses "
      "|\n|---|---|---|---|---|---|---|---|---|\n";
  for (std::uint64_t rate : {10u, 100u}) {
    for (Duration rtt : {Duration(10ms), Duration(100ms)}) {
      for (double loss : {0.0, 0.0001, 0.001, 0.01}) {
        for (double buffer : {0.2, 1.0}) {
          if (loss != 0 && buffer != 1.0) continue;
          Case c{rate, rtt, loss, buffer};
          double ours = mean_of_runs(c, our_goodput);
          double rival = mean_of_runs(c, ns3_goodput);
          double expected = c.random_theory_mbit();
          text += fmt::format("| {} Mbit/s | {} ms | {} % | {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n", rate,
                              rtt / 1ms, loss * 100, buffer, ours, rival, c.theory_mbit(), expected, ours / expected);
        }
      }
    }
  }
  text +=
      "\n## Fairness\n\nJain's index over a minute of flows that share 50 Mbit/s, 40 ms and a queue of 250,000 bytes "
      "and started one after "
      "the\nother; 1 is even.\n\n| flows | CUBIC | NewReno |\n|---|---|---|\n";
  for (std::uint32_t flows : {2u, 3u, 4u, 5u, 6u, 8u, 10u}) {
    double cubic = in_child([&] { return fairness(flows, tcp::kCubic); });
    double reno = in_child([&] { return fairness(flows, tcp::kNewReno); });
    text += fmt::format("| {} | {:.3f} | {:.3f} |\n", flows, cubic, reno);
  }
  return text;
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) {
  using namespace ghostnet::bench;
  using namespace std::chrono_literals;
  if (argc > 1 && argv[1][0] != '-') {
    std::ofstream(argv[1]) << page();
    return 0;
  }
  std::vector<BenchRow> rows;
  for (Case c : {Case{100, 40ms, 0, 1}, Case{100, 100ms, 0, 0.2}, Case{100, 10ms, 0, 0.2}, Case{100, 100ms, 0.001, 1},
                 Case{10, 10ms, 0.01, 1}}) {
    rows.push_back({.name = fmt::format("{} Mbit/s, {} ms, loss {} %, {} BDP", c.rate_mbit, c.rtt / 1ms, c.loss * 100,
                                        c.buffer_bdp),
                    .value = mean_of_runs(c, our_goodput),
                    .unit = "Mbit/s",
                    .rival = "ns-3 TcpCubic",
                    .rival_value = mean_of_runs(c, ns3_goodput),
                    .goal_ratio = 1,
                    .goal_value = 0.9 * c.random_theory_mbit()});
  }
  rows.push_back({.name = "Jain's index of 10 flows",
                  .value = in_child([] { return fairness(10, ghostnet::tcp::kCubic); }),
                  .unit = "",
                  .goal_value = 0.95});
  return report(rows, argc, argv);
}
