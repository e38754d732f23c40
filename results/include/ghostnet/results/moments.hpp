// Moments: what a run was like at an instant, or between two. What a visualizer reads while it plays and scrubs.
//
// Every function reads one contiguous piece of the file, of at most `limit` rows, whatever the size of the file.
// Instants are nanoseconds since the run began, hosts the ids of the run's world; a span is [from, to).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/results/database.hpp"

namespace ghostnet::results {

// A counter, gauge or histogram that a run recorded over time.
struct SeriesName {
  std::int64_t metric_id = 0;
  std::string name{};
  std::string kind{};
  std::string unit{};
  std::string help{};
  bool of_hosts = false;  // host by host, too
};
Result<std::vector<SeriesName>> series_names(const Database& database, std::int64_t run);

// The values of a metric, host by host, in the last frame at or before an instant that has any.
struct ValuesAt {
  std::optional<std::int64_t> time_ns{};                  // of the frame; nothing: there is none yet
  std::vector<std::pair<std::int64_t, double>> values{};  // host, value; by host
};
Result<ValuesAt> values_at(const Database& database, std::int64_t run, std::int64_t metric_id, std::int64_t time_ns);

struct EventAt {
  std::int64_t time_ns = 0;
  std::int64_t number = 0;
  std::optional<std::int64_t> host{};
  std::string kind{};
  std::string text{};
  std::string fields{};  // JSON, or empty
};
// Crashes and restarts, links that went down or came up, faults that begin or end: what says who takes part. In order
// of time.
//
// Those after an event (its instant and number) and up to an instant, so that a long run is read piece by piece.
struct EventKey {
  std::int64_t time_ns = -1;
  std::int64_t number = 0;
  auto operator<=>(const EventKey&) const = default;
};
Result<std::vector<EventAt>> state_changes(const Database& database, std::int64_t run, EventKey after,
                                           std::int64_t until_ns, std::int64_t limit);

struct LinkAt {
  std::int64_t since_ns = 0;
  std::optional<std::int64_t> until_ns{};  // nothing: it was still up when the record was written
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::string kind{};
  std::string fields{};  // JSON, or empty
};
// Calls visit(link) for each that came up in the span, whether or not it is still up, in order of time.
Result<> visit_links(const Database& database, std::int64_t run, std::int64_t from_ns, std::int64_t to_ns,
                     const std::function<void(const LinkAt&)>& visit);

struct MessageAt {
  std::int64_t sent_ns = 0;
  std::int64_t number = 0;
  std::optional<std::int64_t> received_ns{};  // nothing: lost
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t bytes = 0;
  std::string kind{};
  std::int64_t trace = 0;  // hops of one and the same message share one; 0: none
};
// Those sent in the span, in order of sending.
Result<std::vector<MessageAt>> messages_between(const Database& database, std::int64_t run, std::int64_t from_ns,
                                                std::int64_t to_ns, std::int64_t limit);

// Those on their way at some instant from time_ns to ahead_ns later, and those that were lost less than kLostShown
// before. None takes longer than kLongestFlight.
inline constexpr std::int64_t kLongestFlightNs = 3'000'000'000;
inline constexpr std::int64_t kLostShownNs = 400'000'000;
Result<std::vector<MessageAt>> messages_in_flight(const Database& database, std::int64_t run, std::int64_t time_ns,
                                                  std::int64_t ahead_ns, std::int64_t limit);

// The hops of a message that was followed, in order of sending.
Result<std::vector<MessageAt>> hops_of(const Database& database, std::int64_t run, std::int64_t trace,
                                       std::int64_t limit);

// Where hosts that move were last at or before an instant, and where they are next.
struct PositionsAt {
  struct Place {
    std::int64_t host = 0;
    double x_m = 0;
    double y_m = 0;
  };
  std::int64_t before_ns = 0;
  std::int64_t after_ns = 0;
  std::vector<Place> before{};  // by host; empty: none were recorded
  std::vector<Place> after{};   // empty: these were the last
};
Result<PositionsAt> positions_at(const Database& database, std::int64_t run, std::int64_t time_ns);

Result<std::int64_t> host_count(const Database& database, std::int64_t run);

// How far the record of a run goes: simulated_ns where it is finished, else the last instant that was written.
Result<std::int64_t> recorded_until(const Database& database, std::int64_t run);

}  // namespace ghostnet::results
