// A process that records run after run is killed at a moment of no meaning: the file opens, holds every run that had
// been reported finished, whole, and marks the last one unfinished. GHOSTNET_KILLS sets how often; the default is
// small.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "ghostnet/results/reader.hpp"
#include "ghostnet/results/store.hpp"
#include "results_file.hpp"

namespace ghostnet::results::kill_test {
namespace {

constexpr HostId kHosts = 300;
constexpr HostId kLinkedHosts = 20;
constexpr int kFrames = 4;
constexpr int kDefaultKills = 8;

// Records runs for ever, and writes a byte for each that finished.
[[noreturn]] void record_until_killed(const std::string& path, int out) {
  while (true) {
    auto store = std::move(Store::open(path, {.batch_rows = 100, .batch_interval = 1ms}).value());
    store->begin({.name = "killed"});
    store->metric(MetricId{0}, {"sent", "datagrams", "", MetricKind::counter});
    for (int frame = 1; frame <= kFrames; ++frame) {
      std::vector<Sample> samples;
      for (HostId host = 0; host < kHosts; ++host) samples.push_back({TimePoint(frame * 1s), MetricId{0}, host, 1});
      store->samples(samples);
      for (HostId host = 0; host < kLinkedHosts; ++host) {
        const TimePoint at(frame * 1s);
        store->link({.time = at, .a = host, .b = host + 1, .kind = "tcp", .up = frame % 2 == 1});
        store->message({.sent = at, .from = host, .to = host + 1, .bytes = 9, .kind = "gossip", .trace = 1});
        store->position({.time = at, .host = host, .at = {1, 2}});
      }
    }
    if (!store->finish({.status = RunStatus::passed})) std::_Exit(1);
    const char done = 1;
    if (write(out, &done, 1) != 1) std::_Exit(1);
  }
}

struct KilledRuns : ResultsFile {
  // How many runs the process had reported when it was killed.
  int kill_after(std::chrono::microseconds time) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      record_until_killed(path_, ends[1]);
    }
    close(ends[1]);
    std::this_thread::sleep_for(time);
    kill(child, SIGKILL);
    int reported = 0;
    char buffer[256];
    for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;) reported += static_cast<int>(got);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
    return reported;
  }
};

TEST_F(KilledRuns, LeaveAFileThatHoldsWhatWasReportedAndMarksTheRest) {
  const char* wanted = std::getenv("GHOSTNET_KILLS");
  const int kills = wanted != nullptr ? std::atoi(wanted) : kDefaultKills;
  {
    open(DatabaseOptions::Access::write);
  }
  int reported = 0, unfinished = 0;
  std::uint64_t moment = 12'345;
  // A busy machine may take longer for one run than these moments are apart: then there are more of them.
  const auto told_enough = [&] { return reported > 0 && unfinished > 0; };
  for (int i = 0; i < kills || (!told_enough() && i < 20 * kills); ++i) {
    moment = moment * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    reported += kill_after(std::chrono::microseconds(1'000 + (moment >> 33) % 120'000));
    const Database database = open();
    ASSERT_THAT(rows(database, "PRAGMA integrity_check"), testing::ElementsAre("ok"));
    ASSERT_THAT(rows(database, "PRAGMA foreign_key_check"), testing::IsEmpty());
    const auto broken = rows(database, fmt::format("SELECT r.run_id FROM runs r WHERE r.status = 'passed' AND {} <> "
                                                   "(SELECT count(*) FROM frames f JOIN samples USING (frame_id) "
                                                   "WHERE f.run_id = r.run_id)",
                                                   kHosts * kFrames));
    ASSERT_THAT(broken, testing::IsEmpty()) << "a finished run lost samples";
    int finished = 0, others = 0;
    for (const RunRow& run : runs(database).value()) {
      ASSERT_THAT(run.status, testing::AnyOf("passed", "unfinished"));
      ++(run.status == "passed" ? finished : others);
    }
    // The last run may have been committed just before it could be reported.
    ASSERT_GE(finished, reported);
    ASSERT_LE(finished, reported + i + 1);
    ASSERT_LE(others, unfinished + 1);
    unfinished = others;
  }
  EXPECT_GT(reported, 0);
  EXPECT_GT(unfinished, 0);
}

}  // namespace
}  // namespace ghostnet::results::kill_test
