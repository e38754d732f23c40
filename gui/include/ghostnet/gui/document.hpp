// Document: what the window shows: the open database, one of its runs, an instant of it, what is selected, and how it
// is drawn. All panels look at one Document and change it through its functions; its signals tell the others.
//
// It lives on the thread of the window and keeps what is small: the runs, the hosts of the run (100,000 are some
// 10 MiB), the names of its metrics. Everything that grows with the length of a run is asked for by who shows it, a
// window of time at a time (data_source.hpp).
//
// Order of signals when a database is opened: runs_changed, run_changed (hosts and series names are there by then),
// time_changed. While a run is written runs_changed and run_grew come a few times a second; run_changed does not.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "ghostnet/gui/data_source.hpp"
#include "ghostnet/gui/theme.hpp"
#include "ghostnet/results/moments.hpp"
#include "ghostnet/results/reader.hpp"

namespace ghostnet::gui {

// The hosts of a run in order of their id. Everything of the scene names a host by its place here, its index. Made by
// the thread that reads them: the names of groups and regions are told apart once, since there are few of them and many
// hosts.
class HostTable {
 public:
  HostTable() = default;
  explicit HostTable(std::vector<results::HostRow> rows);

  std::size_t size() const { return rows_.size(); }
  const results::HostRow& operator[](std::size_t index) const { return rows_[index]; }
  const std::vector<results::HostRow>& rows() const { return rows_; }
  // Groups and regions in order of their first host, and which of them a host is of.
  const std::vector<std::string>& groups() const { return groups_.names; }
  const std::vector<std::string>& regions() const { return regions_.names; }
  std::uint32_t group_of(std::size_t index) const { return groups_.of[index]; }
  std::uint32_t region_of(std::size_t index) const { return regions_.of[index]; }
  std::optional<std::size_t> index_of(std::int64_t id) const;
  std::optional<std::size_t> index_of_name(const QString& name) const;
  // For the search field: "host 4711", "4711", a part of a name, a group or a region (letters of ASCII in either case);
  // at most `limit` indexes.
  std::vector<std::size_t> find(const QString& words, std::size_t limit) const;

 private:
  struct Names {
    std::vector<std::string> names{};
    std::vector<std::uint32_t> of{};  // by host
  };

  std::vector<results::HostRow> rows_;
  std::int64_t first_id_ = 0;
  bool is_dense_ = false;                                // ids follow each other
  std::unordered_map<std::int64_t, std::size_t> index_;  // where they do not
  Names groups_;
  Names regions_;
};

// What the user pointed at. Hosts by id.
struct Selection {
  struct Link {
    std::string kind;
    std::int64_t a = 0;
    std::int64_t b = 0;
    bool operator==(const Link&) const = default;
  };
  std::vector<std::int64_t> hosts{};    // in order of id
  std::optional<Link> link{};           // instead of hosts
  std::optional<std::int64_t> trace{};  // a message that is followed, beside either

  bool empty() const { return hosts.empty() && !link && !trace; }
  bool operator==(const Selection&) const = default;
};

// network: by the routers and wires of a graph.
enum class LayoutKind : std::uint8_t { automatic, map, plane, force, radial, network };

// How the mesh is drawn.
struct Look {
  LayoutKind layout = LayoutKind::automatic;
  // "" or the name of a series, and for the colour also "group", "region" and "state".
  std::string colour_by = "group";
  std::string size_by{};
  std::set<std::string> hidden_link_kinds{};  // "tcp", "mesh", ...; "wire" and "route" of a graph
  std::string topic{};                        // of mesh links; empty: all
  bool show_messages = true;
  bool show_labels = true;
  bool operator==(const Look&) const = default;
};

class Document : public QObject {
  Q_OBJECT

 public:
  explicit Document(DataSource& data, QObject* parent = nullptr);

  DataSource& data() { return data_; }
  // Opens a database and shows its last run, or the run of this number.
  void open(const QString& path, std::optional<std::int64_t> run = std::nullopt);
  const QString& path() const { return data_.path(); }

  const std::vector<results::RunRow>& runs() const { return runs_; }
  // Null while none is shown.
  const results::RunRow* run() const { return run_ ? &*run_ : nullptr; }
  std::int64_t run_id() const { return run_ ? run_->id : 0; }
  bool is_live() const { return run_ && run_->status == "unfinished"; }
  void show_run(std::int64_t id);
  std::shared_ptr<const HostTable> hosts() const { return hosts_; }
  const std::vector<results::SeriesName>& series() const { return series_; }
  const results::SeriesName* find_series(const std::string& name) const;

  // Nanoseconds since the run began, from 0 to end_ns().
  std::int64_t time_ns() const { return time_ns_; }
  std::int64_t end_ns() const { return end_ns_; }
  void set_time_ns(std::int64_t time_ns);
  // Whether the time stays at the end of a run that is being written.
  bool follows_end() const { return follows_end_; }
  void set_follows_end(bool follows);

  const Selection& selection() const { return selection_; }
  void select(Selection selection);
  void select_host(std::int64_t id) { select({.hosts = {id}, .link = {}, .trace = selection_.trace}); }
  void follow_trace(std::optional<std::int64_t> trace);

  const Look& look() const { return look_; }
  void set_look(Look look);

  ThemeKind theme_kind() const { return theme_kind_; }
  const Theme& theme() const { return theme_of(theme_kind_); }
  void set_theme(ThemeKind kind);

  // For the status bar and the banner.
  void report_problem(const QString& message) { Q_EMIT problem(message); }

 Q_SIGNALS:
  void runs_changed();
  void run_changed();
  void run_grew();
  void time_changed(qint64 time_ns);
  void selection_changed();
  void look_changed();
  void theme_changed();
  void problem(const QString& message);

 private:
  struct RunContents;

  void read_runs();
  void read_run(std::int64_t id, bool grown);
  void take_runs(std::vector<results::RunRow> runs);
  void take_contents(RunContents contents, bool grown);

  DataSource& data_;
  Inquiry runs_inquiry_;
  Inquiry run_inquiry_;
  std::optional<std::int64_t> wanted_run_;
  std::int64_t told_deleted_ = 0;  // the run that was shown when it was deleted, which is said once
  std::vector<results::RunRow> runs_;
  std::optional<results::RunRow> run_;
  std::shared_ptr<const HostTable> hosts_ = std::make_shared<HostTable>();
  std::vector<results::SeriesName> series_;
  std::int64_t time_ns_ = 0;
  std::int64_t end_ns_ = 0;
  bool follows_end_ = false;
  Selection selection_;
  Look look_;
  ThemeKind theme_kind_ = ThemeKind::dark;
};

}  // namespace ghostnet::gui
