// Files that are exported: whole or not at all, and words when they are not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <QBuffer>
#include <QFile>
#include <QImageReader>

#include "charts/figure_export.hpp"
#include "habits/gif_writer.hpp"
#include "recorded_run.hpp"

namespace ghostnet::gui::file_export_test {
namespace {

using ::testing::HasSubstr;

QByteArray content(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(not readable)");
}

// Lets no file of this process grow beyond so many bytes: what a full disk does, without a disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

TEST(FileExport, ReplacesTheFileAsAWhole) {
  const TemporaryDirectory directory;
  const QString path = QString::fromStdString(directory.file("chart.csv"));
  ASSERT_TRUE(chart::save_file(path, "one"));
  ASSERT_TRUE(chart::save_file(path, "two"));
  EXPECT_EQ(content(path), "two");
}

TEST(FileExport, LeavesWhatWasThereWhenTheDiskIsFull) {
  const TemporaryDirectory directory;
  const QString path = QString::fromStdString(directory.file("chart.png"));
  ASSERT_TRUE(chart::save_file(path, "old"));
  Result<> saved;
  {
    const FileSizeLimit full(64 * 1024);
    saved = chart::save_file(path, QByteArray(1 << 20, 'x'));
  }
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error(), Errc::no_buffers) << saved.error().message();
  EXPECT_THAT(std::string(saved.error().message()), HasSubstr("disk is full"));
  EXPECT_EQ(content(path), "old");
}

TEST(FileExport, SaysThatTheDirectoryIsMissing) {
  const Result<> saved = chart::save_file("/nowhere/at/all/chart.png", "x");
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error(), Errc::not_found);
}

// Qt's own reader is the judge of what was written.
std::vector<QImage> frames_of(QByteArray gif) {
  QBuffer buffer(&gif);
  buffer.open(QIODevice::ReadOnly);
  QImageReader reader(&buffer, "GIF");
  std::vector<QImage> frames;
  while (reader.canRead()) {
    const QImage frame = reader.read();
    if (frame.isNull()) break;
    frames.push_back(frame.convertToFormat(QImage::Format_RGB32));
  }
  return frames;
}

TEST(GifWriter, WritesTheHeaderOfGif89a) {
  GifWriter writer(QSize(300, 200), 50);
  const QByteArray bytes = writer.finish();
  EXPECT_EQ(bytes.left(6), "GIF89a");
  EXPECT_EQ(bytes.mid(6, 4), QByteArray::fromHex("2c01c800")) << "300 x 200, the low byte first";
  EXPECT_TRUE(bytes.contains("NETSCAPE2.0"));
  EXPECT_EQ(bytes.back(), ';');
}

TEST(GifWriter, CompressesAsTheSpecificationSays) {
  // Two values of two bits: clear (4), 1, 1 1 (6), 1 in codes of 3 bits, the end (5) in 4, since 7 was
  // the last code of 3. The low bit comes first.
  EXPECT_EQ(gif_lzw({1, 1, 1, 1}, 2), QByteArray::fromHex("02"
                                                          "02"
                                                          "8c53"
                                                          "00"));
}

TEST(GifWriter, GivesBackEveryFrame) {
  constexpr QSize kSize(120, 80);
  std::vector<QImage> drawn;
  GifWriter writer(kSize, 40);
  for (int i = 0; i < 5; ++i) {
    QImage frame(kSize, QImage::Format_RGB32);
    frame.fill(QColor(16, 20, 30));
    for (int x = 0; x < 30; ++x) {
      for (int y = 0; y < 20; ++y) frame.setPixelColor(x + 20 * i, y + 10 * i, QColor(248, 8 * (x % 8), 64));
    }
    writer.add(frame);
    drawn.push_back(frame);
  }
  EXPECT_EQ(writer.frames(), 5);
  const std::vector<QImage> read = frames_of(writer.finish());
  ASSERT_EQ(read.size(), drawn.size());
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    EXPECT_EQ(read[i], drawn[i]) << "frame " << i;
  }
}

TEST(GifWriter, KeepsColoursCloseWhereThereAreTooMany) {
  QImage frame(256, 256, QImage::Format_RGB32);
  for (int y = 0; y < 256; ++y) {
    for (int x = 0; x < 256; ++x) frame.setPixelColor(x, y, QColor(x, y, (x + y) / 2));
  }
  GifWriter writer(frame.size(), 40);
  writer.add(frame);
  const std::vector<QImage> read = frames_of(writer.finish());
  ASSERT_EQ(read.size(), 1);
  double off = 0;
  for (int y = 0; y < 256; ++y) {
    for (int x = 0; x < 256; ++x) {
      const QColor a = frame.pixelColor(x, y);
      const QColor b = read[0].pixelColor(x, y);
      off += std::abs(a.red() - b.red()) + std::abs(a.green() - b.green()) + std::abs(a.blue() - b.blue());
    }
  }
  EXPECT_LT(off / (256 * 256 * 3), 40);
}

}  // namespace
}  // namespace ghostnet::gui::file_export_test
