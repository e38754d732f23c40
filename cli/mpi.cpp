#include "mpi.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

#include "ghostnet/results/database.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "interruption.hpp"

namespace ghostnet::cli {

namespace {

std::optional<std::size_t> number_in(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const Result<std::uint64_t> number = parse_unsigned(text);
  if (!number) return std::nullopt;
  return *number;
}

constexpr auto kLookEvery = std::chrono::milliseconds(100);
constexpr auto kGiveUpAfter = std::chrono::seconds(60);       // without a sign of life
constexpr auto kGiveUpOnDeadAfter = std::chrono::seconds(8);  // where we see that nobody is at work

// Of a batch: the runs that came to their end (those of a lost rank are interrupted), a number that grows with whatever
// any of its runs does, and the processes of those that are under way.
struct Sight {
  std::int64_t ended = 0;
  std::int64_t advanced = 0;
  std::vector<pid_t> at_work{};
};

Result<Sight> look(const results::Database& database, const std::string& batch) {
  Result<results::Statement> statement = database.prepare(
      "SELECT count(CASE WHEN r.status NOT IN ('unfinished', 'interrupted') THEN 1 END), "
      "count(*) + ifnull(sum(r.simulated_ns / 1000), 0) "
      "FROM runs r JOIN batches b ON b.batch_id = r.batch_id WHERE b.label = ?1");
  if (!statement) return fail(std::move(statement));
  Result<bool> row = statement->bind(batch).step();
  if (!row) return fail(std::move(row));
  Sight sight{statement->integer(0), statement->integer(1)};
  Result<results::Statement> under_way = database.prepare(
      "SELECT r.process_id FROM runs r JOIN batches b ON b.batch_id = r.batch_id "
      "WHERE b.label = ?1 AND r.status = 'unfinished'");
  if (!under_way) return fail(std::move(under_way));
  under_way->bind(batch);
  while (true) {
    Result<bool> another = under_way->step();
    if (!another) return fail(std::move(another));
    if (!*another) return sight;
    sight.at_work.push_back(static_cast<pid_t>(under_way->integer(0)));
  }
}

bool anybody_lives(const std::vector<pid_t>& processes) {
  return std::ranges::any_of(processes, [](pid_t process) { return ::kill(process, 0) == 0 || errno == EPERM; });
}

}  // namespace

Result<std::size_t> wait_for_ranks(const MpiRank& mpi, const std::string& db, const std::string& batch,
                                   std::size_t runs) {
  Result<results::Database> database = results::Database::open(db, {});
  if (!database) return fail(std::move(database));
  auto alive_at = std::chrono::steady_clock::now();
  Sight before;
  while (true) {
    Result<Sight> now = look(*database, batch);
    if (!now) return fail(std::move(now));
    const std::size_t ended = static_cast<std::size_t>(now->ended);
    if (ended >= runs) return std::size_t{0};
    if (now->advanced != before.advanced) alive_at = std::chrono::steady_clock::now();
    before = std::move(*now);
    const bool seen_dead = mpi.ranks_here == mpi.ranks && !anybody_lives(now->at_work);
    const auto patience = seen_dead ? kGiveUpOnDeadAfter : kGiveUpAfter;
    if (interrupted() || std::chrono::steady_clock::now() - alive_at > patience) return runs - ended;
    std::this_thread::sleep_for(kLookEvery);
  }
}

std::optional<MpiRank> mpi_rank() {
  struct Names {
    const char* rank;
    const char* ranks;
    const char* ranks_here;
  };
  // Open MPI, then MPICH and Intel MPI.
  for (const Names& names : {Names{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"},
                             Names{"PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"}}) {
    const auto rank = number_in(names.rank), ranks = number_in(names.ranks);
    if (!rank || !ranks || *ranks < 2 || *rank >= *ranks) continue;
    MpiRank mpi{.rank = *rank, .ranks = *ranks};
    mpi.ranks_here = std::clamp<std::size_t>(number_in(names.ranks_here).value_or(*ranks), 1, *ranks);
    const char* job = std::getenv("PMIX_NAMESPACE");
    mpi.job = job != nullptr ? job : fmt::format("mpi-{}", getppid());
    return mpi;
  }
  return std::nullopt;
}

}  // namespace ghostnet::cli
