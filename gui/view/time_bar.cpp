#include "ghostnet/gui/time_bar.hpp"

#include <fmt/format.h>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QStyle>
#include <QToolButton>
#include <algorithm>
#include <array>

#include "charts/units.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kTickMs = 16;
constexpr double kWatchS = 5;
constexpr std::int64_t kStepNs = 20'000'000;
constexpr std::array<double, 10> kSpeeds = {0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 20};

QString speed_text(double speed) { return QString::fromStdString(fmt::format("{:g}×", speed)); }

}  // namespace

QString time_text(std::int64_t time_ns, std::int64_t span_ns) {
  const double seconds = chart::seconds(time_ns);
  const double span_s = chart::seconds(span_ns);
  if (span_s < 120) return QString::fromStdString(fmt::format("{:.{}f} s", seconds, span_s < 10 ? 4 : 3));
  const auto whole = static_cast<std::int64_t>(seconds);
  const double rest = seconds - static_cast<double>(whole - whole % 60);
  if (span_s < 3600) return QString::fromStdString(fmt::format("{}:{:04.1f}", whole / 60, rest));
  return QString::fromStdString(fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60));
}

TimeBar::TimeBar(Document& document, QWidget* parent) : QWidget(parent), document_(document) {
  const auto add_button = [this](const QString& text, const QString& what, void (TimeBar::*slot)()) {
    auto* button = new QToolButton;
    button->setText(text);
    button->setToolTip(what);
    button->setAccessibleName(what);
    button->setFocusPolicy(Qt::NoFocus);
    connect(button, &QToolButton::clicked, this, slot);
    return button;
  };
  QToolButton* back = add_button("‹", tr("Step back (,)"), &TimeBar::step_back);
  play_ = add_button(tr("Play"), tr("Play or pause (Space)"), &TimeBar::toggle);
  play_->setMinimumWidth(64);
  QToolButton* on = add_button("›", tr("Step on (.)"), &TimeBar::step_on);
  speeds_ = new QComboBox;
  for (const double speed : kSpeeds) speeds_->addItem(speed_text(speed), speed);
  speeds_->setAccessibleName(tr("Speed"));
  speeds_->setToolTip(tr("Simulated seconds in one of yours ([ and ])"));
  speeds_->setFocusPolicy(Qt::NoFocus);
  strip_ = new TimeStrip(document);
  label_ = new QLabel;
  label_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  live_ = add_button(tr("Live"), tr("Follow the run as it is written"), &TimeBar::to_end);
  live_->setCheckable(true);

  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(14, 6, 14, 8);
  row->setSpacing(6);
  row->addWidget(back);
  row->addWidget(play_);
  row->addWidget(on);
  row->addWidget(speeds_);
  row->addSpacing(8);
  row->addWidget(strip_, 1);
  row->addSpacing(8);
  row->addWidget(label_);
  row->addWidget(live_);
  clock_.setInterval(kTickMs);
  connect(&clock_, &QTimer::timeout, this, [this] { advance(since_.restart() * 1'000'000); });
  connect(speeds_, &QComboBox::activated, this, [this](int at) { speed_ = kSpeeds[static_cast<std::size_t>(at)]; });
  connect(strip_, &TimeStrip::scrubbed, this, [this] { document_.set_follows_end(false); });
  connect(&document_, &Document::time_changed, this, &TimeBar::show_time);
  connect(&document_, &Document::run_changed, this, &TimeBar::show_time);
  connect(&document_, &Document::run_grew, this, &TimeBar::show_time);
  set_speed(1);
  show_time();
}

void TimeBar::watch(std::int64_t from_ns, std::int64_t to_ns) {
  set_speed(chart::seconds(to_ns - from_ns) / kWatchS);
  document_.set_time_ns(from_ns);
  play();
  stop_at_ns_ = to_ns;
}

void TimeBar::set_speed(double speed) {
  speed_ = std::clamp(speed, kSpeeds.front(), kSpeeds.back());
  const auto* near = std::ranges::find_if(kSpeeds, [&](double one) { return one >= speed_; });
  speeds_->setCurrentIndex(static_cast<int>(near - kSpeeds.begin()));
}

void TimeBar::faster() {
  const auto* next = std::ranges::find_if(kSpeeds, [&](double one) { return one > speed_; });
  if (next != kSpeeds.end()) set_speed(*next);
}

void TimeBar::slower() {
  double slower = kSpeeds.front();
  for (const double speed : kSpeeds) {
    if (speed < speed_) slower = speed;
  }
  set_speed(slower);
}

void TimeBar::play() {
  stop_at_ns_.reset();
  document_.set_follows_end(false);
  if (document_.time_ns() >= document_.end_ns()) document_.set_time_ns(0);
  since_.start();
  clock_.start();
  show_time();
}

void TimeBar::pause() {
  clock_.stop();
  show_time();
}

void TimeBar::toggle() { is_playing() ? pause() : play(); }

void TimeBar::advance(std::int64_t passed_ns) {
  const std::int64_t next = document_.time_ns() + static_cast<std::int64_t>(static_cast<double>(passed_ns) * speed_);
  const bool stops = stop_at_ns_ && next >= *stop_at_ns_;
  document_.set_time_ns(stops ? *stop_at_ns_ : next);
  if (stops) return pause();
  if (document_.time_ns() < document_.end_ns()) return;
  if (document_.is_live()) document_.set_follows_end(true);
  pause();
}

void TimeBar::step_on() {
  pause();
  document_.set_follows_end(false);
  document_.set_time_ns(document_.time_ns() + static_cast<std::int64_t>(kStepNs * speed_));
}

void TimeBar::step_back() {
  pause();
  document_.set_follows_end(false);
  document_.set_time_ns(document_.time_ns() - static_cast<std::int64_t>(kStepNs * speed_));
}

void TimeBar::to_begin() {
  document_.set_follows_end(false);
  document_.set_time_ns(0);
}

void TimeBar::to_end() {
  document_.set_time_ns(document_.end_ns());
  document_.set_follows_end(document_.is_live());
  show_time();
}

void TimeBar::show_time() {
  play_->setText(is_playing() ? tr("Pause") : tr("Play"));
  live_->setVisible(document_.is_live());
  live_->setChecked(document_.follows_end());
  const std::int64_t end = document_.end_ns();
  const QString text = time_text(document_.time_ns(), end) + "  /  " + time_text(end, end);
  label_->setText(text);
  // Wide enough for every instant, so that nothing jumps.
  const QString widest = time_text(end, end) + "  /  " + time_text(end, end);
  label_->setMinimumWidth(label_->fontMetrics().horizontalAdvance(widest) + 6);
}

}  // namespace ghostnet::gui
