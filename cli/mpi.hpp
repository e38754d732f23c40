// Under mpirun: which share of the runs is this process's.
//
// MPI itself is not needed for that: its launchers tell each process its rank in the environment. The ranks record into
// one results file, each its own runs, and meet there at the end: a launcher ends all ranks as soon as one of them ends
// with a code that is not 0. A rank that is lost loses only the runs that it had not finished; the others say so, and
// --resume makes them. For that Open MPI's launcher must be told to let the others live
// (--enable-recovery).
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "ghostnet/runtime/result.hpp"

namespace ghostnet::cli {

struct MpiRank {
  std::size_t rank = 0;
  std::size_t ranks = 1;
  std::size_t ranks_here = 1;  // on this machine
  std::string job{};           // the same for all ranks
};

// Nothing where there is one rank, or none.
std::optional<MpiRank> mpi_rank();

// Waits until so many runs of the batch have come to an end, and returns how many are missing: more than none after an
// interruption, or when nothing has happened in the file for a while.
Result<std::size_t> wait_for_ranks(const MpiRank& mpi, const std::string& db, const std::string& batch,
                                   std::size_t runs);

}  // namespace ghostnet::cli
