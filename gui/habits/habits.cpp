#include "habits/habits.hpp"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QKeyEvent>
#include <QMenu>
#include <tuple>

#include "ghostnet/gui/mesh_view.hpp"
#include "ghostnet/gui/time_bar.hpp"
#include "habits/cheat_sheet.hpp"
#include "habits/export_view.hpp"
#include "habits/view_history.hpp"

namespace ghostnet::gui {

namespace {

// Space plays and pauses wherever the keyboard is; but a button, a box or a choice that has it is pressed.
class SpacePresses : public QObject {
 public:
  using QObject::QObject;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() != QEvent::ShortcutOverride) return false;
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool is_pressed =
        qobject_cast<QAbstractButton*>(watched) != nullptr || qobject_cast<QComboBox*>(watched) != nullptr;
    if (!is_pressed || key->key() != Qt::Key_Space || key->modifiers() != Qt::NoModifier) return false;
    event->accept();
    return true;
  }
};

void add_history(MainWindow& window, Document& document) {
  MeshView& mesh = window.mesh();
  CameraAccess access{.get = [&mesh] { return CameraPlace{mesh.camera().x, mesh.camera().y, mesh.camera().scale}; },
                      .set =
                          [&mesh](const CameraPlace& place) {
                            Camera camera = mesh.camera();
                            std::tie(camera.x, camera.y, camera.scale) = std::tuple(place[0], place[1], place[2]);
                            mesh.set_camera(camera);
                          },
                      .plays = [&window] { return window.time_bar().is_playing(); }};
  auto* history = new ViewHistory(document, std::move(access), &window);
  QObject::connect(&mesh, &MeshView::camera_changed, history, &ViewHistory::touch);
  QMenu& menu = window.view_menu();
  auto* undo = new QAction(QObject::tr("&Undo view change"), &window);
  auto* redo = new QAction(QObject::tr("&Redo view change"), &window);
  undo->setShortcut(QKeySequence::Undo);
  redo->setShortcuts({QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")});
  QObject::connect(undo, &QAction::triggered, history, &ViewHistory::undo);
  QObject::connect(redo, &QAction::triggered, history, &ViewHistory::redo);
  const auto show = [undo, redo, history] {
    undo->setEnabled(history->can_undo());
    redo->setEnabled(history->can_redo());
  };
  QObject::connect(history, &ViewHistory::changed, undo, show);
  show();
  QAction* first = menu.actions().value(0);
  menu.insertAction(first, undo);
  menu.insertAction(first, redo);
  menu.insertSeparator(first);
}

void add_export(MainWindow& window, Document& document) {
  QMenu& menu = window.file_menu();
  QAction* last = menu.actions().isEmpty() ? nullptr : menu.actions().back();
  auto* picture = new QAction(QObject::tr("&Export view…"), &window);
  picture->setShortcut(QKeySequence("Ctrl+E"));
  QObject::connect(picture, &QAction::triggered, &window, [&window] { export_view(window, window.mesh()); });
  auto* film = new QAction(QObject::tr("Export &play-through…"), &window);
  film->setShortcut(QKeySequence("Ctrl+Shift+E"));
  QObject::connect(film, &QAction::triggered, &window,
                   [&window, &document] { export_play_through(window, document, window.mesh()); });
  const auto enable = [picture, film, &document] {
    picture->setEnabled(document.run() != nullptr);
    film->setEnabled(document.run() != nullptr);
  };
  QObject::connect(&document, &Document::run_changed, picture, enable);
  enable();
  menu.insertAction(last, picture);
  menu.insertAction(last, film);
  menu.insertSeparator(last);
}

void add_help(MainWindow& window) {
  auto* sheet = new QAction(QObject::tr("&Shortcuts"), &window);
  sheet->setShortcuts({QKeySequence("?"), QKeySequence("F1")});
  QObject::connect(sheet, &QAction::triggered, &window,
                   [&window] { show_cheat_sheet(&window, all_shortcuts(window.shortcuts())); });
  window.help_menu().addAction(sheet);
}

}  // namespace

void add_habits(MainWindow& window, Document& document) {
  add_history(window, document);
  add_export(window, document);
  add_help(window);
  qApp->installEventFilter(new SpacePresses(&window));
}

}  // namespace ghostnet::gui
