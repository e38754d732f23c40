#include "ghostnet/gui/scene/moment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace ghostnet::gui {

namespace {

// Mixes the bits of a number (the finaliser of MurmurHash3): an order by it is a shuffle that repeats.
std::uint64_t shuffled(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

std::string topic_of(const std::string& fields) {
  if (fields.find("\"topic\"") == std::string::npos) return {};
  const nlohmann::json object = nlohmann::json::parse(fields, nullptr, false);
  if (!object.is_object() || !object.contains("topic") || !object["topic"].is_string()) return {};
  return object["topic"].get<std::string>();
}

std::uint16_t place_in(std::vector<std::string>& names, const std::string& name) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<std::uint16_t>(found - names.begin());
  if (names.size() >= std::numeric_limits<std::uint16_t>::max()) return 0;
  names.push_back(name);
  return static_cast<std::uint16_t>(names.size() - 1);
}

// "faults[1].partition" is called partition.
std::string fault_name(const std::string& key) { return key.substr(key.find_last_of('.') + 1); }

}  // namespace

MomentReader::MomentReader(std::int64_t run, std::shared_ptr<const HostTable> hosts)
    : run_(run), hosts_(std::move(hosts)), is_down_(hosts_->size()) {}

void MomentReader::forget() {
  links_ns_.reset();
  states_ns_.reset();
}

Result<Moment> MomentReader::read(const results::Database& database, const MomentWish& wish) {
  Moment moment{.time_ns = wish.time_ns, .ahead_ns = wish.ahead_ns};
  if (Result<> read = read_links(database, wish.time_ns); !read) return fail(std::move(read));
  moment.edges = edges_;
  if (Result<> read = read_states(database, wish.time_ns); !read) return fail(std::move(read));
  moment.down = down_;
  moment.down_count = static_cast<std::size_t>(std::ranges::count(is_down_, true));
  moment.faults = faults_;
  for (const auto& [metric, values] :
       {std::pair{wish.colour_metric, &moment.colour_values}, std::pair{wish.size_metric, &moment.size_values}}) {
    if (!metric) continue;
    Result<std::shared_ptr<const HostValues>> read = read_values(database, *metric, wish.time_ns);
    if (!read) return fail(std::move(read));
    *values = std::move(*read);
  }
  if (wish.flights) {
    Result<std::vector<Flight>> flights = read_flights(database, wish);
    if (!flights) return fail(std::move(flights));
    moment.flights = std::move(*flights);
  }
  if (wish.positions) {
    Result<results::PositionsAt> positions = results::positions_at(database, run_, wish.time_ns);
    if (!positions) return fail(std::move(positions));
    if (!positions->before.empty()) moment.positions = std::move(*positions);
  }
  return moment;
}

Result<> MomentReader::read_links(const results::Database& database, std::int64_t time_ns) {
  const bool goes_on = links_ns_ && *links_ns_ <= time_ns;
  bool changed = !goes_on;
  Result<std::vector<results::LinkAt>> read =
      goes_on ? results::links_since(database, run_, *links_ns_ + 1, time_ns + 1, kMaxLinks)
              : results::links_at(database, run_, time_ns, kMaxLinks);
  if (!read) {
    links_ns_.reset();
    return fail(std::move(read));
  }
  if (goes_on) {
    changed = std::erase_if(links_, [&](const auto& link) { return link.until_ns && *link.until_ns <= time_ns; }) > 0;
    for (results::LinkAt& link : *read) {
      if (link.until_ns && *link.until_ns <= time_ns) continue;
      links_.push_back(std::move(link));
      changed = true;
    }
  } else {
    links_ = std::move(*read);
  }
  links_ns_ = time_ns;
  if (changed) edges_ = edge_set();
  return {};
}

std::shared_ptr<const EdgeSet> MomentReader::edge_set() const {
  auto set = std::make_shared<EdgeSet>();
  set->topics.emplace_back();
  set->cut_short = links_.size() >= static_cast<std::size_t>(kMaxLinks);
  set->edges.reserve(links_.size());
  for (const results::LinkAt& link : links_) {
    const auto a = hosts_->index_of(link.a);
    const auto b = hosts_->index_of(link.b);
    if (!a || !b) continue;  // the network around the hosts
    set->edges.push_back({.a = static_cast<std::uint32_t>(*a),
                          .b = static_cast<std::uint32_t>(*b),
                          .kind = place_in(set->kinds, link.kind),
                          .topic = place_in(set->topics, topic_of(link.fields))});
  }
  std::ranges::sort(set->edges, {}, [](const Edge& edge) {
    return shuffled((std::uint64_t{edge.a} << 32) ^ edge.b ^ (std::uint64_t{edge.kind} << 24));
  });
  return set;
}

Result<> MomentReader::read_states(const results::Database& database, std::int64_t time_ns) {
  const bool goes_on = states_ns_ && *states_ns_ <= time_ns;
  if (!goes_on) {
    is_down_.assign(hosts_->size(), false);
    faults_.clear();
    down_.reset();
  }
  Result<std::vector<results::EventAt>> changes =
      results::state_changes(database, run_, goes_on ? *states_ns_ + 1 : 0, time_ns + 1, kMaxChanges);
  if (!changes) {
    states_ns_.reset();
    return fail(std::move(changes));
  }
  for (const results::EventAt& change : *changes) {
    if (change.kind == "fault_begins") {
      faults_.push_back(fault_name(change.text));
    } else if (change.kind == "fault_ends") {
      const auto found = std::ranges::find(faults_, fault_name(change.text));
      if (found != faults_.end()) faults_.erase(found);
    } else if (const auto host = change.host ? hosts_->index_of(*change.host) : std::nullopt) {
      is_down_[*host] = change.kind == "crash";
      down_.reset();
    }
  }
  states_ns_ = time_ns;
  if (down_ == nullptr) down_ = std::make_shared<std::vector<bool>>(is_down_);
  return {};
}

Result<std::shared_ptr<const HostValues>> MomentReader::read_values(const results::Database& database,
                                                                    std::int64_t metric, std::int64_t time_ns) const {
  Result<results::ValuesAt> read = results::values_at(database, run_, metric, time_ns);
  if (!read) return fail(std::move(read));
  auto values = std::make_shared<HostValues>(hosts_->size(), std::numeric_limits<float>::quiet_NaN());
  for (const auto& [host, value] : read->values) {
    if (const auto index = hosts_->index_of(host)) (*values)[*index] = static_cast<float>(value);
  }
  return values;
}

Result<std::vector<Flight>> MomentReader::read_flights(const results::Database& database,
                                                       const MomentWish& wish) const {
  Result<std::vector<results::MessageAt>> read =
      results::messages_in_flight(database, run_, wish.time_ns, wish.ahead_ns, kMaxFlights);
  if (!read) return fail(std::move(read));
  std::vector<Flight> flights;
  flights.reserve(read->size());
  for (const results::MessageAt& message : *read) {
    const auto from = hosts_->index_of(message.from);
    const auto to = hosts_->index_of(message.to);
    if (!from || !to) continue;
    flights.push_back({.from = static_cast<std::uint32_t>(*from),
                       .to = static_cast<std::uint32_t>(*to),
                       .sent_ns = message.sent_ns,
                       .until_ns = message.received_ns.value_or(message.sent_ns + results::kLostShownNs),
                       .lost = !message.received_ns,
                       .trace = message.trace});
  }
  return flights;
}

}  // namespace ghostnet::gui
