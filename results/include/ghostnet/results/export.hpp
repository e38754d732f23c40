// Exports: recorded runs in the formats of other programs.
//
//   csv         the rows of one table or view, of the chosen runs; RFC 4180
//   json        the documents of `ghostnet run --json`, with the series
//   junit       JUnit XML: expectations as test cases
//   markdown    a summary, as GitHub shows it: what passed, and what did not hold
//   prometheus  text exposition format: final values, histograms with their buckets, labelled by run, group and region
//   chrome      trace events, for Perfetto and chrome://tracing: series as counters, events, messages
//
// Text goes to `out` piece by piece; an export of any size takes little memory.
#pragma once

#include <string>
#include <vector>

#include "ghostnet/results/database.hpp"
#include "ghostnet/results/reader.hpp"
#include "ghostnet/runtime/byte_sink.hpp"

namespace ghostnet::results {

Result<> export_csv(const Database& database, const std::vector<RunRow>& runs, const std::string& table,
                    const ByteSink& out);
Result<> export_json(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out);
Result<> export_junit(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out);
Result<> export_markdown(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out);
Result<> export_prometheus(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out);
Result<> export_chrome(const Database& database, const std::vector<RunRow>& runs, const ByteSink& out);

// What export_csv can be asked for: tables and views with rows of runs.
Result<std::vector<std::string>> exportable_tables(const Database& database);

}  // namespace ghostnet::results
