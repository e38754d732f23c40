// ScenarioEdit: a text field for scenarios: line numbers, colours, and marks at the lines where something is wrong.
#pragma once

#include <QPlainTextEdit>
#include <vector>

#include "ghostnet/gui/theme.hpp"
#include "ghostnet/scenarios/diagnostic.hpp"

namespace ghostnet::gui {

class YamlHighlighter;

class ScenarioEdit : public QPlainTextEdit {
  Q_OBJECT

 public:
  explicit ScenarioEdit(QWidget* parent = nullptr);

  void set_theme(const Theme& theme);
  // Those of other files than the text's own are not marked.
  void set_diagnostics(std::vector<scenarios::Diagnostic> diagnostics, const std::string& file);
  const std::vector<scenarios::Diagnostic>& diagnostics() const { return diagnostics_; }
  // Puts the cursor there; both count from 1.
  void go_to(std::size_t line, std::size_t column);

  int margin_width() const;
  void paint_margin(QPaintEvent* event);

 protected:
  void resizeEvent(QResizeEvent* event) override;
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void place_margin();
  void underline();
  const scenarios::Diagnostic* diagnostic_at(int line) const;

  QWidget* margin_;
  YamlHighlighter* highlighter_;
  const Theme* theme_ = &theme_of(ThemeKind::dark);
  std::vector<scenarios::Diagnostic> diagnostics_;
};

}  // namespace ghostnet::gui
