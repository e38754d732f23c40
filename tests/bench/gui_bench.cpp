// The visualizer without a GPU: how long a frame of the mesh takes while it is panned and zoomed, how soon a database
// is seen, what it takes of memory, and how long the window's thread is ever busy.
//
// Databases are recorded through the store: hosts in regions, links between random ones, values twice a second,
// messages. Each measurement is made in a process of its own. Wall time, as a user has it.
#include <QDockWidget>
#include <cstdlib>
#include <string>
#include <vector>

#include "ghostnet/gui/scene/renderer.hpp"
#include "gui_window.hpp"
#include "habits/play_through.hpp"
#include "panels/metric_panel.hpp"

namespace ghostnet::bench {
namespace {

constexpr int kFrames = 120;

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
  if (opened.window.mesh().model().scene().edges->edges.empty()) return -1;
  const std::vector<double> took = frame_ms(opened.window.mesh().model().scene(), mesh.camera(), move);
  return took[static_cast<std::size_t>(share * (kFrames - 1))];
}

double first_paint_s(const std::string& path) {
  const double began = seconds();
  Opened opened(path);
  return opened.settle() ? seconds() - began : -1;
}

// While the run is played, panned and zoomed, hosts are selected and panels looked at: the longest that the window's
// thread did not come round, and its busiest turn, in ms.
std::vector<double> blocks(const std::string& path) {
  Opened opened(path);
  if (!opened.settle()) return {};
  Pulse pulse;
  pulse.begin();
  const std::vector<QDockWidget*> docks = opened.docks();
  opened.window.time_bar().set_speed(2);
  opened.window.time_bar().play();
  const double until = seconds() + 5;
  for (int turn = 0; seconds() < until; ++turn) {
    gui::Camera camera = opened.window.mesh().camera();
    camera.pan(turn % 40 < 20 ? 4 : -4, 2);
    camera.zoom(turn % 60 < 30 ? 1.02 : 1 / 1.02, {800, 500});
    opened.window.mesh().set_camera(camera);
    if (turn % 50 == 49) docks[static_cast<std::size_t>(turn / 50) % docks.size()]->raise();
    if (turn % 70 == 69) opened.document.select_host(turn % 1'000);
    QApplication::processEvents(QEventLoop::AllEvents, 5);
  }
  return {pulse.longest_ms(), pulse.busiest_ms()};
}

// What a user does with a database, each of it from a window at rest.
struct Deed {
  const char* name;
  std::function<bool(Opened&)> begin;  // false: it cannot be done
};

// Writes ten frames as one GIF.
bool export_gif(Opened& opened) {
  const TemporaryDirectory directory;
  gui::MeshView& mesh = opened.window.mesh();
  const auto take = [&mesh](std::function<void(QImage)> done) { mesh.ask_picture(mesh.size(), std::move(done)); };
  gui::PlayThrough play(opened.document, {.take = take, .is_ready = [&mesh] { return mesh.is_settled(); }});
  play.start({.from_ns = 0,
              .to_ns = opened.document.end_ns(),
              .frames = 10,
              .target = QString::fromStdString(directory.path + "/run.gif")});
  while (play.is_running()) QApplication::processEvents(QEventLoop::AllEvents, 5);
  return fs::exists(directory.path + "/run.gif");
}

const std::vector<Deed>& deeds() {
  static const std::vector<Deed> all = {{"opening it",
                                         [](Opened& opened) {
                                           opened.document.open(opened.document.path());
                                           return true;
                                         }},
                                        {"searching",
                                         [](Opened& opened) {
                                           return !opened.document.hosts()->find("no such host", 1'000).empty() ||
                                                  opened.document.hosts()->find("host-99", 2'000).size() > 10;
                                         }},
                                        {"selecting a thousand hosts",
                                         [](Opened& opened) {
                                           gui::Selection selection;
                                           for (std::int64_t host = 0; host < 1'000; ++host)
                                             selection.hosts.push_back(7 * host);
                                           opened.document.select(std::move(selection));
                                           return true;
                                         }},
                                        {"charting all hosts",
                                         [](Opened& opened) {
                                           auto* metric = opened.window.findChild<gui::MetricPanel*>();
                                           metric->show_metric("m0");
                                           metric->show_view(gui::MetricQuestion::View::heat_map);
                                           return true;
                                         }},
                                        {"following a message",
                                         [](Opened& opened) {
                                           opened.window.bring_up("messages");
                                           opened.document.follow_trace(1);
                                           return true;
                                         }},
                                        {"exporting a GIF", export_gif}};
  return all;
}

// The longest block of the window's thread in each of them, and its busiest turn, in ms.
std::vector<double> blocks_in_deeds(const std::string& path) {
  Opened opened(path);
  std::vector<double> figures;
  for (const Deed& deed : deeds()) {
    if (!opened.settle()) return figures;
    Pulse pulse;
    pulse.begin();
    if (!deed.begin(opened) || !opened.settle()) return figures;
    const double until = seconds() + 0.7;  // what panels ask a little later
    while (seconds() < until) QApplication::processEvents(QEventLoop::AllEvents, 5);
    figures.insert(figures.end(), {pulse.longest_ms(), pulse.busiest_ms()});
  }
  return figures;
}

// Scrubbing through all of it, forth and back, hosts coloured and sized by metrics: the most memory in MiB, the longest
// block of the window in ms, and the median from a jump to its picture in ms.
std::vector<double> scrub(const std::string& path) {
  Opened opened(path);
  if (!opened.settle()) return {};
  gui::Look look = opened.document.look();
  look.colour_by = "m0";
  look.size_by = "m1";
  opened.document.set_look(look);
  if (!opened.settle()) return {};
  Pulse pulse;
  pulse.begin();
  std::vector<double> pictures;
  for (int step = 0; step <= 60; ++step) {
    const double began = seconds();
    opened.document.set_time_ns(opened.document.end_ns() / 61 * ((step * 37) % 61));
    if (!opened.settle()) return {};
    pictures.push_back((seconds() - began) * 1e3);
  }
  return {static_cast<double>(peak_resident_bytes()) / (1 << 20), pulse.longest_ms(), median(pictures)};
}

void add_scrubbing(std::vector<BenchRow>& rows, const std::string& path, const std::string& what) {
  const std::vector<double> figures = all_alone(3, [&] { return scrub(path); });
  rows.push_back(at_most(fmt::format("memory, scrubbing {}", what), figures[0], "MiB", 500));
  rows.push_back(at_most(fmt::format("longest block of the window, scrubbing {}", what), figures[1], "ms", 50));
  rows.push_back(at_most(fmt::format("from a jump in time to its picture, {}", what), figures[2], "ms", 500));
}

// A file that is there.
int scrub_file(const std::string& path, int argc, char** argv) {
  std::vector<BenchRow> rows;
  const double size_gib = static_cast<double>(fs::file_size(path)) / (1 << 30);
  add_scrubbing(rows, path, fmt::format("a file of {:.1f} GiB", size_gib));
  fail_those_without_a_figure(rows);
  return report(rows, argc, argv);
}

// Lets a run of one part go on for so many parts, each like the first. The file does so by itself, many times as fast
// as a store could write them.
void lengthen(const std::string& path, const std::string& part, int parts, Duration part_takes) {
  const auto opened = results::Database::open(path, {.access = results::DatabaseOptions::Access::write});
  if (!opened) std::exit(3);
  const auto execute = [&](const std::string& sql) {
    if (!opened->execute(sql.c_str())) std::exit(3);
  };
  const auto number = [&](const char* sql) { return opened->integer(sql).value().value_or(0); };
  execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-65536");
  execute(fmt::format("ATTACH '{}' AS part", part));
  const std::int64_t frames = number("SELECT max(frame_id) FROM part.frames");
  const std::int64_t events = number("SELECT max(number) FROM part.events");
  const std::int64_t messages = number("SELECT max(number) FROM part.messages");
  for (int more = 1; more < parts; ++more) {
    const std::int64_t later_ns = more * part_takes.count();
    execute(
        fmt::format("INSERT INTO frames SELECT frame_id + {}, run_id, metric_id, time_ns + {}, total FROM part.frames",
                    more * frames, later_ns));
    execute(fmt::format("INSERT INTO samples SELECT frame_id + {}, host_id, value FROM part.samples", more * frames));
    execute(
        fmt::format("INSERT INTO events SELECT run_id, time_ns + {}, number + {}, host_id, kind, text, fields FROM "
                    "part.events",
                    later_ns, more * events));
    execute(
        fmt::format("INSERT INTO messages SELECT run_id, sent_ns + {0}, number + {1}, received_ns + {0}, from_host, "
                    "to_host, bytes, kind, trace FROM part.messages",
                    later_ns, more * messages));
  }
  execute(fmt::format("UPDATE runs SET planned_ns = {0}, simulated_ns = {0}", parts * part_takes.count()));
  execute("DETACH part; PRAGMA journal_mode=WAL");
}

// Of so many GiB, made for it.
int scrub_large(double gib, const std::string& directory, int argc, char** argv) {
  constexpr double kSecondsPerGib = 760;
  constexpr int kParts = 16;
  const std::string path = directory + "/large.sqlite";
  const std::string part = directory + "/part.sqlite";
  const auto seconds = static_cast<int>(gib * kSecondsPerGib / kParts);
  record(part, {.hosts = 10'000,
                .links = 50'000,
                .seconds = seconds,
                .metrics = 2,
                .messages_a_second = 20'000,
                .events_a_second = 500});
  fs::copy_file(part, path);
  lengthen(path, part, kParts, seconds * 1s);
  fs::remove(part);
  return scrub_file(path, argc, argv);
}

// GHOSTNET_BENCH_GIB=5 makes a file of that size and scrubs through it, GHOSTNET_BENCH_FILE=FILE through one that is
// there; neither does anything else.
int bench_main(int argc, char** argv) {
  use_no_display();
  if (const char* file = std::getenv("GHOSTNET_BENCH_FILE")) return scrub_file(file, argc, argv);
  const TemporaryDirectory directory;
  if (const char* gib = std::getenv("GHOSTNET_BENCH_GIB")) {
    return scrub_large(std::atof(gib), directory.path, argc, argv);
  }
  const std::string usual = directory.path + "/10k.sqlite";
  const std::string large = directory.path + "/100k.sqlite";
  record(usual, {.hosts = 10'000,
                 .links = 50'000,
                 .seconds = 10,
                 .metrics = 2,
                 .messages_a_second = 2'000,
                 .events_a_second = 2'000});
  record(large, {.hosts = 100'000,
                 .links = 300'000,
                 .seconds = 4,
                 .metrics = 2,
                 .messages_a_second = 2'000,
                 .traced_hops = 99'999});
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
  const auto add_blocks = [&](const std::string& path, const char* hosts, double goal_ms) {
    const std::vector<double> figures = all_alone(2, [&] { return blocks(path); });
    rows.push_back(at_most(fmt::format("longest block of the window, {}", hosts), figures[0], "ms", goal_ms));
    rows.push_back(at_most(fmt::format("busiest turn of the window's thread, {}", hosts), figures[1], "ms", goal_ms));
  };
  add_blocks(usual, "10,000 hosts", 50);
  add_blocks(large, "100,000 hosts", 50);
  const std::vector<double> in_deeds = all_alone(2 * deeds().size(), [&] { return blocks_in_deeds(large); });
  for (std::size_t deed = 0; deed < deeds().size(); ++deed) {
    const std::string what = fmt::format("100,000 hosts, {}", deeds()[deed].name);
    rows.push_back(at_most("longest block of the window, " + what, in_deeds[2 * deed], "ms", 50));
    rows.push_back(at_most("busiest turn of the window's thread, " + what, in_deeds[2 * deed + 1], "ms", 50));
  }
  add_scrubbing(rows, large, "100,000 hosts");
  fail_those_without_a_figure(rows);
  return report(rows, argc, argv);
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) { return ghostnet::bench::bench_main(argc, argv); }
