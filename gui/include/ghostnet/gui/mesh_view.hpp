// MeshView: the hosts of the run and the links between them, as they are at the document's instant.
#pragma once

#include <QWidget>

#include "ghostnet/gui/document.hpp"

namespace ghostnet::gui {

class MeshView : public QWidget {
  Q_OBJECT

 public:
  explicit MeshView(Document& document, QWidget* parent = nullptr);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Document& document_;
};

}  // namespace ghostnet::gui
