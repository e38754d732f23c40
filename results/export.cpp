#include "ghostnet/results/export.hpp"

#include <algorithm>

#include "export_text.hpp"
#include "ghostnet/results/document.hpp"
#include "ghostnet/results/junit.hpp"
#include "ghostnet/runtime/suggest.hpp"

namespace ghostnet::results {

namespace {

using nlohmann::json;

// RFC 4180: quoted where it holds a comma, a quote or the end of a line.
void add_cell(std::string& out, const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void add_cell(std::string& out, const Statement& row, std::size_t column) {
  if (row.is_null(column)) return;
  if (row.is_bytes(column)) {
    for (const std::uint8_t byte : row.bytes(column)) fmt::format_to(std::back_inserter(out), "{:02x}", byte);
    return;
  }
  add_cell(out, row.text(column));
}

Result<> check_table(const Database& database, const std::string& table) {
  Result<std::vector<std::string>> tables = exportable_tables(database);
  if (!tables) return fail(std::move(tables));
  if (std::ranges::find(*tables, table) != tables->end()) return {};
  const std::vector<std::string_view> names(tables->begin(), tables->end());
  return fail(Errc::invalid_argument, "{}: there is no table or view '{}' of runs{}", database.path(), table,
              suggestion(table, names));
}

Result<json> series_json(const Database& database, std::int64_t run, const std::vector<MetricRow>& metrics) {
  json all = json::object();
  for (const MetricRow& metric : metrics) {
    json points = json::array();
    if (metric.kind == "histogram") {
      Result<std::vector<WindowRow>> windows_of = windows(database, run, metric.name);
      if (!windows_of) return fail(std::move(windows_of));
      for (const WindowRow& window : *windows_of) {
        const Histogram& h = window.histogram;
        points.push_back({{"from_s", window.from_s},
                          {"to_s", window.to_s},
                          {"count", h.count()},
                          {"mean", h.mean()},
                          {"p50", h.percentile(50)},
                          {"p90", h.percentile(90)},
                          {"p99", h.percentile(99)},
                          {"max", h.max()}});
      }
    } else {
      Result<std::vector<Point>> values = series(database, run, metric.name);
      if (!values) return fail(std::move(values));
      for (const Point& point : *values) points.push_back({point.time_s, point.value});
    }
    all[metric.name] = {{"unit", metric.unit}, {"points", std::move(points)}};
  }
  return all;
}

}  // namespace

Result<std::vector<std::string>> exportable_tables(const Database& database) {
  Result<Statement> statement = database.prepare(
      "SELECT t.name FROM sqlite_schema t WHERE t.type IN ('table', 'view') AND EXISTS "
      "(SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = 'run_id') ORDER BY t.name");
  if (!statement) return fail(std::move(statement));
  std::vector<std::string> names;
  while (true) {
    Result<bool> row = statement->step();
    if (!row) return fail(std::move(row));
    if (!*row) return names;
    names.push_back(statement->text(0));
  }
}

Result<> export_csv(const Database& database, const std::vector<RunRow>& runs, const std::string& table,
                    const ByteSink& out) {
  if (Result<> known = check_table(database, table); !known) return known;
  ExportText text(out);
  Result<Statement> statement = database.prepare(fmt::format("SELECT * FROM {} WHERE run_id = ?1", table));
  if (!statement) return fail(std::move(statement));
  for (std::size_t i = 0; i < statement->columns(); ++i) {
    text.add("{}{}", i == 0 ? "" : ",", statement->column_name(i));
  }
  text.add("\r\n");
  for (const RunRow& run : runs) {
    statement->bind(run.id);
    while (true) {
      Result<bool> row = statement->step();
      if (!row) return fail(std::move(row));
      if (!*row) break;
      for (std::size_t i = 0; i < statement->columns(); ++i) {
        if (i != 0) text.text() += ',';
        add_cell(text.text(), *statement, i);
      }
      text.add("\r\n");
    }
  }
  return text.flush();
}

Result<> export_json(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out) {
  ExportText text(out);
  text.add("{{\"schema_version\": 1, \"runs\": [");
  bool first = true;
  for (const RunRow& run : runs) {
    Result<json> document = run_document(database, run);
    if (!document) return fail(std::move(document));
    Result<std::vector<MetricRow>> all = metrics(database, run.id, false);
    if (!all) return fail(std::move(all));
    Result<json> points = series_json(database, run.id, *all);
    if (!points) return fail(std::move(points));
    (*document)["series"] = std::move(*points);
    text.add("{}\n{}", first ? "" : ",", document->dump(-1, ' ', false, json::error_handler_t::replace));
    first = false;
  }
  text.add("\n]}}\n");
  return text.flush();
}

Result<> export_junit(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out) {
  std::vector<json> documents;
  for (const RunRow& run : runs) {
    Result<json> document = run_document(database, run);
    if (!document) return fail(std::move(document));
    documents.push_back(std::move(*document));
  }
  const std::string xml = junit_xml(documents);
  return out(as_bytes(xml));
}

}  // namespace ghostnet::results
