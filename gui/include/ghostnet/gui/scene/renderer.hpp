// Renderer: draws a scene as a camera sees it.
//
// Layers, from below: land and graticule of a map; wires of a graph; links by kind, as densities; routes; hosts; the
// followed message; messages on their way. The first two are kept while neither camera nor links change, which is how a
// playing run stays smooth.
//
// Where links are more than a frame bears (Quality::moving) only a fair sample is drawn, each for several; a picture
// that stands still is drawn in full. One renderer is used by one thread at a time.
#pragma once

#include <QImage>
#include <memory>

#include "ghostnet/gui/scene/camera.hpp"
#include "ghostnet/gui/scene/raster.hpp"
#include "ghostnet/gui/scene/scene.hpp"

namespace ghostnet::gui {

enum class Quality : std::uint8_t { full, moving };

class Renderer {
 public:
  // How many pixels of links a frame that moves may take.
  static constexpr double kMovingBudget = 3.5e6;

  // Of camera.width x camera.height pixels, which are those of the screen.
  QImage draw(const Scene& scene, const Camera& camera, Quality quality = Quality::full);

 private:
  void draw_backdrop(const Scene& scene, const Camera& camera, Quality quality);
  void draw_map(const Theme& theme, const Camera& camera);
  void draw_links(const Scene& scene, const Camera& camera, Quality quality);
  void draw_routers(const Scene& scene, const Camera& camera, QImage& image);
  void draw_nodes(const Scene& scene, const Camera& camera, QImage& image);
  void draw_trace(const Scene& scene, const Camera& camera, QImage& image);
  void draw_flights(const Scene& scene, const Camera& camera, QImage& image);

  Density density_;
  Discs discs_;
  QImage backdrop_;
  // What the backdrop was drawn of; the pointers keep their addresses from being used again.
  Scene backdrop_scene_;
  Camera backdrop_camera_;
  Quality backdrop_quality_ = Quality::full;
};

}  // namespace ghostnet::gui
