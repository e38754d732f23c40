// LegendCard: what the colours mean, and the kinds of links with how many there are; a click on a kind hides or shows
// it.
#pragma once

#include <QWidget>
#include <functional>
#include <string>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/scene_model.hpp"

namespace ghostnet::gui {

class LegendCard : public QWidget {
  Q_OBJECT

 public:
  LegendCard(Document& document, const SceneModel& model, QWidget* parent);

  // After the legend or the links changed. What messages look like is left out where it would make the card higher than
  // `room`.
  void refresh(int room);
  // Also onto a picture of the mesh; the top left corner is at (0, 0).
  void paint(QPainter& painter) const;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;

 private:
  struct Row {
    enum class Kind : std::uint8_t { title, category, ring, scale, sizes, message, link } kind = Kind::title;
    QString text{};   // of a scale and of sizes: the low end
    QString count{};  // the high end
    QRgb colour = 0;
    std::string link{};
    std::function<QColor(double share)> colour_at{};  // of a scale
    QRect place{};
  };

  void add_row(Row row);
  int card_height() const;
  void add_parts();
  void add_links();
  void add_messages();
  void add_table();
  void add_link(const std::string& kind, const QString& text, std::size_t count);

  // What stands left of the words of a row, and how far these are moved.
  int paint_sign(QPainter& painter, const Row& row) const;
  void paint_scale(QPainter& painter, const Row& row) const;
  void paint_sizes(QPainter& painter, const Row& row) const;

  Document& document_;
  const SceneModel& model_;
  std::vector<Row> rows_;
};

}  // namespace ghostnet::gui
