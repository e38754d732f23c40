#include "charts/figure_export.hpp"

#include <QBuffer>
#include <QCoreApplication>
#include <QEventLoop>
#include <QFileInfo>
#include <QImage>
#include <QPainter>
#include <QPointer>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QThreadPool>
#include <cerrno>
#include <cmath>
#include <memory>
#include <optional>

#include "charts/figure_painter.hpp"

namespace ghostnet::gui::chart {

namespace {

void paint(QPainter& painter, const Figure& figure, const Zoom& zoom, const ChartStyle& style, QSize size) {
  const QRectF area(0, 0, size.width(), size.height());
  paint_figure(painter, figure, layout_figure(figure, zoom, area, style.font), style);
}

QString quoted(QString text) {
  if (!text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('"')) && !text.contains(QLatin1Char('\n'))) {
    return text;
  }
  return QLatin1Char('"') + text.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
}

QString number(double value) { return std::isfinite(value) ? QString::number(value, 'g', 15) : QString(); }

QString column_name(const char* name, const std::string& unit) {
  return unit.empty() ? QString::fromUtf8(name)
                      : quoted(QStringLiteral("%1 (%2)").arg(QString::fromUtf8(name), QString::fromStdString(unit)));
}

void append_row(QByteArray& out, const QStringList& cells) {
  out += cells.join(QLatin1Char(',')).toUtf8();
  out += "\r\n";
}

QByteArray heat_csv(const Figure& figure) {
  const HeatMap& heat = figure.heat;
  QByteArray out;
  append_row(out, {QStringLiteral("row"), column_name("from", figure.x.unit), column_name("to", figure.x.unit),
                   column_name("value", heat.unit)});
  for (qsizetype row = 0; row < heat.rows.size(); ++row) {
    for (std::size_t column = 0; column < heat.columns(); ++column) {
      append_row(out, {quoted(heat.rows[row]), number(heat.edges[column]), number(heat.edges[column + 1]),
                       number(heat.at(static_cast<std::size_t>(row), column))});
    }
  }
  return out;
}

}  // namespace

QByteArray png_of(const QImage& image) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  image.save(&buffer, "PNG");
  return bytes;
}

QByteArray figure_png(const Figure& figure, const Zoom& zoom, const ChartStyle& style, QSize size, double scale) {
  QImage image(size * scale, QImage::Format_RGB32);
  image.setDevicePixelRatio(scale);
  image.fill(style.background());
  QPainter painter(&image);
  paint(painter, figure, zoom, style, size);
  painter.end();
  return png_of(image);
}

QByteArray figure_svg(const Figure& figure, const Zoom& zoom, const ChartStyle& style, QSize size) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setSize(size);
  generator.setViewBox(QRect(QPoint(), size));
  generator.setTitle(figure.title);
  QPainter painter(&generator);
  paint(painter, figure, zoom, style, size);
  painter.end();
  return bytes;
}

QByteArray figure_csv(const Figure& figure) {
  if (!figure.heat.empty()) return heat_csv(figure);
  QByteArray out;
  append_row(out, {QStringLiteral("line"), column_name("x", figure.x.unit), column_name("y", figure.y.unit),
                   QStringLiteral("low"), QStringLiteral("high")});
  for (const Line& line : figure.lines) {
    const bool interval = line.interval != Line::Interval::none;
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      const auto index = static_cast<qsizetype>(i);
      const QString x = index < figure.x.names.size() ? quoted(figure.x.names[index]) : number(line.x[i]);
      append_row(out, {quoted(line.label), x, number(line.y[i]), interval ? number(line.low[i]) : QString(),
                       interval ? number(line.high[i]) : QString()});
    }
  }
  return out;
}

Result<> save_file(const QString& path, const QByteArray& bytes) {
  const std::string name = path.toStdString();
  const QFileInfo info(path);
  if (!QFileInfo(info.absolutePath()).isDir()) {
    return fail(Errc::not_found, "{}: there is no such directory", info.absolutePath().toStdString());
  }
  QSaveFile file(path);
  errno = 0;
  const bool opened = file.open(QIODevice::WriteOnly);
  const bool written = opened && file.write(bytes) == bytes.size() && file.commit();
  const int reason = errno;
  if (written) return {};
  const std::string why = file.errorString().toStdString();
  if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG || file.error() == QFileDevice::ResourceError) {
    return fail(Errc::no_buffers,
                "{}: the disk is full ({} bytes were to be written); free some or choose another place", name,
                bytes.size());
  }
  if (!opened || file.error() == QFileDevice::PermissionsError) {
    return fail(Errc::permission, "{}: cannot be written: {}", name, why);
  }
  return fail(Errc::internal, "{}: not written: {}", name, why);
}

void save_later(QObject& context, const QString& path, std::function<QByteArray()> make,
                std::function<void(Result<>)> done) {
  QThreadPool::globalInstance()->start(
      [there = QPointer(&context), path, make = std::move(make), done = std::move(done)]() mutable {
        auto saved = std::make_shared<Result<>>(save_file(path, make()));
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [there, saved, done = std::move(done)] {
              if (there) done(std::move(*saved));
            },
            Qt::QueuedConnection);
      });
}

Result<> save_meanwhile(const QString& path, const QByteArray& bytes) {
  QEventLoop loop;
  const auto saved = std::make_shared<std::optional<Result<>>>();
  save_later(
      loop, path, [bytes] { return bytes; },
      [saved, &loop](Result<> result) {
        *saved = std::move(result);
        loop.quit();
      });
  loop.exec(QEventLoop::ExcludeUserInputEvents);
  return *saved ? std::move(**saved) : Result<>(fail(Errc::closed, "{}: the program ends", path.toStdString()));
}

}  // namespace ghostnet::gui::chart
