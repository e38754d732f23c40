// QuietStyle: Qt's own style Fusion with flat boxes: choices and check boxes are drawn as the buttons and fields of the
// style sheet are (theme.cpp), and no line runs below tabs.
#pragma once

#include <QProxyStyle>

namespace ghostnet::gui {

class QuietStyle : public QProxyStyle {
  Q_OBJECT

 public:
  QuietStyle() : QProxyStyle(QStringLiteral("Fusion")) {}

  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
  void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                          const QWidget* widget) const override;
  void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                   const QWidget* widget) const override;
  int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
  QIcon standardIcon(StandardPixmap kind, const QStyleOption* option, const QWidget* widget) const override;
};

}  // namespace ghostnet::gui
