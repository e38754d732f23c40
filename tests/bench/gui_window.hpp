// What the benchmarks of the visualizer share: databases of any size, recorded through the store as a run records them,
// and a window on one, in a process of its own.
#pragma once

#include <QApplication>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QTimer>
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "bench_row.hpp"
#include "ghostnet/gui/data_source.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/main_window.hpp"
#include "ghostnet/gui/mesh_view.hpp"
#include "ghostnet/gui/time_bar.hpp"
#include "ghostnet/results/store.hpp"
#include "in_child.hpp"
#include "panels/panels.hpp"

namespace ghostnet::bench {

namespace fs = std::filesystem;

inline constexpr QSize kSize(1600, 1000);

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
  std::uint32_t events_a_second = 0;
  std::uint32_t traced_hops = 0;  // of one message, each host handing it on to eight
};

// The same on every machine.
struct Numbers {
  std::uint64_t state = 42;
  std::uint32_t below(std::uint32_t bound) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>((state >> 33) % bound);
  }
};

// Hosts, metrics and links: what stands at the beginning of a run.
inline void begin_run(results::Store& store, const Size& size) {
  store.begin({.name = "bench", .mode = "sim", .carrier = "fabric", .planned = size.seconds * 1s});
  constexpr const char* kRegions[] = {"europe", "na_east", "na_west", "east_asia", "australia", "south_america"};
  for (HostId host = 0; host < size.hosts; ++host) {
    store.host({.id = host,
                .name = fmt::format("host-{}", host),
                .group = host % 10 == 0 ? "servers" : "rest",
                .region = kRegions[host % 6]});
  }
  for (std::uint32_t id = 0; id < size.metrics; ++id) {
    store.metric(MetricId{id}, {fmt::format("m{}", id), "1", "", MetricKind::counter});
  }
  Numbers numbers;
  for (std::uint32_t link = 0; link < size.links; ++link) {
    store.link({.time = TimePoint(),
                .a = numbers.below(size.hosts),
                .b = numbers.below(size.hosts),
                .kind = link % 3 == 0 ? "mesh" : "tcp",
                .up = true});
  }
}

inline void record(const std::string& path, const Size& size) {
  auto store = std::move(results::Store::open(path).value());
  begin_run(*store, size);
  Numbers numbers;
  std::vector<Sample> samples;
  for (int second = 0; second < size.seconds; ++second) {
    for (std::uint32_t id = 0; id < size.metrics; ++id) {
      samples.clear();
      for (HostId host = 0; host < size.hosts; ++host) {
        samples.push_back({TimePoint(second * 1s), MetricId{id}, host, static_cast<double>(second) * 10 + host % 7});
      }
      store->samples(samples);
    }
    for (std::uint32_t event = 0; event < size.events_a_second; ++event) {
      const TimePoint at(second * 1s + event * (1'000'000'000ns / size.events_a_second));
      store->event(
          {.time = at,
           .host = numbers.below(size.hosts),
           .kind = event % 2 == 0 ? "crash" : "restart",
           .text = "left, as one in five does each minute; whoever knew it finds out by time-outs of its own"});
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
  for (std::uint32_t hop = 1; hop <= size.traced_hops; ++hop) {
    const TimePoint sent(1s + hop * 1us);
    store->message({.sent = sent,
                    .received = sent + 30ms,
                    .from = (hop - 1) / 8 % size.hosts,
                    .to = hop % size.hosts,
                    .bytes = 1200,
                    .kind = "gossip",
                    .trace = 1});
  }
  if (!store->finish({.simulated = size.seconds * 1s})) std::exit(3);
}

// The window on a database, with what a measurement needs of it.
struct Opened {
  gui::DataSource data;
  gui::Document document{data};
  gui::MainWindow window{document};

  explicit Opened(const std::string& path) {
    gui::add_panels(window, document);
    window.resize(kSize);
    window.show();
    document.open(QString::fromStdString(path));
  }
  std::vector<QDockWidget*> docks() {
    const QList<QDockWidget*> all = window.findChildren<QDockWidget*>();
    return {all.begin(), all.end()};
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

// In a child, which has an application of its own.
inline double alone(const std::function<double()>& measure) {
  return in_child([&] {
    int argc = 1;
    char name[] = "gui_bench";
    char* argv[] = {name, nullptr};
    const QApplication application(argc, argv);
    return measure();
  });
}

// The same, of what measures several figures at once; those that are missing are -1.
inline std::vector<double> all_alone(std::size_t count, const std::function<std::vector<double>()>& measure) {
  const TemporaryDirectory directory;
  const std::string path = directory.path + "/figures";
  alone([&] {
    std::ofstream file(path);
    for (const double figure : measure()) file << figure << ' ';
    return 0.0;
  });
  std::vector<double> figures(count, -1);
  std::ifstream file(path);
  for (double& figure : figures) {
    if (!(file >> figure)) figure = -1;
  }
  return figures;
}

// Of the calling thread.
inline double thread_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

// How long the window's thread did not come round, at most, since begin(); and how much of a processor it took at most
// until it did, which says more on a machine that has others to serve.
class Pulse {
 public:
  Pulse() {
    timer_.setInterval(0);
    QObject::connect(&timer_, &QTimer::timeout, [this] {
      longest_ms_ = std::max(longest_ms_, (seconds() - last_) * 1e3);
      busiest_ms_ = std::max(busiest_ms_, (thread_seconds() - spent_) * 1e3);
      last_ = seconds();
      spent_ = thread_seconds();
    });
  }
  void begin() {
    last_ = seconds();
    spent_ = thread_seconds();
    longest_ms_ = busiest_ms_ = 0;
    timer_.start();
  }
  double longest_ms() const { return longest_ms_; }
  double busiest_ms() const { return busiest_ms_; }

 private:
  QTimer timer_;
  double last_ = 0;
  double spent_ = 0;
  double longest_ms_ = 0;
  double busiest_ms_ = 0;
};

inline BenchRow at_most(std::string name, double value, const char* unit, double goal) {
  return {.name = std::move(name), .value = value, .unit = unit, .higher_is_better = false, .goal_value = goal};
}

// Of those a window did not come to rest: goals that were missed.
inline void fail_those_without_a_figure(std::vector<BenchRow>& rows) {
  for (BenchRow& row : rows) {
    if (row.value < 0) row.value = 1e9;
  }
}

// Before anything of Qt: no display is needed, and nobody wants to hear that there is none.
inline void use_no_display() {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  qInstallMessageHandler([](QtMsgType, const QMessageLogContext&, const QString&) {});
}

}  // namespace ghostnet::bench
