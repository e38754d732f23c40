// The visualizer without a GPU: how long a frame of the mesh takes while it is panned and zoomed, how soon a database
// is seen, what it takes of memory, and how long the window's thread is ever busy.
//
// Databases are recorded through the store: hosts in regions, links between random ones, values twice a second,
// messages. Each measurement is made in a process of its own. Wall time, as a user has it.
#include <QApplication>
#include <QElapsedTimer>
#include <QTimer>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "bench_row.hpp"
#include "ghostnet/gui/data_source.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/main_window.hpp"
#include "ghostnet/gui/mesh_view.hpp"
#include "ghostnet/gui/scene/renderer.hpp"
#include "ghostnet/gui/time_bar.hpp"
#include "ghostnet/results/store.hpp"
#include "in_child.hpp"

namespace ghostnet::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kFrames = 120;
constexpr QSize kSize(1600, 1000);

struct TemporaryDirectory {
  std::string path = (fs::temp_directory_path() / "ghostnet-gui-bench-XXXXXX").string();
  TemporaryDirectory() {
    if (mkdtemp(path.data()) == nullptr) std::exit(3);
  }
  ~TemporaryDirectory() { fs::remove_all(path); }
};

struct Size {
  HostId hosts;
  std::uint32_t links;
  int seconds;
  std::uint32_t metrics;
  std::uint32_t messages_a_second;
};

// The same on every machine.
struct Numbers {
  std::uint64_t state = 42;
  std::uint32_t below(std::uint32_t bound) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>((state >> 33) % bound);
  }
};

