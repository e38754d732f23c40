#include "ghostnet/gui/scene/raster.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace ghostnet::gui {

namespace {

// `opacity` from 0 to 256 of the colour over the pixel.
inline QRgb blended(QRgb below, QRgb colour, std::uint32_t opacity) {
  const std::uint32_t rest = 256 - opacity;
  const std::uint32_t red_blue = (((below & 0xff00ff) * rest + (colour & 0xff00ff) * opacity) >> 8) & 0xff00ff;
  const std::uint32_t green = (((below & 0x00ff00) * rest + (colour & 0x00ff00) * opacity) >> 8) & 0x00ff00;
  return 0xff000000 | red_blue | green;
}

}  // namespace

bool clip(Spot& from, Spot& to, float width, float height) {
  const float dx = to.x - from.x;
  const float dy = to.y - from.y;
  float first = 0;
  float last = 1;
  const auto cut = [&](float across, float room) {
    if (across == 0) return room >= 0;
    const float at = room / across;
    if (across < 0) {
      first = std::max(first, at);
    } else {
      last = std::min(last, at);
    }
    return first <= last;
  };
  if (!cut(-dx, from.x) || !cut(dx, width - from.x) || !cut(-dy, from.y) || !cut(dy, height - from.y)) return false;
  const Spot start = from;
  from = {start.x + dx * first, start.y + dy * first};
  to = {start.x + dx * last, start.y + dy * last};
  return true;
}

// ---- Density ----

void Density::reset(int width, int height) {
  if (width == width_ && height == height_) return;
  width_ = width;
  height_ = height;
  cells_.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0);
  top_ = height;
  bottom_ = -1;
}

// Steps along the longer side and shares each step between the two cells that the line passes between (Wu 1991).
void Density::add_line(Spot from, Spot to, std::uint32_t weight) {
  if (!clip(from, to, static_cast<float>(width_ - 2), static_cast<float>(height_ - 2))) return;
  top_ = std::min(top_, static_cast<int>(std::min(from.y, to.y)));
  bottom_ = std::max(bottom_, static_cast<int>(std::max(from.y, to.y)) + 1);
  const std::uint32_t full = kLine * weight;
  const bool is_steep = std::abs(to.y - from.y) > std::abs(to.x - from.x);
  if (is_steep ? to.y < from.y : to.x < from.x) std::swap(from, to);
  const float along = is_steep ? to.y - from.y : to.x - from.x;
  const float slope = along > 0 ? (is_steep ? to.x - from.x : to.y - from.y) / along : 0;
  const int steps = static_cast<int>(along);
  auto across = static_cast<std::int32_t>((is_steep ? from.x : from.y) * 65536.0F);
  const auto per_step = static_cast<std::int32_t>(slope * 65536.0F);
  const auto start = static_cast<std::size_t>(is_steep ? from.y : from.x);
  const auto row = static_cast<std::size_t>(width_);
  const std::size_t next = is_steep ? 1 : row;  // from one of the two cells to the other
  const auto add = [this](std::size_t at, std::uint32_t more) {
    cells_[at] = static_cast<std::uint16_t>(std::min<std::uint32_t>(cells_[at] + more, 0xffff));
  };
  for (int step = 0; step <= steps; ++step, across += per_step) {
    const auto whole = static_cast<std::size_t>(std::max(across, 0) >> 16);
    const std::uint32_t second = (static_cast<std::uint32_t>(across >> 12) & 15U) * full >> 4;
    const std::size_t place = start + static_cast<std::size_t>(step);
    const std::size_t at = is_steep ? place * row + whole : whole * row + place;
    add(at, full - second);
    add(at + next, second);
  }
}

