// The ways that a results file tells of are those that packets took.
//
// Wires without a rate add nothing to their delay, so a packet is under way for as long as the wires of its way say.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "ghostnet/results/moments.hpp"
#include "ghostnet/results/reader.hpp"
#include "ghostnet/results/store.hpp"
#include "ghostnet/results/topology.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/scenarios/runner.hpp"
#include "ghostnet/services/services.hpp"

namespace ghostnet::scenarios::routes_test {
namespace {

class Routes : public testing::Test {
 protected:
  Routes() { EXPECT_TRUE(services::add_all(registry_)); }
  ~Routes() override {
    std::fclose(nowhere_);
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end);
  }

  results::Database recorded(const std::string& text) {
    LoadResult loaded = load_scenario(text, "a.yaml", registry_);
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().front().to_string());
    TextLogSink log(nowhere_);
    auto world = std::move(make_simulated(*loaded, &sim::make_world, log, {.level = LogLevel::off}).value());
    {
      auto store = std::move(results::Store::open(path_).value());
      Recorder recorder(*store, *world, *loaded);
      recorder.begin({.name = "a", .mode = "sim", .carrier = "fabric"});
      Runner runner(*loaded, *world);
      runner.record_with(recorder);
      EXPECT_TRUE(runner.set_up());
      EXPECT_TRUE(recorder.finish(runner.run(), {}));
    }
    return std::move(results::Database::open(path_, {}).value());
  }

  ServiceRegistry registry_;
  std::FILE* nowhere_ = std::fopen("/dev/null", "w");
  std::string path_ = (std::filesystem::temp_directory_path() / fmt::format("routes-{}.sqlite", getpid())).string();
};

// Routers in a ring, with wires across it; delays are few, so that many ways are equally long.
std::string scenario_with(std::uint64_t seed) {
  constexpr int kRouters = 9;
  Random random = Random::derive(seed, 0, "test.graph");
  std::string text = "duration: 6 s\nrouters: [";
  for (int router = 0; router < kRouters; ++router) text += fmt::format("{}r{}", router == 0 ? "" : ", ", router);
  text += "]\nlinks:\n";
  for (int router = 0; router < kRouters; ++router) {
    text += fmt::format("  - {{ from: r{}, to: r{}, latency: {} ms }}\n", router, (router + 1) % kRouters,
                        1 + random.below(3));
  }
  for (int across = 0; across < 6; ++across) {
    const auto from = random.below(kRouters);
    const auto to = (from + 2 + random.below(kRouters - 3)) % kRouters;
    text += fmt::format("  - {{ from: r{}, to: r{}, latency: {} ms }}\n", from, to, 1 + random.below(5));
  }
  return text +
         "network: { hosts: 18 }\nprotocols: { ping: }\nworkload: [ ping: { rate: 4 /s } ]\n"
         "record: { messages: 100 % }\n";
}

TEST_F(Routes, TakeAsLongAsThePackets) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const results::Database database = recorded(scenario_with(seed));
    const std::int64_t run = results::runs(database)->back().id;
    const results::Topology topology = results::topology(database, run).value();
    EXPECT_EQ(topology.routers.size(), 9U);
    EXPECT_EQ(topology.wires.size(), 15U);
    const auto hosts = results::hosts(database, run).value();
    results::Ways ways(topology, results::Routing::least_delay);
    const auto messages = results::messages_between(database, run, 0, INT64_MAX, 10'000).value();
    ASSERT_GT(messages.size(), 100U);
    for (const results::MessageAt& message : messages) {
      ASSERT_TRUE(message.received_ns);
      const auto from = topology.find(hosts[static_cast<std::size_t>(message.from)].region);
      const auto to = topology.find(hosts[static_cast<std::size_t>(message.to)].region);
      ASSERT_TRUE(from && to);
      const auto way = ways.between(*from, *to);
      ASSERT_TRUE(way);
      std::int64_t took_ns = 0;
      for (const std::uint32_t wire : *way) took_ns += topology.wires[wire].delay_ns;
      EXPECT_EQ(*message.received_ns - message.sent_ns, took_ns) << message.from << " to " << message.to;
    }
  }
}

}  // namespace
}  // namespace ghostnet::scenarios::routes_test
