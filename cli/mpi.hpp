// Under mpirun: which share of the runs is this process's.
//
// MPI itself is not needed for that: its launchers tell each process its rank in the environment. The ranks record into
// one results file, each its own runs; a rank that is lost loses those that it had not finished, which stay unfinished
// in the file, and --resume makes them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace ghostnet::cli {

struct MpiRank {
  std::size_t rank = 0;
  std::size_t ranks = 1;
  std::size_t ranks_here = 1;  // on this machine
  std::string job{};           // the same for all ranks
};

// Nothing where there is one rank, or none.
std::optional<MpiRank> mpi_rank();

}  // namespace ghostnet::cli
