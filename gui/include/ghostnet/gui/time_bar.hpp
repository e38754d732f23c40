// TimeBar: where the document's instant is in the run, and how it moves: play, pause, step, speed, scrub. The strip
// marks faults as spans, crashes and restarts by how many there were, and where a followed message is under way.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>
#include <vector>

#include "ghostnet/gui/document.hpp"

class QComboBox;
class QLabel;
class QToolButton;
class QPainter;

namespace ghostnet::gui {

// 12.345 s, 2:07.5, 1:02:03: as precise as the span asks for.
QString time_text(std::int64_t time_ns, std::int64_t span_ns);

// What is marked on the strip.
struct TimeMarks {
  struct Fault {
    QString name{};
    std::int64_t from_ns = 0;
    std::int64_t to_ns = 0;
  };
  static constexpr std::size_t kBins = 200;
  std::vector<Fault> faults{};
  std::vector<int> down = std::vector<int>(kBins);  // crashes in each part of the run
  std::vector<int> up = std::vector<int>(kBins);    // restarts
};
// Of events in order of time.
TimeMarks marks_of(const std::vector<results::EventAt>& events, std::int64_t end_ns);

// The strip alone: paints the marks and moves the document's instant where it is pressed or dragged.
class TimeStrip : public QWidget {
  Q_OBJECT

 public:
  explicit TimeStrip(Document& document, QWidget* parent = nullptr);

  const TimeMarks& marks() const { return marks_; }
  void mark_span(std::optional<std::pair<std::int64_t, std::int64_t>> span_ns);
  QSize sizeHint() const override { return {400, 46}; }

 Q_SIGNALS:
  void scrubbed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;

 private:
  void read_marks();
  double place_of(std::int64_t time_ns) const;
  std::int64_t time_at(double x) const;
  void paint_marks(QPainter& painter, const QRectF& track);
  void paint_ticks(QPainter& painter, const QRectF& track);

  Document& document_;
  Inquiry inquiry_;
  TimeMarks marks_;
  std::optional<std::pair<std::int64_t, std::int64_t>> span_ns_;
};

class TimeBar : public QWidget {
  Q_OBJECT

 public:
  static constexpr std::int64_t kMaxEvents = 200'000;

  explicit TimeBar(Document& document, QWidget* parent = nullptr);

  TimeStrip& strip() { return *strip_; }
  bool is_playing() const { return clock_.isActive(); }
  // Simulated seconds that pass in one of the user's.
  double speed() const { return speed_; }
  void set_speed(double speed);
  // Goes on by so much of the user's time; what the clock does while it plays.
  void advance(std::int64_t passed_ns);

 public Q_SLOTS:
  void play();
  void pause();
  void toggle();
  void faster();
  void slower();
  // A fiftieth of a second of the user's time.
  void step_on();
  void step_back();
  void to_begin();
  void to_end();

 private:
  void show_time();

  Document& document_;
  QToolButton* play_ = nullptr;
  QToolButton* live_ = nullptr;
  QComboBox* speeds_ = nullptr;
  TimeStrip* strip_ = nullptr;
  QLabel* label_ = nullptr;
  QTimer clock_;
  QElapsedTimer since_;
  double speed_ = 1;
};

}  // namespace ghostnet::gui
