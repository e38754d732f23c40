// A scene as lines, circles and words (SVG 1.1), for papers and slides: as a Renderer draws it, and of any size sharp.
//
// A thread may write one while others draw: nothing is shared but the scene, which does not change.
#pragma once

#include <QByteArray>
#include <QString>
#include <vector>

#include "ghostnet/gui/scene/camera.hpp"
#include "ghostnet/gui/scene/scene.hpp"

namespace ghostnet::gui {

// Words in the picture; the place is where their line begins, or its middle.
struct Caption {
  Spot at{};
  QString text{};
  QRgb colour = 0;
  bool in_the_middle = false;
};

QByteArray svg_of(const Scene& scene, const Camera& camera, const std::vector<Caption>& captions);

}  // namespace ghostnet::gui
