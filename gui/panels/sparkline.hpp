// Sparkline: a series as small as a word, in a cell of a table; with a mark at the present instant.
#pragma once

#include <QMetaType>
#include <QStyledItemDelegate>
#include <memory>
#include <vector>

#include "ghostnet/results/reader.hpp"

namespace ghostnet::gui {

struct Sparkline {
  std::shared_ptr<const std::vector<results::Point>> points;
  double end_s = 0;  // the length of the run: where the cell ends
  double now_s = 0;
};

// Draws the cells whose Qt::UserRole + 1 is a Sparkline.
class SparklineDelegate : public QStyledItemDelegate {
 public:
  static constexpr int kRole = Qt::UserRole + 1;
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace ghostnet::gui

Q_DECLARE_METATYPE(ghostnet::gui::Sparkline)
