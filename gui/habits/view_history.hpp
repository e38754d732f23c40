// ViewHistory: undo and redo of where one looks: the camera, what is selected, the instant, how the mesh is drawn.
//
// Changes within kTogether_ms are one step: a drag, a scrub, the selection and the time of a click in a list. While the
// time plays by itself nothing is noted.
#pragma once

#include <QObject>
#include <QTimer>
#include <array>
#include <deque>
#include <functional>
#include <optional>

#include "ghostnet/gui/document.hpp"

namespace ghostnet::gui {

using CameraPlace = std::array<double, 3>;  // x, y, scale

struct ViewState {
  std::int64_t run = 0;
  std::int64_t time_ns = 0;
  Selection selection{};
  Look look{};
  CameraPlace camera{};

  bool operator==(const ViewState&) const = default;
};

// Where the camera is kept: the mesh, or a test.
struct CameraAccess {
  std::function<CameraPlace()> get;
  std::function<void(const CameraPlace&)> set;
  std::function<bool()> plays = [] { return false; };  // whether the time moves by itself
};

class ViewHistory : public QObject {
  Q_OBJECT

 public:
  static constexpr std::size_t kMaxSteps = 200;
  static constexpr int kTogether_ms = 400;

  ViewHistory(Document& document, CameraAccess camera, QObject* parent = nullptr);

  bool can_undo() const { return !before_.empty(); }
  bool can_redo() const { return !after_.empty(); }
  void undo();
  void redo();
  // Something changed that the document does not tell of: the camera.
  void touch();
  // What has changed until now becomes a step at once.
  void settle();

 Q_SIGNALS:
  void changed();

 private:
  ViewState present() const;
  void restore(const ViewState& state);
  void begin();

  Document& document_;
  CameraAccess camera_;
  QTimer together_;
  std::optional<ViewState> noted_;
  std::deque<ViewState> before_;
  std::deque<ViewState> after_;
  bool restoring_ = false;
};

}  // namespace ghostnet::gui
