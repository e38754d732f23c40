// MainWindow: the mesh in the middle, the time bar below it, panels docked around, menus above.
//
// A panel is a QWidget that is given the Document, listens to its signals and asks its DataSource. add_panel() docks
// it, gives it an entry and a shortcut in the menu View, and remembers where the user put it. The layout of the window
// is kept in QSettings under the panels' ids; without settings (tests, pictures) nothing is read or kept.
//
// By keyboard: a panel's shortcut brings it to the front and puts the keyboard there, F6 goes from one part of the
// window to the next. A database that is dropped on the window is opened; a scenario is handed on (scenario_dropped).
#pragma once

#include <QMainWindow>
#include <QString>
#include <vector>

#include "ghostnet/gui/document.hpp"

class QAction;
class QDockWidget;
class QLabel;
class QMenu;
class QSettings;
class QStackedWidget;

namespace ghostnet::gui {

class MeshView;
class TimeBar;
class ViewBar;

struct PanelPlace {
  QString id;     // for the settings: "host-inspector"
  QString title;  // "Host"
  Qt::DockWidgetArea area = Qt::RightDockWidgetArea;
  bool shown = true;     // until the user says otherwise
  QString shortcut{};    // of the entry in the menu View: "Ctrl+1"
  QString beside_tab{};  // the id of a panel that it shares tabs with
};

class MainWindow : public QMainWindow {
  Q_OBJECT

 public:
  explicit MainWindow(Document& document, QSettings* settings = nullptr);
  ~MainWindow() override;

  // Takes the widget over.
  QDockWidget* add_panel(const PanelPlace& place, QWidget* panel);
  // Shows a panel, in front of those that it shares tabs with, and puts the keyboard into it.
  void bring_up(const QString& id);
  // After all panels were added: puts everything where the user left it.
  void restore_layout();

  Document& document() { return document_; }
  MeshView& mesh() { return *mesh_; }
  TimeBar& time_bar() { return *time_bar_; }
  QMenu& file_menu() { return *file_menu_; }
  QMenu& view_menu() { return *view_menu_; }
  QMenu& run_menu() { return *run_menu_; }
  QMenu& help_menu() { return *help_menu_; }
  // Every action with a shortcut, for the cheat sheet.
  std::vector<QAction*> shortcuts() const;

  // One line over the mesh that stays until it is dismissed.
  void show_problem(const QString& message);
  // The same, of something that went well.
  void show_notice(const QString& message);

 Q_SIGNALS:
  void scenario_dropped(const QString& path);

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void closeEvent(QCloseEvent* event) override;

 private:
  void build_menus();
  void build_view_menu();
  void fill_links_menu();
  // The toolbar, the mesh and the panels that are seen, in this order.
  std::vector<QWidget*> parts() const;
  void go_to_part(int step);
  void build_centre();
  void choose_file();
  void show_state();
  void show_banner(const QString& message, const QColor& colour);
  // A tab names its panel already; a panel that stands alone has a title.
  void show_titles();

  Document& document_;
  QSettings* settings_;
  QMenu* file_menu_ = nullptr;
  QMenu* view_menu_ = nullptr;
  QMenu* links_menu_ = nullptr;
  QMenu* run_menu_ = nullptr;
  QMenu* help_menu_ = nullptr;
  QStackedWidget* pages_ = nullptr;
  QWidget* welcome_ = nullptr;
  QWidget* banner_ = nullptr;
  QLabel* banner_text_ = nullptr;
  QLabel* status_ = nullptr;
  MeshView* mesh_ = nullptr;
  TimeBar* time_bar_ = nullptr;
  ViewBar* view_bar_ = nullptr;
  std::vector<QDockWidget*> docks_;
};

}  // namespace ghostnet::gui
