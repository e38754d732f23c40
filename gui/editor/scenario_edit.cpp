#include "editor/scenario_edit.hpp"

#include <QFontDatabase>
#include <QHelpEvent>
#include <QPainter>
#include <QSyntaxHighlighter>
#include <QTextBlock>
#include <QToolTip>
#include <algorithm>

#include "editor/yaml_tokens.hpp"

namespace ghostnet::gui {

class YamlHighlighter : public QSyntaxHighlighter {
 public:
  explicit YamlHighlighter(QTextDocument* document) : QSyntaxHighlighter(document) {}

  void set_theme(const Theme& theme) {
    theme_ = &theme;
    rehighlight();
  }

 protected:
  void highlightBlock(const QString& line) override {
    for (const YamlToken& token : yaml_tokens(line)) {
      setFormat(static_cast<int>(token.from), static_cast<int>(token.length), colour_of(token.kind));
    }
  }

 private:
  QColor colour_of(YamlToken::Kind kind) const {
    switch (kind) {
      case YamlToken::Kind::key: return theme_->accent;
      case YamlToken::Kind::number: return theme_->good;
      case YamlToken::Kind::text: return theme_->text;
      case YamlToken::Kind::punctuation:
      case YamlToken::Kind::comment: return theme_->faint_text;
    }
    return theme_->text;
  }

  const Theme* theme_ = &theme_of(ThemeKind::dark);
};

namespace {

constexpr int kMarginPad = 8;
constexpr int kTabWidth = 2;

class Margin : public QWidget {
 public:
  explicit Margin(ScenarioEdit* edit) : QWidget(edit), edit_(edit) {}
  QSize sizeHint() const override { return {edit_->margin_width(), 0}; }

 protected:
  void paintEvent(QPaintEvent* event) override { edit_->paint_margin(event); }

