#include "panels/panels.hpp"

namespace ghostnet::gui {

void add_panels(MainWindow& window, Document& document) {
  (void)window;
  (void)document;
}

}  // namespace ghostnet::gui
