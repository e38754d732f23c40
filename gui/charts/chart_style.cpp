#include "charts/chart_style.hpp"

#include <QGuiApplication>
#include <QPalette>
#include <cmath>

namespace ghostnet::gui::chart {

namespace {

constexpr double kLineWidth = 1.8;

}  // namespace

ChartStyle ChartStyle::of(ThemeKind kind) { return {&theme_of(kind), QGuiApplication::font()}; }

ChartStyle ChartStyle::of(const QPalette& palette) {
  return of(palette.color(QPalette::Base).lightnessF() < 0.5F ? ThemeKind::dark : ThemeKind::light);
}

QPen ChartStyle::pen(std::size_t index, bool dashed) const {
  QPen pen(colour(index), kLineWidth, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
  if (dashed || index >= kCategories) pen.setDashPattern({4, 3});
  return pen;
}

QColor ChartStyle::heat(double share) const {
  return std::isfinite(share) ? heat_colour(*theme, share) : theme->raised;
}

QColor ChartStyle::shade(double share) const { return sequential_colour(*theme, share); }

}  // namespace ghostnet::gui::chart
