// PlayThrough: a part of the run as pictures: the time goes from one instant to another in even steps, and when all
// that is shown has been read, a picture is taken. As numbered PNG files, from which ffmpeg makes a film, or as one
// GIF. Frames are packed and written on a thread of its own, one at a time.
#pragma once

#include <QImage>
#include <QObject>
#include <QSize>
#include <QString>
#include <QTimer>
#include <functional>
#include <memory>

#include "ghostnet/gui/background.hpp"
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
    std::function<void(std::function<void(QImage)> done)> take;
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
  enum class Step : std::uint8_t { set_time, wait, taking };

  void step();
  void keep(QImage image);
  void finish_gif();
  void end(const QString& problem);

  Document& document_;
  Stage stage_;
  PlayThroughOptions options_;
  Background writing_;
  Inquiry frame_inquiry_;
  std::shared_ptr<GifWriter> gif_;  // of the thread that writes, while a frame is under way
  QTimer timer_;
  std::int64_t shown_before_ns_ = 0;
  int frame_ = 0;
  Step step_ = Step::set_time;
  bool running_ = false;
};

}  // namespace ghostnet::gui
