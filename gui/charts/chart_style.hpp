// ChartStyle: the colours of a chart, from the theme of the window.
#pragma once

#include <QColor>
#include <QFont>
#include <QPen>

#include "ghostnet/gui/theme.hpp"

class QPalette;

namespace ghostnet::gui::chart {

struct ChartStyle {
  const Theme* theme = nullptr;
  QFont font{};

  static ChartStyle of(ThemeKind kind);
  // The one that suits the palette of a widget.
  static ChartStyle of(const QPalette& palette);

  QColor background() const { return theme->canvas; }
  QColor text() const { return theme->text; }
  QColor faint() const { return theme->faint_text; }
  QColor grid() const { return theme->line; }
  QColor cursor() const { return theme->bad; }
  QColor colour(std::size_t index) const { return category_colour(*theme, index); }
  // Beyond kCategories the colours come again, dashed.
  QPen pen(std::size_t index, bool dashed) const;
  // Of a value from 0 to 1 in a heat map; of NaN, the colour of nothing.
  QColor heat(double share) const;
  // Of a bar that has a place on a scale.
  QColor shade(double share) const;
};

}  // namespace ghostnet::gui::chart
