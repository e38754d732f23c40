// What the tables of all panels have in common, and a model for tables of plain cells.
#pragma once

#include <QAbstractTableModel>
#include <QColor>
#include <QString>
#include <QStringList>
#include <QStyledItemDelegate>
#include <QTableView>
#include <vector>

class QLineEdit;

namespace ghostnet::gui {

// Rows are selected whole, columns sorted by a click, the last one takes what is left.
QTableView* make_table(QAbstractItemModel* model, const QString& accessible_name);
// How wide the column must be for its header and for what is seen of its cells.
int needed_width(const QTableView& table, int column);
// With a button that clears it.
QLineEdit* make_filter(const QString& placeholder);

struct Cell {
  QString text{};
  QVariant sort_by{};  // the text, when left out
  QColor colour{};     // the table's own, when left out
  bool right = false;
  QString tip{};
};

// For rows whose words are wrapped: with room above and below them.
class RoomyDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// Rows of cells, replaced as a whole. Each row carries a number for its owner.
class CellModel : public QAbstractTableModel {
 public:
  struct Row {
    std::vector<Cell> cells{};
    qint64 key = 0;
  };
  explicit CellModel(QStringList headers, QObject* parent = nullptr)
      : QAbstractTableModel(parent), headers_(std::move(headers)) {}

  // The view keeps its place where the number of rows stays.
  void set_rows(std::vector<Row> rows);
  const std::vector<Row>& rows() const { return rows_; }
  // Drawn in bold: the row of the present instant; -1: none.
  void set_marked(int row);
  int marked() const { return marked_; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  QStringList headers_;
  std::vector<Row> rows_;
  int marked_ = -1;
};

}  // namespace ghostnet::gui
