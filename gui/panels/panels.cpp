#include "panels/panels.hpp"

#include "ghostnet/gui/mesh_view.hpp"
#include "ghostnet/gui/propagation_panel.hpp"

namespace ghostnet::gui {

void add_panels(MainWindow& window, Document& document) {
  window.add_panel({.id = "propagation", .title = "Propagation", .area = Qt::RightDockWidgetArea, .shortcut = "Ctrl+7"},
                   new PropagationPanel(document, window.mesh().model()));
}

}  // namespace ghostnet::gui
