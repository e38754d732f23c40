// What the tests of the live world share: a world with two hosts on this machine, and waits that end.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::realnet {

// Only there to end a test that hangs: nothing is asserted about how long things take.
inline constexpr Duration kPatience = 20s;

inline std::unique_ptr<World> make_world(WorldOptions options = {}) {
  Result<std::unique_ptr<World>> world = World::create(std::move(options));
  if (!world) ADD_FAILURE() << world.error().message();
  return std::move(world).value();
}

inline Task<Result<>> succeeding(Task<> task) {
  co_await std::move(task);
  co_return {};
}

class LiveWorld : public ::testing::Test {
 protected:
  // Runs the task to its end.
  void run(Task<> task) {
    const auto outcome = world().run(with_timeout(world().clock(), kPatience, succeeding(std::move(task))));
    ASSERT_TRUE(outcome.has_value()) << "the world was stopped";
    ASSERT_TRUE(outcome->has_value()) << "the test hung: " << outcome->error().message();
  }

  World& world() { return *world_; }
  Host& a() { return a_; }
  Host& b() { return b_; }

  static bool has_ipv6() {
    Result<std::unique_ptr<World>> world = World::create();
    Host host(**world, {});
    return host.open_udp({.local = Endpoint(IpAddress::loopback(IpFamily::v6), 0)}).has_value();
  }

 private:
  std::unique_ptr<World> world_ = make_world();
  Host a_{*world_, {.id = 0, .name = "a", .seed = 1}};
  Host b_{*world_, {.id = 1, .name = "b", .seed = 1}};
};

// Tests that run over IPv4 and over IPv6.
class LiveWorldBothFamilies : public LiveWorld, public ::testing::WithParamInterface<IpFamily> {
 protected:
  void SetUp() override {
    if (GetParam() == IpFamily::v6 && !has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
  }
  static IpFamily family() { return GetParam(); }
  static IpAddress loopback() { return IpAddress::loopback(GetParam()); }
  static Endpoint any_port() { return {loopback(), 0}; }
};

inline std::string family_name(const ::testing::TestParamInfo<IpFamily>& info) {
  return info.param == IpFamily::v4 ? "IPv4" : "IPv6";
}

#define INSTANTIATE_BOTH_FAMILIES(Suite) \
  INSTANTIATE_TEST_SUITE_P(Loopback, Suite, ::testing::Values(IpFamily::v4, IpFamily::v6), family_name)

// The value, or the end of the test with the error's message.
#define CO_ASSERT_OK(result)                     \
  if (!(result)) {                               \
    ADD_FAILURE() << (result).error().message(); \
    co_return;                                   \
  }

inline std::vector<std::uint8_t> pattern(std::size_t size, std::uint8_t first = 0) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i * 7 + i / 256);
  return bytes;
}

inline std::vector<std::uint8_t> to_vector(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace ghostnet::realnet