 private:
  ScenarioEdit* edit_;
};

}  // namespace

ScenarioEdit::ScenarioEdit(QWidget* parent)
    : QPlainTextEdit(parent), margin_(new Margin(this)), highlighter_(new YamlHighlighter(document())) {
  setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  setLineWrapMode(NoWrap);
  setTabChangesFocus(false);
  setAccessibleName(tr("Scenario"));
  setTabStopDistance(kTabWidth * fontMetrics().horizontalAdvance(' '));
  connect(this, &QPlainTextEdit::blockCountChanged, this, &ScenarioEdit::place_margin);
  connect(this, &QPlainTextEdit::updateRequest, this, [this](const QRect& area, int moved_y) {
    if (moved_y != 0) {
      margin_->scroll(0, moved_y);
    } else {
      margin_->update(0, area.y(), margin_->width(), area.height());
    }
  });
  place_margin();
}

void ScenarioEdit::set_theme(const Theme& theme) {
  theme_ = &theme;
  highlighter_->set_theme(theme);
  underline();
  margin_->update();
}

void ScenarioEdit::set_diagnostics(std::vector<scenarios::Diagnostic> diagnostics, const std::string& file) {
  std::erase_if(diagnostics, [&](const scenarios::Diagnostic& each) { return each.file != file; });
  diagnostics_ = std::move(diagnostics);
  underline();
  margin_->update();
}

void ScenarioEdit::go_to(std::size_t line, std::size_t column) {
  const QTextBlock block = document()->findBlockByNumber(static_cast<int>(std::max<std::size_t>(line, 1)) - 1);
  if (!block.isValid()) return;
  QTextCursor cursor(block);
  const int along = std::min(static_cast<int>(std::max<std::size_t>(column, 1)) - 1, block.length() - 1);
  cursor.movePosition(QTextCursor::Right, QTextCursor::MoveAnchor, along);
  setTextCursor(cursor);
  centerCursor();
  setFocus();
}

// The word at the place of each mistake.
void ScenarioEdit::underline() {
  QList<QTextEdit::ExtraSelection> selections;
  for (const scenarios::Diagnostic& each : diagnostics_) {
    const QTextBlock block = document()->findBlockByNumber(static_cast<int>(each.at.line) - 1);
    if (each.at.line == 0 || !block.isValid()) continue;
    QTextEdit::ExtraSelection selection;
    selection.cursor = QTextCursor(block);
    const int along = std::min(static_cast<int>(std::max<std::size_t>(each.at.column, 1)) - 1, block.length() - 1);
    selection.cursor.movePosition(QTextCursor::Right, QTextCursor::MoveAnchor, along);
    selection.cursor.movePosition(QTextCursor::EndOfWord, QTextCursor::KeepAnchor);
    if (!selection.cursor.hasSelection())
      selection.cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
    selection.format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
    selection.format.setUnderlineColor(theme_->bad);
    selections << selection;
  }
  setExtraSelections(selections);
}

const scenarios::Diagnostic* ScenarioEdit::diagnostic_at(int line) const {
  const auto found = std::ranges::find_if(
      diagnostics_, [&](const scenarios::Diagnostic& each) { return static_cast<int>(each.at.line) == line; });
  return found == diagnostics_.end() ? nullptr : &*found;
}

int ScenarioEdit::margin_width() const {
  const auto digits = QString::number(std::max(100, blockCount())).size();
  return kMarginPad * 2 + fontMetrics().horizontalAdvance('0') * static_cast<int>(digits + 1);
}

void ScenarioEdit::place_margin() {
  setViewportMargins(margin_width(), 0, 0, 0);
  const QRect area = contentsRect();
  margin_->setGeometry(area.left(), area.top(), margin_width(), area.height());
}

void ScenarioEdit::resizeEvent(QResizeEvent* event) {
  QPlainTextEdit::resizeEvent(event);
  place_margin();
  if (hasFocus()) ensureCursorVisible();  // a list of mistakes came up below
}

void ScenarioEdit::paint_margin(QPaintEvent* event) {
  QPainter painter(margin_);
  painter.setFont(font());
  painter.fillRect(event->rect(), theme_->window);
  const int height = fontMetrics().height();
  for (QTextBlock block = firstVisibleBlock(); block.isValid(); block = block.next()) {
    const QRectF where = blockBoundingGeometry(block).translated(contentOffset());
    if (where.top() > event->rect().bottom()) break;
    const int line = block.blockNumber() + 1;
    const bool wrong = diagnostic_at(line) != nullptr;
    painter.setPen(wrong ? theme_->bad : theme_->faint_text);
    const int top = static_cast<int>(where.top());
    painter.drawText(0, top, margin_->width() - kMarginPad, height, Qt::AlignRight, QString::number(line));
    if (wrong) painter.drawText(3, top, margin_->width(), height, Qt::AlignLeft, "✗");
  }
}

bool ScenarioEdit::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QPlainTextEdit::event(event);
  auto* help = static_cast<QHelpEvent*>(event);
  const QPoint inside = viewport()->mapFromGlobal(help->globalPos());
  const int line = cursorForPosition(inside).blockNumber() + 1;
  if (const scenarios::Diagnostic* wrong = diagnostic_at(line)) {
    QToolTip::showText(help->globalPos(), QString::fromStdString(wrong->message), this);
  } else {
    QToolTip::hideText();
  }
  return true;
}

// YAML knows no tabs. A new line begins where the one before it does.
void ScenarioEdit::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Tab && event->modifiers() == Qt::NoModifier) return insertPlainText("  ");
  const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
  if (!enter || event->modifiers() != Qt::NoModifier) return QPlainTextEdit::keyPressEvent(event);
  const QString line = textCursor().block().text();
  qsizetype indent = 0;
  while (indent < line.size() && line[indent] == ' ') ++indent;
  const bool opens = line.left(textCursor().positionInBlock()).trimmed().endsWith(':');
  insertPlainText("\n" + QString(indent + (opens ? kTabWidth : 0), ' '));
}

}  // namespace ghostnet::gui
