// What the ns3 carrier costs on top of ns-3: the same traffic by tasks over our Host and by plain applications of ns-3,
// each run in a process of its own, taking turns. Both use the same stack, queue discipline, event queue and real
// bytes.
#include <ns3/data-rate.h>
#include <ns3/inet-socket-address.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-address-helper.h>
#include <ns3/ipv4-global-routing-helper.h>
#include <ns3/ipv4-interface-container.h>
#include <ns3/node-container.h>
#include <ns3/object-factory.h>
#include <ns3/packet.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/simulator.h>
#include <ns3/socket.h>
#include <ns3/string.h>
#include <ns3/tcp-socket-factory.h>
#include <ns3/udp-socket-factory.h>
#include <ns3/uinteger.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <vector>

#include "bench_row.hpp"
#include "ghostnet/sim/ns3_network.hpp"

namespace ghostnet::sim {
namespace {

constexpr std::uint32_t kPairs = 50;
constexpr std::uint32_t kDatagrams = 200'000 / kPairs;  // of each pair
constexpr std::uint32_t kDatagramBytes = 512;
constexpr Duration kInterval = 1ms;
constexpr std::uint64_t kRateBps = 100'000'000;
constexpr std::uint32_t kStreamPairs = 5;
constexpr std::uint32_t kStreamBytes = 10'000'000;  // of each pair
constexpr std::uint16_t kPort = 9;
constexpr int kRuns = 5;

// ---- ours ----

struct Quiet : LogSink {
  void write(const LogRecord&) override {}
};

// Seconds of wall time that `traffic` takes once everything is built.
template <class Traffic>
double timed(Traffic traffic) {
  const auto begin = std::chrono::steady_clock::now();
  traffic();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

struct OurWorld {
  explicit OurWorld(std::uint32_t pairs) : log(quiet, [this] { return timeline.now(); }) {
    network = *Ns3Network::make(timeline, context, {});
    for (std::uint32_t i = 0; i < 2 * pairs; ++i) static_cast<void>(network->add_host(fmt::format("h{}", i)));
    for (std::uint32_t i = 0; i < 2 * pairs; i += 2) {
      static_cast<void>(network->connect(i, i + 1, {.rate_bps = kRateBps, .delay = 2ms}));
    }
    static_cast<void>(network->start());
  }
  Endpoint endpoint(HostId id) { return {network->host(id).interfaces()[1].addresses[0].address, kPort}; }

  Timeline timeline{{.lock_step = true}};
  MetricHub metrics;
  Quiet quiet;
  LogHub log;
  HostContext context{timeline.loop(), metrics, log};
  std::unique_ptr<Ns3Network> network;
};

Task<> send_datagrams(Host& host, Endpoint to) {
  auto socket = *host.open_udp({});
  const std::vector<std::uint8_t> payload(kDatagramBytes, 7);
  TimePoint next = host.now();
  for (std::uint32_t i = 0; i < kDatagrams; ++i) {
    static_cast<void>(socket->send_to(to, payload));
    co_await host.clock().sleep_until(next += kInterval);
  }
}

Task<> receive_datagrams(Host& host, std::uint64_t& bytes) {
  auto socket = *host.open_udp({.local = Endpoint(IpAddress(), kPort)});
  while (true) {
    Result<ReceivedDatagram> got = co_await socket->recv();
    bytes += got->data.size();
  }
}

void expect(std::uint64_t bytes, std::uint64_t wanted) {
  if (bytes == wanted) return;
  fmt::print(stderr, "{} bytes arrived, expected {}\n", bytes, wanted);
  std::abort();
}

double our_datagrams() {
  OurWorld world(kPairs);
  std::uint64_t bytes = 0;
  for (HostId id = 0; id < 2 * kPairs; id += 2) {
    Host& sender = world.network->host(id);
    Host& receiver = world.network->host(id + 1);
    receiver.scope().spawn(receive_datagrams(receiver, bytes));
    sender.scope().spawn(send_datagrams(sender, world.endpoint(id + 1)));
  }
  const double seconds = timed([&] { world.timeline.run_until(TimePoint{kDatagrams * kInterval + 1s}); });
  expect(bytes, std::uint64_t{kPairs} * kDatagrams * kDatagramBytes);
  return seconds;
}

Task<> send_stream(Host& host, Endpoint to) {
  auto stream = *(co_await host.connect({.peer = to}));
  const std::vector<std::uint8_t> payload(64 * 1024, 7);
  for (std::uint32_t left = kStreamBytes; left != 0;) {
    const std::size_t size = std::min<std::size_t>(left, payload.size());
    Result<> sent = co_await stream->write(ByteView(payload).first(size));
    if (!sent) co_return;
    left -= static_cast<std::uint32_t>(size);
  }
  static_cast<void>(stream->shutdown_send());
}

Task<> receive_stream(Host& host, std::uint64_t& bytes) {
  auto listener = *host.listen({.local = Endpoint(IpAddress(), kPort)});
  auto stream = *(co_await listener->accept());
  std::vector<std::uint8_t> buffer(64 * 1024);
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    if (!got || *got == 0) co_return;
    bytes += *got;
  }
}

double our_streams() {
  OurWorld world(kStreamPairs);
  std::uint64_t bytes = 0;
  for (HostId id = 0; id < 2 * kStreamPairs; id += 2) {
    Host& sender = world.network->host(id);
    Host& receiver = world.network->host(id + 1);
    receiver.scope().spawn(receive_stream(receiver, bytes));
    sender.scope().spawn(send_stream(sender, world.endpoint(id + 1)));
  }
  const double seconds = timed([&] { world.timeline.run_until(TimePoint{30s}); });
  expect(bytes, std::uint64_t{kStreamPairs} * kStreamBytes);
  return seconds;
}

// ---- plain ns-3 ----

struct PlainWorld {
  explicit PlainWorld(std::uint32_t pairs) {
    ns3::ObjectFactory scheduler;
    scheduler.SetTypeId("ns3::PriorityQueueScheduler");
    ns3::Simulator::SetScheduler(scheduler);
    nodes.Create(2 * pairs);
    ns3::InternetStackHelper().Install(nodes);
    ns3::PointToPointHelper wire;
    wire.SetDeviceAttribute("DataRate", ns3::DataRateValue(ns3::DataRate(kRateBps)));
    wire.SetChannelAttribute("Delay", ns3::StringValue("2ms"));
    ns3::Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");
    for (std::uint32_t i = 0; i < 2 * pairs; i += 2) {
      interfaces.push_back(addresses.Assign(wire.Install(nodes.Get(i), nodes.Get(i + 1))));
      addresses.NewNetwork();
    }
    ns3::Ipv4GlobalRoutingHelper::PopulateRoutingTables();
  }
  ~PlainWorld() { ns3::Simulator::Destroy(); }

