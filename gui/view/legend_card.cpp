#include "view/legend_card.hpp"

#include <QFontMetrics>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>

namespace ghostnet::gui {

namespace {

constexpr int kMargin = 12;
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
  const int top = rows_.empty() ? kMargin - 3 : rows_.back().place.bottom() + 1;
  const int extra = row.kind == Row::Kind::title && !rows_.empty() ? 7 : 0;
  const int height = row.kind == Row::Kind::scale ? kScaleHeight + line + 6 : line;
  row.place = QRect(kMargin, top + extra, kWidth - 2 * kMargin, height);
  rows_.push_back(std::move(row));
}

void LegendCard::add_link(const std::string& kind, const QString& text, std::size_t count) {
  add_row({.kind = Row::Kind::link,
           .text = text,
           .count = QString("%L1").arg(count),
           .colour = link_colour(document_.theme(), kind).rgb(),
           .link = kind});
}

void LegendCard::refresh() {
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
  if (const auto& parts = model_.scene().parts) {
    add_row({.kind = Row::Kind::title, .text = tr("Cut off from %L1 hosts").arg(parts->sizes.front())});
    for (std::size_t part = 1; part < std::min(parts->sizes.size(), kMostParts); ++part) {
      add_row({.kind = Row::Kind::part,
               .text = tr("rim of a host"),
               .count = QString("%L1").arg(parts->sizes[part]),
               .colour = part_colour(document_.theme(), static_cast<std::uint8_t>(part)).rgb()});
    }
  }
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
  add_table();
  setFixedSize(kWidth, rows_.back().place.bottom() + kMargin - 2);
  setVisible(model_.scene().size() > 0);
  update();
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
    QRect text = row.place;
    if (row.kind == Row::Kind::category) {
      painter.setPen(Qt::NoPen);
      painter.setBrush(QColor::fromRgb(row.colour));
      painter.drawEllipse(QPointF(text.left() + 5.5, text.center().y() + 1), 5, 5);
      text.setLeft(text.left() + 20);
    } else if (row.kind == Row::Kind::part) {
      painter.setPen(QPen(QColor::fromRgb(row.colour), 2));
      painter.setBrush(Qt::NoBrush);
      painter.drawEllipse(QPointF(text.left() + 5.5, text.center().y() + 1), 4.5, 4.5);
      text.setLeft(text.left() + 20);
    } else if (row.kind == Row::Kind::link) {
      QColor colour = QColor::fromRgb(row.colour);
      if (is_hidden) colour.setAlpha(60);
      painter.setPen(QPen(colour, 3, Qt::SolidLine, Qt::RoundCap));
      painter.drawLine(QPointF(text.left() + 1, text.center().y() + 1),
                       QPointF(text.left() + 12, text.center().y() + 1));
      text.setLeft(text.left() + 20);
    } else if (row.kind == Row::Kind::scale) {
      const QRectF bar(text.left(), text.top() + 4, text.width(), kScaleHeight);
      QLinearGradient gradient(bar.topLeft(), bar.topRight());
      for (int step = 0; step <= 16; ++step) {
        const double share = step / 16.0;
        gradient.setColorAt(share, row.colour_at(share));
      }
      painter.setPen(Qt::NoPen);
      painter.setBrush(gradient);
      painter.drawRoundedRect(bar, 3, 3);
      text.setTop(static_cast<int>(bar.bottom()) + 3);
      painter.setPen(theme.faint_text);
      painter.drawText(text, Qt::AlignLeft | Qt::AlignTop, row.text);
      painter.drawText(text, Qt::AlignRight | Qt::AlignTop, row.count);
      continue;
    }
    painter.setPen(is_hidden ? theme.faint_text : theme.text);
    painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter,
                     fontMetrics().elidedText(row.text, Qt::ElideRight, text.width() - (row.count.isEmpty() ? 0 : 50)));
    painter.setPen(theme.faint_text);
    painter.drawText(text, Qt::AlignRight | Qt::AlignVCenter, is_hidden ? tr("hidden") : row.count);
  }
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
