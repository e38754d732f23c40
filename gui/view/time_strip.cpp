#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ghostnet/gui/time_bar.hpp"

namespace ghostnet::gui {

namespace {

constexpr double kSide = 8;
constexpr double kTrackTop = 8;
constexpr double kTrackHeight = 18;

// 1, 2 or 5 times a power of ten, at least so long.
double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (power * times >= least) return power * times;
  }
  return power * 10;
}

}  // namespace

TimeMarks marks_of(const std::vector<results::EventAt>& events, std::int64_t end_ns) {
  TimeMarks marks;
  const auto bin_of = [&](std::int64_t time_ns) {
    const double share = static_cast<double>(time_ns) / static_cast<double>(std::max<std::int64_t>(1, end_ns));
    return std::min(TimeMarks::kBins - 1, static_cast<std::size_t>(share * TimeMarks::kBins));
  };
  for (const results::EventAt& event : events) {
    const QString name = QString::fromStdString(event.text).section('.', -1);
    if (event.kind == "crash") {
      ++marks.down[bin_of(event.time_ns)];
    } else if (event.kind == "restart") {
      ++marks.up[bin_of(event.time_ns)];
    } else if (event.kind == "fault_begins") {
      marks.faults.push_back({.name = name, .from_ns = event.time_ns, .to_ns = end_ns});
    } else if (event.kind == "fault_ends") {
      const auto open = std::ranges::find_if(
          marks.faults, [&](const auto& fault) { return fault.name == name && fault.to_ns == end_ns; });
      if (open != marks.faults.end()) open->to_ns = event.time_ns;
    }
  }
  return marks;
}

TimeStrip::TimeStrip(Document& document, QWidget* parent) : QWidget(parent), document_(document) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Time"));
  setCursor(Qt::PointingHandCursor);
  connect(&document_, &Document::time_changed, this, qOverload<>(&QWidget::update));
  connect(&document_, &Document::theme_changed, this, qOverload<>(&QWidget::update));
  connect(&document_, &Document::run_changed, this, &TimeStrip::read_marks);
  connect(&document_, &Document::run_grew, this, &TimeStrip::read_marks);
}

void TimeStrip::mark_span(std::optional<std::pair<std::int64_t, std::int64_t>> span_ns) {
  span_ns_ = span_ns;
  update();
}

void TimeStrip::read_marks() {
  const std::int64_t end = document_.end_ns();
  const auto read = [run = document_.run_id(), end](const results::Database& database) {
    return results::state_changes(database, run, 0, end + 1, TimeBar::kMaxEvents);
  };
  document_.data().ask(inquiry_, read, [this, end](Result<std::vector<results::EventAt>> events) {
    if (!events) return;
    marks_ = marks_of(*events, end);
    update();
  });
}

double TimeStrip::place_of(std::int64_t time_ns) const {
  const double share =
      document_.end_ns() == 0 ? 0 : static_cast<double>(time_ns) / static_cast<double>(document_.end_ns());
  return kSide + share * (width() - 2 * kSide);
}

std::int64_t TimeStrip::time_at(double x) const {
  const double share = std::clamp((x - kSide) / std::max(1.0, width() - 2 * kSide), 0.0, 1.0);
  return static_cast<std::int64_t>(share * static_cast<double>(document_.end_ns()));
}

void TimeStrip::paintEvent(QPaintEvent*) {
  const Theme& theme = document_.theme();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QRectF track(kSide, kTrackTop, width() - 2 * kSide, kTrackHeight);
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.raised);
  painter.drawRoundedRect(track, 4, 4);
  const double now = place_of(document_.time_ns());
  QColor passed = theme.accent;
  passed.setAlpha(60);
  painter.setBrush(passed);
  painter.drawRoundedRect(QRectF(track.left(), track.top(), now - track.left(), track.height()), 4, 4);
  paint_marks(painter, track);
  paint_ticks(painter, track);
  painter.setPen(QPen(theme.accent, 2, Qt::SolidLine, Qt::RoundCap));
  painter.drawLine(QPointF(now, track.top() - 4), QPointF(now, track.bottom() + 4));
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.accent);
  painter.drawEllipse(QPointF(now, track.top() - 3), 4.5, 4.5);
}

// Faults as bands along the top, crashes as bars that hang from the middle, restarts as bars that stand on it.
void TimeStrip::paint_marks(QPainter& painter, const QRectF& track) {
  const Theme& theme = document_.theme();
  painter.setPen(Qt::NoPen);
  for (const TimeMarks::Fault& fault : marks_.faults) {
    QColor band = theme.warning;
    band.setAlpha(34);
    const double from = place_of(fault.from_ns);
    const QRectF place(from, track.top(), std::max(2.0, place_of(fault.to_ns) - from), track.height());
    painter.fillRect(place, band);
    painter.fillRect(QRectF(place.left(), place.top(), place.width(), 3), theme.warning);
  }
  if (span_ns_) {
    const double from = place_of(span_ns_->first);
    painter.fillRect(QRectF(from, track.bottom() - 3, std::max(3.0, place_of(span_ns_->second) - from), 3),
                     theme.message);
  }
  const int most = std::max({1, *std::ranges::max_element(marks_.down), *std::ranges::max_element(marks_.up)});
  const double bar = track.width() / TimeMarks::kBins;
  const double middle = track.center().y();
  const auto paint_bars = [&](const std::vector<int>& counts, double direction, const QColor& colour) {
    for (std::size_t bin = 0; bin < counts.size(); ++bin) {
      if (counts[bin] == 0) continue;
      const double height = 1.5 + (track.height() / 2 - 3) * counts[bin] / most;
      const double x = track.left() + bar * static_cast<double>(bin);
      painter.fillRect(QRectF(x, direction < 0 ? middle - height : middle, std::max(1.0, bar - 0.6), height), colour);
    }
  };
  paint_bars(marks_.up, -1, theme.good);
  paint_bars(marks_.down, 1, theme.bad);
}

void TimeStrip::paint_ticks(QPainter& painter, const QRectF& track) {
  const Theme& theme = document_.theme();
  const double end_s = static_cast<double>(document_.end_ns()) / 1e9;
  if (end_s <= 0) return;
  constexpr double kLeastPixels = 70;
  const double step_s = round_step(end_s * kLeastPixels / std::max(1.0, track.width()));
  QFont small = painter.font();
  small.setPointSizeF(small.pointSizeF() * 0.85);
  painter.setFont(small);
  painter.setPen(theme.faint_text);
  const QFontMetricsF metrics(small);
  for (double at_s = 0; at_s <= end_s; at_s += step_s) {
    const double x = place_of(static_cast<std::int64_t>(at_s * 1e9));
    const QString text = QString::number(at_s) + " s";
    const double width = metrics.horizontalAdvance(text);
    const double left = std::clamp(x - width / 2, 0.0, this->width() - width);
    painter.drawText(QPointF(left, track.bottom() + 4 + metrics.ascent()), text);
  }
}

void TimeStrip::mousePressEvent(QMouseEvent* event) {
  Q_EMIT scrubbed();
  document_.set_time_ns(time_at(event->position().x()));
}

void TimeStrip::mouseMoveEvent(QMouseEvent* event) {
  if ((event->buttons() & Qt::LeftButton) != 0) document_.set_time_ns(time_at(event->position().x()));
}

}  // namespace ghostnet::gui
