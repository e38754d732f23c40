#include "habits/gif_writer.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_map>

namespace ghostnet::gui {

namespace {

constexpr int kMaxCodeBits = 12;
constexpr int kTableBits = 8;
constexpr std::size_t kTableSize = 256;
constexpr int kBlockBytes = 255;
constexpr std::size_t kShades = 1U << 15U;  // of 5 bits in red, green and blue

void append_16(QByteArray& out, int value) {
  out += static_cast<char>(value & 0xff);
  out += static_cast<char>(value >> 8 & 0xff);
}

std::size_t shade_of(QRgb pixel) {
  return static_cast<std::size_t>((qRed(pixel) >> 3) << 10 | (qGreen(pixel) >> 3) << 5 | qBlue(pixel) >> 3);
}

int distance(QRgb a, QRgb b) {
  const int red = qRed(a) - qRed(b);
  const int green = qGreen(a) - qGreen(b);
  const int blue = qBlue(a) - qBlue(b);
  return 2 * red * red + 4 * green * green + 3 * blue * blue;
}

// The colours of a part of a picture, and for each shade the number of the nearest.
struct ColourTable {
  std::vector<QRgb> colours;
  std::array<std::int16_t, kShades> number_of{};

  explicit ColourTable(const QImage& image, const QRect& part) {
    struct Shade {
      std::uint32_t pixels = 0;
      std::uint64_t red = 0;
      std::uint64_t green = 0;
      std::uint64_t blue = 0;
    };
    std::vector<Shade> shades(kShades);
    for (int y = part.top(); y <= part.bottom(); ++y) {
      const auto* line = reinterpret_cast<const QRgb*>(image.constScanLine(y));
      for (int x = part.left(); x <= part.right(); ++x) {
        Shade& shade = shades[shade_of(line[x])];
        ++shade.pixels;
        shade.red += static_cast<std::uint64_t>(qRed(line[x]));
        shade.green += static_cast<std::uint64_t>(qGreen(line[x]));
        shade.blue += static_cast<std::uint64_t>(qBlue(line[x]));
      }
    }
    std::vector<std::size_t> common(kShades);
    std::iota(common.begin(), common.end(), std::size_t{0});
    const auto commoner = [&](std::size_t a, std::size_t b) {
      return shades[a].pixels != shades[b].pixels ? shades[a].pixels > shades[b].pixels : a < b;
    };
    std::ranges::sort(common, commoner);
    number_of.fill(-1);
    for (const std::size_t shade : common) {
      const Shade& seen = shades[shade];
      if (seen.pixels == 0 || colours.size() == kTableSize) break;
      number_of[shade] = static_cast<std::int16_t>(colours.size());
      colours.push_back(qRgb(static_cast<int>(seen.red / seen.pixels), static_cast<int>(seen.green / seen.pixels),
                             static_cast<int>(seen.blue / seen.pixels)));
    }
  }

  std::uint8_t number(QRgb pixel) {
    std::int16_t& number = number_of[shade_of(pixel)];
    if (number < 0) {
      const auto nearest = std::ranges::min_element(colours, {}, [&](QRgb colour) { return distance(colour, pixel); });
      number = static_cast<std::int16_t>(nearest - colours.begin());
    }
    return static_cast<std::uint8_t>(number);
  }
};

// Codes of any width, lowest bit first, in blocks of 255 bytes.
class CodeWriter {
 public:
  explicit CodeWriter(QByteArray& out) : out_(out) {}

  void write(int code, int bits) {
    held_ |= static_cast<std::uint32_t>(code) << held_bits_;
    held_bits_ += bits;
    while (held_bits_ >= 8) take_byte();
  }
  void finish() {
    if (held_bits_ > 0) take_byte();
    flush();
    out_ += '\0';
  }

 private:
  void take_byte() {
    block_ += static_cast<char>(held_ & 0xff);
    held_ >>= 8;
    held_bits_ = std::max(0, held_bits_ - 8);
    if (block_.size() == kBlockBytes) flush();
  }
  void flush() {
    if (block_.isEmpty()) return;
    out_ += static_cast<char>(block_.size());
    out_ += block_;
    block_.clear();
  }

