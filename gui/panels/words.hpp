// Words that several panels use: names of hosts, states of runs, and how to record what is not there.
#pragma once

#include <QColor>
#include <QString>
#include <cstdint>
#include <string>

#include "ghostnet/gui/document.hpp"

namespace ghostnet::gui {

inline QString text_of(const std::string& text) { return QString::fromStdString(text); }
inline QString text_of(const Error& error) {
  const std::string_view words = error.message();
  return QString::fromUtf8(words.data(), static_cast<qsizetype>(words.size()));
}

// "publisher-3 (3)"; "network" for what is no host.
QString host_text(const HostTable& hosts, std::int64_t id);

// A status with a sign that does not need its colour: "✓ passed", "✗ failed", "● running", "◌ cut short".
// `alive`: its process is there.
QString status_text(const results::RunRow& run, bool alive);
QColor status_colour(const Theme& theme, const results::RunRow& run);
// Whether the process that writes the run is still there, on this machine.
bool is_written(const results::RunRow& run);

// How to record what a panel has nothing of, as rich text with the lines for the scenario.
QString how_to_record_hosts(const std::string& group);
QString how_to_record_links();
// Of a kind of link, out of hosts of a group.
QString how_to_sample_links(const std::string& kind, const std::string& group);
QString how_to_record_messages();
// Of hosts of a group.
QString how_to_record_tables(const std::string& group);

}  // namespace ghostnet::gui
