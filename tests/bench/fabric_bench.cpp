// fabric: how many datagrams a second the simulated network carries, beside ns-3's own UDP stack; what an idle host
// takes.
//
// Every host sends 512 bytes each 100 ms to another one drawn at random, over an access link of 50 Mbit/s that loses
// one packet in a thousand, and a path of 20 to 100 ms. ns-3 gets the same traffic in the form that suits it best:
// every host has a point-to-point link of that rate, loss and delay straight to the one that it sends to, so nothing is
// forwarded or looked up in long routing tables. Each measurement has a process of its own.
#include <ns3/boolean.h>
#include <ns3/data-rate.h>
#include <ns3/double.h>
#include <ns3/error-model.h>
#include <ns3/inet-socket-address.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-address-helper.h>
#include <ns3/node-container.h>
#include <ns3/node.h>
#include <ns3/packet.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/pointer.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/socket.h>
#include <ns3/string.h>
#include <ns3/udp-socket-factory.h>

#include <memory>
#include <vector>

#include "bench_row.hpp"
#include "ghostnet/sim/fabric.hpp"
#include "in_child.hpp"

namespace ghostnet::bench {
namespace {

constexpr std::size_t kPayloadBytes = 512;
constexpr Duration kInterval = 100ms;
constexpr std::uint16_t kPort = 7;
constexpr int kRegions = 9;

// ---- ours ----

class NoLog : public LogSink {
 public:
  void write(const LogRecord&) override {}
};

// What a task holds across its waits is in its frame as long as it lives: datagrams are handled outside of it, in
// functions that are not inlined, since the compiler cuts a task into its pieces only after inlining.
[[gnu::noinline]] bool take_all(UdpSocket& socket, std::uint64_t& received) {
  ReceivedDatagram datagram;
  while (true) {
    Result<std::size_t> taken = socket.try_recv(std::span(&datagram, 1));
    if (!taken) return taken.error() == Errc::would_block;
    ++received;
  }
}

Task<> receive(UdpSocket& socket, std::uint64_t& received) {
  do {
    co_await socket.readable();
  } while (take_all(socket, received));
}

[[gnu::noinline]] void send_one(Host& host, UdpSocket& socket, std::uint32_t hosts) {
  static constexpr std::uint8_t kPayload[kPayloadBytes] = {};
  auto to = static_cast<std::uint32_t>(host.random().below(hosts));
  (void)socket.send_to(Endpoint(IpAddress::v4(0x0a00'0001 + to), kPort), ByteView(kPayload));
}

Task<> send(Host& host, UdpSocket& socket, std::uint32_t hosts) {
  Timer timer(host.clock());
  timer.arm_after(host.random().between(0ns, kInterval));
  while (true) {
    co_await timer;
    timer.arm_after(kInterval);
    send_one(host, socket, hosts);
  }
}

struct Mesh {
  explicit Mesh(std::uint32_t hosts)
      : log(no_log, [this] { return timeline.now(); }),
        context{timeline.loop(), metrics, log},
        fabric(timeline, context, {.seed = 42}) {
    access.rate_bps = 50'000'000;
    access.loss = Probability::of(0.001);
    for (int i = 0; i < kRegions; ++i) (void)fabric.add_region(std::to_string(i));
    for (std::uint16_t i = 0; i < kRegions; ++i) {
      for (std::uint16_t j = 0; j < kRegions; ++j)
        fabric.set_path(i, j, {.delay = 20ms + 10ms * ((i * 7 + j * 13) % kRegions)});
    }
    add(hosts);
  }

  void add(std::uint32_t hosts) {
    const auto before = static_cast<std::uint32_t>(sockets.size());
    hosts += before;
    sockets.reserve(hosts);
    for (std::uint32_t i = before; i < hosts; ++i) {
      sim::FabricHost& host = **fabric.add_host({});
      sim::Attachment ground{sim::Attachment::Kind::region, static_cast<std::uint16_t>(i % kRegions)};
      (void)fabric.attach(host, {.attachment = ground, .out = &access});
      sockets.push_back(std::move(*host.open_udp({.local = Endpoint(IpAddress{}, kPort)})));
      host.scope().spawn(receive(*sockets.back(), received));
      host.scope().spawn(send(host, *sockets.back(), hosts));
    }
  }

  NoLog no_log;
  sim::Timeline timeline;
  MetricHub metrics;
  LogHub log;
  HostContext context;
  sim::Fabric fabric;
  link::LinkParams access;
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  std::uint64_t received = 0;
};

// Datagrams delivered in a second of wall time. The mesh is in full flow before the clock starts.
double fabric_rate(std::uint32_t hosts, Duration simulated) {
  auto* mesh = new Mesh(hosts);  // the process ends before it would be destroyed
  mesh->timeline.run_until(TimePoint(500ms));
  std::uint64_t before = mesh->received;
  double began = seconds();
  mesh->timeline.run_until(TimePoint(500ms + simulated));
  return static_cast<double>(mesh->received - before) / (seconds() - began);
}

// Of a host with one socket, two tasks and a timer, all waiting. A few come first, which bring in what all share.
double idle_host_bytes(std::uint32_t hosts) {
  auto* mesh = new Mesh(1000);
  mesh->timeline.run_until(TimePoint(0ns));
  std::size_t before = resident_bytes();
  mesh->add(hosts);
  mesh->timeline.run_until(TimePoint(0ns));
  return static_cast<double>(resident_bytes() - before) / hosts;
}

// ---- ns-3's ----

void drain(std::uint64_t* received, ns3::Ptr<ns3::Socket> socket) {
  while (socket->Recv()) ++*received;
}

void send_again(ns3::Ptr<ns3::Socket> socket, ns3::InetSocketAddress to) {
  static constexpr std::uint8_t kPayload[kPayloadBytes] = {};
  socket->SendTo(ns3::Create<ns3::Packet>(kPayload, kPayloadBytes), 0, to);
  ns3::Simulator::Schedule(ns3::NanoSeconds(kInterval.count()), &send_again, socket, to);
}

double ns3_rate(std::uint32_t hosts, Duration simulated) {
  Random random = Random::derive(42, 0, "bench.ns3");
  ns3::RngSeedManager::SetSeed(42);
  ns3::NodeContainer nodes;
  nodes.Create(hosts);
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  stack.Install(nodes);
  ns3::PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", ns3::StringValue("50Mbps"));
  auto errors = ns3::CreateObject<ns3::RateErrorModel>();
  errors->SetAttribute("ErrorUnit", ns3::StringValue("ERROR_UNIT_PACKET"));
  errors->SetAttribute("ErrorRate", ns3::DoubleValue(0.001));
  link.SetDeviceAttribute("ReceiveErrorModel", ns3::PointerValue(errors));
  ns3::Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");
  auto* received = new std::uint64_t(0);
  ns3::TypeId udp = ns3::UdpSocketFactory::GetTypeId();
  for (std::uint32_t i = 0; i < hosts; ++i) {
    auto socket = ns3::Socket::CreateSocket(nodes.Get(i), udp);
    socket->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), kPort));
    socket->SetRecvCallback(ns3::MakeBoundCallback(&drain, received));
    auto to = static_cast<std::uint32_t>((i + 1 + random.below(hosts - 1)) % hosts);
    link.SetChannelAttribute("Delay", ns3::TimeValue(ns3::MilliSeconds(20 + 10 * static_cast<int>(random.below(9)))));
    ns3::NetDeviceContainer devices = link.Install(nodes.Get(i), nodes.Get(to));
    ns3::Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
    addresses.NewNetwork();
    auto sender = ns3::Socket::CreateSocket(nodes.Get(i), udp);
    ns3::InetSocketAddress peer(interfaces.GetAddress(1), kPort);
    ns3::Simulator::ScheduleWithContext(i, ns3::NanoSeconds(random.between(0ns, kInterval).count()), &send_again,
                                        sender, peer);
  }
  ns3::Simulator::Stop(ns3::NanoSeconds(Duration(500ms).count()));
  ns3::Simulator::Run();
  std::uint64_t before = *received;
  double began = seconds();
  ns3::Simulator::Stop(ns3::NanoSeconds(simulated.count()));
  ns3::Simulator::Run();
  return static_cast<double>(*received - before) / (seconds() - began);
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) {
  using namespace ghostnet::bench;
  using namespace std::chrono_literals;
  constexpr int kRuns = 5;
  std::vector<double> small, large, rival;
  for (int run = 0; run < kRuns; ++run) {
    small.push_back(in_child([] { return fabric_rate(10'000, 10s); }));
    if (run < 3) rival.push_back(in_child([] { return ns3_rate(10'000, 1s); }));
    if (run < 3) large.push_back(in_child([] { return fabric_rate(100'000, 2s); }));
  }
  double bytes = in_child([] { return idle_host_bytes(100'000); });
  std::vector<BenchRow> rows = {{.name = "10,000 hosts, 512 B",
                                 .value = median(small) / 1e6,
                                 .unit = "M/s",
                                 .rival = "ns-3 UDP, one hop",
                                 .rival_value = median(rival) / 1e6,
                                 .goal_ratio = 20,
                                 .goal_value = 2,
                                 .runs = kRuns,
                                 .spread = spread(small)},
                                {.name = "100,000 hosts, 512 B",
                                 .value = median(large) / 1e6,
                                 .unit = "M/s",
                                 .goal_value = 1.2,
                                 .runs = 3,
                                 .spread = spread(large)},
                                {.name = "idle host: socket, two tasks, timer",
                                 .value = bytes,
                                 .unit = "B",
                                 .higher_is_better = false,
                                 .goal_value = 600}};
  return report(rows, argc, argv);
}
