#include "view/legend_card.hpp"

#include <QFontMetrics>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>

#include "ghostnet/gui/scene/raster.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kCardMargin = 12;
constexpr int kWidth = 216;
constexpr int kScaleHeight = 12;
constexpr std::size_t kMostParts = 5;

}  // namespace

LegendCard::LegendCard(Document& document, const SceneModel& model, QWidget* parent)
    : QWidget(parent), document_(document), model_(model) {
  setAccessibleName(tr("Legend"));
  setCursor(Qt::ArrowCursor);
  hide();
}

void LegendCard::add_row(Row row) {
  const int line = fontMetrics().height() + 5;
  const int top = rows_.empty() ? kCardMargin - 3 : rows_.back().place.bottom() + 1;
  const int extra = row.kind == Row::Kind::title && !rows_.empty() ? 7 : 0;
  const int height = row.kind == Row::Kind::scale ? kScaleHeight + line + 6 : line;
  row.place = QRect(kCardMargin, top + extra, kWidth - 2 * kCardMargin, height);
  rows_.push_back(std::move(row));
}

void LegendCard::add_link(const std::string& kind, const QString& text, std::size_t count) {
  add_row({.kind = Row::Kind::link,
           .text = text,
           .count = QString("%L1").arg(count),
           .colour = link_colour(document_.theme(), kind).rgb(),
           .link = kind});
}

void LegendCard::refresh(int room) {
  rows_.clear();
  const Legend& legend = model_.legend();
  add_row({.kind = Row::Kind::title, .text = legend.title});
  for (const Legend::Entry& entry : legend.categories) {
    add_row({.kind = Row::Kind::category,
             .text = entry.text,
             .count = QString("%L1").arg(entry.hosts),
             .colour = entry.colour});
  }
  if (legend.is_scale) {
    const auto colour_at = [this, reversed = legend.is_reversed](double share) {
      return sequential_colour(document_.theme(), reversed ? 1 - share : share);
    };
    add_row({.kind = Row::Kind::scale, .text = legend.low, .count = legend.high, .colour_at = colour_at});
  }
  if (const auto& sizes = model_.size_legend()) {
    add_row({.kind = Row::Kind::title, .text = tr("Size: %1").arg(sizes->metric)});
    add_row({.kind = Row::Kind::sizes, .text = sizes->low, .count = sizes->high});
  }
  add_parts();
  add_links();
  const std::size_t before = rows_.size();
  add_messages();
  if (card_height() > room) rows_.resize(before);
  add_table();
  setFixedSize(kWidth, card_height());
  setVisible(model_.scene().size() > 0);
  update();
}

int LegendCard::card_height() const { return rows_.back().place.bottom() + kCardMargin - 2; }

void LegendCard::add_parts() {
  const auto& parts = model_.scene().parts;
  if (parts == nullptr) return;
  add_row({.kind = Row::Kind::title, .text = tr("Cut off from %L1 hosts").arg(parts->sizes.front())});
  for (std::size_t part = 1; part < std::min(parts->sizes.size(), kMostParts); ++part) {
    add_row({.kind = Row::Kind::ring,
             .text = tr("rim of a host"),
             .count = QString("%L1").arg(parts->sizes[part]),
             .colour = part_colour(document_.theme(), static_cast<std::uint8_t>(part)).rgb()});
  }
}

void LegendCard::add_links() {
  const EdgeSet& edges = *model_.scene().edges;
  const Ground* ground = model_.scene().ground.get();
  if (!edges.kinds.empty() || ground != nullptr) add_row({.kind = Row::Kind::title, .text = tr("Links")});
  if (ground != nullptr) add_link("wire", tr("wire"), ground->topology.wires.size());
  if (ground != nullptr && model_.route_count() > 0) add_link("route", tr("route"), model_.route_count());
  for (std::size_t kind = 0; kind < edges.kinds.size() && kind < model_.link_counts().size(); ++kind) {
    add_link(edges.kinds[kind], QString::fromStdString(edges.kinds[kind]), model_.link_counts()[kind]);
  }
  if (model_.cut_links() > 0) {
    add_row({.kind = Row::Kind::link,
             .text = tr("cut by a partition"),
             .count = QString("%L1").arg(model_.cut_links()),
             .colour = document_.theme().bad.rgb()});
  }
}

void LegendCard::add_messages() {
  if (!model_.has_messages() || !document_.look().show_messages) return;
  const Theme& theme = document_.theme();
  add_row({.kind = Row::Kind::title, .text = tr("Messages")});
  add_row({.kind = Row::Kind::message, .text = tr("on its way"), .colour = theme.message.rgb()});
  add_row({.kind = Row::Kind::ring, .text = tr("lost"), .colour = theme.bad.rgb()});
}

// What the colours of its entries say, where a host's routing table is shown.
void LegendCard::add_table() {
  const auto& table = model_.scene().table;
  if (!table || document_.look().hidden_link_kinds.contains("dht")) return;
  const auto host = QString::fromStdString((*document_.hosts())[table->host].name);
  add_row({.kind = Row::Kind::title, .text = tr("Routing table of %1").arg(host)});
  const auto colour_at = [this, deepest = table->deepest](double share) {
    constexpr std::int16_t kFine = 1'000;  // as if there were so many buckets
    return bucket_colour(document_.theme(), static_cast<std::int16_t>(deepest <= 0 ? kFine : share * kFine), kFine);
  };
  add_row({.kind = Row::Kind::scale,
           .text = tr("bucket 0, far"),
           .count = tr("%1, near").arg(table->deepest),
           .colour_at = colour_at});
}

