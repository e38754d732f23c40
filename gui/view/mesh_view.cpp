#include "ghostnet/gui/mesh_view.hpp"

#include <QPainter>
#include <cmath>

namespace ghostnet::gui {

MeshView::MeshView(Document& document, QWidget* parent) : QWidget(parent), document_(document) {
  setMinimumSize(320, 240);
  setAccessibleName(tr("Mesh"));
  connect(&document_, &Document::run_changed, this, qOverload<>(&QWidget::update));
  connect(&document_, &Document::theme_changed, this, qOverload<>(&QWidget::update));
}

void MeshView::paintEvent(QPaintEvent*) {
  const Theme& theme = document_.theme();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.fillRect(rect(), theme.canvas);
  const std::size_t count = document_.hosts()->size();
  const double spacing = 0.45 * std::min(width(), height()) / std::sqrt(static_cast<double>(count) + 1);
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.node);
  for (std::size_t at = 0; at < count; ++at) {
    const double turn = 2.399963229728653 * static_cast<double>(at);
    const double away = spacing * std::sqrt(static_cast<double>(at));
    const QPointF place(away * std::cos(turn), away * std::sin(turn));
    painter.drawEllipse(QRectF(rect()).center() + place, spacing / 3, spacing / 3);
  }
}

}  // namespace ghostnet::gui