  QByteArray& out_;
  QByteArray block_;
  std::uint32_t held_ = 0;
  int held_bits_ = 0;
};

QRect changed_part(const QImage& before, const QImage& after) {
  if (before.isNull()) return after.rect();
  QRect part;
  for (int y = 0; y < after.height(); ++y) {
    const auto* a = reinterpret_cast<const QRgb*>(before.constScanLine(y));
    const auto* b = reinterpret_cast<const QRgb*>(after.constScanLine(y));
    const auto* end = b + after.width();
    const auto [first, ignored] = std::mismatch(b, end, a);
    if (first == end) continue;
    int last = after.width() - 1;
    while (a[last] == b[last]) --last;
    part |= QRect(QPoint(static_cast<int>(first - b), y), QPoint(last, y));
  }
  return part.isNull() ? QRect(0, 0, 1, 1) : part;
}

}  // namespace

QByteArray gif_lzw(const std::vector<std::uint8_t>& values, int bits) {
  QByteArray out;
  out += static_cast<char>(bits);
  CodeWriter codes(out);
  const int clear = 1 << bits;
  const int end = clear + 1;
  std::unordered_map<std::uint32_t, int> strings;  // a known string and the value after it: the code of both
  int width = bits + 1;
  int next = end + 1;
  codes.write(clear, width);
  int string = -1;
  for (const std::uint8_t value : values) {
    if (string < 0) {
      string = value;
      continue;
    }
    const std::uint32_t longer = static_cast<std::uint32_t>(string) << 8U | value;
    if (const auto known = strings.find(longer); known != strings.end()) {
      string = known->second;
      continue;
    }
    codes.write(string, width);
    string = value;
    if (next == 1 << kMaxCodeBits) {
      codes.write(clear, width);
      strings.clear();
      width = bits + 1;
      next = end + 1;
      continue;
    }
    if (next == 1 << width) ++width;
    strings.emplace(longer, next++);
  }
  if (string >= 0) codes.write(string, width);
  if (next == 1 << width && width < kMaxCodeBits) ++width;
  codes.write(end, width);
  codes.finish();
  return out;
}

GifWriter::GifWriter(QSize size, int delay_ms) : size_(size), delay_cs_(std::max(1, delay_ms / 10)) {
  out_ += "GIF89a";
  append_16(out_, size_.width());
  append_16(out_, size_.height());
  out_ += QByteArray::fromHex("700000");                  // 8 bits a colour, no table for all frames
  out_ += QByteArray::fromHex("21ff0b") + "NETSCAPE2.0";  // plays again and again
  out_ += QByteArray::fromHex("0301000000");
}

void GifWriter::add(const QImage& frame) {
  QImage image = frame.convertToFormat(QImage::Format_RGB32);
  image.setDevicePixelRatio(1);
  if (image.size() != size_) image = image.scaled(size_, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
  add_part(image, changed_part(before_, image));
  before_ = std::move(image);
  ++frames_;
}

void GifWriter::add_part(const QImage& frame, const QRect& part) {
  ColourTable table(frame, part);
  out_ += QByteArray::fromHex("21f90404");  // stays until the next frame is drawn over it
  append_16(out_, delay_cs_);
  out_ += QByteArray::fromHex("0000");
  out_ += ',';
  for (const int number : {part.left(), part.top(), part.width(), part.height()}) append_16(out_, number);
  out_ += static_cast<char>(0x80 | (kTableBits - 1));  // a table of 2^8 colours follows
  std::vector<std::uint8_t> values;
  values.reserve(static_cast<std::size_t>(part.width()) * static_cast<std::size_t>(part.height()));
  for (int y = part.top(); y <= part.bottom(); ++y) {
    const auto* line = reinterpret_cast<const QRgb*>(frame.constScanLine(y));
    for (int x = part.left(); x <= part.right(); ++x) values.push_back(table.number(line[x]));
  }
  for (std::size_t i = 0; i < kTableSize; ++i) {
    const QRgb colour = i < table.colours.size() ? table.colours[i] : 0;
    for (const int level : {qRed(colour), qGreen(colour), qBlue(colour)}) out_ += static_cast<char>(level);
  }
  out_ += gif_lzw(values, kTableBits);
}

QByteArray GifWriter::finish() {
  out_ += ';';
  return std::move(out_);
}

}  // namespace ghostnet::gui
