// Theme: the colours of the window, dark or light, and the scales by which data is coloured.
//
// Categories take Okabe and Ito's eight colours ("Color Universal Design", 2008), which the common kinds of colour
// blindness tell apart. Quantities take sequential_colour: a path through Oklab (Ottosson, 2020) from a dark violet
// over green to a light yellow whose lightness grows evenly, so that it also reads in grey. Red and green are never the
// only difference between two things: states have shapes and words, too.
#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
#include <cstddef>
#include <cstdint>
#include <string>

class QApplication;

namespace ghostnet::gui {

enum class ThemeKind : std::uint8_t { dark, light };

struct Theme {
  ThemeKind kind = ThemeKind::dark;
  QColor window;      // behind docks and bars
  QColor canvas;      // behind the mesh and charts
  QColor raised;      // cards, tooltips, legends
  QColor line;        // borders and grid
  QColor text;        // body
  QColor faint_text;  // captions, axes
  QColor accent;      // what is selected, what can be clicked
  QColor on_accent;   // text on it
  QColor selected;    // behind the row or words that are selected
  QColor good;        // an expectation that held
  QColor bad;         // one that broke
  QColor warning;
  QColor land;     // of the map
  QColor link;     // a link of no special kind
  QColor node;     // a host without a value
  QColor down;     // a host that is down
  QColor message;  // in flight
};

const Theme& theme_of(ThemeKind kind);

// The colour of the n-th category; they repeat after kCategories.
inline constexpr std::size_t kCategories = 8;
QColor category_colour(const Theme& theme, std::size_t category);
// The colour of a kind of link: "wire", "tcp", "mesh", "dht"; others by the hash of their name.
QColor link_colour(const Theme& theme, const std::string& kind);

// A quantity between 0 and 1; values beyond are clamped. On a dark canvas large is light, on a light one large is dark.
QColor sequential_colour(const Theme& theme, double share);
// The same for what covers a whole area: its low end fades into the ground, which single hosts would be lost on.
QColor heat_colour(const Theme& theme, double share);

// Palette, style and style sheet of the whole program.
void apply_theme(QApplication& application, const Theme& theme);

}  // namespace ghostnet::gui
