// ScenarioChecker: validates the text of a scenario by the loader that runs it, on a thread of a pool, a moment after
// the last keystroke. Only the answer to the last text is given.
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>
#include <cstdint>
#include <memory>
#include <vector>

#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::gui {

// What a scenario comes to, where nothing is wrong with it.
struct ScenarioSummary {
  QString name{};
  std::int64_t hosts = 0;
  double duration_s = 0;
  std::int64_t runs = 1;  // of its sweep and repeats
};

struct CheckedScenario {
  std::vector<scenarios::Diagnostic> diagnostics{};
  ScenarioSummary summary{};

  bool ok() const { return diagnostics.empty(); }
};

// `file`: from whose directory files that the text names are read.
CheckedScenario check_scenario(const std::string& text, const std::string& file, const ServiceRegistry& registry);

class ScenarioChecker : public QObject {
  Q_OBJECT

 public:
  explicit ScenarioChecker(QObject* parent = nullptr);
  ~ScenarioChecker() override;

  // Answered by checked(), unless another text comes first.
  void check(const QString& text, const QString& file);

 Q_SIGNALS:
  void checked(const ghostnet::gui::CheckedScenario& scenario);

 private:
  void begin();

  std::shared_ptr<const ServiceRegistry> registry_;
  QTimer delay_;
  QString text_;
  QString file_;
  std::uint64_t latest_ = 0;
};

}  // namespace ghostnet::gui
