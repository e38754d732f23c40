// A figure as a file: PNG and SVG of any size, CSV of what it was drawn from.
#pragma once

#include <QByteArray>
#include <QImage>
#include <QObject>
#include <QSize>
#include <QString>
#include <functional>

#include "charts/chart_style.hpp"
#include "charts/figure.hpp"
#include "charts/figure_layout.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::gui::chart {

QByteArray png_of(const QImage& image);
// `scale`: pixels of the image for one of the size, as on a screen of high density.
QByteArray figure_png(const Figure& figure, const Zoom& zoom, const ChartStyle& style, QSize size, double scale = 2);
QByteArray figure_svg(const Figure& figure, const Zoom& zoom, const ChartStyle& style, QSize size);
// RFC 4180. Lines: line,x,y,low,high. Heat maps: row,from,to,value. Values are in base units, which the header names.
QByteArray figure_csv(const Figure& figure);

// Puts the file in place whole or not at all: what was there stays where the disk is full. Errors: no_buffers (disk
// full), permission, not_found (no such directory), with what to do about it.
Result<> save_file(const QString& path, const QByteArray& bytes);
// The same on another thread, with what make() returns there; done(result) comes on the window's thread, unless
// the context is gone by then.
void save_later(QObject& context, const QString& path, std::function<QByteArray()> make,
                std::function<void(Result<>)> done);

// The same for who has to wait for it: the window goes on being drawn, but does not listen to the user.
Result<> save_meanwhile(const QString& path, const QByteArray& bytes);

}  // namespace ghostnet::gui::chart
