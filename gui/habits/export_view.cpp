#include "habits/export_view.hpp"

#include <QComboBox>
#include <QDialog>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QImage>
#include <QLabel>
#include <QProgressDialog>
#include <QPushButton>
#include <QSpinBox>

#include "charts/figure_export.hpp"
#include "charts/units.hpp"
#include "ghostnet/gui/main_window.hpp"
#include "ghostnet/gui/mesh_view.hpp"
#include "habits/play_through.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

// What the user wants of a play-through; nothing: cancelled.
class PlayThroughDialog : public QDialog {
 public:
  PlayThroughDialog(QWidget* parent, Document& document) : QDialog(parent) {
    setWindowTitle(tr("Export a play-through"));
    for (QDoubleSpinBox* box : {&from_, &to_}) {
      box->setRange(0, chart::seconds(document.end_ns()));
      box->setDecimals(3);
      box->setSuffix(tr(" s"));
    }
    to_.setValue(chart::seconds(document.end_ns()));
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

void write_view(MeshView& mesh, const QString& path, std::function<void(Result<>)> done) {
  if (path.endsWith(".svg", Qt::CaseInsensitive)) {
    return mesh.ask_svg([&mesh, path, done = std::move(done)](QByteArray svg) {
      chart::save_later(mesh, path, [svg = std::move(svg)] { return svg; }, done);
    });
  }
  constexpr int kLarger = 2;
  mesh.ask_picture(mesh.size() * kLarger, [&mesh, path, done = std::move(done)](QImage image) {
    chart::save_later(mesh, path, [image = std::move(image)] { return chart::png_of(image); }, done);
  });
}

void export_view(MainWindow& window, MeshView& mesh) {
  QString chosen;
  QString path = QFileDialog::getSaveFileName(&window, QObject::tr("Export the view"), "mesh.png",
                                              "PNG (*.png);;SVG (*.svg)", &chosen);
  if (path.isEmpty()) return;
  if (QFileInfo(path).suffix().isEmpty()) path += chosen.startsWith("SVG") ? ".svg" : ".png";
  write_view(mesh, path, [&window, path](const Result<>& saved) {
    if (!saved) return window.show_problem(text_of(saved.error()));
    window.show_notice(QObject::tr("The view is in %1.").arg(path));
  });
}

void export_play_through(MainWindow& window, Document& document, MeshView& mesh) {
  PlayThroughDialog dialog(&window, document);
  if (dialog.exec() != QDialog::Accepted) return;
  PlayThroughOptions options = dialog.options();
  options.target = dialog.choose_target();
  if (options.target.isEmpty()) return;
  auto* play = new PlayThrough(
      document,
      PlayThrough::Stage{[&mesh](std::function<void(QImage)> done) { mesh.ask_picture(mesh.size(), std::move(done)); },
                         [&mesh] { return mesh.is_settled(); }},
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
    const bool is_gif = options.target.endsWith(".gif", Qt::CaseInsensitive);
    window.show_notice(
        is_gif ? QObject::tr("The play-through is in %1.").arg(options.target)
               : QObject::tr("The frames are in %1. A film of them: %2").arg(options.target, ffmpeg_command(options)));
  });
  play->start(options);
}

}  // namespace ghostnet::gui
