#include "ghostnet/gui/scene/link_book.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>

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

std::uint16_t place_in(std::vector<std::string>& names, const std::string& name) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<std::uint16_t>(found - names.begin());
  if (names.size() >= std::numeric_limits<std::uint16_t>::max()) return 0;
  names.push_back(name);
  return static_cast<std::uint16_t>(names.size() - 1);
}

// Null where the fields are no object, or have no such member.
nlohmann::json member_of(const std::string& fields, const std::string& name) {
  if (fields.find('"' + name + '"') == std::string::npos) return nullptr;
  const nlohmann::json object = nlohmann::json::parse(fields, nullptr, false);
  const auto member = object.find(name);
  return object.is_object() && member != object.end() ? *member : nlohmann::json();
}

std::string topic_in(const std::string& fields) {
  const nlohmann::json topic = member_of(fields, "topic");
  return topic.is_string() ? topic.get<std::string>() : std::string();
}

}  // namespace

std::int16_t bucket_in(const std::string& fields) {
  const nlohmann::json bucket = member_of(fields, "bucket");
  if (!bucket.is_number_unsigned() || bucket > std::numeric_limits<std::int16_t>::max()) return -1;
  return bucket.get<std::int16_t>();
}

Result<std::shared_ptr<const EdgeSet>> LinkBook::at(const results::Database& database, std::int64_t time_ns) {
  if (!read_ns_ || time_ns < from_ns_) {
    entries_.clear();
    from_ns_ = 0;
    is_full_ = false;
    set_until_ns_ = set_from_ns_;  // whether it is still the same is seen by comparing
    if (Result<> done = read(database, 0, time_ns); !done) return fail(std::move(done));
  } else if (time_ns > *read_ns_) {
    if (Result<> done = read(database, *read_ns_ + 1, time_ns); !done) return fail(std::move(done));
  }
  return set_at(time_ns);
}

Result<> LinkBook::read(const results::Database& database, std::int64_t from_ns, std::int64_t to_ns) {
  read_ns_.reset();  // should it fail half way
  bool has_more = false;
  const auto take = [&](const results::LinkAt& link) { has_more = add(link, to_ns) || has_more; };
  if (Result<> visited = results::visit_links(database, run_, from_ns, to_ns + 1, take); !visited) return visited;
  read_ns_ = to_ns;
  if (!has_more) return {};
  const auto in_order = [](const Entry& a, const Entry& b) {
    const auto key = [](const Entry& entry) {
      return std::tuple(entry.key, entry.edge.kind, entry.edge.topic, entry.since_ns);
    };
    return key(a) < key(b);
  };
  const auto added = std::is_sorted_until(entries_.begin(), entries_.end(), in_order);
  std::sort(added, entries_.end(), in_order);
  std::vector<Entry> merged(entries_.size());
  std::merge(entries_.begin(), added, added, entries_.end(), merged.begin(), in_order);
  entries_ = std::move(merged);
  return {};
}

bool LinkBook::add(const results::LinkAt& link, std::int64_t now_ns) {
  const auto a = hosts_->index_of(link.a);
  const auto b = hosts_->index_of(link.b);
  if (!a || !b) return false;  // the network around the hosts
  const std::int64_t until_ns = link.until_ns.value_or(kNever);
  if (from_ns_ > 0 && until_ns <= from_ns_) return false;
  if (entries_.size() >= max_kept_ && !is_full_) drop_ended(now_ns);
  if (is_full_) return false;
  const Fields fields = fields_of(link.fields);
  const Edge edge{.a = static_cast<std::uint32_t>(*a),
                  .b = static_cast<std::uint32_t>(*b),
                  .kind = place_in(kinds_, link.kind),
                  .topic = fields.topic,
                  .bucket = fields.bucket};
  const std::uint64_t ends = (std::uint64_t{edge.a} << 32) | edge.b;
  entries_.push_back({shuffled(ends + edge.kind), link.since_ns, until_ns, edge});
  return true;
}

void LinkBook::drop_ended(std::int64_t now_ns) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.until_ns <= now_ns; });
  from_ns_ = now_ns;
  is_full_ = entries_.size() >= max_kept_;
}

LinkBook::Fields LinkBook::fields_of(const std::string& json) {
  if (json.empty()) return {};
  if (const auto known = known_fields_.find(json); known != known_fields_.end()) return known->second;
  if (known_fields_.size() >= kMaxFields) known_fields_.clear();
  Fields fields{.bucket = bucket_in(json)};
  if (const std::string topic = topic_in(json); !topic.empty()) fields.topic = place_in(topics_, topic);
  known_fields_.emplace(json, fields);
  return fields;
}

std::shared_ptr<const EdgeSet> LinkBook::set_at(std::int64_t time_ns) {
  if (time_ns >= set_from_ns_ && time_ns < set_until_ns_) return set_;
  auto set = std::make_shared<EdgeSet>();
  set_from_ns_ = from_ns_;
  set_until_ns_ = *read_ns_ + 1;  // what comes then was not read
  for (const Entry& entry : entries_) {
    for (const std::int64_t change_ns : {entry.since_ns, entry.until_ns}) {
      if (change_ns <= time_ns) set_from_ns_ = std::max(set_from_ns_, change_ns);
      if (change_ns > time_ns) set_until_ns_ = std::min(set_until_ns_, change_ns);
    }
    if (entry.since_ns > time_ns || entry.until_ns <= time_ns) continue;
    if (set->edges.size() >= kMaxLinks) {
      set->cut_short = true;
      continue;
    }
    set->edges.push_back(entry.edge);
  }
  set->cut_short = set->cut_short || is_full_;
  set->kinds = kinds_;
  set->topics = topics_;
  // Read anew the links are often those of before, and a picture of those need not be drawn again.
  if (*set != *set_) set_ = std::move(set);
  return set_;
}

}  // namespace ghostnet::gui
