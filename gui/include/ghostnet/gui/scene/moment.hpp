// Moment: a run at one instant as the mesh shows it: which links are up, who is down, what a metric says of each host,
// what is on its way, where those are that move. MomentReader reads it, on the data thread.
//
// A reader remembers the links that it read (link_book.hpp) and the states of its last instant. Going on in time it
// reads what happened in between; going back, or after forget(), it goes on from the last of the instants before that
// it kept: one for every kSnapshotEvery changes that it read. It is used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/ground.hpp"
#include "ghostnet/gui/scene/link_book.hpp"
#include "ghostnet/gui/scene/placement.hpp"
#include "ghostnet/results/moments.hpp"

namespace ghostnet::gui {

// On its way, by indexes.
struct Flight {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::int64_t sent_ns = 0;
  std::int64_t until_ns = 0;  // received, or no longer shown
  bool lost = false;
  std::int64_t trace = 0;
  std::shared_ptr<const std::vector<std::uint32_t>> way{};  // the routers that it passes; null: straight
};

// A value for each host; NaN where there is none.
using HostValues = std::vector<float>;

// Whether a host takes part: it crashed, or its link was pulled.
enum class Condition : std::uint8_t { up, down, offline };

// Which part of a network that is cut apart each host is in; two hosts in different parts do not reach each other, at
// least one way.
struct Parts {
  std::vector<std::uint8_t> of_host{};
  std::vector<std::size_t> sizes{};  // hosts in each part; the largest is the first
  bool operator==(const Parts&) const = default;
};

struct Moment {
  std::int64_t time_ns = 0;
  std::shared_ptr<const EdgeSet> edges = std::make_shared<EdgeSet>();
  std::shared_ptr<const std::vector<Condition>> conditions = std::make_shared<std::vector<Condition>>();
  std::size_t down_count = 0;
  std::size_t offline_count = 0;
  std::vector<std::string> faults{};     // that are on: "partition"
  std::shared_ptr<const Parts> parts{};  // null: nobody is cut off
  std::shared_ptr<const HostValues> colour_values{};
  std::shared_ptr<const HostValues> size_values{};
  std::vector<Flight> flights{};  // at any instant from time_ns to time_ns + ahead_ns
  std::int64_t ahead_ns = 0;
  std::optional<results::PositionsAt> positions{};
};

struct MomentWish {
  std::int64_t time_ns = 0;
  std::int64_t ahead_ns = 0;
  std::optional<std::int64_t> colour_metric{};
  std::optional<std::int64_t> size_metric{};
  bool flights = true;
  bool positions = false;
  std::shared_ptr<const Ground> ground{};  // of a run on a graph, once known: messages go by its wires
};

// Of the fields of the partitions that are on, as the events that begin them have them; null: none cuts anybody off.
std::shared_ptr<const Parts> parts_of(const std::vector<std::string>& partitions, const HostTable& hosts);

class MomentReader {
 public:
  static constexpr std::int64_t kMaxFlights = 20'000;
  static constexpr std::int64_t kSnapshotEvery = 20'000;  // changes of state; doubled where they would be too many
  static constexpr std::size_t kMaxSnapshots = 64;

  MomentReader(std::int64_t run, std::shared_ptr<const HostTable> hosts);

  Result<Moment> read(const results::Database& database, const MomentWish& wish);
  // What was read may have changed since: the run is being written.
  void forget();

 private:
  Result<> read_states(const results::Database& database, std::int64_t time_ns);
  void go_back_to(std::int64_t time_ns);
  void apply(const results::EventAt& change);
  void keep_snapshot();
  void cut_apart();
  Result<std::shared_ptr<const HostValues>> read_values(const results::Database& database, std::int64_t metric,
                                                        std::int64_t time_ns) const;
  Result<std::vector<Flight>> read_flights(const results::Database& database, const MomentWish& wish);

  std::int64_t run_;
  std::shared_ptr<const HostTable> hosts_;
  LinkBook links_;
  struct Fault {
    std::string key;  // "faults[1].partition"
    std::string fields;
  };
  // Who takes part, and which faults are on, after all events up to one.
  struct States {
    results::EventKey last{};
    std::vector<bool> is_down{};
    std::vector<bool> is_offline{};
    std::vector<Fault> faults{};
  };
  std::int64_t states_ns_ = 0;  // the instant of states_, which may be later than its last event
  States states_;
  std::vector<States> snapshots_;  // in order of time; the first is that of the beginning
  std::int64_t snapshot_every_ = kSnapshotEvery;
  std::int64_t since_snapshot_ = 0;                           // changes
  std::shared_ptr<const std::vector<Condition>> conditions_;  // null: to be made anew
  std::shared_ptr<const Parts> parts_;
  std::shared_ptr<const Ground> ground_;  // that of finder_
  std::optional<RouteFinder> finder_;
};

}  // namespace ghostnet::gui
