#include "panels/panel_page.hpp"

#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QVBoxLayout>

namespace ghostnet::gui {

PanelPage::PanelPage(QWidget* content, QWidget* parent) : QStackedWidget(parent), words_(new QLabel) {
  words_->setWordWrap(true);
  words_->setAlignment(Qt::AlignCenter);
  words_->setMargin(18);
  words_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  words_->setForegroundRole(QPalette::PlaceholderText);
  // Long words in a small panel are scrolled; they do not make the window larger.
  auto* scroll = new QScrollArea;
  scroll->setWidget(words_);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setFocusPolicy(Qt::NoFocus);
  addWidget(content);
  addWidget(scroll);
}

void PanelPage::show_words(const QString& words) {
  // Lines to copy stand in the middle as the words about them do.
  QString centred = words;
  words_->setText(centred.replace("<table>", "<table align=\"center\">"));
  words_->setAccessibleName(words);
  setCurrentIndex(1);
}

QString PanelPage::words() const { return words_->text(); }

PanelPage* fill_with_page(QWidget& panel, QWidget* content) {
  auto* page = new PanelPage(content);
  auto* whole = new QVBoxLayout(&panel);
  whole->setContentsMargins(0, 0, 0, 0);
  whole->addWidget(page);
  return page;
}

QWidget* with_controls(std::initializer_list<QWidget*> controls, QWidget* below) {
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(8, 8, 8, 8);
  auto* row = new QHBoxLayout;
  for (QWidget* control : controls) row->addWidget(control, row->count() == 0 ? 1 : 0);
  column->addLayout(row);
  column->addWidget(below, 1);
  return content;
}

QString as_yaml(const QString& lines) {
  return QString("<table><tr><td align=\"left\"><pre>%1</pre></td></tr></table>").arg(lines.toHtmlEscaped());
}

}  // namespace ghostnet::gui