void LegendCard::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  paint(painter);
}

void LegendCard::paint(QPainter& painter) const {
  const Theme& theme = document_.theme();
  painter.setRenderHint(QPainter::Antialiasing);
  QColor ground = theme.raised;
  ground.setAlpha(238);
  painter.setPen(QPen(theme.line, 1));
  painter.setBrush(ground);
  painter.drawRoundedRect(QRectF(QPointF(), size()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7);
  const QFont usual = painter.font();
  QFont bold = usual;
  bold.setWeight(QFont::DemiBold);
  for (const Row& row : rows_) {
    const bool is_title = row.kind == Row::Kind::title;
    const bool is_hidden = row.kind == Row::Kind::link && document_.look().hidden_link_kinds.contains(row.link);
    painter.setFont(is_title ? bold : usual);
    if (row.kind == Row::Kind::scale) {
      paint_scale(painter, row);
      continue;
    }
    if (row.kind == Row::Kind::sizes) {
      paint_sizes(painter, row);
      continue;
    }
    const QRect text = row.place.adjusted(paint_sign(painter, row), 0, 0, 0);
    const QString count = is_hidden ? tr("hidden") : row.count;
    const int room = text.width() - (count.isEmpty() ? 0 : painter.fontMetrics().horizontalAdvance(count) + 8);
    painter.setPen(is_hidden ? theme.faint_text : theme.text);
    painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(row.text, Qt::ElideRight, room));
    painter.setPen(theme.faint_text);
    painter.drawText(text, Qt::AlignRight | Qt::AlignVCenter, count);
  }
  painter.setFont(usual);
}

int LegendCard::paint_sign(QPainter& painter, const Row& row) const {
  constexpr int kWide = 20;
  const QPointF middle(row.place.left() + 5.5, row.place.center().y() + 1);
  QColor colour = QColor::fromRgb(row.colour);
  switch (row.kind) {
    case Row::Kind::category:
      painter.setPen(Qt::NoPen);
      painter.setBrush(colour);
      painter.drawEllipse(middle, 5, 5);
      return kWide;
    case Row::Kind::ring:
      painter.setPen(QPen(colour, 2));
      painter.setBrush(Qt::NoBrush);
      painter.drawEllipse(middle, 4.5, 4.5);
      return kWide;
    case Row::Kind::message:
      painter.setPen(
          QPen(QColor(mixed(colour.rgb(), document_.theme().raised.rgb(), 0.5)), 2, Qt::SolidLine, Qt::RoundCap));
      painter.drawLine(middle - QPointF(4.5, 0), middle + QPointF(5, 0));
      painter.setPen(Qt::NoPen);
      painter.setBrush(colour);
      painter.drawEllipse(middle + QPointF(4, 0), 3, 3);
      return kWide;
    case Row::Kind::link:
      if (document_.look().hidden_link_kinds.contains(row.link)) colour.setAlpha(60);
      painter.setPen(QPen(colour, 3, Qt::SolidLine, Qt::RoundCap));
      painter.drawLine(middle - QPointF(4.5, 0), middle + QPointF(6.5, 0));
      return kWide;
    default: return 0;
  }
}

void LegendCard::paint_scale(QPainter& painter, const Row& row) const {
  constexpr int kSteps = 16;
  const QRectF bar(row.place.left(), row.place.top() + 4, row.place.width(), kScaleHeight);
  QLinearGradient gradient(bar.topLeft(), bar.topRight());
  for (int step = 0; step <= kSteps; ++step) {
    const double share = static_cast<double>(step) / kSteps;
    gradient.setColorAt(share, row.colour_at(share));
  }
  painter.setPen(Qt::NoPen);
  painter.setBrush(gradient);
  painter.drawRoundedRect(bar, 3, 3);
  QRect text = row.place;
  text.setTop(static_cast<int>(bar.bottom()) + 3);
  painter.setPen(document_.theme().faint_text);
  painter.drawText(text, Qt::AlignLeft | Qt::AlignTop, row.text);
  painter.drawText(text, Qt::AlignRight | Qt::AlignTop, row.count);
}

// The least and the largest, each beside its value.
void LegendCard::paint_sizes(QPainter& painter, const Row& row) const {
  constexpr double kUsual = 3.2;  // the radius of a host of the usual size
  const QRectF place(row.place);
  painter.setPen(Qt::NoPen);
  painter.setBrush(document_.theme().node);
  const double large = kUsual * kLargestSize;
  painter.drawEllipse(QPointF(place.left() + 5.5, place.center().y() + 1), kUsual * kSmallestSize,
                      kUsual * kSmallestSize);
  painter.drawEllipse(QPointF(place.right() - large, place.center().y() + 1), large, large);
  painter.setPen(document_.theme().faint_text);
  painter.drawText(place.adjusted(20, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, row.text);
  painter.drawText(place.adjusted(0, 0, -2 * large - 8, 0), Qt::AlignRight | Qt::AlignVCenter, row.count);
}

void LegendCard::mousePressEvent(QMouseEvent* event) {
  for (const Row& row : rows_) {
    if (row.link.empty() || !row.place.contains(event->position().toPoint())) continue;
    Look look = document_.look();
    if (!look.hidden_link_kinds.erase(row.link)) look.hidden_link_kinds.insert(row.link);
    document_.set_look(std::move(look));
    return;
  }
}

}  // namespace ghostnet::gui
