// RunRows: what a run handed over and what is yet to be written, owned; and RunWriter, which writes it.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ghostnet/results/database.hpp"
#include "ghostnet/results/store.hpp"
#include "ghostnet/runtime/result_sink.hpp"
#include "row_feed.hpp"

namespace ghostnet::results {

struct RunRows {
  struct HistogramRow {
    MetricId metric;
    std::string group;
    HostId host;
    std::int64_t from_ns = 0;  // of a window
    std::int64_t to_ns = 0;
    Histogram histogram;
  };
  struct EventRow {
    TimePoint time;
    HostId host;
    std::string kind;
    std::string text;
    std::string json;
    std::int64_t number = 0;  // in order of arrival
  };
  struct LinkRow {
    TimePoint time;
    HostId a;
    HostId b;
    std::string kind;
    bool up;
    std::string json;
    std::int64_t number = 0;  // in order of arrival, of those that came up
  };
  struct MessageRow {
    TimePoint sent;
    std::optional<TimePoint> received;
    HostId from;
    HostId to;
    std::uint32_t bytes;
    std::string kind;
    std::uint64_t trace;
    std::int64_t number = 0;  // in order of arrival
  };
  struct LinkSampleRow {
    TimePoint time;
    std::string kind;
    HostId a;
    HostId b;
    MetricId metric;
    double value;
  };
  struct TotalRow {
    Total total;  // its group is not used: the views in it would not live
    std::string group;
  };

  std::vector<HostInfo> hosts;
  std::vector<std::pair<MetricId, MetricInfo>> metrics;
  std::vector<Sample> samples;
  std::vector<HistogramRow> windows;
  std::vector<HistogramRow> histograms;
  std::vector<EventRow> events;
  std::vector<LinkRow> links;
  std::vector<MessageRow> messages;
  std::vector<HostPosition> positions;
  std::vector<LinkSampleRow> link_samples;
  std::vector<TotalRow> totals;
  std::vector<Expectation> expectations;
  std::optional<RunOutcome> outcome;
  std::uint64_t samples_dropped = 0;  // since the run began

  std::size_t size() const;
  void clear();
};

class RunWriter {
 public:
  RunWriter(Database database, StoreOptions options) : database_(std::move(database)), options_(std::move(options)) {}
  RunWriter(const RunWriter&) = delete;  // the connection has the feed's address
  RunWriter& operator=(const RunWriter&) = delete;

  // Enters the run and commits it.
  Result<std::int64_t> begin(const RunInfo& run);
  // Writes all of it in one transaction. The samples are sorted in place.
  Result<> write(RunRows& rows);

 private:
  struct Frame {
    std::int64_t time_ns;
    std::int64_t id;
  };

  Result<std::int64_t> enter_run(const RunInfo& run);
  Result<std::optional<std::int64_t>> enter_batch();
  Result<std::int64_t> enter_scenario(const RunInfo& run);
  Result<> enter_parameters(const RunInfo& run);
  Result<> write_rows(RunRows& rows);
  Result<> write_hosts(const std::vector<HostInfo>& hosts);
  Result<> write_metrics(const std::vector<std::pair<MetricId, MetricInfo>>& metrics);
  Result<> write_samples(std::vector<Sample>& samples);
  // Those of one metric and instant.
  Result<> write_frame(std::span<const Sample> samples);
  Result<std::int64_t> frame(MetricId metric, std::int64_t time_ns);
  Result<> write_windows(const std::vector<RunRows::HistogramRow>& rows);
  Result<> write_histograms(const std::vector<RunRows::HistogramRow>& rows);
  Result<> write_events(std::vector<RunRows::EventRow>& rows);
  Result<> write_links(std::vector<RunRows::LinkRow>& rows);
  Result<> write_links_up(std::span<const RunRows::LinkRow> rows);
  Result<> write_messages(std::vector<RunRows::MessageRow>& rows);
  Result<> write_positions(std::vector<HostPosition>& rows);
  Result<> write_link_samples(std::vector<RunRows::LinkSampleRow>& rows);
  Result<> write_totals(const std::vector<RunRows::TotalRow>& rows);
  Result<> write_expectations(const std::vector<Expectation>& rows);
  Result<> write_progress(const RunRows& rows);
  Result<> write_outcome(const RunOutcome& outcome);
  // Runs an insertion that selects from row_feed the rows that read(item, row) makes; `values` are ?1, ?2, ...
  template <class Item, class Read, class... Values>
  Result<> insert(const char* sql, std::span<const Item> items, Read read, const Values&... values);
  // The statement of this text, prepared once. Texts are literals.
  Result<Statement*> statement(const char* sql);
  std::int64_t metric_id(MetricId metric) const;

  RowFeed feed_;  // outlives the connection
  Database database_;
  StoreOptions options_;
  std::int64_t run_id_ = 0;
  std::map<const char*, Statement> statements_;
  std::vector<std::int64_t> metric_ids_;          // by MetricId
  std::vector<std::optional<Frame>> last_frame_;  // by MetricId
  std::int64_t reached_ns_ = 0;
  std::int64_t events_written_ = 0;
  std::int64_t links_written_ = 0;
  std::int64_t messages_written_ = 0;
  std::int64_t expectations_written_ = 0;
};

}  // namespace ghostnet::results
