#include "ghostnet/gui/time_bar.hpp"

#include <fmt/format.h>

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>
#include <cmath>

namespace ghostnet::gui {

namespace {

constexpr int kSliderSteps = 100'000;
constexpr int kTickMs = 16;

}  // namespace

QString time_text(std::int64_t time_ns, std::int64_t span_ns) {
  const double seconds = static_cast<double>(time_ns) / 1e9;
  const double span_s = static_cast<double>(span_ns) / 1e9;
  if (span_s < 120) return QString::fromStdString(fmt::format("{:.{}f} s", seconds, span_s < 10 ? 4 : 3));
  const auto whole = static_cast<std::int64_t>(seconds);
  const double rest = seconds - static_cast<double>(whole - whole % 60);
  if (span_s < 3600) return QString::fromStdString(fmt::format("{}:{:04.1f}", whole / 60, rest));
  return QString::fromStdString(fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60));
}

TimeBar::TimeBar(Document& document, QWidget* parent) : QWidget(parent), document_(document) {
  play_ = new QToolButton;
  play_->setText(tr("Play"));
  slider_ = new QSlider(Qt::Horizontal);
  slider_->setRange(0, kSliderSteps);
  slider_->setAccessibleName(tr("Time"));
  label_ = new QLabel;
  auto* row = new QHBoxLayout(this);
  row->addWidget(play_);
  row->addWidget(slider_, 1);
  row->addWidget(label_);
  clock_.setInterval(kTickMs);
  connect(&clock_, &QTimer::timeout, this, &TimeBar::tick);
  connect(play_, &QToolButton::clicked, this, &TimeBar::toggle);
  connect(slider_, &QSlider::valueChanged, this, [this](int step) {
    document_.set_time_ns(static_cast<std::int64_t>(static_cast<double>(document_.end_ns()) * step / kSliderSteps));
  });
  connect(&document_, &Document::time_changed, this, &TimeBar::show_time);
  connect(&document_, &Document::run_changed, this, &TimeBar::show_time);
  connect(&document_, &Document::run_grew, this, &TimeBar::show_time);
  show_time();
}

void TimeBar::play() {
  if (document_.time_ns() >= document_.end_ns()) document_.set_time_ns(0);
  since_.start();
  clock_.start();
  play_->setText(tr("Pause"));
}

void TimeBar::pause() {
  clock_.stop();
  play_->setText(tr("Play"));
}

void TimeBar::toggle() { is_playing() ? pause() : play(); }

void TimeBar::tick() {
  const double passed_ns = static_cast<double>(since_.nsecsElapsed());
  since_.start();
  document_.set_time_ns(document_.time_ns() + static_cast<std::int64_t>(passed_ns * speed_));
  if (document_.time_ns() >= document_.end_ns() && !document_.is_live()) pause();
}

void TimeBar::show_time() {
  const QSignalBlocker quiet(slider_);
  const double share =
      document_.end_ns() == 0 ? 0 : static_cast<double>(document_.time_ns()) / static_cast<double>(document_.end_ns());
  slider_->setValue(static_cast<int>(std::lround(share * kSliderSteps)));
  label_->setText(time_text(document_.time_ns(), document_.end_ns()));
}

}  // namespace ghostnet::gui
