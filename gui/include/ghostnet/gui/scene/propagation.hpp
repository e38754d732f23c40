// Propagation: how one message spread, as a tree of first arrivals made of its recorded hops.
//
// The root is where the first hop was sent. A host's parent is who brought the message first; later copies are
// duplicates. Delays are nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "ghostnet/results/moments.hpp"

namespace ghostnet::gui {

struct Arrival {
  std::int64_t host = 0;
  std::optional<std::size_t> parent{};  // its place in arrivals; nothing: the root
  std::int64_t sent_ns = 0;             // by the parent
  std::int64_t arrived_ns = 0;
  std::int64_t hop_ns = 0;    // of the last hop
  std::int64_t delay_ns = 0;  // since the root had it
  int depth = 0;
};

struct Propagation {
  std::int64_t trace = 0;
  std::int64_t began_ns = 0;
  std::vector<Arrival> arrivals{};                     // in order of arrival; the root first
  std::unordered_map<std::int64_t, std::size_t> of{};  // host to its place in arrivals
  std::vector<results::MessageAt> hops{};  // all, those that came again or were lost too; in order of sending
  std::size_t duplicates = 0;
  std::size_t lost = 0;

  bool empty() const { return arrivals.empty(); }
  // The delay within which this share of the hosts that it reached had it.
  std::int64_t delay_of_share(double share) const;
  int deepest() const;
};

// Hops in any order.
Propagation propagation_of(std::int64_t trace, std::vector<results::MessageAt> hops);

}  // namespace ghostnet::gui
