// Export of what the window shows: the view as a picture, and a part of the run as frames or as a GIF. All of it is
// drawn and written on other threads.
#pragma once

#include <QString>
#include <functional>

#include "ghostnet/runtime/result.hpp"

namespace ghostnet::gui {

class Document;
class MainWindow;
class MeshView;

// Writes the mesh as it is seen: as SVG where the path ends so, else as PNG of twice the size on the screen.
void write_view(MeshView& mesh, const QString& path, std::function<void(Result<>)> done);

// Asks where, writes, says what went wrong.
void export_view(MainWindow& window, MeshView& mesh);
// Asks for the span, the number of frames and the target, and shows how far it is; can be cancelled.
void export_play_through(MainWindow& window, Document& document, MeshView& mesh);

}  // namespace ghostnet::gui
