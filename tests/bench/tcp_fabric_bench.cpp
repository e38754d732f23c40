// tcp-fabric: how many simulated bytes our TCP moves over the fabric in a second of wall time, beside ns-3's TCP in the
// same scenario; and how many segments a second a mesh of many small connections costs.
//
// Bulk: ten pairs of hosts, each with a path of 100 Mbit/s, 20 ms each way and a queue of 256 KiB, one connection a
// pair that never runs out of data, CUBIC on both sides. ns-3 gets point-to-point links, segments of 1448 bytes,
// buffers of 4 MiB, a drop-tail queue of the same size, and packets without payload. Mesh: 10,000 hosts with 10
// connections each; every connection sends 100 bytes each second to its peer, which answers with as many. Each
// measurement has a process of its own.
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-address-helper.h>
#include <ns3/node-container.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/string.h>
#include <ns3/traffic-control-helper.h>

#include "bench_row.hpp"
#include "fabric_mesh.hpp"
#include "in_child.hpp"
#include "ns3_flow.hpp"

namespace ghostnet::bench {
namespace {

constexpr std::uint32_t kPairs = 10;
constexpr std::uint64_t kRateBps = 100'000'000;
constexpr Duration kDelay = 20ms;
constexpr std::uint32_t kQueueBytes = 256 * 1024;
constexpr Duration kWarmUp = 1s;
constexpr Duration kSimulated = 10s;
constexpr Duration kNs3Simulated = 1s;
constexpr std::uint16_t kPort = 9;

// ---- ours ----

double our_bulk() {
  auto* mesh = new Mesh;  // the process ends before it would be destroyed
  link::LinkParams access;
  access.rate_bps = kRateBps;
  access.queue_limit_bytes = kQueueBytes;
  sim::Attachment ground = mesh->region(kDelay);
  auto* bytes = new std::uint64_t(0);
  for (std::uint32_t i = 0; i < kPairs; ++i) {
    sim::FabricHost& sender = mesh->add(ground, &access);
    sim::FabricHost& receiver = mesh->add(ground, &access);
    receiver.scope().spawn(receive_forever(receiver, kPort, *bytes));
    sender.scope().spawn(send_forever(sender, Endpoint(receiver.address(), kPort)));
  }
  mesh->timeline.run_until(TimePoint(kWarmUp));
  std::uint64_t before = *bytes;
  double began = seconds();
  mesh->timeline.run_until(TimePoint(kWarmUp + kSimulated));
  return static_cast<double>(*bytes - before) / (seconds() - began) / 1e6;
}

// ---- many small connections ----

constexpr std::uint32_t kHosts = 10'000;
constexpr std::uint32_t kConnections = 10;
constexpr std::size_t kMessageBytes = 100;

Task<> answer(std::unique_ptr<Stream> stream) {
  std::array<std::uint8_t, kMessageBytes> buffer;
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    if (!got || *got == 0) co_return;
    Result<> sent = co_await stream->write(ByteView(buffer).first(*got));
    if (!sent) co_return;
  }
}

Task<> serve(Host& host) {
  std::unique_ptr<Listener> listener = *host.listen({.local = Endpoint(IpAddress(), kPort)});
  while (true) {
    Result<std::unique_ptr<Stream>> stream = co_await listener->accept();
    if (!stream) co_return;
    host.scope().spawn(answer(std::move(*stream)));
  }
}

Task<> chat(Host& host, Endpoint peer) {
  co_await host.clock().sleep(host.random().between(0ns, 1s));
  Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
  if (!stream) co_return;
  std::array<std::uint8_t, kMessageBytes> buffer{};
  while (true) {
    Result<> sent = co_await (*stream)->write(buffer);
    if (!sent) co_return;
    Result<> got = co_await (*stream)->read_exactly(buffer);
    if (!got) co_return;
    co_await host.clock().sleep(1s);
  }
}

// Segments delivered in a second of wall time, in millions.
double our_mesh() {
  auto* mesh = new Mesh;
  link::LinkParams access;
  access.rate_bps = 50'000'000;
  constexpr int kRegions = 9;
  for (int i = 0; i < kRegions; ++i) (void)mesh->fabric.add_region(std::to_string(i));
  for (std::uint16_t i = 0; i < kRegions; ++i) {
    for (std::uint16_t j = 0; j < kRegions; ++j)
      mesh->fabric.set_path(i, j, {.delay = 20ms + 10ms * ((i * 7 + j * 13) % kRegions)});
  }
  for (std::uint32_t i = 0; i < kHosts; ++i) {
    sim::FabricHost& host =
        mesh->add({sim::Attachment::Kind::region, static_cast<std::uint16_t>(i % kRegions)}, &access);
    host.scope().spawn(serve(host));
  }
  for (std::uint32_t i = 0; i < kHosts; ++i) {
    sim::FabricHost& host = mesh->fabric.host(i);
    for (std::uint32_t j = 0; j < kConnections; ++j) {
      auto to = static_cast<std::uint32_t>((i + 1 + host.random().below(kHosts - 1)) % kHosts);
      host.scope().spawn(chat(host, Endpoint(mesh->fabric.host(to).address(), kPort)));
    }
  }
  mesh->timeline.run_until(TimePoint(3s));
  std::uint64_t before = mesh->fabric.counters().delivered;
  double began = seconds();
  mesh->timeline.run_until(TimePoint(6s));
  return static_cast<double>(mesh->fabric.counters().delivered - before) / (seconds() - began) / 1e6;
}

// ---- ns-3's ----

double ns3_bulk() {
  configure_ns3_tcp();
  ns3::NodeContainer nodes;
  nodes.Create(2 * kPairs);
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  stack.Install(nodes);
  ns3::PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", ns3::StringValue("100Mbps"));
  link.SetChannelAttribute("Delay", ns3::StringValue("20ms"));
  link.SetQueue("ns3::DropTailQueue", "MaxSize", ns3::StringValue("262144B"));
  ns3::Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");
  auto* received = new std::uint64_t(0);
  for (std::uint32_t i = 0; i < 2 * kPairs; i += 2) {
    ns3::NetDeviceContainer devices = link.Install(nodes.Get(i), nodes.Get(i + 1));
    ns3::Ipv4InterfaceContainer interfaces = addresses.Assign(devices);
    ns3::TrafficControlHelper().Uninstall(devices);  // the device's queue is the queue
    addresses.NewNetwork();
    start_ns3_flow(nodes.Get(i), nodes.Get(i + 1), interfaces.GetAddress(1), kPort, received);
  }
  ns3::Simulator::Stop(ns3::NanoSeconds(kWarmUp.count()));
  ns3::Simulator::Run();
  std::uint64_t before = *received;
  double began = seconds();
  ns3::Simulator::Stop(ns3::NanoSeconds(kNs3Simulated.count()));
  ns3::Simulator::Run();
  return static_cast<double>(*received - before) / (seconds() - began) / 1e6;
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) {
  using namespace ghostnet::bench;
  constexpr int kRuns = 3;
  std::vector<double> ours, rival, mesh;
  for (int run = 0; run < kRuns; ++run) {
    ours.push_back(in_child(our_bulk));
    if (run < 2) rival.push_back(in_child(ns3_bulk));
    mesh.push_back(in_child(our_mesh));
  }
  std::vector<BenchRow> rows = {{.name = "10 pairs, 100 Mbit/s, 40 ms, bulk",
                                 .value = median(ours),
                                 .unit = "MB/s",
                                 .rival = "ns-3 TcpCubic",
                                 .rival_value = median(rival),
                                 .goal_ratio = 10,
                                 .runs = kRuns,
                                 .spread = spread(ours)},
                                {.name = "10,000 hosts x 10 connections, 100 B messages",
                                 .value = median(mesh),
                                 .unit = "M seg/s",
                                 .goal_value = 0.33,
                                 .runs = kRuns,
                                 .spread = spread(mesh)}};
  return report(rows, argc, argv);
}
