#include "panels/panel_page.hpp"

#include <QLabel>

namespace ghostnet::gui {

PanelPage::PanelPage(QWidget* content, QWidget* parent) : QStackedWidget(parent), words_(new QLabel) {
  words_->setWordWrap(true);
  words_->setAlignment(Qt::AlignCenter);
  words_->setMargin(18);
  words_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  words_->setForegroundRole(QPalette::PlaceholderText);
  words_->setMinimumWidth(120);
  addWidget(content);
  addWidget(words_);
}

void PanelPage::show_words(const QString& words) {
  words_->setText(words);
  words_->setAccessibleName(words);
  setCurrentIndex(1);
}

QString PanelPage::words() const { return words_->text(); }

QString as_yaml(const QString& lines) {
  return QString("<table align=\"center\"><tr><td align=\"left\"><pre>%1</pre></td></tr></table>")
      .arg(lines.toHtmlEscaped());
}

}  // namespace ghostnet::gui
