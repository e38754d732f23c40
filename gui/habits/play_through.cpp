#include "habits/play_through.hpp"

#include <QDir>
#include <QPointer>
#include <algorithm>

#include "charts/figure_export.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kLook_ms = 5;  // how often it is looked whether all has been read

bool is_gif(const PlayThroughOptions& options) { return options.target.endsWith(".gif", Qt::CaseInsensitive); }

}  // namespace

QString ffmpeg_command(const PlayThroughOptions& options) {
  return QString(
             "ffmpeg -framerate %1 -i '%2/frame-%05d.png' -vf 'pad=ceil(iw/2)*2:ceil(ih/2)*2' -pix_fmt yuv420p "
             "'%2.mp4'")
      .arg(options.frames_per_s)
      .arg(options.target);
}

PlayThrough::PlayThrough(Document& document, Stage stage, QObject* parent)
    : QObject(parent), document_(document), stage_(std::move(stage)) {
  timer_.setInterval(kLook_ms);
  connect(&timer_, &QTimer::timeout, this, &PlayThrough::step);
}

PlayThrough::~PlayThrough() = default;

void PlayThrough::start(PlayThroughOptions options) {
  if (running_) return;
  options_ = std::move(options);
  options_.frames = std::clamp(options_.frames, 1, PlayThroughOptions::kMaxFrames);
  gif_.reset();
  frame_ = 0;
  step_ = Step::set_time;
  running_ = true;
  shown_before_ns_ = document_.time_ns();
  document_.set_follows_end(false);
  if (!is_gif(options_) && !QDir().mkpath(options_.target)) {
    return end(tr("%1 cannot be made: is the disk full, or may nobody write there?").arg(options_.target));
  }
  timer_.start();
}

void PlayThrough::cancel() {
  if (running_) end(tr("Cancelled after %1 frames").arg(frame_));
}

void PlayThrough::step() {
  if (step_ == Step::set_time) {
    const double share = options_.frames < 2 ? 0 : static_cast<double>(frame_) / (options_.frames - 1);
    const auto span = static_cast<double>(options_.to_ns - options_.from_ns);
    document_.set_time_ns(options_.from_ns + static_cast<std::int64_t>(span * share));
    step_ = Step::wait;
    return;
  }
  if (step_ == Step::taking || document_.data().pending() > 0 || !stage_.is_ready()) return;
  step_ = Step::taking;
  stage_.take([there = QPointer(this)](QImage image) {
    if (there && there->running_) there->keep(std::move(image));
  });
}

void PlayThrough::keep(QImage image) {
  if (is_gif(options_) && !gif_) {
    gif_ = std::make_shared<GifWriter>(image.size(), 1000 / std::max(1, options_.frames_per_s));
  }
  const QString name = QString("frame-%1.png").arg(frame_, 5, 10, QChar('0'));
  const auto work = [gif = gif_, image = std::move(image),
                     path = QDir(options_.target).filePath(name)](const Ticket&) -> Result<> {
    if (!gif) return chart::save_file(path, chart::png_of(image));
    gif->add(image);
    if (gif->bytes() <= PlayThroughOptions::kMaxGifBytes) return {};
    return fail(Errc::limit, "the GIF would be larger than {} MiB; take fewer frames, or PNG frames",
                PlayThroughOptions::kMaxGifBytes >> 20U);
  };
  writing_.ask(frame_inquiry_, work, [this](const Result<>& kept) {
    if (!kept) return end(text_of(kept.error()));
    step_ = Step::set_time;
    ++frame_;
    Q_EMIT progressed(frame_, options_.frames);
    if (!running_ || frame_ < options_.frames) return;
    gif_ ? finish_gif() : end({});
  });
}

void PlayThrough::finish_gif() {
  step_ = Step::taking;
  const auto work = [gif = gif_, path = options_.target](const Ticket&) {
    return chart::save_file(path, gif->finish());
  };
  writing_.ask(frame_inquiry_, work,
               [this](const Result<>& saved) { end(saved ? QString() : text_of(saved.error())); });
}

void PlayThrough::end(const QString& problem) {
  timer_.stop();
  frame_inquiry_.withdraw();
  running_ = false;
  gif_.reset();
  document_.set_time_ns(shown_before_ns_);
  Q_EMIT finished(problem);
}

}  // namespace ghostnet::gui
