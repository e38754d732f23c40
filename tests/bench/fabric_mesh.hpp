// What benchmarks of the fabric share: a fabric with its timeline, hub and log, and users of streams that never tire.
#pragma once

#include <memory>
#include <vector>

#include "ghostnet/sim/fabric.hpp"
#include "ghostnet/sim/fabric_tcp.hpp"

namespace ghostnet::bench {

class NoLog : public LogSink {
 public:
  void write(const LogRecord&) override {}
};

struct Mesh {
  explicit Mesh(const sim::FabricOptions& options = {.seed = 42})
      : log(no_log, [this] { return timeline.now(); }),
        context{timeline.loop(), metrics, log},
        fabric(timeline, context, options) {}

  sim::FabricHost& add(sim::Attachment ground, const link::LinkParams* out = nullptr,
                       const link::LinkParams* in = nullptr) {
    sim::FabricHost& host = **fabric.add_host({});
    (void)fabric.attach(host, {.attachment = ground, .out = out, .in = in});
    return host;
  }
  sim::Attachment region(Duration delay, Duration jitter = {}) {
    sim::RegionId id = *fabric.add_region("everywhere");
    fabric.set_path(id, id, {.delay = delay, .jitter = jitter});
    return {sim::Attachment::Kind::region, id};
  }

  NoLog no_log;
  sim::Timeline timeline;
  MetricHub metrics;
  LogHub log;
  HostContext context;
  sim::Fabric fabric;
};

inline Task<> send_forever(Host& host, Endpoint peer) {
  Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
  if (!stream) co_return;
  const std::vector<std::uint8_t> chunk(64 * 1024, 7);
  while (true) {
    Result<> sent = co_await (*stream)->write(chunk);
    if (!sent) co_return;
  }
}

inline Task<> receive_forever(Host& host, std::uint16_t port, std::uint64_t& bytes) {
  std::unique_ptr<Listener> listener = *host.listen({.local = Endpoint(IpAddress(), port)});
  Result<std::unique_ptr<Stream>> stream = co_await listener->accept();
  if (!stream) co_return;
  std::vector<std::uint8_t> buffer(64 * 1024);
  while (true) {
    Result<std::size_t> got = co_await (*stream)->read(buffer);
    if (!got || *got == 0) co_return;
    bytes += *got;
  }
}

}  // namespace ghostnet::bench
