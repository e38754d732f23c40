#include "ghostnet/gui/scene/moment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

namespace ghostnet::gui {

namespace {

std::string text_in(const nlohmann::json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>()
                                                                               : std::string();
}

// "faults[1].partition" is called partition.
std::string fault_name(const std::string& key) { return key.substr(key.find_last_of('.') + 1); }

// The sides of a partition as the runner wrote them; no sides where the text is not that.
std::vector<nlohmann::json> sides_in(const std::string& fields) {
  const nlohmann::json object = nlohmann::json::parse(fields, nullptr, false);
  if (!object.is_object() || !object.contains("sides") || !object["sides"].is_array()) return {};
  return object["sides"].get<std::vector<nlohmann::json>>();
}

bool is_on_side(const results::HostRow& host, const nlohmann::json& side) {
  return std::ranges::any_of(side, [&](const nlohmann::json& member) {
    const std::string group = text_in(member, "group");
    const std::string region = text_in(member, "region");
    return (group == "all" || group == host.group) && (region.empty() || region == host.region);
  });
}

}  // namespace

std::shared_ptr<const Parts> parts_of(const std::vector<std::string>& partitions, const HostTable& hosts) {
  std::vector<std::vector<nlohmann::json>> all;
  for (const std::string& fields : partitions) {
    if (std::vector<nlohmann::json> sides = sides_in(fields); !sides.empty()) all.push_back(std::move(sides));
  }
  if (all.empty()) return nullptr;
  // Hosts on the same side of every partition are one part. Group and region decide, and of these there are few.
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> sides_by_place;
  std::map<std::vector<std::size_t>, std::size_t> known;
  std::vector<std::size_t> part_of_host;
  for (const results::HostRow& host : hosts.rows()) {
    const auto [sides, is_new] = sides_by_place.try_emplace({host.group, host.region});
    for (const auto& partition : all) {
      if (!is_new) break;
      const auto side = std::ranges::find_if(partition, [&](const auto& each) { return is_on_side(host, each); });
      sides->second.push_back(static_cast<std::size_t>(side - partition.begin()));
    }
    part_of_host.push_back(known.try_emplace(sides->second, known.size()).first->second);
  }
  if (known.size() < 2 || known.size() > std::numeric_limits<std::uint8_t>::max()) return nullptr;
  std::vector<std::size_t> sizes(known.size());
  for (const std::size_t part : part_of_host) ++sizes[part];
  std::vector<std::size_t> by_size(known.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::ranges::sort(by_size,
                    [&](std::size_t a, std::size_t b) { return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : a < b; });
  std::vector<std::uint8_t> rank(known.size());
  auto parts = std::make_shared<Parts>();
  for (std::size_t at = 0; at < by_size.size(); ++at) {
    rank[by_size[at]] = static_cast<std::uint8_t>(at);
    parts->sizes.push_back(sizes[by_size[at]]);
  }
  for (const std::size_t part : part_of_host) parts->of_host.push_back(rank[part]);
  return parts;
}

MomentReader::MomentReader(std::int64_t run, std::shared_ptr<const HostTable> hosts)
    : run_(run), hosts_(std::move(hosts)), links_(run_, hosts_) {
  states_.is_down.resize(hosts_->size());
  states_.is_offline.resize(hosts_->size());
  snapshots_.push_back(states_);
}

void MomentReader::forget() {
  constexpr std::int64_t kLateNs = 3'000'000'000;  // what a writer may add to, behind what it wrote already
  links_.forget();
  const std::int64_t known_ns = std::max<std::int64_t>(0, states_ns_ - kLateNs);
  while (snapshots_.size() > 1 && snapshots_.back().last.time_ns > known_ns) snapshots_.pop_back();
  go_back_to(known_ns);
}

Result<Moment> MomentReader::read(const results::Database& database, const MomentWish& wish) {
  Moment moment{.time_ns = wish.time_ns, .ahead_ns = wish.ahead_ns};
  Result<std::shared_ptr<const EdgeSet>> edges = links_.at(database, wish.time_ns);
  if (!edges) return fail(std::move(edges));
  moment.edges = std::move(*edges);
  if (Result<> read = read_states(database, wish.time_ns); !read) return fail(std::move(read));
  moment.conditions = conditions_;
  moment.down_count = static_cast<std::size_t>(std::ranges::count(*conditions_, Condition::down));
  moment.offline_count = static_cast<std::size_t>(std::ranges::count(*conditions_, Condition::offline));
  moment.parts = parts_;
  for (const Fault& fault : states_.faults) moment.faults.push_back(fault_name(fault.key));
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

Result<> MomentReader::read_states(const results::Database& database, std::int64_t time_ns) {
  if (time_ns < states_ns_) go_back_to(time_ns);
  for (bool more = true; more;) {
    Result<std::vector<results::EventAt>> changes =
        results::state_changes(database, run_, states_.last, time_ns, snapshot_every_);
    if (!changes) return fail(std::move(changes));
    for (const results::EventAt& change : *changes) apply(change);
    more = std::ssize(*changes) == snapshot_every_;
    since_snapshot_ += std::ssize(*changes);
    if (since_snapshot_ >= snapshot_every_) keep_snapshot();
  }
  states_ns_ = time_ns;
  if (conditions_ != nullptr) return {};
  auto conditions = std::make_shared<std::vector<Condition>>(hosts_->size(), Condition::up);
  for (std::size_t host = 0; host < hosts_->size(); ++host) {
    if (states_.is_offline[host]) (*conditions)[host] = Condition::offline;
    if (states_.is_down[host]) (*conditions)[host] = Condition::down;
  }
  conditions_ = std::move(conditions);
  return {};
}

void MomentReader::go_back_to(std::int64_t time_ns) {
  const auto after =
      std::ranges::upper_bound(snapshots_, time_ns, {}, [](const auto& kept) { return kept.last.time_ns; });
  states_ = *std::prev(after);
  // Only where it goes on from the last of them another one may be due.
  since_snapshot_ = 0;
  states_ns_ = std::max<std::int64_t>(0, states_.last.time_ns);
  conditions_.reset();
  cut_apart();
}

void MomentReader::keep_snapshot() {
  since_snapshot_ = 0;
  if (states_.last <= snapshots_.back().last) return;
  snapshots_.push_back(states_);
  if (snapshots_.size() <= kMaxSnapshots) return;
  // Every second one goes, the first stays.
  std::size_t kept = 1;
  for (std::size_t at = 2; at < snapshots_.size(); at += 2) snapshots_[kept++] = std::move(snapshots_[at]);
  snapshots_.resize(kept);
  snapshot_every_ *= 2;
}

void MomentReader::apply(const results::EventAt& change) {
  states_.last = {change.time_ns, change.number};
  std::vector<Fault>& faults = states_.faults;
  if (change.kind == "fault_begins") {
    faults.push_back({change.text, change.fields});
    return cut_apart();
  }
  if (change.kind == "fault_ends") {
    const auto found = std::ranges::find(faults, change.text, &Fault::key);
    if (found != faults.end()) faults.erase(found);
    return cut_apart();
  }
  const auto host = change.host ? hosts_->index_of(*change.host) : std::nullopt;
  if (!host) return;
  if (change.kind == "link_down" || change.kind == "link_up") {
    states_.is_offline[*host] = change.kind == "link_down";
  } else {
    states_.is_down[*host] = change.kind == "crash";
  }
  conditions_.reset();
}

void MomentReader::cut_apart() {
  std::vector<std::string> partitions;
  for (const Fault& fault : states_.faults) {
    if (fault_name(fault.key) == "partition") partitions.push_back(fault.fields);
  }
  parts_ = parts_of(partitions, *hosts_);
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

Result<std::vector<Flight>> MomentReader::read_flights(const results::Database& database, const MomentWish& wish) {
  Result<std::vector<results::MessageAt>> read =
      results::messages_in_flight(database, run_, wish.time_ns, wish.ahead_ns, kMaxFlights);
  if (!read) return fail(std::move(read));
  std::vector<Flight> flights;
  flights.reserve(read->size());
  if (ground_ != wish.ground) {
    ground_ = wish.ground;
    finder_.reset();
    if (ground_ != nullptr) finder_.emplace(ground_);
  }
  for (const results::MessageAt& message : *read) {
    const auto from = hosts_->index_of(message.from);
    const auto to = hosts_->index_of(message.to);
    if (!from || !to) continue;
    flights.push_back(
        {.from = static_cast<std::uint32_t>(*from),
         .to = static_cast<std::uint32_t>(*to),
         .sent_ns = message.sent_ns,
         .until_ns = message.received_ns.value_or(message.sent_ns + results::kLostShownNs),
         .lost = !message.received_ns,
         .trace = message.trace,
         .way = finder_ ? finder_->routers_between(static_cast<std::uint32_t>(*from), static_cast<std::uint32_t>(*to))
                        : nullptr});
  }
  return flights;
}

}  // namespace ghostnet::gui
