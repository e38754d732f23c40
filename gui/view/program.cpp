#include "ghostnet/gui/program.hpp"

#include <fmt/format.h>

#include <QApplication>
#include <QCommandLineParser>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QImage>
#include <QPixmap>
#include <QSettings>
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <span>
#include <string_view>
#include <utility>

#include "charts/figure_export.hpp"
#include "ghostnet/gui/background.hpp"
#include "ghostnet/gui/data_source.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/main_window.hpp"
#include "ghostnet/gui/mesh_view.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "habits/play_through.hpp"
#include "panels/compare_panel.hpp"
#include "panels/host_inspector.hpp"
#include "panels/metric_panel.hpp"
#include "panels/panels.hpp"
#include "panels/refresher.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kOk = 0;
constexpr int kBadInput = 2;
constexpr int kInternal = 3;
constexpr int kSettleMs = 60'000;

struct Arguments {
  QString file;
  std::optional<std::int64_t> run;
  QString screenshot;
  std::optional<std::int64_t> at_ns;
  QSize size{1600, 1000};
  ThemeKind theme = ThemeKind::dark;
  QString select;
  QString colour;
  QString scale;
  QStringList hidden;
  LayoutKind layout = LayoutKind::automatic;
  bool zoom = false;
  bool mesh_only = false;
  std::optional<QStringList> panels;
  std::optional<std::pair<qint64, qint64>> compare;
  QString metric;
  QString inspect;
};

void add_options(QCommandLineParser& parser) {
  parser.setApplicationDescription("Shows what `ghostnet run --db FILE` recorded, also while it is written.");
  parser.addHelpOption();
  parser.addPositionalArgument("FILE", "a results database", "[FILE]");
  parser.addOptions({{"run", "Shows run N instead of the last one.", "N"},
                     {"screenshot", "Writes a picture of the window and ends; needs no display.", "OUT.png"},
                     {"at", "The instant to show, as in 12s; the end when left out.", "TIME"},
                     {"size", "The size of the window.", "WxH", "1600x1000"},
                     {"theme", "dark or light.", "NAME", "dark"},
                     {"select", "Selects host:NAME, or follows trace:NUMBER.", "WHAT"},
                     {"colour", "Colours hosts by group, region, state or a metric.", "BY", "group"},
                     {"scale", "Sizes hosts by a metric.", "METRIC"},
                     {"layout", "auto, map, plane, network, force or radial.", "NAME", "auto"},
                     {"hide", "Hides links of a kind; may be given again.", "KIND"},
                     {"zoom", "Shows the selected hosts from near."},
                     {"panels", "Shows only these panels: runs,host,metric ...; none.", "LIST"},
                     {"compare", "Compares runs A and B.", "A,B"},
                     {"metric", "Charts a metric.", "NAME"},
                     {"inspect", "Shows metrics, connections or table of the selected host.", "WHAT"},
                     {"mesh-only", "The picture is of the mesh alone."}});
}

