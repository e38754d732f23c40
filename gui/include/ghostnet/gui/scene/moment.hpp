// Moment: a run at one instant as the mesh shows it: which links are up, who is down, what a metric says of each host,
// what is on its way, where those are that move. MomentReader reads it, on the data thread.
//
// A reader remembers the links and states of its last instant. Going on in time it reads what happened in between;
// going back, or after forget(), it reads anew. It is used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/placement.hpp"
#include "ghostnet/results/moments.hpp"

namespace ghostnet::gui {

// A link that is up, by the indexes of its hosts; kind and topic are places in the moment's lists.
struct Edge {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint16_t kind = 0;
  std::uint16_t topic = 0;  // 0: none
};

// Never changes once made, so a scene may share it.
struct EdgeSet {
  std::vector<Edge> edges{};  // shuffled: any first part of them is a fair sample
  std::vector<std::string> kinds{};
  std::vector<std::string> topics{};  // the first is ""
  bool cut_short = false;             // there were more than kMaxLinks
};

// On its way, by indexes.
struct Flight {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::int64_t sent_ns = 0;
  std::int64_t until_ns = 0;  // received, or no longer shown
  bool lost = false;
  std::int64_t trace = 0;
};

// A value for each host; NaN where there is none.
using HostValues = std::vector<float>;

struct Moment {
  std::int64_t time_ns = 0;
  std::shared_ptr<const EdgeSet> edges = std::make_shared<EdgeSet>();
  std::shared_ptr<const std::vector<bool>> down = std::make_shared<std::vector<bool>>();
  std::size_t down_count = 0;
  std::vector<std::string> faults{};  // that are on: "partition"
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
};

class MomentReader {
 public:
  static constexpr std::int64_t kMaxLinks = 400'000;
  static constexpr std::int64_t kMaxFlights = 20'000;
  static constexpr std::int64_t kMaxChanges = 500'000;

  MomentReader(std::int64_t run, std::shared_ptr<const HostTable> hosts);

  Result<Moment> read(const results::Database& database, const MomentWish& wish);
  // What was read may have changed since: the run is being written.
  void forget();

 private:
  Result<> read_links(const results::Database& database, std::int64_t time_ns);
  Result<> read_states(const results::Database& database, std::int64_t time_ns);
  Result<std::shared_ptr<const HostValues>> read_values(const results::Database& database, std::int64_t metric,
                                                        std::int64_t time_ns) const;
  Result<std::vector<Flight>> read_flights(const results::Database& database, const MomentWish& wish) const;
  std::shared_ptr<const EdgeSet> edge_set() const;

  std::int64_t run_;
  std::shared_ptr<const HostTable> hosts_;
  std::optional<std::int64_t> links_ns_;  // the instant of what follows
  std::vector<results::LinkAt> links_;
  std::shared_ptr<const EdgeSet> edges_ = std::make_shared<EdgeSet>();
  std::optional<std::int64_t> states_ns_;
  std::vector<bool> is_down_;
  std::vector<std::string> faults_;
  std::shared_ptr<const std::vector<bool>> down_;
};

}  // namespace ghostnet::gui
