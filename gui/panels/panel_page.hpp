// PanelPage: a panel's content, or words in its place where there is none: why, and what to do about it.
#pragma once

#include <QStackedWidget>
#include <QString>
#include <initializer_list>

class QLabel;

namespace ghostnet::gui {

class PanelPage : public QStackedWidget {
 public:
  // Takes the content over.
  explicit PanelPage(QWidget* content, QWidget* parent = nullptr);

  void show_content() { setCurrentIndex(0); }
  // `words` may be rich text.
  void show_words(const QString& words);
  bool shows_words() const { return currentIndex() == 1; }
  QString words() const;

 private:
  QLabel* words_;
};

// Makes the panel of this page alone, which takes the content over.
PanelPage* fill_with_page(QWidget& panel, QWidget* content);
// Controls in a row, of which the first takes what room there is, above what they are about.
QWidget* with_controls(std::initializer_list<QWidget*> controls, QWidget* below);

// The lines to add to a scenario, set as code.
QString as_yaml(const QString& lines);

}  // namespace ghostnet::gui