Result<Arguments> arguments_of(const QCommandLineParser& parser) {
  Arguments arguments;
  if (parser.positionalArguments().size() > 1) return fail(Errc::invalid_argument, "one FILE at a time");
  if (!parser.positionalArguments().isEmpty()) arguments.file = parser.positionalArguments().front();
  arguments.screenshot = parser.value("screenshot");
  arguments.select = parser.value("select");
  if (parser.isSet("run")) {
    bool is_number = false;
    arguments.run = parser.value("run").toLongLong(&is_number);
    if (!is_number)
      return fail(Errc::invalid_argument, "--run {}: expected a number", parser.value("run").toStdString());
  }
  if (parser.isSet("at")) {
    const std::string text = parser.value("at").toStdString();
    const Result<Duration> at = parse_duration(text);
    if (!at) return fail(Errc::invalid_argument, "--at {}: expected a time, as in 12s", text);
    arguments.at_ns = at->count();
  }
  const QStringList sides = parser.value("size").split('x');
  if (sides.size() == 2) arguments.size = QSize(sides[0].toInt(), sides[1].toInt());
  if (sides.size() != 2 || arguments.size.width() < 200 || arguments.size.height() < 150 ||
      arguments.size.width() > 16'000 || arguments.size.height() > 16'000) {
    return fail(Errc::invalid_argument, "--size {}: expected WxH, as in 1600x1000", parser.value("size").toStdString());
  }
  const QString theme = parser.value("theme");
  if (theme != "dark" && theme != "light") {
    return fail(Errc::invalid_argument, "--theme {}: expected dark or light", theme.toStdString());
  }
  arguments.colour = parser.value("colour");
  arguments.scale = parser.value("scale");
  arguments.hidden = parser.values("hide");
  arguments.zoom = parser.isSet("zoom");
  arguments.mesh_only = parser.isSet("mesh-only");
  if (parser.isSet("panels")) arguments.panels = parser.value("panels").split(',');
  arguments.metric = parser.value("metric");
  arguments.inspect = parser.value("inspect");
  if (parser.isSet("inspect") && !QStringList{"metrics", "connections", "table"}.contains(arguments.inspect)) {
    return fail(Errc::invalid_argument, "--inspect {}: expected metrics, connections or table",
                arguments.inspect.toStdString());
  }
  if (parser.isSet("compare")) {
    const QStringList runs = parser.value("compare").split(',');
    bool are_numbers[2] = {false, false};
    if (runs.size() == 2)
      arguments.compare = {runs[0].toLongLong(&are_numbers[0]), runs[1].toLongLong(&are_numbers[1])};
    if (!are_numbers[0] || !are_numbers[1]) {
      return fail(Errc::invalid_argument, "--compare {}: expected two runs, as in 1,2",
                  parser.value("compare").toStdString());
    }
  }
  constexpr std::pair<const char*, LayoutKind> kLayouts[] = {
      {"auto", LayoutKind::automatic},  {"map", LayoutKind::map},     {"plane", LayoutKind::plane},
      {"network", LayoutKind::network}, {"force", LayoutKind::force}, {"radial", LayoutKind::radial}};
  const auto* layout = std::ranges::find(kLayouts, parser.value("layout"), [](const auto& one) { return one.first; });
  if (layout == std::end(kLayouts)) {
    return fail(Errc::invalid_argument, "--layout {}: expected auto, map, plane, network, force or radial",
                parser.value("layout").toStdString());
  }
  arguments.layout = layout->second;
  arguments.theme = theme == "light" ? ThemeKind::light : ThemeKind::dark;
  if (!arguments.screenshot.isEmpty() && arguments.file.isEmpty()) {
    return fail(Errc::invalid_argument, "--screenshot needs a FILE to show");
  }
  return arguments;
}

int complain(const QString& message) {
  fmt::print(stderr, "ghostnet gui: {}\n", message.toStdString());
  return kBadInput;
}

// Handles events until all that was asked for is there, and what panels are about to ask.
bool settle(Document& document, MainWindow& window) {
  const auto is_settled = [&window] {
    const auto is_at_work = [](const Background* background) { return background->pending() > 0; };
    return window.mesh().is_settled() && std::ranges::none_of(window.findChildren<Background*>(), is_at_work) &&
           std::ranges::none_of(window.findChildren<Refresher*>(), &Refresher::is_due);
  };
  QElapsedTimer since;
  since.start();
  bool was_settled = false;
  while (since.elapsed() < kSettleMs) {
    if (!document.data().settle()) return false;
    QApplication::processEvents(QEventLoop::AllEvents, 5);
    // Twice in a row: an answer may have asked for more.
    if (std::exchange(was_settled, is_settled()) && is_settled()) return true;
  }
  return false;
}

// host:NAME, or trace:NUMBER for a message that is followed.
Result<> select(Document& document, const QString& what) {
  const QString name = what.section(':', 1);
  if (what.startsWith("host:")) {
    const auto index = document.hosts()->index_of_name(name);
    if (!index) return fail(Errc::invalid_argument, "--select {}: there is no such host", what.toStdString());
    document.select_host((*document.hosts())[*index].id);
    return {};
  }
  bool is_number = false;
  const std::int64_t trace = name.toLongLong(&is_number);
  if (!what.startsWith("trace:") || !is_number) {
    return fail(Errc::invalid_argument, "--select {}: expected host:NAME or trace:NUMBER", what.toStdString());
  }
  document.follow_trace(trace);
  return {};
}

Look look_of(const Arguments& arguments) {
  Look look;
  if (!arguments.colour.isEmpty()) look.colour_by = arguments.colour.toStdString();
  look.size_by = arguments.scale.toStdString();
  look.layout = arguments.layout;
  for (const QString& kind : arguments.hidden) look.hidden_link_kinds.insert(kind.toStdString());
  return look;
}

// Of the panels by their ids; those that share tabs with others come to the front.
Result<> show_panels(MainWindow& window, const QStringList& wanted) {
  QStringList known = {"none"};
  for (QDockWidget* dock : window.findChildren<QDockWidget*>()) {
    known.push_back(dock->objectName());
    dock->setVisible(wanted.contains(dock->objectName()));
    if (wanted.contains(dock->objectName())) dock->raise();
  }
  for (const QString& id : wanted) {
    if (known.contains(id)) continue;
    return fail(Errc::invalid_argument, "--panels {}: there is no such panel; there are: {}", id.toStdString(),
                known.join(' ').toStdString());
  }
  return {};
}

