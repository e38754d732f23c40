// Habits: what a user of any program expects: undo and redo of view changes, a cheat sheet, export. Adds them to the
// window's menus.
#pragma once

#include "ghostnet/gui/main_window.hpp"

namespace ghostnet::gui {

void add_habits(MainWindow& window, Document& document);

}  // namespace ghostnet::gui
