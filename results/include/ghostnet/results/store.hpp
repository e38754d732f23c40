// Store: the ResultSink that records a run in a results file.
//
// begin() enters the run as `unfinished` and commits that; from then on a thread of the store's own writes what the run
// hands over, in transactions of many rows in key order, a few times a second, so that a visualizer can follow and a
// run that is killed leaves everything up to its last transaction, and stays marked unfinished. finish() writes the
// rest and the outcome, and waits for it.
//
// Memory is bounded by max_pending_rows, twice (those gathered and those being written). When the writer cannot keep up
// a simulation waits, since its time is its own; a live run, which must not, drops samples, which are counted in
// runs.samples_dropped and in dropped_samples(). Nothing but samples is ever dropped.
//
// Several processes may record into one file, each a run of its own: they take turns, a transaction each.
//
// A detached store has neither file nor thread: it gathers what it is given, so that a process may become several that
// go on with a run in different ways, and each attaches its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ghostnet/results/database.hpp"
#include "ghostnet/runtime/result_sink.hpp"

namespace ghostnet::results {

struct StoreOptions {
  enum class WhenFull : std::uint8_t { wait, drop_samples };
  WhenFull when_full = WhenFull::wait;
  std::size_t max_pending_rows = 262'144;
  // A transaction is begun when so many rows have gathered, or so much time has passed.
  std::size_t batch_rows = 65'536;
  Duration batch_interval = 250ms;
  Duration busy_timeout = 60s;
  std::function<void()> on_wait{};  // once, when somebody else has kept the file locked for a second; in any thread
  // The batch (one command's runs) that the run belongs to; made when new, by its label. Empty: none.
  std::string batch{};
  std::string command{};  // as typed, for the batch
};

class Store final : public ResultSink {
 public:
  // Opens the file, or makes it.
  static Result<std::unique_ptr<Store>> open(const std::string& path, StoreOptions options = {});
  static std::unique_ptr<Store> detached(StoreOptions options);
  ~Store() override;

  void begin(const RunInfo& run) override;
  void host(const HostInfo& host) override;
  void metric(MetricId metric, const MetricInfo& info) override;
  void samples(std::span<const Sample> samples) override;
  void window(const Window& window, const Histogram& gained) override;
  void event(const RunEvent& event) override;
  void link(const LinkChange& change) override;
  void message(const MessageSample& message) override;
  void position(const HostPosition& position) override;
  void link_samples(std::span<const LinkSample> samples) override;
  void histogram(MetricId metric, std::string_view group, HostId host, const Histogram& histogram) override;
  void total(const Total& total) override;
  void expectation(const Expectation& expectation) override;
  Result<> finish(const RunOutcome& outcome) override;
  Result<> status() const override;

  // Of a detached one: how many rows it holds, which nothing else bounds.
  std::size_t gathered() const;
  // Begins `run`, whatever begin() said, in that file, with all that was gathered; as of an open one from now on. Once.
  Result<> attach(const std::string& path, const RunInfo& run);

  // 0 before begin(), or where that failed.
  std::int64_t run_id() const;
  std::uint64_t dropped_samples() const;
  // The processor time that the writing thread has used; complete after finish().
  Duration writer_cpu() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ghostnet::results