int take_picture(const Arguments& arguments, Document& document, MainWindow& window) {
  QString problem;
  QObject::connect(&document, &Document::problem, &window, [&](const QString& message) { problem = message; });
  window.mesh().set_synchronous(true);
  if (arguments.panels) {
    if (const Result<> shown = show_panels(window, *arguments.panels); !shown) {
      return complain(QString::fromUtf8(shown.error().message()));
    }
  }
  window.resize(arguments.size);
  window.show();
  QApplication::processEvents();  // what is hidden takes no room only then
  window.resize(arguments.size);
  document.open(arguments.file, arguments.run);
  document.data().settle();
  if (!problem.isEmpty()) return complain(problem);
  if (document.run() == nullptr) return complain(QString("%1 holds no runs").arg(arguments.file));
  document.set_follows_end(false);
  document.set_time_ns(arguments.at_ns.value_or(document.end_ns()));
  if (arguments.compare) {
    window.findChild<ComparePanel*>()->compare(arguments.compare->first, arguments.compare->second);
  }
  if (!arguments.metric.isEmpty()) window.findChild<MetricPanel*>()->show_metric(arguments.metric);
  if (!arguments.select.isEmpty()) {
    if (const Result<> selected = select(document, arguments.select); !selected) {
      return complain(QString::fromUtf8(selected.error().message()));
    }
  }
  if (!arguments.inspect.isEmpty()) window.findChild<HostInspector*>()->show_tab(arguments.inspect);
  if (!settle(document, window)) return complain("the picture was not ready in a minute");
  if (arguments.zoom) window.mesh().show_hosts(document.selection().hosts);
  const QImage picture = arguments.mesh_only ? window.mesh().picture(arguments.size) : window.grab().toImage();
  const Result<> saved = chart::save_file(arguments.screenshot, chart::png_of(picture));
  if (!saved) return complain(QString::fromUtf8(saved.error().message()));
  return kOk;
}

// Before Qt starts: what needs no window needs no display.
void choose_platform(std::span<char*> words) {
  const bool has_display = !qEnvironmentVariableIsEmpty("DISPLAY") || !qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY");
  if (!qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) return;
  for (const std::string_view word : words) {
    if (word.starts_with("--screenshot") || word == "--help" || word == "-h") {
      qputenv("QT_QPA_PLATFORM", "offscreen");
      return;
    }
  }
  if (!has_display) {
    fmt::print(stderr,
               "ghostnet gui: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); --screenshot OUT.png "
               "needs none\n");
    std::exit(kBadInput);
  }
}

// Without a display Qt remarks on what it lacks; a user can do nothing about that.
void tell_what_matters(QtMsgType type, const QMessageLogContext&, const QString& message) {
  if (message.contains("XDG_RUNTIME_DIR") || message.contains("propagateSizeHints")) return;
  fmt::print(stderr, "ghostnet gui: {}\n", message.toStdString());
  if (type == QtFatalMsg) std::abort();
}

int run(int argc, char** argv) {
  choose_platform({argv, static_cast<std::size_t>(argc)});
  qInstallMessageHandler(tell_what_matters);
  QApplication application(argc, argv);
  QApplication::setApplicationName("ghostnet");
  QApplication::setOrganizationName("ghostnet");
  QCommandLineParser parser;
  add_options(parser);
  if (!parser.parse(QApplication::arguments())) return complain(parser.errorText());
  if (parser.isSet("help")) parser.showHelp(kOk);
  const Result<Arguments> arguments = arguments_of(parser);
  if (!arguments) return complain(QString::fromUtf8(arguments.error().message()));

  const bool for_picture = !arguments->screenshot.isEmpty();
  QSettings settings;
  DataSource data;
  Document document(data);
  document.set_theme(arguments->theme);
  document.set_look(look_of(*arguments));
  MainWindow window(document, for_picture ? nullptr : &settings);
  add_panels(window, document);
  if (for_picture) return take_picture(*arguments, document, window);
  window.resize(arguments->size);
  window.restore_layout();
  if (parser.isSet("theme")) document.set_theme(arguments->theme);
  window.show();
  if (!arguments->file.isEmpty()) document.open(arguments->file, arguments->run);
  if (arguments->at_ns) {
    QObject::connect(
        &document, &Document::run_changed, &window, [&] { document.set_time_ns(*arguments->at_ns); },
        Qt::SingleShotConnection);
  }
  return QApplication::exec();
}

}  // namespace

int program_main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "ghostnet gui: a bug, please report it: {}\n", e.what());
    return kInternal;
  }
}

}  // namespace ghostnet::gui
