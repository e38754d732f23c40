// TimeBar: where the document's instant is in the run, and how it moves.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

#include "ghostnet/gui/document.hpp"

class QComboBox;
class QLabel;
class QSlider;
class QToolButton;

namespace ghostnet::gui {

// 12.345 s, 2:07.5, 1:02:03: as precise as the span asks for.
QString time_text(std::int64_t time_ns, std::int64_t span_ns);

class TimeBar : public QWidget {
  Q_OBJECT

 public:
  explicit TimeBar(Document& document, QWidget* parent = nullptr);

  bool is_playing() const { return clock_.isActive(); }
  // Simulated seconds that pass in one of the user's.
  double speed() const { return speed_; }

 public Q_SLOTS:
  void play();
  void pause();
  void toggle();

 private:
  void tick();
  void show_time();

  Document& document_;
  QToolButton* play_ = nullptr;
  QSlider* slider_ = nullptr;
  QLabel* label_ = nullptr;
  QTimer clock_;
  QElapsedTimer since_;
  double speed_ = 1;
};

}  // namespace ghostnet::gui
