// A small fabric for tests: its timeline, hub, log and a few hosts.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ghostnet/sim/fabric.hpp"

namespace ghostnet::sim {

class SilentLog : public LogSink {
 public:
  void write(const LogRecord&) override {}
};

// What a receiver saw.
struct Seen {
  std::string text;
  Endpoint peer;
  IpAddress local;
  TimePoint at;
  Ecn ecn = Ecn::not_ect;
  std::uint8_t hop_limit = 0;
};

inline Task<> record_all(UdpSocket& socket, std::vector<Seen>& seen) {
  while (true) {
    Result<ReceivedDatagram> got = co_await socket.recv();
    if (!got) co_return;
    seen.push_back(
        {std::string(as_text(got->data.view())), got->peer, got->local, got->received_at, got->ecn, got->hop_limit});
  }
}

struct FabricWorldForTest {
  explicit FabricWorldForTest(FabricOptions options = {.seed = 7})
      : log(sink, [this] { return timeline.now(); }),
        context{timeline.loop(), metrics, log},
        fabric(timeline, context, options) {}

  FabricHost& host_in(Attachment ground, const link::LinkParams* out = nullptr, const link::LinkParams* in = nullptr) {
    Result<FabricHost*> host = fabric.add_host({.name = {}});
    EXPECT_TRUE(host);
    Result<InterfaceIndex> attached =
        fabric.attach(**host, {.attachment = ground, .out = out, .in = in, .addresses = {}});
    EXPECT_TRUE(attached) << attached.error().message();
    return **host;
  }

  // One region with this delay between any two of its hosts.
  Attachment region(Duration delay) {
    RegionId id = *fabric.add_region("somewhere");
    fabric.set_path(id, id, {.delay = delay});
    return {Attachment::Kind::region, id};
  }

  Attachment lan(Duration delay) { return {Attachment::Kind::lan, *fabric.add_lan("lan", delay)}; }

  ~FabricWorldForTest() {
    for (HostId id = 0; id < fabric.host_count(); ++id) fabric.host(id).scope().close();
    sockets.clear();
  }

  // The world keeps it until its tasks have ended.
  UdpSocket* open(FabricHost& host, std::uint16_t port, UdpOptions options = {}) {
    options.local = Endpoint(options.local.address(), port);
    Result<std::unique_ptr<UdpSocket>> socket = host.open_udp(options);
    EXPECT_TRUE(socket) << socket.error().message();
    sockets.push_back(std::move(*socket));
    return sockets.back().get();
  }

  void run_for(Duration time) { timeline.run_until(timeline.now() + time); }

  SilentLog sink;
  Timeline timeline;
  MetricHub metrics;
  LogHub log;
  HostContext context;
  Fabric fabric;
  std::vector<std::unique_ptr<UdpSocket>> sockets;
};

}  // namespace ghostnet::sim
