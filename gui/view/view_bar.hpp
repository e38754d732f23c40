// ViewBar: how the mesh is drawn: colour, size, layout, topic; and the search for a host.
#pragma once

#include <QToolBar>
#include <vector>

#include "ghostnet/gui/document.hpp"

class QComboBox;
class QLineEdit;

namespace ghostnet::gui {

class MeshView;

class ViewBar : public QToolBar {
  Q_OBJECT

 public:
  ViewBar(Document& document, MeshView& mesh, QWidget* parent = nullptr);

  QLineEdit& search() { return *search_; }

 private:
  QComboBox* add_choice(const QString& label, const QString& name);
  void fill_metrics();
  void fill_topics();
  void show_look();
  std::vector<std::size_t> found_hosts();
  void find_host(bool next);
  void select_found();

  Document& document_;
  MeshView& mesh_;
  QComboBox* colour_ = nullptr;
  QComboBox* size_ = nullptr;
  QComboBox* layout_ = nullptr;
  QComboBox* topic_ = nullptr;
  QAction* topic_label_ = nullptr;
  QAction* topic_action_ = nullptr;
  QLineEdit* search_ = nullptr;
  QString searched_;
  std::size_t found_ = 0;
};

}  // namespace ghostnet::gui