// From the opacity of one line to nearly none of what is below, where lines are most; in between with the logarithm of
// their number, so that a thousand are told from a hundred, and ten from one.
void Density::shade(std::uint16_t most, double opacity, double strength) {
  constexpr double kFull = 226;  // of 255
  constexpr double kBend = 1.4;  // more than 1 keeps what is below to be seen longer
  opacity_of_.assign(most + 1U, 0);
  const double highest = std::log(std::max(2.0, static_cast<double>(most) / kLine));
  for (std::size_t count = 1; count <= most; ++count) {
    const double lines = static_cast<double>(count) / kLine;
    const double share = lines <= 1 ? 0 : std::pow(std::log(lines) / highest, kBend);
    const double shown = std::min(1.0, lines) * opacity + (1 - opacity) * std::min(1.0, share);
    opacity_of_[count] = static_cast<std::uint16_t>(std::lround(kFull * strength * shown));
  }
}

void Density::lay_over(QImage& image, QRgb colour, double opacity, double strength) {
  if (bottom_ < top_) return;
  const auto rows = static_cast<std::ptrdiff_t>(width_);
  const auto first = cells_.begin() + std::max(0, top_) * rows;
  const auto last = cells_.begin() + (std::min(bottom_, height_ - 1) + 1) * rows;
  if (first >= last) return;
  shade(*std::max_element(first, last), opacity, strength);
  for (int y = std::max(0, top_); y <= std::min(bottom_, height_ - 1); ++y) {
    auto* pixels = reinterpret_cast<QRgb*>(image.scanLine(y));
    std::uint16_t* cells = cells_.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width_);
    for (int x = 0; x < width_; ++x) {
      if (x + 4 <= width_) {
        std::uint64_t four = 0;
        std::memcpy(&four, cells + x, sizeof four);
        if (four == 0) {
          x += 3;
          continue;
        }
      }
      if (cells[x] == 0) continue;
      pixels[x] = blended(pixels[x], colour, opacity_of_[cells[x]]);
    }
    std::memset(cells, 0, static_cast<std::size_t>(width_) * sizeof *cells);
  }
  top_ = height_;
  bottom_ = -1;
}

// ---- Discs ----

const Discs::Mask& Discs::mask(int radius_quarters, int inner_quarters, int x_quarter, int y_quarter) {
  const auto key =
      static_cast<std::uint32_t>((radius_quarters << 16) | (inner_quarters << 4) | (x_quarter << 2) | y_quarter);
  if (const auto known = masks_.find(key); known != masks_.end()) return known->second;
  if (mask_bytes_ > kMaxMaskBytes) {
    masks_.clear();
    mask_bytes_ = 0;
  }
  Mask& mask = masks_[key];
  const float radius = static_cast<float>(radius_quarters) / 4;
  const float inner = static_cast<float>(inner_quarters) / 4;
  const int reach = static_cast<int>(std::ceil(radius)) + 1;
  mask.side = 2 * reach + 1;
  const float x_middle = static_cast<float>(reach) + static_cast<float>(x_quarter) / 4;
  const float y_middle = static_cast<float>(reach) + static_cast<float>(y_quarter) / 4;
  for (int y = 0; y < mask.side; ++y) {
    for (int x = 0; x < mask.side; ++x) {
      const float away = std::hypot(static_cast<float>(x) + 0.5F - x_middle, static_cast<float>(y) + 0.5F - y_middle);
      float cover = std::clamp(radius + 0.5F - away, 0.0F, 1.0F);
      if (inner > 0) cover -= std::clamp(inner + 0.5F - away, 0.0F, 1.0F);
      // A disc smaller than a pixel covers as much of it as it has area.
      if (radius < 0.5F) cover *= 4 * radius * radius;
      mask.cover.push_back(static_cast<std::uint8_t>(std::lround(255 * std::max(0.0F, cover))));
    }
  }
  mask_bytes_ += mask.cover.size();
  return mask;
}

