// The cheat sheet: every shortcut of the window, from its actions, and what mouse and keys do in the mesh and in
// charts.
#pragma once

#include <QString>
#include <vector>

class QAction;
class QWidget;

namespace ghostnet::gui {

struct Shortcut {
  QString keys{};
  QString what{};
  qsizetype place = 0;  // in its menu
};

struct ShortcutSection {
  QString title{};
  std::vector<Shortcut> shortcuts{};
};

// Those of the window's actions first, each once, in order of their menus.
std::vector<ShortcutSection> all_shortcuts(const std::vector<QAction*>& actions);
// As a Markdown table, for the manual.
QString shortcuts_as_markdown(const std::vector<ShortcutSection>& sections);

// Shows the sheet until it is closed (Esc or ?).
void show_cheat_sheet(QWidget* parent, const std::vector<ShortcutSection>& sections);

}  // namespace ghostnet::gui
