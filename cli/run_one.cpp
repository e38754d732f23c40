#include "run_one.hpp"

namespace ghostnet::cli {

namespace {

int code_of(RunStatus status) {
  switch (status) {
    case RunStatus::passed: return kOk;
    case RunStatus::failed: return kFailed;
    case RunStatus::interrupted: return kInterrupted;
    case RunStatus::error: return kBadInput;
  }
  return kInternal;
}

RunRecord record_of(const PlannedRun& planned) {
  return {.file = planned.file, .sweep_point = planned.sweep_point, .repeat = planned.repeat, .label = planned.label()};
}

scenarios::LoadResult load(const Program& program, const PlannedRun& planned) {
  return scenarios::load_scenario(*planned.text, planned.file, program.registry, planned.overrides);
}

// What became of the run, in its record.
void conclude(RunRecord& record, const Result<>& done) {
  if (record.report) record.exit_code = code_of(record.report->status);
  if (done) return;
  record.error = done.error();
  record.exit_code = worse(record.exit_code, exit_code_of(done.error()));
}

}  // namespace

RunRecord run_one(const RunCommand& command, const Program& program, const PlannedRun& planned,
                  const OnProgress& on_progress) {
  RunRecord record = record_of(planned);
  scenarios::LoadResult loaded = load(program, planned);
  if (!loaded) {
    record.diagnostics = std::move(loaded).error();
    record.exit_code = kBadInput;
    return record;
  }
  record.scenario = std::move(*loaded);
  Undertaking undertaking(command, program, planned, record);
  Result<> done = undertaking.prepare();
  if (done) {
    done = undertaking.carry_out(on_progress);
  } else {
    undertaking.abandon(done.error());
  }
  conclude(record, done);
  return record;
}

CommonBeginning::CommonBeginning(const RunCommand& command, const Program& program, const PlannedRun& first)
    : command_(command), program_(program), first_(first), record_(record_of(first)) {}

CommonBeginning::~CommonBeginning() = default;

bool CommonBeginning::carry_out(TimePoint until, const OnProgress& on_progress) {
  scenarios::LoadResult loaded = load(program_, first_);
  if (!loaded) return false;
  record_.scenario = std::move(*loaded);
  undertaking_ = std::make_unique<Undertaking>(command_, program_, first_, record_);
  if (Result<> ready = undertaking_->prepare(Undertaking::Recording::detached); !ready) return false;
  return undertaking_->run_until(until, on_progress);
}

RunRecord CommonBeginning::go_on(const PlannedRun& planned, const OnProgress& on_progress) {
  scenarios::LoadResult loaded = load(program_, planned);
  if (!loaded) {
    RunRecord record = record_of(planned);
    record.diagnostics = std::move(loaded).error();
    record.exit_code = kBadInput;
    return record;
  }
  Result<> done = undertaking_->go_on_as(planned, std::move(*loaded));
  if (done) done = undertaking_->carry_out(on_progress);
  conclude(record_, done);
  return std::move(record_);
}

}  // namespace ghostnet::cli
