// Runner: carries a scenario out in a world and says what came of it.
//
// It starts the protocols on their hosts, asks them for the operations of the workload, lets faults happen, stops
// everything gracefully at the end, and judges the expectations by what the metrics say. A host that restarts after a
// fault gets its protocols and workloads again. A workload or fault is first looked at at the instant that
// beginning.hpp says; a run may stop before such an instant and go on with others in their place.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/runtime/result_sink.hpp"
#include "ghostnet/scenarios/fault_director.hpp"
#include "ghostnet/scenarios/metric_windows.hpp"
#include "ghostnet/scenarios/recorder.hpp"
#include "ghostnet/scenarios/scenario.hpp"
#include "ghostnet/scenarios/world.hpp"

namespace ghostnet::scenarios {

// What a workload asked for and did not get, one for each operation and kind of error.
struct FailedRequests {
  std::string operation;
  Errc why{};
  std::uint64_t count = 0;
  std::string first;  // the message of the first

  std::string text() const;
};

struct RunReport {
  RunStatus status = RunStatus::passed;
  std::size_t hosts = 0;
  Duration simulated{};
  std::optional<std::uint64_t> digest;
  sim::WorldCounters counters;
  std::vector<MetricSnapshot> metrics;
  std::vector<std::pair<std::string, ExpectationRule::Verdict>> expectations;  // none where it was interrupted
  std::vector<FailedRequests> failed_requests;
  std::vector<std::string> warnings;  // what else is to be known
  // What ended the run before its time; the rest is then what there was.
  std::optional<Error> error;
};

struct Progress {
  TimePoint now;
  TimePoint end;
  std::uint64_t turns;
};

class Runner final : private FaultDirector::Stage {
 public:
  // Both outlive it.
  Runner(const Scenario& scenario, RunWorld& world);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Starts the protocols. An error names the host and the protocol, or what of the scenario the world cannot do.
  Result<> set_up();
  // Runs up to `end`, where nothing that begins then has begun yet, for a run() that goes on from there; whoever owns
  // the scenario may let what begins later be other than it was. Ends early where `enough` says so, which is asked as
  // often as progress is told. False where it was interrupted or cannot go on.
  bool run_until(TimePoint end, const std::function<bool()>& enough);
  // Called some times a second of the run's time, with how far it is.
  void on_progress(std::function<void(const Progress&)> report) { on_progress_ = std::move(report); }
  // Records the run while it goes; begun by the caller, who also finishes it. It outlives the runner's run().
  void record_with(Recorder& recorder) { recorder_ = &recorder; }
  // Ends run() early; the report says interrupted.
  void interrupt();
  RunReport run();

 private:
  class HostDirectory;
  struct Occupant;
  class Neighbours;

  Result<> start_services(HostId id);
  // Those that have begun.
  void start_workloads(HostId id);
  void start_workload(HostId id, const Scenario::Workload& workload);
  // When the next of those workloads and faults begins that have not; kNever: there is none.
  TimePoint next_beginning() const;
  void begin_due();
  Task<> repeat(HostId id, const Scenario::Workload& workload);
  Task<> perform(HostId id, Service& service, Peer peer, const Scenario::Workload& workload);
  void note_failure(const Scenario::Workload& workload, const Error& why);
  std::optional<Peer> choose_peer(HostId id, const std::vector<HostId>& group, Random& random);
  void stop_services();
  void judge(RunReport& report);
  void judge_end_states(RunReport& report);
  bool in_group(HostId id, const std::string& group) const;
  bool in_one_of(HostId id, const std::vector<std::string>& groups) const;
  // Runs up to `end`, stopping on the way for samples, and where something is measured from or to.
  void advance(TimePoint end);
  void tell_progress();
  void note(std::string_view kind, HostId host = kNoHost, std::string_view text = {}, std::string_view json = {});

  // FaultDirector::Stage
  void crash(HostId id) override;
  void restart(HostId id) override;
  void readdressed(HostId id) override;
  void fail(Error error) override;
  void happened(std::string_view kind, HostId id, std::string_view text, std::string_view json) override;

  const Scenario& scenario_;
  RunWorld& world_;
  std::vector<std::unique_ptr<HostDirectory>> directories_;  // by protocol of the scenario
  std::vector<std::unique_ptr<Occupant>> occupants_;         // by host
  std::map<std::string, std::vector<HostId>> groups_;
  std::vector<bool> begun_;  // by workload
  std::function<void(const Progress&)> on_progress_;
  Recorder* recorder_ = nullptr;
  std::map<std::pair<std::string, Errc>, FailedRequests> failures_;  // by operation and kind
  bool interrupted_ = false;
  std::optional<Error> failure_;
  MetricWindows windows_;
  FaultDirector faults_;
};

}  // namespace ghostnet::scenarios
