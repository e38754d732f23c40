#include "ghostnet/gui/document.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "data/letters.hpp"

namespace ghostnet::gui {

namespace {

std::vector<bool> holding(const std::vector<std::string>& names, const std::string& words) {
  std::vector<bool> holding;
  for (const std::string& name : names) holding.push_back(holds(name, words));
  return holding;
}

}  // namespace

// All that is read at once of a run.
struct Document::RunContents {
  results::RunRow run;
  std::shared_ptr<const HostTable> hosts;  // null: as they were
  std::vector<results::SeriesName> series;
  std::int64_t end_ns = 0;
};

Document::Document(DataSource& data, QObject* parent) : QObject(parent), data_(data) {
  connect(&data_, &DataSource::opened, this, [this] {
    run_.reset();
    told_deleted_ = 0;
    read_runs();
  });
  connect(&data_, &DataSource::grew, this, [this] {
    // A run that was asked for and is still being read goes on being wanted.
    const bool is_changing = run_ && wanted_run_ && wanted_run_ != run_->id;
    if (!is_changing) wanted_run_ = run_ ? std::optional(run_->id) : std::nullopt;
    read_runs();
  });
  connect(&data_, &DataSource::open_failed, this, &Document::problem);
  connect(&data_, &DataSource::failed, this, &Document::problem);
}

void Document::open(const QString& path, std::optional<std::int64_t> run) {
  wanted_run_ = run;
  data_.open(path);
}

void Document::show_run(std::int64_t id) {
  wanted_run_ = id;
  read_run(id, false);
}

const results::SeriesName* Document::find_series(const std::string& name) const {
  const auto found = std::ranges::find(series_, name, &results::SeriesName::name);
  return found == series_.end() ? nullptr : &*found;
}

void Document::set_time_ns(std::int64_t time_ns) {
  time_ns = std::clamp<std::int64_t>(time_ns, 0, end_ns_);
  if (time_ns == time_ns_) return;
  time_ns_ = time_ns;
  Q_EMIT time_changed(time_ns_);
}

void Document::set_follows_end(bool follows) {
  follows_end_ = follows;
  if (follows) set_time_ns(end_ns_);
}

void Document::select(Selection selection) {
  std::ranges::sort(selection.hosts);
  if (selection == selection_) return;
  selection_ = std::move(selection);
  Q_EMIT selection_changed();
}

void Document::follow_trace(std::optional<std::int64_t> trace) {
  Selection selection = selection_;
  selection.trace = trace;
  select(std::move(selection));
}

void Document::set_look(Look look) {
  if (look == look_) return;
  look_ = std::move(look);
  Q_EMIT look_changed();
}

void Document::set_theme(ThemeKind kind) {
  if (kind == theme_kind_) return;
  theme_kind_ = kind;
  Q_EMIT theme_changed();
}

void Document::read_runs() {
  data_.ask(
      runs_inquiry_, [](const results::Database& database) { return results::runs(database); },
      [this](Result<std::vector<results::RunRow>> runs) {
        if (runs) take_runs(std::move(*runs));
      });
}

void Document::take_runs(std::vector<results::RunRow> runs) {
  runs_ = std::move(runs);
  Q_EMIT runs_changed();  // to which somebody may ask for another run
  if (runs_.empty()) return;
  const bool grown = run_ && wanted_run_ == run_->id;
  const bool still_there = wanted_run_ && std::ranges::find(runs_, *wanted_run_, &results::RunRow::id) != runs_.end();
  if (wanted_run_ && !still_there && grown) {
    if (std::exchange(told_deleted_, run_->id) != run_->id) {
      Q_EMIT problem(tr("Run %1 was deleted from %2; it stays on the screen until another one is shown.")
                         .arg(run_->id)
                         .arg(data_.path()));
    }
    return;
  }
  if (wanted_run_ && !still_there) Q_EMIT problem(tr("%1 has no run %2").arg(data_.path()).arg(*wanted_run_));
  wanted_run_ = still_there ? *wanted_run_ : runs_.back().id;
  read_run(*wanted_run_, grown);
}

void Document::read_run(std::int64_t id, bool grown) {
  // A run that grows keeps its hosts, once they are there: reading a hundred thousand again and again would tell
  // nothing.
  const auto known = grown ? static_cast<std::int64_t>(hosts_->size()) : 0;
  const auto read = [id, known](const results::Database& database) -> Result<RunContents> {
    RunContents contents;
    Result<results::RunRow> run = results::run(database, id);
    if (!run) return fail(std::move(run));
    contents.run = std::move(*run);
    Result<std::int64_t> count = results::host_count(database, id);
    if (!count) return fail(std::move(count));
    if (*count != known || known == 0) {
      Result<std::vector<results::HostRow>> hosts = results::hosts(database, id);
      if (!hosts) return fail(std::move(hosts));
      contents.hosts = std::make_shared<HostTable>(std::move(*hosts));
    }
    Result<std::vector<results::SeriesName>> series = results::series_names(database, id);
    if (!series) return fail(std::move(series));
    contents.series = std::move(*series);
    Result<std::int64_t> until = results::recorded_until(database, id);
    if (!until) return fail(std::move(until));
    contents.end_ns = *until;
    return contents;
  };
  data_.ask(run_inquiry_, read, [this, grown](Result<RunContents> contents) {
    if (contents) return take_contents(std::move(*contents), grown);
    if (run_) wanted_run_ = run_->id;
  });
}

void Document::take_contents(RunContents contents, bool grown) {
  run_ = std::move(contents.run);
  series_ = std::move(contents.series);
  end_ns_ = contents.end_ns;
  if (contents.hosts != nullptr) hosts_ = std::move(contents.hosts);
  if (grown) {
    Q_EMIT run_grew();
    if (follows_end_) set_time_ns(end_ns_);
    return;
  }
  follows_end_ = is_live();
  selection_ = {};
  time_ns_ = follows_end_ ? end_ns_ : std::min(time_ns_, end_ns_);
  Q_EMIT run_changed();
  Q_EMIT selection_changed();
  Q_EMIT time_changed(time_ns_);
}

// ---- HostTable ----

HostTable::HostTable(std::vector<results::HostRow> rows) : rows_(std::move(rows)) {
  first_id_ = rows_.empty() ? 0 : rows_.front().id;
  is_dense_ = !rows_.empty() && rows_.back().id - first_id_ + 1 == std::ssize(rows_);
  for (std::size_t at = 0; at < rows_.size() && !is_dense_; ++at) index_.emplace(rows_[at].id, at);
  const auto tell_apart = [this](Names& names, std::string results::HostRow::* name) {
    std::unordered_map<std::string_view, std::uint32_t> known;
    names.of.reserve(rows_.size());
    for (const results::HostRow& row : rows_) {
      const auto [place, is_new] = known.try_emplace(row.*name, static_cast<std::uint32_t>(names.names.size()));
      if (is_new) names.names.push_back(row.*name);
      names.of.push_back(place->second);
    }
  };
  tell_apart(groups_, &results::HostRow::group);
  tell_apart(regions_, &results::HostRow::region);
}

std::optional<std::size_t> HostTable::index_of(std::int64_t id) const {
  if (is_dense_) {
    const bool is_there = id >= first_id_ && id - first_id_ < std::ssize(rows_);
    return is_there ? std::optional(static_cast<std::size_t>(id - first_id_)) : std::nullopt;
  }
  const auto found = index_.find(id);
  return found == index_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> HostTable::index_of_name(const QString& name) const {
  const auto found = std::ranges::find(rows_, name.toStdString(), &results::HostRow::name);
  if (found == rows_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - rows_.begin());
}

std::vector<std::size_t> HostTable::find(const QString& words, std::size_t limit) const {
  QString word = words.trimmed();
  if (word.startsWith("host ", Qt::CaseInsensitive)) word = word.mid(5).trimmed();
  std::vector<std::size_t> found;
  if (word.isEmpty()) return found;
  bool is_number = false;
  const std::int64_t id = word.toLongLong(&is_number);
  if (is_number) {
    if (const auto index = index_of(id)) found.push_back(*index);
  }
  if (const auto index = index_of_name(word); index && std::ranges::find(found, *index) == found.end()) {
    found.push_back(*index);
  }
  const std::string wanted = word.toStdString();
  const std::vector<bool> groups = holding(groups_.names, wanted);
  const std::vector<bool> regions = holding(regions_.names, wanted);
  const std::size_t exact = found.size();
  for (std::size_t at = 0; at < rows_.size() && found.size() < limit; ++at) {
    if (!groups[groups_.of[at]] && !regions[regions_.of[at]] && !holds(rows_[at].name, wanted)) continue;
    const bool is_there = std::ranges::find(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(exact), at) !=
                          found.begin() + static_cast<std::ptrdiff_t>(exact);
    if (!is_there) found.push_back(at);
  }
  return found;
}

}  // namespace ghostnet::gui