  ns3::InetSocketAddress endpoint(std::uint32_t pair) { return {interfaces[pair].GetAddress(1), kPort}; }

  ns3::NodeContainer nodes;
  std::vector<ns3::Ipv4InterfaceContainer> interfaces;
};

struct PlainSender {
  void send() {
    socket->SendTo(ns3::Create<ns3::Packet>(payload.data(), kDatagramBytes), 0, to);
    if (++sent < kDatagrams) ns3::Simulator::Schedule(ns3::NanoSeconds(kInterval.count()), &PlainSender::send, this);
  }
  ns3::Ptr<ns3::Socket> socket;
  ns3::Address to;
  std::vector<std::uint8_t> payload = std::vector<std::uint8_t>(kDatagramBytes, 7);
  std::uint32_t sent = 0;
};

struct PlainReceiver {
  void receive(ns3::Ptr<ns3::Socket> socket) {
    while (auto packet = socket->Recv()) {
      const std::uint32_t size = packet->GetSize();
      if (size == 0) return;
      packet->CopyData(buffer.data(), std::min<std::uint32_t>(size, static_cast<std::uint32_t>(buffer.size())));
      bytes += size;
    }
  }
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(64 * 1024);
  std::uint64_t bytes = 0;
};

double plain_datagrams() {
  PlainWorld world(kPairs);
  std::vector<PlainSender> senders(kPairs);
  PlainReceiver receiver;
  for (std::uint32_t pair = 0; pair < kPairs; ++pair) {
    auto sink = ns3::Socket::CreateSocket(world.nodes.Get(2 * pair + 1), ns3::UdpSocketFactory::GetTypeId());
    sink->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), kPort));
    sink->SetRecvCallback(ns3::MakeCallback(&PlainReceiver::receive, &receiver));
    senders[pair].socket = ns3::Socket::CreateSocket(world.nodes.Get(2 * pair), ns3::UdpSocketFactory::GetTypeId());
    senders[pair].to = world.endpoint(pair);
    ns3::Simulator::ScheduleNow(&PlainSender::send, &senders[pair]);
  }
  ns3::Simulator::Stop(ns3::NanoSeconds((kDatagrams * kInterval + 1s).count()));
  const double seconds = timed([] { ns3::Simulator::Run(); });
  expect(receiver.bytes, std::uint64_t{kPairs} * kDatagrams * kDatagramBytes);
  return seconds;
}

