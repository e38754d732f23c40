#include "panels/words.hpp"

#include <signal.h>

#include <QObject>
#include <cerrno>

#include "panels/panel_page.hpp"

namespace ghostnet::gui {

QString host_text(const HostTable& hosts, std::int64_t id) {
  const std::optional<std::size_t> index = hosts.index_of(id);
  if (!index) return id < 0 ? QObject::tr("network") : QObject::tr("host %1").arg(id);
  const QString name = text_of(hosts[*index].name);
  return name.isEmpty() ? QObject::tr("host %1").arg(id) : name;
}

QString status_text(const results::RunRow& run, bool alive) {
  if (run.status == "passed") return QObject::tr("✓ passed");
  if (run.status == "failed") return QObject::tr("✗ failed");
  if (run.status == "interrupted") return QObject::tr("◐ interrupted");
  if (run.status == "error") return QObject::tr("⚠ error");
  return alive ? QObject::tr("● running") : QObject::tr("◌ cut short");
}

QColor status_colour(const Theme& theme, const results::RunRow& run) {
  if (run.status == "passed") return theme.good;
  if (run.status == "failed" || run.status == "error") return theme.bad;
  return run.status == "interrupted" ? theme.warning : theme.accent;
}

bool is_written(const results::RunRow& run) {
  if (run.status != "unfinished" || run.process_id <= 0) return false;
  return kill(static_cast<pid_t>(run.process_id), 0) == 0 || errno == EPERM;
}

QString how_to_record_hosts(const std::string& group) {
  const QString hosts = text_of(group.empty() ? std::string("all") : group);
  return QObject::tr(
             "<p>By default a host has two samples a second, shared by its metrics. For all of them, at every "
             "interval, add to the scenario:</p>") +
         as_yaml(QStringLiteral("record:\n  interval: 500 ms\n  hosts: [%1]\n  series: [METRIC, ...]").arg(hosts));
}

QString how_to_record_links() {
  return QObject::tr("<p>A run records who is linked with whom unless it is told not to:</p>") +
         as_yaml("record:\n  links: true");
}

QString how_to_sample_links(const std::string& kind, const std::string& group) {
  if (kind != "tcp" && kind != "wire") return QObject::tr("<p>Links of this kind are not sampled.</p>");
  const QString key = kind == "tcp" ? "connections" : "wires";
  const QString what = kind == "tcp" ? QObject::tr("window, round trip and bytes in flight")
                                     : QObject::tr("queue, utilisation and drops");
  return QObject::tr("<p>Nothing was sampled of it. To have its %1, add to the scenario:</p>").arg(what) +
         as_yaml(QString("record:\n  %1: [%2]").arg(key, text_of(group.empty() ? std::string("all") : group)));
}

QString how_to_record_messages() {
  return QObject::tr("<p>Published messages whose every hop is kept are asked for by their number:</p>") +
         as_yaml("record:\n  traces: 10");
}

QString how_to_record_tables(const std::string& group) {
  return QObject::tr(
             "<p>Nobody stands in its routing table at this instant, or the run did not keep it: it keeps those of at "
             "most 1,000 hosts. To have them of a group, add to the scenario:</p>") +
         as_yaml(QString("record:\n  routing_tables: [%1]").arg(text_of(group.empty() ? std::string("all") : group)));
}

}  // namespace ghostnet::gui
