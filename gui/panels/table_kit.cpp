#include "panels/table_kit.hpp"

#include <QFont>
#include <QHeaderView>
#include <QLineEdit>
#include <algorithm>
#include <utility>

namespace ghostnet::gui {

namespace {

constexpr int kNarrowestColumn = 24;
constexpr int kMeasuredRows = 100;  // for the width of a column; all of many would take too long

}  // namespace

QTableView* make_table(QAbstractItemModel* model, const QString& accessible_name) {
  auto* table = new QTableView;
  table->setModel(model);
  table->setAccessibleName(accessible_name);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setSelectionMode(QAbstractItemView::SingleSelection);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setShowGrid(false);
  table->setWordWrap(false);
  // In the order of the model, until a column is clicked.
  table->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
  table->setSortingEnabled(true);
  table->setTabKeyNavigation(false);
  table->verticalHeader()->hide();
  table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 9);
  table->horizontalHeader()->setMinimumSectionSize(kNarrowestColumn);
  table->horizontalHeader()->setStretchLastSection(true);
  table->horizontalHeader()->setHighlightSections(false);
  table->horizontalHeader()->setResizeContentsPrecision(kMeasuredRows);
  table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  return table;
}

int needed_width(const QTableView& table, int column) {
  const QAbstractItemView& view = table;
  return std::max(view.sizeHintForColumn(column), table.horizontalHeader()->sectionSizeHint(column)) + 1;
}

QLineEdit* make_filter(const QString& placeholder) {
  auto* filter = new QLineEdit;
  filter->setPlaceholderText(placeholder);
  filter->setAccessibleName(placeholder);
  filter->setClearButtonEnabled(true);
  return filter;
}

QSize RoomyDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  constexpr int kAround = 5;
  return QStyledItemDelegate::sizeHint(option, index) + QSize(0, 2 * kAround);
}

void CellModel::set_rows(std::vector<Row> rows) {
  marked_ = -1;
  if (rows.size() == rows_.size() && !rows.empty()) {
    rows_ = std::move(rows);
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    return;
  }
  beginResetModel();
  rows_ = std::move(rows);
  endResetModel();
}

void CellModel::set_marked(int row) {
  const int before = std::exchange(marked_, row);
  if (row == before) return;
  for (const int changed : {before, row}) {
    if (changed >= 0 && changed < rowCount()) {
      Q_EMIT dataChanged(index(changed, 0), index(changed, columnCount() - 1), {Qt::FontRole});
    }
  }
}

int CellModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int CellModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(headers_.size());
}

QVariant CellModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const std::vector<Cell>& cells = rows_[static_cast<std::size_t>(index.row())].cells;
  if (static_cast<std::size_t>(index.column()) >= cells.size()) return {};
  const Cell& cell = cells[static_cast<std::size_t>(index.column())];
  switch (role) {
    case Qt::DisplayRole: return cell.text;
    case Qt::UserRole: return cell.sort_by.isValid() ? cell.sort_by : QVariant(cell.text);
    case Qt::ToolTipRole: return cell.tip.isEmpty() ? cell.text : cell.tip;
    case Qt::ForegroundRole: return cell.colour.isValid() ? QVariant(cell.colour) : QVariant();
    case Qt::TextAlignmentRole: return cell.right ? QVariant(int(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
    case Qt::FontRole: {
      QFont bold;
      bold.setBold(true);
      return index.row() == marked_ ? QVariant(bold) : QVariant();
    }
    default: return {};
  }
}

QVariant CellModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::DisplayRole) return headers_.value(section);
  const auto column = static_cast<std::size_t>(section);
  if (role != Qt::TextAlignmentRole || rows_.empty() || column >= rows_.front().cells.size()) return {};
  return int((rows_.front().cells[column].right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
}

}  // namespace ghostnet::gui
