#include "habits/cheat_sheet.hpp"

#include <QAction>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QShortcut>
#include <QVBoxLayout>
#include <algorithm>
#include <array>

namespace ghostnet::gui {

namespace {

constexpr std::size_t kColumns = 2;

QString menu_of(const QAction* action) {
  for (const QObject* object : action->associatedObjects()) {
    const auto* menu = qobject_cast<const QMenu*>(object);
    if (menu != nullptr && !menu->title().isEmpty()) return menu->title().remove('&');
  }
  return QObject::tr("Window");
}

qsizetype place_of(const QAction* action) {
  for (const QObject* object : action->associatedObjects()) {
    const auto* menu = qobject_cast<const QMenu*>(object);
    if (menu != nullptr && !menu->title().isEmpty()) return menu->actions().indexOf(action);
  }
  return 0;
}

std::vector<ShortcutSection> mouse_sections() {
  return {{QObject::tr("Mesh"),
           {{QObject::tr("drag"), QObject::tr("move the view")},
            {QObject::tr("wheel"), QObject::tr("zoom around the pointer")},
            {QObject::tr("click"), QObject::tr("select a host or a link")},
            {QObject::tr("Ctrl+click"), QObject::tr("select one more")},
            {QObject::tr("Shift and drag"), QObject::tr("select all in a rectangle")},
            {QObject::tr("double click, + and −"), QObject::tr("zoom")},
            {QObject::tr("arrows"), QObject::tr("move the view")},
            {QObject::tr("0, Home"), QObject::tr("show all")},
            {QObject::tr("Backspace"), QObject::tr("take back a change of view")},
            {QObject::tr("Escape"), QObject::tr("select nothing")}}},
          {QObject::tr("Charts"),
           {{QObject::tr("hover"), QObject::tr("read out the values")},
            {QObject::tr("click"), QObject::tr("go there in time")},
            {QObject::tr("drag"), QObject::tr("zoom to what was marked")},
            {QObject::tr("wheel, + and −"), QObject::tr("zoom")},
            {QObject::tr("Shift and drag, ← and →"), QObject::tr("move what is shown")},
            {QObject::tr("double click, Home"), QObject::tr("show everything again")},
            {QObject::tr("right click"), QObject::tr("export as PNG, SVG or CSV")}}}};
}

QWidget* make_section(const ShortcutSection& section) {
  auto* page = new QWidget;
  auto* grid = new QGridLayout(page);
  auto* title = new QLabel(section.title);
  QFont bold = title->font();
  bold.setWeight(QFont::DemiBold);
  title->setFont(bold);
  grid->addWidget(title, 0, 0, 1, 2);
  int row = 1;
  for (const Shortcut& shortcut : section.shortcuts) {
    auto* keys = new QLabel(shortcut.keys);
    keys->setFont(bold);
    grid->addWidget(keys, row, 0, Qt::AlignRight | Qt::AlignTop);
    grid->addWidget(new QLabel(shortcut.what), row++, 1);
  }
  grid->setHorizontalSpacing(14);
  grid->setColumnStretch(1, 1);
  grid->setRowStretch(row, 1);
  return page;
}

}  // namespace

std::vector<ShortcutSection> all_shortcuts(const std::vector<QAction*>& actions) {
  std::vector<ShortcutSection> sections;
  for (const QAction* action : actions) {
    const QString menu = menu_of(action);
    auto section = std::ranges::find(sections, menu, &ShortcutSection::title);
    if (section == sections.end()) {
      sections.push_back({menu, {}});
      section = std::prev(sections.end());
    }
    QStringList keys;
    for (const QKeySequence& sequence : action->shortcuts()) keys << sequence.toString(QKeySequence::NativeText);
    section->shortcuts.push_back({keys.join(", "), action->text().remove('&').remove("…"), place_of(action)});
  }
  for (ShortcutSection& section : sections) std::ranges::sort(section.shortcuts, {}, &Shortcut::place);
  for (ShortcutSection& section : mouse_sections()) sections.push_back(std::move(section));
  return sections;
}

QString shortcuts_as_markdown(const std::vector<ShortcutSection>& sections) {
  QString text = "| where | keys | what |\n|---|---|---|\n";
  for (const ShortcutSection& section : sections) {
    for (const Shortcut& shortcut : section.shortcuts) {
      text += QString("| %1 | %2 | %3 |\n").arg(section.title, shortcut.keys, shortcut.what);
    }
  }
  return text;
}

void show_cheat_sheet(QWidget* parent, const std::vector<ShortcutSection>& sections) {
  auto* dialog = new QDialog(parent);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(QObject::tr("Shortcuts"));
  auto* content = new QWidget;
  auto* halves = new QHBoxLayout(content);
  std::array<QVBoxLayout*, kColumns> columns{};
  std::array<std::size_t, kColumns> lengths{};
  for (QVBoxLayout*& column : columns) {
    column = new QVBoxLayout;
    halves->addLayout(column, 1);
  }
  for (const ShortcutSection& section : sections) {
    const auto shortest = static_cast<std::size_t>(std::ranges::min_element(lengths) - lengths.begin());
    columns[shortest]->addWidget(make_section(section));
    lengths[shortest] += section.shortcuts.size() + 2;
  }
  for (QVBoxLayout* column : columns) column->addStretch(1);
  auto* scroll = new QScrollArea;
  scroll->setWidget(content);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  buttons->button(QDialogButtonBox::Close)->setIcon({});
  QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
  QObject::connect(new QShortcut(QKeySequence("?"), dialog), &QShortcut::activated, dialog, &QDialog::close);
  auto* column = new QVBoxLayout(dialog);
  column->addWidget(scroll, 1);
  column->addWidget(buttons);
  dialog->resize(880, 780);
  dialog->show();
}

}  // namespace ghostnet::gui
