// RunPool: carries out runs, each in a process of its own, so many at a time.
//
// A child is a fork of this program, made while it has one thread, and sends lines through a pipe: how far it is, and
// at last its report. A child that dies is a run that failed, and the others go on. Ctrl-C (the first) is passed on, so
// that every run under way ends cleanly with its results; children stand in process groups of their own so that they
// hear of it once, and end with this process.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "report.hpp"

namespace ghostnet::cli {

struct PoolProgress {
  std::size_t finished = 0;
  std::size_t under_way = 0;
  std::size_t runs = 0;
  double share = 0;  // of all, the runs under way counted in part
  double turns_per_s = 0;
};

class RunPool {
 public:
  // How far a run is, from 0 to 1, and what it counted.
  using Report = std::function<void(double share, std::uint64_t turns)>;

  RunPool();
  ~RunPool();

  // Carries out run number `index`; called in a child.
  std::function<RunReply(std::size_t index, const Report& report)> carry_out;
  // Called in this process, in order of the runs.
  std::function<void(std::size_t index, RunReply reply)> on_reply;
  std::function<void(const PoolProgress& progress)> on_progress;
  // Asked now and then.
  std::function<bool()> interrupted;

  // The runs that were not begun, after an interruption.
  std::vector<std::size_t> run(const std::vector<std::size_t>& indexes, std::size_t jobs);

 private:
  struct Child;
  void start(std::size_t index);
  void fail_to_start(std::size_t index, const char* call);
  void listen();
  void hear(Child& child);
  void end(Child& child);
  void keep(std::size_t index, RunReply reply);
  void deliver();

  std::vector<Child> children_;
  std::vector<std::pair<std::size_t, std::optional<RunReply>>> replies_;  // in order of the runs
  std::size_t delivered_ = 0;
};

}  // namespace ghostnet::cli
