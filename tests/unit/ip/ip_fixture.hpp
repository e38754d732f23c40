// Hosts on our IP stack in a world of virtual time, joined by wires.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/ip/host.hpp"
#include "ghostnet/ip/pipe.hpp"
#include "ghostnet/ip/shaped_link.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::ip {

inline IpAddress addr(std::string_view text) { return *IpAddress::parse(text); }
inline IpPrefix net(std::string_view text) { return *IpPrefix::parse(text); }
inline InterfaceAddress own(std::string_view text, std::uint8_t prefix_bits) { return {addr(text), prefix_bits}; }

// Of the host's first interface to others.
inline IpAddress link_local_of(const Host& host) {
  const std::vector<Interface> interfaces = host.interfaces();
  for (const InterfaceAddress& address : interfaces[1].addresses) {
    if (address.address.is_v6() && address.address.is_link_local()) return address.address;
  }
  return {};
}

inline std::shared_ptr<const link::LinkProfile> profile(const link::LinkParams& params) {
  return std::make_shared<link::LinkProfile>(*link::LinkProfile::make(params));
}

class IpFixture : public testing::Test {
 protected:
  ~IpFixture() override { hosts_.clear(); }

  Host& add_host(std::string name, HostOptions options = {}) {
    options.name = std::move(name);
    hosts_.push_back(std::make_unique<Host>(world.add_host(options.name), options));
    return *hosts_.back();
  }
  Host& add_router(std::string name) { return add_host(std::move(name), {.network = {.forwarding = true}}); }

  struct Place {
    Host& host;
    std::vector<InterfaceAddress> addresses;
    std::vector<IpPrefix> routes{};
  };
  // Both ends get their interface by this; the second of a host is its interface 3.
  void join(const Place& a, const Place& b, const link::LinkParams& params = {.delay = 1ms},
            const PipeOptions& pipe_options = {}) {
    Pipe& pipe = pipes_.emplace_back(world.loop(), pipe_options);
    attach(a, pipe.a(), params);
    attach(b, pipe.b(), params);
  }
  // Without shaping, so that super-packets pass whole.
  void join_directly(const Place& a, const Place& b, const PipeOptions& pipe_options) {
    Pipe& pipe = pipes_.emplace_back(world.loop(), pipe_options);
    ASSERT_TRUE(a.host.attach(pipe.a(), {.addresses = a.addresses, .routes = a.routes}));
    ASSERT_TRUE(b.host.attach(pipe.b(), {.addresses = b.addresses, .routes = b.routes}));
  }
  // One end of a wire is in the hands of the test.
  IpLink& tap(const Place& place, const PipeOptions& options = {}) {
    Pipe& pipe = pipes_.emplace_back(world.loop(), options);
    EXPECT_TRUE(place.host.attach(pipe.a(), {.addresses = place.addresses, .routes = place.routes}));
    return pipe.b();
  }

  std::unique_ptr<ghostnet::UdpSocket> open(Host& host, std::string_view local, UdpOptions options = {}) {
    options.local = *Endpoint::parse(local);
    auto socket = host.open_udp(options);
    if (!socket) ADD_FAILURE() << socket.error().message();
    return socket ? std::move(*socket) : nullptr;
  }

  template <class T>
  static Task<> keep(Task<T> task, std::optional<T>& outcome) {
    outcome.emplace(co_await std::move(task));
  }
  // Runs a task to its end.
  template <class T>
  T finish(Task<T> task, Duration limit = 60s) {
    std::optional<T> outcome;
    Scope scope(world.loop());
    scope.spawn(keep(std::move(task), outcome));
    const TimePoint end = world.now() + limit;
    while (!outcome && world.now() < end && world.step()) {
    }
    if (!outcome) throw std::runtime_error("the task did not end");
    return std::move(*outcome);
  }

  std::vector<ReceivedDatagram> received(ghostnet::UdpSocket& socket) {
    std::vector<ReceivedDatagram> all;
    std::vector<ReceivedDatagram> batch(16);
    while (const Result<std::size_t> count = socket.try_recv(batch)) {
      for (std::size_t i = 0; i < *count; ++i) all.push_back(std::move(batch[i]));
    }
    return all;
  }
  std::vector<IpPacket> sent_by_host(IpLink& link) {
    world.run_ready();
    std::vector<IpPacket> all;
    std::vector<IpPacket> batch(64);
    while (const Result<std::size_t> count = link.try_recv(batch)) {
      for (std::size_t i = 0; i < *count; ++i) all.push_back(std::move(batch[i]));
      world.run_ready();
    }
    return all;
  }

  support::TestWorld world;
  std::deque<Pipe> pipes_;
  std::vector<std::unique_ptr<ShapedLink>> shaped_;
  std::vector<std::unique_ptr<Host>> hosts_;

 private:
  void attach(const Place& place, IpLink& link, const link::LinkParams& params) {
    shaped_.push_back(std::make_unique<ShapedLink>(link, world.clock(), Random::derive(7, shaped_.size(), "wire"),
                                                   ShapedLinkOptions{.outgoing = profile(params)}));
    const Result<InterfaceIndex> index =
        place.host.attach(*shaped_.back(), {.addresses = place.addresses, .routes = place.routes});
    ASSERT_TRUE(index) << index.error().message();
  }
};

}  // namespace ghostnet::ip
