#include "view/quiet_style.hpp"

#include <QAbstractItemView>
#include <QApplication>
#include <QPainter>
#include <QStyleOption>

namespace ghostnet::gui {

namespace {

constexpr double kRound = 5;

void draw_box(QPainter& painter, const QRectF& place, const QPalette& palette, bool is_hot, double round) {
  painter.setPen(QPen(is_hot ? palette.color(QPalette::Link) : palette.color(QPalette::Mid), 1));
  painter.setBrush(palette.color(QPalette::Button));
  painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), round, round);
}

void draw_choice(const QStyleOptionComboBox& option, QPainter& painter) {
  const bool is_on = option.state.testFlag(QStyle::State_Enabled);
  const bool is_hot = is_on && (option.state & (QStyle::State_MouseOver | QStyle::State_HasFocus | QStyle::State_On));
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  draw_box(painter, option.rect, option.palette, is_hot, kRound);
  const QPointF middle(option.rect.right() - 12, option.rect.center().y() + 1);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(
      QPen(option.palette.color(QPalette::PlaceholderText), 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  painter.drawPolyline(QPolygonF{middle + QPointF(-3.5, -2), middle + QPointF(0, 2), middle + QPointF(3.5, -2)});
  painter.restore();
}

void draw_check(const QStyleOption& option, QPainter& painter) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  const bool is_hot = option.state & (QStyle::State_MouseOver | QStyle::State_HasFocus);
  const QRectF place(option.rect);
  if (option.state.testFlag(QStyle::State_On)) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(option.palette.color(QPalette::Link));
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
    painter.setPen(QPen(option.palette.color(QPalette::Base), 1.8, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const auto at = [&](double x, double y) {
      return QPointF(place.left() + x * place.width(), place.top() + y * place.height());
    };
    painter.drawPolyline(QPolygonF{at(0.24, 0.52), at(0.43, 0.71), at(0.77, 0.31)});
  } else {
    draw_box(painter, place, option.palette, is_hot, 3);
  }
  painter.restore();
}

}  // namespace

void QuietStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                               const QWidget* widget) const {
  if (element == PE_FrameTabBarBase || element == PE_FrameDockWidget) return;
  if (element == PE_IndicatorCheckBox) return draw_check(*option, *painter);
  QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void QuietStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                                    const QWidget* widget) const {
  const auto* choice = qstyleoption_cast<const QStyleOptionComboBox*>(option);
  if (control == CC_ComboBox && choice != nullptr && !choice->editable) return draw_choice(*choice, *painter);
  QProxyStyle::drawComplexControl(control, option, painter, widget);
}

// The words of a choice that is too narrow for them end in dots, not in the middle of a letter.
void QuietStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                             const QWidget* widget) const {
  const auto* choice = qstyleoption_cast<const QStyleOptionComboBox*>(option);
  if (element != CE_ComboBoxLabel || choice == nullptr || choice->editable) {
    return QProxyStyle::drawControl(element, option, painter, widget);
  }
  QStyleOptionComboBox shortened = *choice;
  const int icon = choice->currentIcon.isNull() ? 0 : choice->iconSize.width() + 4;
  const int room = subControlRect(CC_ComboBox, choice, SC_ComboBoxEditField, widget).width() - icon - 4;
  shortened.currentText = choice->fontMetrics.elidedText(choice->currentText, Qt::ElideRight, room);
  QProxyStyle::drawControl(element, &shortened, painter, widget);
}

int QuietStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
  constexpr int kCellMargin = 7;  // left and right of what stands in a cell
  const bool is_of_cell = metric == PM_FocusFrameHMargin && qobject_cast<const QAbstractItemView*>(widget) != nullptr;
  return is_of_cell ? kCellMargin : QProxyStyle::pixelMetric(metric, option, widget);
}

// The button that takes a panel out of the window: two sheets, as sharp on a dense screen as on any.
QIcon QuietStyle::standardIcon(StandardPixmap kind, const QStyleOption* option, const QWidget* widget) const {
  if (kind != SP_TitleBarNormalButton) return QProxyStyle::standardIcon(kind, option, widget);
  constexpr double kSide = 16;
  QIcon icon;
  for (const double density : {1.0, 2.0, 3.0}) {
    QPixmap pixmap(QSize(1, 1) * (kSide * density));
    pixmap.setDevicePixelRatio(density);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(QApplication::palette().color(QPalette::PlaceholderText), 1.3));
    painter.drawPolyline(QPolygonF{{5.5, 5}, {5.5, 2.5}, {13.5, 2.5}, {13.5, 10.5}, {11, 10.5}});
    painter.drawRoundedRect(QRectF(2.5, 5.5, 8, 8), 1, 1);
    painter.end();
    icon.addPixmap(pixmap);
  }
  return icon;
}

}  // namespace ghostnet::gui
