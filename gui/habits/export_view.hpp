// Export of what the window shows: the view as a picture, and a part of the run as frames or as a GIF.
#pragma once

#include <QByteArray>
#include <QSize>
#include <QString>

#include "ghostnet/runtime/result.hpp"

class QWidget;

namespace ghostnet::gui {

class Document;
class MainWindow;
class MeshView;

// What a widget draws, as "png" or "svg". An SVG holds text and shapes where the widget draws them as such; the links
// of a mesh, which are densities, are a picture in it.
QByteArray picture_of(QWidget& widget, const QString& format, double scale = 2);
// The mesh in full quality.
QByteArray picture_of(MeshView& mesh, const QString& format, double scale = 2);

// Asks where, writes, says what went wrong.
void export_view(MainWindow& window, MeshView& mesh);
// Asks for the span, the number of frames and the target, and shows how far it is; can be cancelled.
void export_play_through(MainWindow& window, Document& document, MeshView& mesh);

}  // namespace ghostnet::gui
