#include "editor/scenario_checker.hpp"

#include <QCoreApplication>
#include <QPointer>
#include <QThreadPool>
#include <stdexcept>

#include "ghostnet/services/services.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kDelay_ms = 250;

std::shared_ptr<const ServiceRegistry> all_services() {
  auto registry = std::make_shared<ServiceRegistry>();
  if (const Result<> added = services::add_all(*registry); !added) {
    throw std::logic_error(std::string(added.error().message()));
  }
  return registry;
}

}  // namespace

CheckedScenario check_scenario(const std::string& text, const std::string& file, const ServiceRegistry& registry) {
  CheckedScenario checked;
  scenarios::LoadResult loaded = scenarios::load_scenario(text, file, registry);
  if (!loaded) {
    checked.diagnostics = std::move(loaded.error());
    return checked;
  }
  checked.summary = {.name = QString::fromStdString(loaded->run.name),
                     .hosts = loaded->host_count(),
                     .duration_s = static_cast<double>(loaded->run.duration.count()) / 1e9,
                     .runs = static_cast<std::int64_t>(loaded->sweep.size() * loaded->run.repeat)};
  return checked;
}

ScenarioChecker::ScenarioChecker(QObject* parent) : QObject(parent), registry_(all_services()) {
  delay_.setSingleShot(true);
  delay_.setInterval(kDelay_ms);
  connect(&delay_, &QTimer::timeout, this, &ScenarioChecker::begin);
}

ScenarioChecker::~ScenarioChecker() = default;

void ScenarioChecker::check(const QString& text, const QString& file) {
  text_ = text;
  file_ = file;
  ++latest_;
  delay_.start();
}

void ScenarioChecker::begin() {
  // The job owns all that it reads; whether anybody still wants its answer is asked on the window's thread.
  QThreadPool::globalInstance()->start([self = QPointer(this), registry = registry_, text = text_.toStdString(),
                                        file = file_.toStdString(), number = latest_] {
    auto checked = std::make_shared<CheckedScenario>(check_scenario(text, file, *registry));
    QMetaObject::invokeMethod(
        qApp,
        [self, checked, number] {
          if (self && self->latest_ == number) Q_EMIT self->checked(*checked);
        },
        Qt::QueuedConnection);
  });
}

}  // namespace ghostnet::gui