void Discs::draw(QImage& image, Spot middle, float radius, QRgb colour, std::uint32_t opacity, float inner) {
  constexpr float kLargest = 200;
  const int radius_quarters = std::max(1, static_cast<int>(std::lround(std::min(radius, kLargest) * 4)));
  const int inner_quarters = std::max(0, static_cast<int>(std::lround(std::min(inner, kLargest) * 4)));
  const float reach = radius + 2;
  if (!(middle.x > -reach && middle.y > -reach)) return;
  if (!(middle.x < static_cast<float>(image.width()) + reach &&
        middle.y < static_cast<float>(image.height()) + reach)) {
    return;
  }
  const int x_quarters = static_cast<int>(std::floor(middle.x * 4));
  const int y_quarters = static_cast<int>(std::floor(middle.y * 4));
  const Mask& mask = this->mask(radius_quarters, inner_quarters, x_quarters & 3, y_quarters & 3);
  const int left = (x_quarters >> 2) - mask.side / 2;
  const int top = (y_quarters >> 2) - mask.side / 2;
  const int first = std::max(0, -left);
  const int last = std::min(mask.side, image.width() - left);
  for (int y = std::max(0, -top); y < std::min(mask.side, image.height() - top); ++y) {
    auto* pixels = reinterpret_cast<QRgb*>(image.scanLine(top + y)) + left;
    const std::uint8_t* cover = mask.cover.data() + static_cast<std::ptrdiff_t>(y) * mask.side;
    for (int x = first; x < last; ++x) {
      if (cover[x] == 0) continue;
      const std::uint32_t share = cover[x] * opacity;
      pixels[x] = blended(pixels[x], colour, (share + (share >> 8) + 255) >> 8);
    }
  }
}

// ---- Single lines ----

// Every pixel near the segment is covered by how deep it lies within it.
void draw_line(QImage& image, Spot from, Spot to, QRgb colour, std::uint32_t opacity, float width) {
  if (!clip(from, to, static_cast<float>(image.width()), static_cast<float>(image.height()))) return;
  const float dx = to.x - from.x;
  const float dy = to.y - from.y;
  const float length = std::hypot(dx, dy);
  if (length < 1e-3F) return;
  const bool is_steep = std::abs(dy) > std::abs(dx);
  const float half = width / 2;
  const float reach = (half + 1) * length / (is_steep ? std::abs(dy) : std::abs(dx));
  if (is_steep ? dy < 0 : dx < 0) std::swap(from, to);
  const float begin = is_steep ? from.y : from.x;
  const float end = is_steep ? to.y : to.x;
  const float slope = is_steep ? dx / dy : dy / dx;
  const float cosine = (is_steep ? std::abs(dy) : std::abs(dx)) / length;
  const int most_along = is_steep ? image.height() - 1 : image.width() - 1;
  const int most_across = is_steep ? image.width() - 1 : image.height() - 1;
  QRgb* const pixels = reinterpret_cast<QRgb*>(image.bits());
  const std::ptrdiff_t row = image.bytesPerLine() / static_cast<std::ptrdiff_t>(sizeof(QRgb));
  for (int at = std::max(0, static_cast<int>(begin)); at <= std::min(most_along, static_cast<int>(end)); ++at) {
    const float middle = (is_steep ? from.x : from.y) + slope * (static_cast<float>(at) + 0.5F - begin);
    const int first = std::max(0, static_cast<int>(std::floor(middle - reach)));
    const int last = std::min(most_across, static_cast<int>(std::ceil(middle + reach)));
    for (int across = first; across <= last; ++across) {
      const float away = std::abs(static_cast<float>(across) + 0.5F - middle) * cosine;
      const float cover = std::clamp(half + 0.5F - away, 0.0F, 1.0F);
      if (cover <= 0) continue;
      QRgb& pixel = is_steep ? pixels[at * row + across] : pixels[across * row + at];
      pixel = blended(pixel, colour, static_cast<std::uint32_t>(cover * static_cast<float>(opacity)));
    }
  }
}

QRgb mixed(QRgb from, QRgb to, double share) {
  return blended(from, to, static_cast<std::uint32_t>(std::lround(256 * std::clamp(share, 0.0, 1.0))));
}

}  // namespace ghostnet::gui
