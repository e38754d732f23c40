// Topology: the routers of a run on a graph, the wires between them, and the ways that packets take through it.
//
// A run records its wires once, when it begins; a host's region is the router that it is wired to. Ways are not
// recorded: they follow from the wires as the run's own routing has them, so they are computed here. Routers and wires
// are called by their places in the lists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ghostnet/results/database.hpp"

namespace ghostnet::results {

// The same in both directions.
struct Wire {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::int64_t delay_ns = 0;
  std::int64_t rate_bps = 0;  // 0: infinitely fast

  std::uint32_t other_end(std::uint32_t end) const { return end == a ? b : a; }
  bool operator==(const Wire&) const = default;
};

struct Topology {
  std::vector<std::string> routers{};
  std::vector<Wire> wires{};  // in the order in which the scenario has them

  std::optional<std::uint32_t> find(std::string_view router) const;
};

// Empty where the run is not on a graph of several routers, or recorded no links.
Result<Topology> topology(const Database& database, std::int64_t run);

// fabric and live worlds route by least delay (ghostnet/link/routes.hpp), the ns3 carrier by fewest hops.
enum class Routing : std::uint8_t { least_delay, fewest_hops };

// The ways between the routers of a topology, which outlives it. Used by one thread at a time.
class Ways {
 public:
  // Searches that are kept, one for each destination.
  static constexpr std::size_t kMaxTables = 256;

  Ways(const Topology& topology, Routing routing);

  // The wires from one router to another, in order; nothing where there is no way.
  std::optional<std::vector<std::uint32_t>> between(std::uint32_t from, std::uint32_t to);

 private:
  using Table = std::vector<std::uint32_t>;  // by router: the wire to take, or link::kNoHop

  Table search_by_delay(std::uint32_t to) const;
  Table search_by_hops(std::uint32_t to) const;

  const Topology& topology_;
  Routing routing_;
  std::vector<std::vector<std::uint32_t>> wires_of_;  // by router, in order
  std::unordered_map<std::uint32_t, Table> towards_;
};

}  // namespace ghostnet::results
