// tcp-memory: what an idle connection costs and what an idle host, and a crowd of connections opened and closed between
// many hosts.
//
// Idle: one endpoint of an established IPv6 connection over which something has gone each way, with everything that it
// holds (control block, stream, its place in the host's table, its timer), found by the growth of the process; the
// coroutines of its user are not counted: there are none. Host: one of the fabric with its TCP, a listening socket, and
// two tasks, of which one waits to accept and one sleeps. Crowd: 100,000 hosts open five connections each to others,
// exchange a message and close; wall time and peak memory.
#include "bench_row.hpp"
#include "fabric_mesh.hpp"
#include "in_child.hpp"

namespace ghostnet::bench {
namespace {

constexpr std::uint16_t kPort = 9;

// Hosts of one region, 20 ms apart.
Mesh* mesh_of(std::uint32_t hosts) {
  auto* mesh = new Mesh;  // the process ends before it would be destroyed
  sim::Attachment ground = mesh->region(20ms, 5ms);
  for (std::uint32_t i = 0; i < hosts; ++i) mesh->add(ground);
  return mesh;
}

// ---- idle ----

constexpr std::uint32_t kIdleHosts = 1000;
constexpr std::uint32_t kIdleConnections = 50;  // of each, as a client

Task<> open(Host& host, Endpoint peer, std::unique_ptr<Stream>& into) {
  Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
  if (stream) into = std::move(*stream);
}

double idle_endpoint_bytes() {
  Mesh* mesh = mesh_of(kIdleHosts);
  auto* listeners = new std::vector<std::unique_ptr<Listener>>;
  for (std::uint32_t i = 0; i < kIdleHosts; ++i) {
    listeners->push_back(*mesh->fabric.host(i).listen({.local = Endpoint(IpAddress::any(IpFamily::v6), kPort)}));
  }
  auto* streams = new std::vector<std::unique_ptr<Stream>>(std::size_t{kIdleHosts} * kIdleConnections * 2);
  std::size_t accepted = std::size_t{kIdleHosts} * kIdleConnections;
  auto run = [&](Duration time) { mesh->timeline.run_until(mesh->timeline.now() + time); };
  // Few at a time, so that packets and frames on their way do not count, and again once everything is warm.
  auto round = [&](std::uint32_t first, std::uint32_t last) {
    std::array<std::uint8_t, 100> message{};
    ByteView view(message);
    for (std::uint32_t i = 0; i < kIdleHosts; ++i) {
      sim::FabricHost& host = mesh->fabric.host(i);
      std::size_t begin = accepted;
      for (std::uint32_t j = first; j < last; ++j) {
        IpAddress to = mesh->fabric.host((i + j + 1) % kIdleHosts).address(IpFamily::v6);
        host.scope().spawn(open(host, Endpoint(to, kPort), (*streams)[std::size_t{i} * kIdleConnections + j]));
      }
      run(100ms);
      for (auto& listener : *listeners) {
        while (auto stream = listener->try_accept()) (*streams)[accepted++] = std::move(*stream);
      }
      auto each = [&](auto visit) {
        for (std::uint32_t j = first; j < last; ++j) visit(*(*streams)[std::size_t{i} * kIdleConnections + j]);
        for (std::size_t at = begin; at < accepted; ++at) visit(*(*streams)[at]);
        run(100ms);
      };
      each([&](Stream& stream) { (void)stream.try_write(std::span(&view, 1)); });
      each([](Stream& stream) {
        std::array<std::uint8_t, 1000> buffer;
        (void)stream.try_read(buffer);
      });
    }
    run(5s);
  };
  round(0, kIdleConnections / 2);
  std::size_t before = resident_bytes();
  round(kIdleConnections / 2, kIdleConnections);
  std::size_t grown = resident_bytes() - before;
  return static_cast<double>(grown) / (kIdleHosts * (kIdleConnections - kIdleConnections / 2) * 2);
}

// ---- crowd ----

constexpr std::uint32_t kCrowdHosts = 100'000;
constexpr std::uint32_t kCrowdConnections = 5;

struct CrowdCounts {
  std::uint64_t opened = 0;
  std::uint64_t finished = 0;
};

Task<> answer(std::unique_ptr<Stream> stream) {
  std::array<std::uint8_t, 64> buffer;
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    if (!got) co_return;
    if (*got == 0) break;
    Result<> sent = co_await stream->write(ByteView(buffer).first(*got));
    if (!sent) co_return;
  }
  (void)stream->shutdown_send();
}

Task<> serve(Host& host) {
  std::unique_ptr<Listener> listener = *host.listen({.local = Endpoint(IpAddress::any(IpFamily::v6), kPort)});
  while (true) {
    Result<std::unique_ptr<Stream>> stream = co_await listener->accept();
    if (!stream) co_return;
    host.scope().spawn(answer(std::move(*stream)));
  }
}

Task<> visit(Host& host, Endpoint peer, CrowdCounts& counts) {
  co_await host.clock().sleep(host.random().between(0ns, 2s));
  Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
  if (!stream) co_return;
  ++counts.opened;
  std::array<std::uint8_t, 64> buffer{};
  Result<> sent = co_await (*stream)->write(buffer);
  if (!sent) co_return;
  Result<> got = co_await (*stream)->read_exactly(buffer);
  if (!got) co_return;
  co_await host.clock().sleep(5s);  // all are open at once
  (void)(*stream)->shutdown_send();
  Result<std::size_t> end = co_await (*stream)->read(buffer);
  if (end && *end == 0) ++counts.finished;
}

Mesh* crowd(CrowdCounts& counts) {
  Mesh* mesh = mesh_of(kCrowdHosts);
  for (std::uint32_t i = 0; i < kCrowdHosts; ++i) mesh->fabric.host(i).scope().spawn(serve(mesh->fabric.host(i)));
  for (std::uint32_t i = 0; i < kCrowdHosts; ++i) {
    sim::FabricHost& host = mesh->fabric.host(i);
    for (std::uint32_t j = 0; j < kCrowdConnections; ++j) {
      auto to = static_cast<std::uint32_t>((i + 1 + host.random().below(kCrowdHosts - 1)) % kCrowdHosts);
      host.scope().spawn(visit(host, Endpoint(mesh->fabric.host(to).address(IpFamily::v6), kPort), counts));
    }
  }
  mesh->timeline.run_until(TimePoint(10s));
  return mesh;
}

double crowd_seconds() {
  CrowdCounts counts;
  double began = seconds();
  crowd(counts);
  return counts.finished == std::uint64_t{kCrowdHosts} * kCrowdConnections ? seconds() - began : -1;
}

double crowd_peak_gib() {
  CrowdCounts counts;
  crowd(counts);
  return static_cast<double>(peak_resident_bytes()) / (1 << 30);
}

// ---- idle hosts ----

constexpr std::uint32_t kQuietHosts = 50'000;

Task<> tick(Host& host) {
  while (true) co_await host.clock().sleep(1h);
}

double idle_host_bytes() {
  auto* mesh = new Mesh;
  const sim::Attachment ground = mesh->region(20ms, 5ms);
  const auto add = [&](std::uint32_t hosts) {
    for (std::uint32_t i = 0; i < hosts; ++i) {
      sim::FabricHost& host = mesh->add(ground);
      host.scope().spawn(serve(host));
      host.scope().spawn(tick(host));
    }
    mesh->timeline.run_until(mesh->timeline.now() + 1s);
  };
  add(1000);  // they bring in what all share
  const std::size_t before = resident_bytes();
  add(kQuietHosts);
  return static_cast<double>(resident_bytes() - before) / kQuietHosts;
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) {
  using namespace ghostnet::bench;
  std::vector<BenchRow> rows = {{.name = "idle IPv6 endpoint",
                                 .value = in_child(idle_endpoint_bytes),
                                 .unit = "B",
                                 .higher_is_better = false,
                                 .goal_value = 1024},
                                {.name = "idle host: its TCP, a listener, two tasks",
                                 .value = in_child(idle_host_bytes),
                                 .unit = "B",
                                 .higher_is_better = false,
                                 .goal_value = 4096},
                                {.name = "500,000 connections, 100,000 hosts: wall",
                                 .value = in_child(crowd_seconds),
                                 .unit = "s",
                                 .higher_is_better = false,
                                 .goal_value = 120},
                                {.name = "500,000 connections, 100,000 hosts: peak",
                                 .value = in_child(crowd_peak_gib),
                                 .unit = "GiB",
                                 .higher_is_better = false,
                                 .goal_value = 4}};
  return report(rows, argc, argv);
}
