// TimeBar: where the document's instant is in the run, and how it moves: play, pause, step, speed, scrub. The strip
// marks faults as spans, crashes and restarts by how many there were, and where a followed message is under way.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>
#include <optional>
#include <vector>

#include "ghostnet/gui/document.hpp"

class QComboBox;
class QLabel;
class QToolButton;
class QPainter;

namespace ghostnet::gui {

// 12.345 s, 2:07.5, 1:02:03: as precise as the span asks for.
QString time_text(std::int64_t time_ns, std::int64_t span_ns);

// What is marked on the strip: faults, and how many hosts went and came back in each part of the run. Of a run that
// grows it takes the changes of state as they come; parts become twice as long when there would be too many.
class TimeMarks {
 public:
  static constexpr std::size_t kMaxParts = 2'048;
  static constexpr std::size_t kMaxFaults = 1'000;
  struct Fault {
    std::string key{};
    std::int64_t from_ns = 0;
    std::int64_t to_ns = -1;  // -1: it has not ended
    QString name() const { return QString::fromStdString(key).section('.', -1); }
  };

  // In order of time.
  void add(const std::vector<results::EventAt>& changes);
  const std::vector<Fault>& faults() const { return faults_; }
  // Of so many bars from 0 to end_ns.
  std::vector<int> downs(std::size_t bars, std::int64_t end_ns) const { return in_bars(down_, bars, end_ns); }
  std::vector<int> ups(std::size_t bars, std::int64_t end_ns) const { return in_bars(up_, bars, end_ns); }
  // The last change that was added.
  results::EventKey last() const { return last_; }

 private:
  std::size_t part_of(std::int64_t time_ns);
  std::vector<int> in_bars(const std::vector<int>& parts, std::size_t bars, std::int64_t end_ns) const;

  std::vector<Fault> faults_;
  std::int64_t part_ns_ = 1'000'000;
  std::vector<int> down_ = std::vector<int>(kMaxParts);
  std::vector<int> up_ = std::vector<int>(kMaxParts);
  results::EventKey last_{};
};

// The strip alone: paints the marks and moves the document's instant where it is pressed or dragged, or by keys: arrows
// by a hundredth of the run, Page Up and Down by a tenth, Home and End to its ends.
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
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void scrub(std::int64_t time_ns);
  void begin();
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
  static constexpr std::int64_t kMaxEvents = 20'000;  // that are read at once

  explicit TimeBar(Document& document, QWidget* parent = nullptr);

  TimeStrip& strip() { return *strip_; }
  bool is_playing() const { return clock_.isActive(); }
  // Simulated seconds that pass in one of the user's.
  double speed() const { return speed_; }
  void set_speed(double speed);
  // Plays a span of time in a few of the user's seconds, and stops at its end.
  void watch(std::int64_t from_ns, std::int64_t to_ns);
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
  std::optional<std::int64_t> stop_at_ns_;
};

}  // namespace ghostnet::gui
