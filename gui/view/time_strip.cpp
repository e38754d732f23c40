#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <limits>

#include "charts/units.hpp"
#include "ghostnet/gui/time_bar.hpp"

namespace ghostnet::gui {

namespace {

constexpr double kSide = 8;
constexpr double kTrackTop = 8;
constexpr double kTrackHeight = 18;

constexpr std::size_t kBars = 200;

// 1, 2 or 5 times a power of ten, at least so long.
double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (power * times >= least) return power * times;
  }
  return power * 10;
}

}  // namespace

void TimeMarks::add(const std::vector<results::EventAt>& changes) {
  for (const results::EventAt& change : changes) {
    last_ = {change.time_ns, change.number};
    if (change.kind == "crash" || change.kind == "link_down") {
      ++down_[part_of(change.time_ns)];
    } else if (change.kind == "restart" || change.kind == "link_up") {
      ++up_[part_of(change.time_ns)];
    } else if (change.kind == "fault_begins" && faults_.size() < kMaxFaults) {
      faults_.push_back({.key = change.text, .from_ns = change.time_ns});
    } else if (change.kind == "fault_ends") {
      const auto open = std::ranges::find_if(
          faults_, [&](const Fault& fault) { return fault.key == change.text && fault.to_ns < 0; });
      if (open != faults_.end()) open->to_ns = change.time_ns;
    }
  }
}

std::size_t TimeMarks::part_of(std::int64_t time_ns) {
  while (time_ns / part_ns_ >= static_cast<std::int64_t>(kMaxParts)) {
    for (std::vector<int>* parts : {&down_, &up_}) {
      for (std::size_t at = 0; at < kMaxParts / 2; ++at) (*parts)[at] = (*parts)[2 * at] + (*parts)[2 * at + 1];
      std::fill(parts->begin() + kMaxParts / 2, parts->end(), 0);
    }
    part_ns_ *= 2;
  }
  return static_cast<std::size_t>(std::max<std::int64_t>(0, time_ns) / part_ns_);
}

std::vector<int> TimeMarks::in_bars(const std::vector<int>& parts, std::size_t bars, std::int64_t end_ns) const {
  std::vector<int> counts(bars);
  for (std::size_t part = 0; part < parts.size() && end_ns > 0; ++part) {
    if (parts[part] == 0) continue;
    const double middle_ns = (static_cast<double>(part) + 0.5) * static_cast<double>(part_ns_);
    const auto bar = static_cast<std::size_t>(middle_ns / static_cast<double>(end_ns) * static_cast<double>(bars));
    counts[std::min(bar, bars - 1)] += parts[part];
  }
  return counts;
}

TimeStrip::TimeStrip(Document& document, QWidget* parent) : QWidget(parent), document_(document) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Time"));
  setAccessibleDescription(tr("Arrows move the instant that is shown"));
  setFocusPolicy(Qt::StrongFocus);
  setCursor(Qt::PointingHandCursor);
  connect(&document_, &Document::time_changed, this, qOverload<>(&QWidget::update));
  connect(&document_, &Document::theme_changed, this, qOverload<>(&QWidget::update));
  connect(&document_, &Document::run_changed, this, &TimeStrip::begin);
  connect(&document_, &Document::run_grew, this, &TimeStrip::read_marks);
}

void TimeStrip::mark_span(std::optional<std::pair<std::int64_t, std::int64_t>> span_ns) {
  span_ns_ = span_ns;
  update();
}

void TimeStrip::begin() {
  marks_ = {};
  inquiry_.withdraw();
  read_marks();
}

// What came since, piece by piece.
void TimeStrip::read_marks() {
  const auto read = [run = document_.run_id(), after = marks_.last()](const results::Database& database) {
    return results::state_changes(database, run, after, std::numeric_limits<std::int64_t>::max(), TimeBar::kMaxEvents);
  };
  document_.data().ask(inquiry_, read, [this](const Result<std::vector<results::EventAt>>& changes) {
    if (!changes || changes->empty()) return;
    marks_.add(*changes);
    update();
    if (std::ssize(*changes) == TimeBar::kMaxEvents) read_marks();
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
  if (!hasFocus()) return;
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme.accent, 1));
  painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), 5, 5);
}

// Faults as bands along the top, crashes as bars that hang from the middle, restarts as bars that stand on it.
void TimeStrip::paint_marks(QPainter& painter, const QRectF& track) {
  const Theme& theme = document_.theme();
  painter.setPen(Qt::NoPen);
  for (const TimeMarks::Fault& fault : marks_.faults()) {
    QColor band = theme.warning;
    band.setAlpha(34);
    const double from = place_of(fault.from_ns);
    const QRectF place(from, track.top(),
                       std::max(2.0, place_of(fault.to_ns < 0 ? document_.end_ns() : fault.to_ns) - from),
                       track.height());
    painter.fillRect(place, band);
    painter.fillRect(QRectF(place.left(), place.top(), place.width(), 3), theme.warning);
  }
  if (span_ns_) {
    const double from = place_of(span_ns_->first);
    painter.fillRect(QRectF(from, track.bottom() - 3, std::max(3.0, place_of(span_ns_->second) - from), 3),
                     theme.message);
  }
  const std::vector<int> downs = marks_.downs(kBars, document_.end_ns());
  const std::vector<int> ups = marks_.ups(kBars, document_.end_ns());
  const int most = std::max({1, *std::ranges::max_element(downs), *std::ranges::max_element(ups)});
  const double bar = track.width() / kBars;
  const double middle = track.center().y();
  const auto paint_bars = [&](const std::vector<int>& counts, double direction, const QColor& colour) {
    for (std::size_t bin = 0; bin < counts.size(); ++bin) {
      if (counts[bin] == 0) continue;
      const double height = 1.5 + (track.height() / 2 - 3) * counts[bin] / most;
      const double x = track.left() + bar * static_cast<double>(bin);
      painter.fillRect(QRectF(x, direction < 0 ? middle - height : middle, std::max(1.0, bar - 0.6), height), colour);
    }
  };
  paint_bars(ups, -1, theme.good);
  paint_bars(downs, 1, theme.bad);
}

void TimeStrip::paint_ticks(QPainter& painter, const QRectF& track) {
  const Theme& theme = document_.theme();
  const double end_s = chart::seconds(document_.end_ns());
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

void TimeStrip::scrub(std::int64_t time_ns) {
  Q_EMIT scrubbed();
  document_.set_time_ns(time_ns);
}

void TimeStrip::mousePressEvent(QMouseEvent* event) { scrub(time_at(event->position().x())); }

void TimeStrip::mouseMoveEvent(QMouseEvent* event) {
  if ((event->buttons() & Qt::LeftButton) != 0) document_.set_time_ns(time_at(event->position().x()));
}

void TimeStrip::keyPressEvent(QKeyEvent* event) {
  const std::int64_t now = document_.time_ns();
  const std::int64_t end = document_.end_ns();
  switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Down: return scrub(now - end / 100);
    case Qt::Key_Right:
    case Qt::Key_Up: return scrub(now + end / 100);
    case Qt::Key_PageDown: return scrub(now - end / 10);
    case Qt::Key_PageUp: return scrub(now + end / 10);
    case Qt::Key_Home: return scrub(0);
    case Qt::Key_End: return scrub(end);
    default: QWidget::keyPressEvent(event);
  }
}

}  // namespace ghostnet::gui
