// GifWriter: an animated GIF (GIF89a), frame by frame, in memory.
//
// Each frame has a colour table of its own: the 256 commonest colours of the picture in steps of 1/32, and what is not
// among them is drawn in the nearest. Only the part that differs from the frame before is written. Compression is LZW
// with codes of up to 12 bits (GIF89a, appendix F).
#pragma once

#include <QByteArray>
#include <QImage>
#include <cstdint>
#include <vector>

namespace ghostnet::gui {

class GifWriter {
 public:
  // `delay_ms`: for which each frame stands, in steps of 10; the animation begins again at its end.
  GifWriter(QSize size, int delay_ms);

  // Of the size that was given; others are scaled to it.
  void add(const QImage& frame);
  int frames() const { return frames_; }
  std::size_t bytes() const { return static_cast<std::size_t>(out_.size()); }
  // The file; nothing is added afterwards.
  QByteArray finish();

 private:
  void add_part(const QImage& frame, const QRect& part);

  QByteArray out_;
  QSize size_;
  int delay_cs_;
  int frames_ = 0;
  QImage before_;
};

// The codes of LZW for values below 2^bits, as GIF stores them: a byte of code size, blocks, an empty block.
QByteArray gif_lzw(const std::vector<std::uint8_t>& values, int bits);

}  // namespace ghostnet::gui
