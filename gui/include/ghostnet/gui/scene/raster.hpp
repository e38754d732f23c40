// Raster: the few shapes of a mesh drawn straight into an image, since ten thousand discs and fifty thousand lines a
// frame are too much for QPainter without a GPU.
//
// Images are Format_RGB32. Shapes may lie partly or wholly outside; edges are smoothed. Coordinates are pixels from the
// top left corner, of centres of pixels at .5.
#pragma once

#include <QImage>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ghostnet/gui/scene/camera.hpp"

namespace ghostnet::gui {

// The part of a segment that lies within [0, width] x [0, height]; false: none does.
bool clip(Spot& from, Spot& to, float width, float height);

// How many lines cross each pixel. Where lines are many, one by one they only make a thicket; their density is a
// picture. It is laid over an image in one colour, whose opacity grows with the logarithm of the density.
class Density {
 public:
  static constexpr std::uint32_t kLine = 16;  // what a line adds to a pixel that it covers

  void reset(int width, int height);
  // Adds `weight` lines at once: where only every third line is drawn, three.
  void add_line(Spot from, Spot to, std::uint32_t weight = 1);
  // `opacity` is that of one line; less `strength` puts all of it into the background. Clears it for the next.
  void lay_over(QImage& image, QRgb colour, double opacity, double strength = 1);

 private:
  // Fills opacity_of_ for counts up to `most`.
  void shade(std::uint16_t most, double opacity, double strength);

  int width_ = 0;
  int height_ = 0;
  int top_ = 0;  // the rows that were touched
  int bottom_ = -1;
  std::vector<std::uint16_t> cells_;
  std::vector<std::uint16_t> opacity_of_;  // by what a cell holds
};

// Discs and rings, from masks that are made once for each size and fraction of a pixel.
class Discs {
 public:
  // A ring where `inner` is more than 0. Opacity from 0 to 255.
  void draw(QImage& image, Spot middle, float radius, QRgb colour, std::uint32_t opacity = 255, float inner = 0);

 private:
  struct Mask {
    int side = 0;
    std::vector<std::uint8_t> cover;
  };
  const Mask& mask(int radius_quarters, int inner_quarters, int x_quarter, int y_quarter);

  static constexpr std::size_t kMaxMaskBytes = std::size_t{8} << 20;
  std::unordered_map<std::uint32_t, Mask> masks_;
  std::size_t mask_bytes_ = 0;
};

// One line, a pixel or more wide.
void draw_line(QImage& image, Spot from, Spot to, QRgb colour, std::uint32_t opacity, float width = 1);

// The colour between two.
QRgb mixed(QRgb from, QRgb to, double share);

}  // namespace ghostnet::gui
