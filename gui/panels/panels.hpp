// The panels of the window: each is made and docked by one line of add_panels().
#pragma once

#include "ghostnet/gui/main_window.hpp"

namespace ghostnet::gui {

void add_panels(MainWindow& window, Document& document);

}  // namespace ghostnet::gui