struct PlainStreamSender {
  void connect() { socket->Connect(to); }
  void connected(ns3::Ptr<ns3::Socket>) { fill(socket, 0); }
  void fill(ns3::Ptr<ns3::Socket>, std::uint32_t) {
    while (left != 0 && socket->GetTxAvailable() != 0) {
      const std::uint32_t size = std::min({left, socket->GetTxAvailable(), static_cast<std::uint32_t>(payload.size())});
      if (socket->Send(ns3::Create<ns3::Packet>(payload.data(), size)) < 0) return;
      left -= size;
    }
    if (left == 0) socket->ShutdownSend();
  }
  ns3::Ptr<ns3::Socket> socket;
  ns3::Address to;
  std::vector<std::uint8_t> payload = std::vector<std::uint8_t>(64 * 1024, 7);
  std::uint32_t left = kStreamBytes;
};

struct PlainAcceptor {
  void accepted(ns3::Ptr<ns3::Socket> socket, const ns3::Address&) {
    socket->SetRecvCallback(ns3::MakeCallback(&PlainReceiver::receive, receiver));
  }
  PlainReceiver* receiver;
};

double plain_streams() {
  PlainWorld world(kStreamPairs);
  std::vector<PlainStreamSender> senders(kStreamPairs);
  PlainReceiver receiver;
  PlainAcceptor acceptor{&receiver};
  for (std::uint32_t pair = 0; pair < kStreamPairs; ++pair) {
    auto sink = ns3::Socket::CreateSocket(world.nodes.Get(2 * pair + 1), ns3::TcpSocketFactory::GetTypeId());
    sink->Bind(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), kPort));
    sink->Listen();
    sink->SetAcceptCallback(ns3::MakeNullCallback<bool, ns3::Ptr<ns3::Socket>, const ns3::Address&>(),
                            ns3::MakeCallback(&PlainAcceptor::accepted, &acceptor));
    PlainStreamSender& sender = senders[pair];
    sender.socket = ns3::Socket::CreateSocket(world.nodes.Get(2 * pair), ns3::TcpSocketFactory::GetTypeId());
    sender.socket->SetAttribute("SegmentSize", ns3::UintegerValue(1448));  // as ours chooses it
    sender.socket->SetConnectCallback(ns3::MakeCallback(&PlainStreamSender::connected, &sender),
                                      ns3::MakeNullCallback<void, ns3::Ptr<ns3::Socket>>());
    sender.socket->SetSendCallback(ns3::MakeCallback(&PlainStreamSender::fill, &sender));
    sender.to = world.endpoint(pair);
    // Not now: ns-3's devices are ready for packets with its first event.
    ns3::Simulator::ScheduleNow(&PlainStreamSender::connect, &sender);
  }
  ns3::Simulator::Stop(ns3::Seconds(30));
  const double seconds = timed([] { ns3::Simulator::Run(); });
  expect(receiver.bytes, std::uint64_t{kStreamPairs} * kStreamBytes);
  return seconds;
}

// One run in a process of its own: ns-3 keeps what it once allocated, and one side would warm it for the other.
double in_child(double (*run)()) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    const double seconds = run();
    const bool told = ::write(pipe_ends[1], &seconds, sizeof seconds) == sizeof seconds;
    ::_exit(told ? 0 : 1);
  }
  ::close(pipe_ends[1]);  // so that a child that dies is an end of the pipe, not a silence
  double seconds = 0;
  const bool heard = ::read(pipe_ends[0], &seconds, sizeof seconds) == sizeof seconds;
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!heard || status != 0) {
    fmt::print(stderr, "a run ended with status {}\n", status);
    std::exit(1);
  }
  return seconds;
}

}  // namespace
}  // namespace ghostnet::sim

int main(int argc, char** argv) {
  using namespace ghostnet;       // NOLINT
  using namespace ghostnet::sim;  // NOLINT
  const std::vector<bench::BenchRow> rows = {
      bench::compare(
          {.name = "ns3-mode, UDP, 100 hosts, 200,000 datagrams",
           .unit = "s",
           .rival = "plain ns-3 application",
           .higher_is_better = false,
           .goal_ratio = 1.1,
           .runs = kRuns},
          [] { return in_child(our_datagrams); }, [] { return in_child(plain_datagrams); }),
      bench::compare(
          {.name = "ns3-mode, TCP, 5 streams of 10 MB",
           .unit = "s",
           .rival = "plain ns-3 application",
           .higher_is_better = false,
           .goal_ratio = 1.1,
           .runs = kRuns},
          [] { return in_child(our_streams); }, [] { return in_child(plain_streams); }),
  };
  return bench::report(rows, argc, argv);
}