void record(const std::string& path, const Size& size) {
  auto store = std::move(results::Store::open(path).value());
  store->begin({.name = "bench", .mode = "sim", .carrier = "fabric", .planned = size.seconds * 1s});
  constexpr const char* kRegions[] = {"europe", "na_east", "na_west", "east_asia", "australia", "south_america"};
  for (HostId host = 0; host < size.hosts; ++host) {
    store->host({.id = host,
                 .name = fmt::format("host-{}", host),
                 .group = host % 10 == 0 ? "servers" : "rest",
                 .region = kRegions[host % 6]});
  }
  for (std::uint32_t id = 0; id < size.metrics; ++id) {
    store->metric(MetricId{id}, {fmt::format("m{}", id), "1", "", MetricKind::counter});
  }
  Numbers numbers;
  for (std::uint32_t link = 0; link < size.links; ++link) {
    store->link({.time = TimePoint(1ms),
                 .a = numbers.below(size.hosts),
                 .b = numbers.below(size.hosts),
                 .kind = link % 3 == 0 ? "mesh" : "tcp",
                 .up = true});
  }
  std::vector<Sample> samples;
  for (int second = 0; second < size.seconds; ++second) {
    for (std::uint32_t id = 0; id < size.metrics; ++id) {
      samples.clear();
      for (HostId host = 0; host < size.hosts; ++host) {
        samples.push_back({TimePoint(second * 1s), MetricId{id}, host, static_cast<double>(second) * 10 + host % 7});
      }
      store->samples(samples);
    }
    for (std::uint32_t message = 0; message < size.messages_a_second; ++message) {
      const TimePoint sent(second * 1s + message * (1'000'000'000ns / size.messages_a_second));
      store->message({.sent = sent,
                      .received = sent + 80ms,
                      .from = numbers.below(size.hosts),
                      .to = numbers.below(size.hosts),
                      .bytes = 1200,
                      .kind = "datagram"});
    }
  }
  if (!store->finish({.simulated = size.seconds * 1s})) std::exit(3);
}

// The window on a database, with what a measurement needs of it.
struct Opened {
  gui::DataSource data;
  gui::Document document{data};
  gui::MainWindow window{document};

  explicit Opened(const std::string& path) {
    window.resize(kSize);
    window.show();
    document.open(QString::fromStdString(path));
  }
  bool settle(int timeout_ms = 60'000) {
    QElapsedTimer since;
    since.start();
    while (since.elapsed() < timeout_ms) {
      QApplication::processEvents(QEventLoop::AllEvents, 5);
      if (document.run() != nullptr && window.mesh().model().scene().size() > 0 && window.mesh().is_settled())
        return true;
    }
    return false;
  }
};

enum class Move { pan, zoom };

std::vector<double> frame_ms(const gui::Scene& scene, gui::Camera camera, Move move) {
  gui::Renderer renderer;
  std::vector<double> took;
  for (int frame = 0; frame < kFrames; ++frame) {
    if (move == Move::pan) {
      camera.pan(frame < kFrames / 2 ? 7 : -7, 3);
    } else {
      camera.zoom(frame < kFrames / 2 ? 1.05 : 1 / 1.05, {800, 500});
    }
    const double began = seconds();
    const QImage image = renderer.draw(scene, camera, gui::Quality::moving);
    took.push_back((seconds() - began) * 1e3);
    if (image.isNull()) std::exit(3);
  }
  std::sort(took.begin(), took.end());
  return took;
}

// Median or 99th percentile.
double frames_of(const std::string& path, Move move, double share) {
  Opened opened(path);
  if (!opened.settle()) return -1;
  const gui::MeshView& mesh = opened.window.mesh();
  const std::vector<double> took = frame_ms(opened.window.mesh().model().scene(), mesh.camera(), move);
  return took[static_cast<std::size_t>(share * (kFrames - 1))];
}

double first_paint_s(const std::string& path) {
  const double began = seconds();
  Opened opened(path);
  return opened.settle() ? seconds() - began : -1;
}

// While the run is played, panned and zoomed: the longest that the window's thread did not come round.
double longest_block_ms(const std::string& path) {
  Opened opened(path);
  if (!opened.settle()) return -1;
  double last = seconds();
  double longest = 0;
  QTimer pulse;
  pulse.setInterval(0);
  QObject::connect(&pulse, &QTimer::timeout, [&] {
    longest = std::max(longest, (seconds() - last) * 1e3);
    last = seconds();
  });
  pulse.start();
  opened.window.time_bar().set_speed(2);
  opened.window.time_bar().play();
  const double until = seconds() + 4;
  for (int turn = 0; seconds() < until; ++turn) {
    gui::Camera camera = opened.window.mesh().camera();
    camera.pan(turn % 40 < 20 ? 4 : -4, 2);
    camera.zoom(turn % 60 < 30 ? 1.02 : 1 / 1.02, {800, 500});
    opened.window.mesh().set_camera(camera);
    QApplication::processEvents(QEventLoop::AllEvents, 5);
  }
  return longest;
}

// After scrubbing through all of it.
double peak_mib(const std::string& path) {
  Opened opened(path);
  if (!opened.settle()) return -1;
  gui::Look look = opened.document.look();
  look.colour_by = "m0";
  look.size_by = "m1";
  opened.document.set_look(look);
  for (int step = 0; step <= 60; ++step) {
    opened.document.set_time_ns(opened.document.end_ns() * ((step * 37) % 61) / 60);
    if (!opened.settle()) return -1;
  }
  return static_cast<double>(peak_resident_bytes()) / (1 << 20);
}

// In a child, which has an application of its own.
double alone(const std::function<double()>& measure) {
  return in_child([&] {
    int argc = 1;
    char name[] = "gui_bench";
    char* argv[] = {name, nullptr};
    const QApplication application(argc, argv);
    return measure();
  });
}

BenchRow at_most(std::string name, double value, const char* unit, double goal) {
  return {.name = std::move(name), .value = value, .unit = unit, .higher_is_better = false, .goal_value = goal};
}

int bench_main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  qInstallMessageHandler(
      [](QtMsgType, const QMessageLogContext&, const QString&) {});  // remarks on the lack of a display
  const TemporaryDirectory directory;
  const std::string usual = directory.path + "/10k.sqlite";
  const std::string large = directory.path + "/100k.sqlite";
  const std::string lengthy = directory.path + "/long.sqlite";
  record(usual, {.hosts = 10'000, .links = 50'000, .seconds = 10, .metrics = 2, .messages_a_second = 2'000});
  record(large, {.hosts = 100'000, .links = 300'000, .seconds = 4, .metrics = 2, .messages_a_second = 2'000});
  record(lengthy, {.hosts = 10'000, .links = 50'000, .seconds = 900, .metrics = 4, .messages_a_second = 2'000});
  std::vector<BenchRow> rows;
  const auto add_frames = [&](const std::string& path, const char* name, Move move, double goal_ms) {
    for (const auto& [share, word] : {std::pair{0.5, "median"}, std::pair{0.99, "p99"}}) {
      rows.push_back(at_most(fmt::format("{}, {}", name, word),
                             alone([&, share = share] { return frames_of(path, move, share); }), "ms", goal_ms));
    }
  };
  add_frames(usual, "frame, 10,000 hosts, 50,000 links, pan", Move::pan, 33);
  add_frames(usual, "frame, 10,000 hosts, 50,000 links, zoom", Move::zoom, 33);
  add_frames(large, "frame, 100,000 hosts, 300,000 links, pan", Move::pan, 100);
  rows.push_back(
      at_most("first paint, 10,000 hosts, 50,000 links", alone([&] { return first_paint_s(usual); }), "s", 2));
  rows.push_back(at_most("first paint, 100,000 hosts", alone([&] { return first_paint_s(large); }), "s", 10));
  rows.push_back(
      at_most("longest block of the window, 10,000 hosts", alone([&] { return longest_block_ms(usual); }), "ms", 50));
  const double gib = static_cast<double>(fs::file_size(lengthy)) / (1 << 30);
  rows.push_back(at_most(fmt::format("memory, scrubbing a file of {:.1f} GiB", gib),
                         alone([&] { return peak_mib(lengthy); }), "MiB", 500));
  for (BenchRow& row : rows) {
    if (row.value < 0) row.value = 1e9;  // the window did not come to rest: a goal that was missed
  }
  return report(rows, argc, argv);
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) { return ghostnet::bench::bench_main(argc, argv); }
