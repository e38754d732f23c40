#include "mpi.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "ghostnet/runtime/quantity.hpp"

namespace ghostnet::cli {

namespace {

std::optional<std::size_t> number_in(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const Result<std::uint64_t> number = parse_unsigned(text);
  if (!number) return std::nullopt;
  return *number;
}

}  // namespace

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
