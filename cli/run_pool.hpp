// RunPool: carries out runs, each in a process of its own, so many at a time.
//
// A child is a fork of this program, made while it has one thread, and sends lines through a pipe: how far it is, and
// at last its report. A child that dies is a run that failed, and the others go on. Ctrl-C (the first) is passed on, so
// that every run under way ends cleanly with its results; children stand in process groups of their own so that they
// hear of it once, and end with this process.
//
// Runs that begin alike have a stem: a child that carries out what they have in common and then forks one process a run
// whenever there is room for it. Such a process is adopted by this one, so that its end is seen like that of any other.
// Where a stem comes to nothing, each of its runs is carried out from its beginning.
#pragma once

#include <deque>
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
  // Carries out run number `index`; called in a child.
  using CarryOut = std::function<RunReply(std::size_t index, const Report& report)>;
  // Runs that begin alike, or a single one.
  using Unit = std::vector<std::size_t>;

  RunPool();
  ~RunPool();

  CarryOut carry_out;
  // Carries out the beginning of a unit of several; called in a child. Returns what goes on from there, once in a
  // process; null: nothing came of it.
  std::function<CarryOut(const Unit& unit, const Report& report)> begin_together;
  // Called in this process, in order of the runs.
  std::function<void(std::size_t index, RunReply reply)> on_reply;
  std::function<void(const PoolProgress& progress)> on_progress;
  // Asked now and then.
  std::function<bool()> interrupted;

  // The runs that were not begun, after an interruption, in order. Every run is in one unit.
  std::vector<std::size_t> run(std::vector<Unit> units, std::size_t jobs);

 private:
  struct Child;
  struct Stem;

  // Whether there was anything to start.
  bool start_next();
  void start(std::size_t index);
  void start_stem(Unit unit);
  bool start_branch(Stem& stem);
  [[noreturn]] void be_child(std::size_t index, int out, const CarryOut& body);
  [[noreturn]] void be_stem(const Unit& unit, int out, int control, pid_t pool);
  void close_all() const;  // what a child has no use for
  void fail_to_start(std::size_t index, const char* call);
  void pass_interruption_on();
  std::size_t busy() const;
  void listen();
  void collect();
  void end(Child& child);
  void end(Stem& stem);
  void keep(std::size_t index, RunReply reply);
  void deliver();
  PoolProgress progress() const;

  std::deque<Unit> units_;  // not started
  std::vector<Child> children_;
  std::vector<Stem> stems_;
  std::vector<std::pair<std::size_t, std::optional<RunReply>>> replies_;  // in order of the runs
  std::size_t delivered_ = 0;
  std::uint64_t turns_of_ended_ = 0;
  bool stopping_ = false;
};

}  // namespace ghostnet::cli
