// PlayThrough: a part of the run as pictures: the time goes from one instant to another in even steps, and when all
// that is shown has been read, a picture is taken. As numbered PNG files, from which ffmpeg makes a film, or as one
// GIF.
#pragma once

#include <QImage>
#include <QObject>
#include <QSize>
#include <QString>
#include <QTimer>
#include <functional>
#include <memory>

#include "ghostnet/gui/document.hpp"
#include "habits/gif_writer.hpp"

namespace ghostnet::gui {

struct PlayThroughOptions {
  static constexpr int kMaxFrames = 10'000;
  static constexpr std::size_t kMaxGifBytes = std::size_t{512} << 20;

  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  int frames = 100;
  int frames_per_s = 20;
  // A directory for numbered frames, which is made where it is missing, or a file that ends in .gif.
  QString target{};
};

// The command that makes a film of the frames in a directory.
QString ffmpeg_command(const PlayThroughOptions& options);

class PlayThrough : public QObject {
  Q_OBJECT

 public:
  // What is drawn, and whether it shows the document's instant by now.
  struct Stage {
    std::function<QImage()> take;
    std::function<bool()> is_ready = [] { return true; };
  };
  // The instant that was shown before comes back at the end.
  PlayThrough(Document& document, Stage stage, QObject* parent = nullptr);
  ~PlayThrough() override;

  // Answered by finished(), after progressed() for each frame.
  void start(PlayThroughOptions options);
  void cancel();
  bool is_running() const { return running_; }

 Q_SIGNALS:
  void progressed(int frame, int frames);
  // Empty: everything is written. Else what went wrong.
  void finished(const QString& problem);

 private:
  void step();
  Result<> keep(const QImage& image);
  void end(const QString& problem);

  Document& document_;
  Stage stage_;
  PlayThroughOptions options_;
  std::unique_ptr<GifWriter> gif_;
  QTimer timer_;
  std::int64_t shown_before_ns_ = 0;
  int frame_ = 0;
  bool set_ = false;  // the time of the frame
  bool running_ = false;
};

}  // namespace ghostnet::gui
