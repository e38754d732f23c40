#include "ghostnet/gui/theme.hpp"

#include <QApplication>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "view/quiet_style.hpp"

namespace ghostnet::gui {

namespace {

Theme dark_theme() {
  return {.kind = ThemeKind::dark,
          .window = QColor(0x15, 0x18, 0x1e),
          .canvas = QColor(0x0d, 0x10, 0x15),
          .raised = QColor(0x1e, 0x22, 0x2b),
          .line = QColor(0x30, 0x36, 0x42),
          .text = QColor(0xe6, 0xe9, 0xef),
          .faint_text = QColor(0x9a, 0xa3, 0xb2),
          .accent = QColor(0x58, 0xb4, 0xf0),
          .on_accent = QColor(0x08, 0x14, 0x1e),
          .selected = QColor(0x1f, 0x43, 0x5c),
          .good = QColor(0x2b, 0xc0, 0x8e),
          .bad = QColor(0xf0, 0x70, 0x3c),
          .warning = QColor(0xe9, 0xb0, 0x2c),
          .land = QColor(0x2a, 0x31, 0x3d),
          .link = QColor(0x7d, 0x8a, 0xa0),
          .node = QColor(0xb8, 0xc2, 0xd2),
          .down = QColor(0x5a, 0x62, 0x70),
          .message = QColor(0xff, 0xff, 0xff)};
}

Theme light_theme() {
  return {.kind = ThemeKind::light,
          .window = QColor(0xf3, 0xf5, 0xf8),
          .canvas = QColor(0xff, 0xff, 0xff),
          .raised = QColor(0xff, 0xff, 0xff),
          .line = QColor(0xd3, 0xd9, 0xe2),
          .text = QColor(0x1a, 0x1f, 0x28),
          .faint_text = QColor(0x5c, 0x66, 0x76),
          .accent = QColor(0x00, 0x6d, 0xb8),
          .on_accent = QColor(0xff, 0xff, 0xff),
          .selected = QColor(0xcd, 0xe4, 0xf6),
          .good = QColor(0x00, 0x80, 0x5c),
          .bad = QColor(0xc4, 0x4d, 0x00),
          .warning = QColor(0x9a, 0x6a, 0x00),
          .land = QColor(0xd6, 0xdd, 0xe6),
          .link = QColor(0x5f, 0x6e, 0x86),
          .node = QColor(0x4a, 0x56, 0x68),
          .down = QColor(0xa8, 0xb0, 0xbc),
          .message = QColor(0x33, 0x12, 0x66)};
}

// Okabe and Ito's, the ones that carry most contrast with the canvas first.
constexpr std::array<QRgb, kCategories> kOnDark = {0xff56b4e9, 0xffe69f00, 0xff009e73, 0xffcc79a7,
                                                   0xfff0e442, 0xffd55e00, 0xff3f8fd0, 0xffb0b8c4};
constexpr std::array<QRgb, kCategories> kOnLight = {0xff0072b2, 0xffd55e00, 0xff009e73, 0xffcc79a7,
                                                    0xffe69f00, 0xff56b4e9, 0xff9a8f00, 0xff303840};

struct Oklab {
  double lightness;
  double a;
  double b;
};

int to_srgb(double linear) {
  linear = std::clamp(linear, 0.0, 1.0);
  const double encoded = linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
  return static_cast<int>(std::lround(255 * encoded));
}

// The matrices are those of the definition of Oklab.
QRgb to_rgb(const Oklab& colour) {
  const double l = std::pow(colour.lightness + 0.3963377774 * colour.a + 0.2158037573 * colour.b, 3);
  const double m = std::pow(colour.lightness - 0.1055613458 * colour.a - 0.0638541728 * colour.b, 3);
  const double s = std::pow(colour.lightness - 0.0894841775 * colour.a - 1.2914855480 * colour.b, 3);
  return qRgb(to_srgb(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
              to_srgb(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
              to_srgb(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s));
}

constexpr std::size_t kSteps = 256;

// Which end of a scale fades into the ground that it stands on.
enum class Fading : std::uint8_t { none, low, high };

// Hue turns from violet to yellow while the lightness grows evenly; chroma is what sRGB can show along the way.
std::array<QRgb, kSteps> sequential_scale(double from_lightness, double to_lightness, Fading fading = Fading::none) {
  constexpr double kFaded = 0.2;      // of the chroma, at the end that fades
  constexpr double kFullAfter = 0.3;  // of the scale
  std::array<QRgb, kSteps> scale{};
  for (std::size_t step = 0; step < kSteps; ++step) {
    const double share = static_cast<double>(step) / (kSteps - 1);
    const double hue = (305 - 195 * share) * std::numbers::pi / 180;
    const double from_ground = fading == Fading::none ? 1 : fading == Fading::low ? share : 1 - share;
    const double chroma = (0.115 + 0.05 * share) * std::lerp(kFaded, 1.0, std::min(1.0, from_ground / kFullAfter));
    scale[step] = to_rgb(
        {from_lightness + (to_lightness - from_lightness) * share, chroma * std::cos(hue), chroma * std::sin(hue)});
  }
  return scale;
}

QString style_sheet(const Theme& theme) {
  return QString(R"(
    QMainWindow, QDialog { background: %1; }
    QMainWindow::separator { background: %1; width: 5px; height: 5px; }
    QMainWindow::separator:hover { background: %6; }
    QDockWidget { color: %4; font-weight: 600; titlebar-close-icon: none; }
    QDockWidget::title { background: %1; padding: 7px 10px; border-bottom: 1px solid %3; }
    QToolBar { background: %1; border: none; spacing: 6px; padding: 5px 8px; }
    QStatusBar { background: %1; color: %5; }
    QStatusBar::item { border: none; }
    QMenuBar { background: %1; } QMenuBar::item:selected { background: %2; }
    QMenu { background: %2; border: 1px solid %3; padding: 4px; }
    QMenu::item { padding: 5px 26px 5px 22px; border-radius: 4px; }
    QMenu::item:selected { background: %6; color: %7; }
    QToolTip { background: %2; color: %4; border: 1px solid %3; padding: 5px; }
    QHeaderView::section { background: %1; color: %5; border: none; border-bottom: 1px solid %3;
      padding: 5px 8px; }
    QTableView, QTreeView, QListView, QTextEdit, QPlainTextEdit { background: %8; border: 1px solid transparent; }
    QTableView:focus, QTreeView:focus, QListView:focus, QPlainTextEdit:focus { border-color: %6; }
    QTabWidget::pane { border: none; }
    QTreeView::item { padding: 2px 0px; }
    QTabBar::tab { padding: 7px 13px; border: none; color: %5; background: %1; }
    QTabBar::tab:selected { color: %4; border-bottom: 2px solid %6; }
    QLineEdit { background: %2; color: %4; border: 1px solid %3; border-radius: 5px; padding: 4px 8px;
      min-height: 18px; }
    QLineEdit:focus { border-color: %6; }
    QPushButton, QToolButton { background: %2; color: %4; border: 1px solid %3; border-radius: 5px; padding: 4px 11px; }
    QPushButton:hover, QToolButton:hover, QPushButton:focus, QToolButton:focus { border-color: %6; }
    QPushButton:pressed, QToolButton:pressed, QPushButton:checked, QToolButton:checked {
      background: %6; color: %7; border-color: %6; }
    QPushButton:disabled, QToolButton:disabled { color: %5; background: %1; }
    QScrollBar:vertical { background: transparent; width: 10px; } QScrollBar:horizontal { background: transparent;
      height: 10px; }
    QScrollBar::handle { background: %3; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }
    QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
    QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
    QAbstractScrollArea::corner { background: transparent; border: none; }
  )")
      .arg(theme.window.name(), theme.raised.name(), theme.line.name(), theme.text.name(), theme.faint_text.name(),
           theme.accent.name(), theme.on_accent.name(), theme.canvas.name());
}

}  // namespace

const Theme& theme_of(ThemeKind kind) {
  static const Theme dark = dark_theme();
  static const Theme light = light_theme();
  return kind == ThemeKind::dark ? dark : light;
}

QColor category_colour(const Theme& theme, std::size_t category) {
  return QColor::fromRgb((theme.kind == ThemeKind::dark ? kOnDark : kOnLight)[category % kCategories]);
}

QColor link_colour(const Theme& theme, const std::string& kind) {
  if (kind == "wire") return theme.link;
  if (kind == "tcp") return category_colour(theme, 0);
  if (kind == "mesh") return category_colour(theme, 1);
  if (kind == "dht") return category_colour(theme, 2);
  if (kind == "route") return category_colour(theme, 3);
  std::size_t sum = 3;
  for (const char c : kind) sum = sum * 31 + static_cast<unsigned char>(c);
  return category_colour(theme, 3 + sum % (kCategories - 4));
}

QColor sequential_colour(const Theme& theme, double share) {
  static const std::array<QRgb, kSteps> on_dark = sequential_scale(0.42, 0.93);
  static const std::array<QRgb, kSteps> on_light = sequential_scale(0.25, 0.84);
  const double clamped = std::isnan(share) ? 0 : std::clamp(share, 0.0, 1.0);
  const auto step = static_cast<std::size_t>(std::lround(clamped * (kSteps - 1)));
  if (theme.kind == ThemeKind::dark) return QColor::fromRgb(on_dark[step]);
  return QColor::fromRgb(on_light[kSteps - 1 - step]);
}

QColor heat_colour(const Theme& theme, double share) {
  static const std::array<QRgb, kSteps> on_dark = sequential_scale(0.24, 0.93, Fading::low);
  static const std::array<QRgb, kSteps> on_light = sequential_scale(0.25, 0.97, Fading::high);
  const double clamped = std::isnan(share) ? 0 : std::clamp(share, 0.0, 1.0);
  const auto step = static_cast<std::size_t>(std::lround(clamped * (kSteps - 1)));
  if (theme.kind == ThemeKind::dark) return QColor::fromRgb(on_dark[step]);
  return QColor::fromRgb(on_light[kSteps - 1 - step]);
}

void apply_theme(QApplication& application, const Theme& theme) {
  // Once: another style would have every widget polished again.
  constexpr const char* kStyled = "ghostnet-style";
  if (!application.property(kStyled).toBool()) {
    QApplication::setStyle(new QuietStyle);
    application.setProperty(kStyled, true);
  }
  QPalette palette;
  palette.setColor(QPalette::Window, theme.window);
  palette.setColor(QPalette::WindowText, theme.text);
  palette.setColor(QPalette::Base, theme.canvas);
  palette.setColor(QPalette::AlternateBase, theme.window);
  palette.setColor(QPalette::Text, theme.text);
  palette.setColor(QPalette::Button, theme.raised);
  palette.setColor(QPalette::ButtonText, theme.text);
  palette.setColor(QPalette::ToolTipBase, theme.raised);
  palette.setColor(QPalette::ToolTipText, theme.text);
  palette.setColor(QPalette::PlaceholderText, theme.faint_text);
  palette.setColor(QPalette::Highlight, theme.selected);
  palette.setColor(QPalette::HighlightedText, theme.text);
  palette.setColor(QPalette::Link, theme.accent);
  palette.setColor(QPalette::Mid, theme.line);
  for (const QPalette::ColorRole role : {QPalette::Text, QPalette::WindowText, QPalette::ButtonText}) {
    palette.setColor(QPalette::Disabled, role, theme.faint_text);
  }
  QApplication::setPalette(palette);
  application.setStyleSheet(style_sheet(theme));
}

}  // namespace ghostnet::gui
