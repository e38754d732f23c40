#include "habits/export_view.hpp"

#include <QBuffer>
#include <QComboBox>
#include <QDialog>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QImage>
#include <QLabel>
#include <QPainter>
#include <QProgressDialog>
#include <QPushButton>
#include <QSpinBox>
#include <QSvgGenerator>

#include "charts/figure_export.hpp"
#include "ghostnet/gui/main_window.hpp"
#include "ghostnet/gui/mesh_view.hpp"
#include "habits/play_through.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

// What the user wants of a play-through; nothing: cancelled.
class PlayThroughDialog : public QDialog {
 public:
  PlayThroughDialog(QWidget* parent, Document& document) : QDialog(parent) {
    setWindowTitle(tr("Export a play-through"));
    for (QDoubleSpinBox* box : {&from_, &to_}) {
      box->setRange(0, seconds(document.end_ns()));
      box->setDecimals(3);
      box->setSuffix(tr(" s"));
    }
    to_.setValue(seconds(document.end_ns()));
    frames_.setRange(2, PlayThroughOptions::kMaxFrames);
    frames_.setValue(120);
    rate_.setRange(1, 60);
    rate_.setValue(20);
    rate_.setSuffix(tr(" a second"));
    kind_.addItem(tr("PNG frames in a directory"));
    kind_.addItem(tr("Animated GIF"));
    kind_.setAccessibleName(tr("Kind of file"));
    auto* form = new QFormLayout(this);
    form->addRow(tr("From"), &from_);
    form->addRow(tr("To"), &to_);
    form->addRow(tr("Frames"), &frames_);
    form->addRow(tr("Shown at"), &rate_);
    form->addRow(tr("As"), &kind_);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel);
    buttons->button(QDialogButtonBox::Ok)->setText(tr("Choose where…"));
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    form->addRow(buttons);
  }

  PlayThroughOptions options() const {
    return {.from_ns = static_cast<std::int64_t>(from_.value() * 1e9),
            .to_ns = static_cast<std::int64_t>(to_.value() * 1e9),
            .frames = frames_.value(),
            .frames_per_s = rate_.value()};
  }
  QString choose_target() {
    if (kind_.currentIndex() == 0) return QFileDialog::getExistingDirectory(this, tr("Directory for the frames"));
    return QFileDialog::getSaveFileName(this, tr("Animated GIF"), "run.gif", "GIF (*.gif)");
  }

 private:
  QDoubleSpinBox from_;
  QDoubleSpinBox to_;
  QSpinBox frames_;
  QSpinBox rate_;
  QComboBox kind_;
};

}  // namespace

QByteArray picture_of(QWidget& widget, const QString& format, double scale) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  if (format == "svg") {
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(widget.size());
    generator.setViewBox(widget.rect());
    QPainter painter(&generator);
    widget.render(&painter);
    return bytes;
  }
  QImage image(widget.size() * scale, QImage::Format_RGB32);
  image.setDevicePixelRatio(scale);
  widget.render(&image);
  image.save(&buffer, "PNG");
  return bytes;
}

QByteArray picture_of(MeshView& mesh, const QString& format, double scale) {
  if (format == "svg") return picture_of(static_cast<QWidget&>(mesh), format, scale);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  mesh.picture(mesh.size() * scale).save(&buffer, "PNG");
  return bytes;
}

void export_view(MainWindow& window, MeshView& mesh) {
  QString chosen;
  const QString path = QFileDialog::getSaveFileName(&window, QObject::tr("Export the view"), "mesh.png",
                                                    "PNG (*.png);;SVG (*.svg)", &chosen);
  if (path.isEmpty()) return;
  const bool svg =
      path.endsWith(".svg", Qt::CaseInsensitive) || (QFileInfo(path).suffix().isEmpty() && chosen.startsWith("SVG"));
  if (const Result<> saved = chart::save_file(path, picture_of(mesh, svg ? "svg" : "png")); !saved) {
    window.show_problem(text_of(saved.error()));
  }
}

void export_play_through(MainWindow& window, Document& document, MeshView& mesh) {
  PlayThroughDialog dialog(&window, document);
  if (dialog.exec() != QDialog::Accepted) return;
  PlayThroughOptions options = dialog.options();
  options.target = dialog.choose_target();
  if (options.target.isEmpty()) return;
  auto* play = new PlayThrough(
      document,
      PlayThrough::Stage{[&mesh] { return mesh.picture(mesh.size()); }, [&mesh] { return mesh.is_settled(); }},
      &window);
  auto* progress =
      new QProgressDialog(QObject::tr("Drawing the frames…"), QObject::tr("Cancel"), 0, options.frames, &window);
  progress->setWindowModality(Qt::WindowModal);
  QObject::connect(progress, &QProgressDialog::canceled, play, &PlayThrough::cancel);
  QObject::connect(play, &PlayThrough::progressed, progress, [progress](int frame) { progress->setValue(frame); });
  QObject::connect(play, &PlayThrough::finished, &window, [&window, play, progress, options](const QString& problem) {
    progress->deleteLater();
    play->deleteLater();
    if (!problem.isEmpty()) return window.show_problem(problem);
    if (!options.target.endsWith(".gif", Qt::CaseInsensitive)) {
      window.show_problem(
          QObject::tr("The frames are in %1. A film of them: %2").arg(options.target, ffmpeg_command(options)));
    }
  });
  play->start(options);
}

}  // namespace ghostnet::gui
