#include "habits/view_history.hpp"

namespace ghostnet::gui {

ViewHistory::ViewHistory(Document& document, CameraAccess camera, QObject* parent)
    : QObject(parent), document_(document), camera_(std::move(camera)) {
  together_.setSingleShot(true);
  together_.setInterval(kTogether_ms);
  connect(&together_, &QTimer::timeout, this, &ViewHistory::settle);
  connect(&document_, &Document::time_changed, this, &ViewHistory::touch);
  connect(&document_, &Document::selection_changed, this, &ViewHistory::touch);
  connect(&document_, &Document::look_changed, this, &ViewHistory::touch);
  connect(&document_, &Document::run_changed, this, &ViewHistory::begin);
}

ViewState ViewHistory::present() const {
  return {document_.run_id(), document_.time_ns(), document_.selection(), document_.look(), camera_.get()};
}

// A run of its own: times and hosts of another mean nothing here.
void ViewHistory::begin() {
  together_.stop();
  before_.clear();
  after_.clear();
  noted_.reset();
  together_.start();
  Q_EMIT changed();
}

void ViewHistory::touch() {
  if (!restoring_) together_.start();
}

void ViewHistory::settle() {
  together_.stop();
  if (document_.run() == nullptr) return;
  ViewState now = present();
  if (noted_ && now == *noted_) return;
  const bool only_time = noted_ && [&] {
    ViewState other = now;
    other.time_ns = noted_->time_ns;
    return other == *noted_;
  }();
  if (noted_ && !(only_time && (camera_.plays() || document_.follows_end()))) {
    before_.push_back(std::move(*noted_));
    if (before_.size() > kMaxSteps) before_.pop_front();
    after_.clear();
  }
  noted_ = std::move(now);
  Q_EMIT changed();
}

void ViewHistory::undo() {
  settle();
  if (before_.empty()) return;
  after_.push_back(present());
  restore(before_.back());
  before_.pop_back();
  Q_EMIT changed();
}

void ViewHistory::redo() {
  if (after_.empty()) return;
  before_.push_back(present());
  restore(after_.back());
  after_.pop_back();
  Q_EMIT changed();
}

void ViewHistory::restore(const ViewState& state) {
  restoring_ = true;
  document_.set_look(state.look);
  document_.select(state.selection);
  document_.set_time_ns(state.time_ns);
  camera_.set(state.camera);
  restoring_ = false;
  noted_ = present();
}

}  // namespace ghostnet::gui
