#include "recorded_run.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace ghostnet::gui {

namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (fs::temp_directory_path() / "ghostnet-gui-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path = name;
}

TemporaryDirectory::~TemporaryDirectory() { fs::remove_all(path); }

void record_run(results::Store& store, HostId hosts, bool finish) {
  store.begin({.name = "mesh",
               .scenario_text = "name: mesh\n",
               .scenario_file = "mesh.yaml",
               .mode = "sim",
               .carrier = "fabric",
               .planned = 10s});
  for (HostId id = 0; id < hosts; ++id) {
    store.host({.id = id,
                .name = fmt::format("h{}", id),
                .group = id % 4 == 0 ? "servers" : "rest",
                .region = id % 2 == 0 ? "europe" : "na_east"});
  }
  const MetricId requests{0};
  store.metric(requests, {"requests", "1", "asked", MetricKind::counter});
  for (int second = 1; second <= 10; ++second) {
    std::vector<Sample> samples;
    for (HostId id = 0; id < hosts; ++id) samples.push_back({TimePoint(second * 1s), requests, id, 10.0 * second + id});
    store.samples(samples);
  }
  for (HostId id = 0; id + 1 < hosts; ++id) {
    store.link({.time = TimePoint(1s), .a = id, .b = id + 1, .kind = "tcp", .up = true});
    store.message({.sent = TimePoint(2s),
                   .received = TimePoint(2100ms),
                   .from = id,
                   .to = id + 1,
                   .bytes = 512,
                   .kind = "gossip",
                   .trace = 7});
  }
  store.event({.time = TimePoint(3s), .host = 0, .kind = "crash", .text = ""});
  if (hosts > 1) store.link({.time = TimePoint(5s), .a = 0, .b = 1, .kind = "tcp", .up = false});
  store.event({.time = TimePoint(6s), .host = 0, .kind = "restart", .text = ""});
  if (!finish) return;
  if (const Result<> finished = store.finish({.simulated = 10s}); !finished) {
    throw std::runtime_error(std::string(finished.error().message()));
  }
}

void record_run(const std::string& path, HostId hosts) {
  auto store = std::move(results::Store::open(path).value());
  record_run(*store, hosts);
}

}  // namespace ghostnet::gui
