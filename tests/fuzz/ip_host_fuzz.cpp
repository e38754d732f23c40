// Bytes into a whole host: each input is a row of packets, a length of two bytes before each, from its one link. The
// first byte says whether it is a router. Whatever comes, the host lives, its bounds hold, and of what it answers each
// is a packet, and they are not many.
#include <cstdlib>
#include <memory>
#include <vector>

#include "ghostnet/ip/host.hpp"
#include "ghostnet/ip/pipe.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace {

using namespace ghostnet;

class NoLog final : public LogSink {
  void write(const LogRecord&) override {}
};

class Ground final : public Host {
 public:
  explicit Ground(const HostContext& context)
      : Host(context, 0, context.metrics.group("fuzz"), Random::derive(1, 0, "fuzz")), none_(loop()) {}
  std::string name() const override { return "ground"; }
  std::vector<Interface> interfaces() const override { return {}; }
  Event& interfaces_changed() override { return none_; }
  Task<Result<std::vector<IpAddress>>> resolve(std::string) override { co_return fail(Errc::not_found); }
  Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions&) override { return fail(Errc::not_supported); }
  Result<std::unique_ptr<Listener>> listen(const ListenOptions&) override { return fail(Errc::not_supported); }
  Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions) override { co_return fail(Errc::not_supported); }

 protected:
  void submit(std::shared_ptr<ComputeJob> job) override {
    job->execute();
    job->finish();
  }

 private:
  Event none_;
};

void run(Loop& loop, Duration duration) {
  const TimePoint end = loop.now() + duration;
  while (true) {
    loop.run_ready();
    const TimePoint next = loop.next_deadline();
    if (next > end) break;
    loop.set_now(next);
    loop.fire_due_timers();
  }
  loop.set_now(end);
}

// How many packets the host has sent, each of which must be one.
std::size_t answers(IpLink& wire) {
  std::vector<IpPacket> batch(64);
  std::size_t sum = 0;
  while (const Result<std::size_t> count = wire.try_recv(batch)) {
    for (std::size_t i = 0; i < *count; ++i) {
      if (!ip::parse(batch[i].data.view())) std::abort();
    }
    sum += *count;
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Loop loop;
  loop.set_now(TimePoint{1000s});
  NoLog no_log;
  MetricHub metrics;
  LogHub log(no_log, [&loop] { return loop.now(); });
  const HostContext context{loop, metrics, log};
  Ground ground(context);
  ip::Pipe pipe(loop);
  ip::Host host(ground, {.network = {.forwarding = (data[0] & 1) != 0}});
  const auto interface = host.attach(
      pipe.a(), {.addresses = {{IpAddress::v4(10, 0, 0, 1), 24}, {IpAddress::v6({0xfd00, 0, 0, 0, 0, 0, 0, 1}), 64}}});
  if (!interface) std::abort();
  const auto socket = host.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v6), 7)});
  if (!socket || !(*socket)->join(IpAddress::v4(239, 0, 0, 1), *interface)) std::abort();
  run(loop, 5s);
  answers(pipe.b());

  ByteReader in(ByteView(data + 1, size - 1));
  std::size_t packets = 0;
  std::size_t answered = 0;
  while (in.more()) {
    const std::size_t length = std::min<std::size_t>(in.u16() % 1500, in.remaining());
    IpPacket packet;
    packet.data = PacketBuf::copy_of(in.bytes(length));
    if (pipe.b().send(std::span(&packet, 1)).accepted == 1) ++packets;
    run(loop, 1ms);
    answered += answers(pipe.b());
    std::vector<ReceivedDatagram> batch(8);
    static_cast<void>((*socket)->try_recv(batch));
  }
  run(loop, 2min);
  answered += answers(pipe.b());
  // One for each packet, for each that never became whole, and the reports that queries may ask for.
  if (answered > 3 * packets) std::abort();
  if (host.network().reassembler().datagrams() != 0) std::abort();
  return 0;
}
