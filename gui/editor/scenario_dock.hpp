// Docks the scenario editor, and puts what it does into the menu Run.
#pragma once

#include "ghostnet/gui/main_window.hpp"

namespace ghostnet::gui {

void add_scenario_editor(MainWindow& window, Document& document);

}  // namespace ghostnet::gui
