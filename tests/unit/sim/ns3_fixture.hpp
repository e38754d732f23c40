// What the tests of the ns3 carrier share: a network on its own timeline, and tasks that talk over it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/sim/ns3_network.hpp"
#include "ghostnet/sim/timeline.hpp"

namespace ghostnet::sim::ns3_test {

// One network and all it stands on. Destroyed, it leaves ns-3 as it was.
class Rig : private FailureHandler, private LogSink {
 public:
  explicit Rig(Ns3Options options = {}) : log_(*this, [this] { return timeline.now(); }) {
    timeline.loop().set_failure_handler(this);
    auto made = Ns3Network::make(timeline, context_, std::move(options));
    if (!made) throw std::runtime_error(std::string(made.error().message()));
    network = std::move(*made);
  }

  HostId add(const std::string& name) { return *network->add_host(name); }
  // "h0", "h1", ...
  std::vector<HostId> add_hosts(std::size_t count) {
    std::vector<HostId> hosts;
    for (std::size_t i = 0; i < count; ++i) hosts.push_back(add("h" + std::to_string(i)));
    return hosts;
  }
  Host& host(HostId id) { return network->host(id); }

  // The first address of this family that is no loopback and not link-local.
  IpAddress address(HostId id, IpFamily family) {
    for (const Interface& interface : host(id).interfaces()) {
      for (const InterfaceAddress& own : interface.addresses) {
        if (!interface.loopback && own.address.family() == family && !own.address.is_link_local()) return own.address;
      }
    }
    ADD_FAILURE() << "host " << id << " has no such address";
    return {};
  }

  void start() {
    auto started = network->start();
    ASSERT_TRUE(started) << started.error().message();
  }
  void run(Duration duration) { timeline.run_until(timeline.now() + duration); }

  Timeline timeline{{.lock_step = true}};
  std::vector<std::string> failures;
  std::vector<std::string> lines;

 private:
  void child_failed(const Error& error) noexcept override { failures.emplace_back(error.message()); }
  void write(const LogRecord& record) override { lines.emplace_back(record.text); }

  MetricHub metrics_;
  LogHub log_;
  HostContext context_{timeline.loop(), metrics_, log_};

 public:
  std::unique_ptr<Ns3Network> network;  // destroyed before what it stands on
};

inline std::vector<std::uint8_t> pattern(std::size_t size, std::uint32_t seed = 1) {
  std::vector<std::uint8_t> bytes(size);
  std::uint32_t state = seed * 2654435761U + 1;
  for (std::uint8_t& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

inline std::unique_ptr<UdpSocket> open_udp(Host& host, const UdpOptions& options) {
  auto socket = host.open_udp(options);
  EXPECT_TRUE(socket) << socket.error().message();
  return socket ? std::move(*socket) : nullptr;
}

// ---- tasks ----

inline Task<> udp_echo(Host& host, Endpoint at) {
  std::unique_ptr<UdpSocket> socket = open_udp(host, {.local = at});
  while (true) {
    Result<ReceivedDatagram> got = co_await socket->recv();
    if (!got) co_return;
    auto sent = socket->send_to(got->peer, got->data.view());
    EXPECT_TRUE(sent) << sent.error().message();
  }
}

struct PingLog {
  std::vector<Duration> round_trips;  // of each echo, in order of arrival
  std::vector<Error> errors;
};

// Echo n of a ping, known by its first bytes where it has room for them.
inline std::vector<std::uint8_t> ping_payload(std::size_t size, std::uint32_t number) {
  std::vector<std::uint8_t> bytes = pattern(size, number);
  if (size >= sizeof number) std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

inline Task<> collect_echoes(Host& host, UdpSocket& socket, Endpoint from, std::size_t size,
                             std::vector<TimePoint>& sent_at, PingLog& log) {
  while (true) {
    Result<ReceivedDatagram> got = co_await socket.recv();
    if (!got) {
      log.errors.push_back(got.error());
      continue;
    }
    std::uint32_t number = 0;
    std::memcpy(&number, got->data.data(), std::min(sizeof number, got->data.size()));
    if (size < sizeof number) number = static_cast<std::uint32_t>(sent_at.size() - 1);
    EXPECT_LT(number, sent_at.size());
    if (number >= sent_at.size()) continue;
    EXPECT_TRUE(equal(got->data.view(), ping_payload(size, number))) << "echo " << number;
    EXPECT_EQ(got->peer, from);
    if (sent_at[number] == kNever) continue;  // a duplicate
    log.round_trips.push_back(host.now() - std::exchange(sent_at[number], kNever));
  }
}

inline Task<> udp_ping(Host& host, Endpoint to, std::size_t size, std::uint32_t count, Duration interval,
                       PingLog& log) {
  std::unique_ptr<UdpSocket> socket = open_udp(host, {.local = Endpoint(IpAddress::any(to.family()), 0)});
  std::vector<TimePoint> sent_at;
  Scope collector(host.loop());
  collector.spawn(collect_echoes(host, *socket, to, size, sent_at, log));
  for (std::uint32_t number = 0; number < count; ++number) {
    sent_at.push_back(host.now());
    const std::vector<std::uint8_t> bytes = ping_payload(size, number);
    if (Result<> sent = socket->send_to(to, bytes); !sent) log.errors.push_back(sent.error());
    co_await host.clock().sleep(interval);
  }
  co_await host.clock().sleep(10s);  // for those that are late
}

inline Task<> echo_stream(std::unique_ptr<Stream> stream) {
  std::vector<std::uint8_t> buffer(16 * 1024);
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    if (!got || *got == 0) break;
    if (Result<> sent = co_await stream->write(ByteView(buffer).first(*got)); !sent) co_return;
  }
  static_cast<void>(stream->shutdown_send());
}

inline Task<> tcp_echo(Host& host, Endpoint at) {
  auto listener = host.listen({.local = at});
  EXPECT_TRUE(listener) << listener.error().message();
  while (listener) {
    auto stream = co_await (*listener)->accept();
    if (!stream) co_return;
    host.scope().spawn(echo_stream(std::move(*stream)));
  }
}

inline Task<> send_all(Stream& stream, ByteView bytes, Result<>& outcome) {
  outcome = co_await stream.write(bytes);
  if (outcome) outcome = stream.shutdown_send();
}

struct StreamLog {
  std::optional<Error> connect_error;
  std::vector<std::uint8_t> received;
  std::optional<Error> read_error;
  bool finished = false;
  TimePoint connected_at{};
  TimePoint finished_at{};
};

// Sends everything, finishes, and reads until the peer has finished too.
inline Task<> tcp_exchange(Host& host, Endpoint to, std::vector<std::uint8_t> bytes, StreamLog& log) {
  auto stream = co_await host.connect({.peer = to});
  if (!stream) {
    log.connect_error = stream.error();
    co_return;
  }
  log.connected_at = host.now();
  Result<> sent;
  Scope scope(host.loop());
  scope.spawn(send_all(**stream, bytes, sent));
  std::vector<std::uint8_t> buffer(16 * 1024);
  while (true) {
    Result<std::size_t> got = co_await (*stream)->read(buffer);
    if (!got) {
      log.read_error = got.error();
      break;
    }
    if (*got == 0) break;
    log.received.insert(log.received.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  EXPECT_TRUE(sent) << sent.error().message();
  log.finished = !log.read_error;
  log.finished_at = host.now();
}

}  // namespace ghostnet::sim::ns3_test
