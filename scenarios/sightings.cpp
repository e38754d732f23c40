#include "ghostnet/scenarios/sightings.hpp"

#include <algorithm>
#include <cmath>

#include "ghostnet/runtime/text.hpp"

namespace ghostnet::scenarios {

namespace {

std::uint64_t one_in(Probability share) {
  return share.is_never() ? 0 : static_cast<std::uint64_t>(std::llround(1 / share.value()));
}

// Written as JSON: {"topic":"news"}, {"bucket":7}; empty: neither.
std::string fields_of(const LinkName& name) {
  if (name.bucket >= 0) return fmt::format(R"({{"bucket":{}}})", name.bucket);
  if (name.topic.empty()) return {};
  std::string json = R"({"topic":)";
  append_json_string(json, name.topic);
  return json + '}';
}

}  // namespace

bool Sightings::Allowance::spend(TimePoint now) {
  const double part =
      planned_ <= Duration::zero() ? 1 : static_cast<double>(to_ns(now)) / static_cast<double>(planned_.count());
  const double allowed = 1 + static_cast<double>(most_) * std::clamp(part, 0.0, 1.0);
  if (spent_ >= most_ || static_cast<double>(spent_) + 1 > allowed) return false;
  ++spent_;
  return true;
}

Sightings::Sightings(ResultSink& sink, RunWorld& world, const RecordOptions& options, std::uint64_t seed,
                     Duration planned)
    : sink_(sink),
      world_(world),
      epoch_(world.loop().now() - world.now()),
      links_wanted_(options.links),
      one_in_(one_in(options.messages)),
      random_(Random::derive(seed, 0, "record.messages")),
      messages_(options.max_messages, planned),
      traces_(options.traces, planned) {
  by_address_.reserve(2 * world.host_count());  // most have one of each family
  for (HostId id = 0; id < world.host_count(); ++id) learn_addresses(id);
  choose_tables(options.routing_tables);
  if (one_in_ != 0) follow_after(one_in_);
}

void Sightings::learn_addresses(HostId id) {
  by_address_.emplace(world_.address_of(id), id);
  if (world_.simulated() == nullptr) return;  // live hosts have one address
  for (const Interface& interface : world_.host(id).interfaces()) {
    for (const InterfaceAddress& own : interface.addresses) {
      if (!interface.loopback) by_address_.emplace(own.address, id);
    }
  }
}

void Sightings::finish() {
  for (const auto& [key, copy] : under_way_) {
    const auto& [trace, from, to] = key;
    sink_.message(
        {.sent = copy.handed_on, .from = from, .to = to, .bytes = copy.bytes, .kind = "gossip", .trace = trace});
  }
  under_way_.clear();
  const auto tell = [&](std::uint64_t left_out, std::string_view what, std::uint64_t most) {
    if (left_out == 0) return;
    sink_.event({.time = world_.now(),
                 .kind = "record_limit",
                 .text = fmt::format("{} {} are not recorded: a run has at most {}", left_out, what, most)});
  };
  tell(links_left_out_, "links", kMaxLinks);
  tell(hops_left_out_, "hops of traced messages", kMaxHops);
}

// ---- names ----

HostId Sightings::host_at(const IpAddress& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? kNoHost : found->second;
}

HostId Sightings::host_named(ByteView name) const {
  const auto found = by_name_.find(as_text(name));
  return found == by_name_.end() ? kNoHost : found->second;
}

void Sightings::named(HostId host, ByteView name) { by_name_.insert_or_assign(std::string(as_text(name)), host); }

// ---- links ----

std::vector<bool> Sightings::thinned(const std::vector<bool>& chosen, std::size_t most) {
  const auto count = static_cast<std::size_t>(std::ranges::count(chosen, true));
  const std::size_t every = std::max<std::size_t>(1, (count + most - 1) / most);
  std::vector<bool> kept(chosen.size());
  std::size_t seen = 0;
  for (std::size_t at = 0; at < chosen.size(); ++at) kept[at] = chosen[at] && seen++ % every == 0;
  return kept;
}

void Sightings::choose_tables(const std::vector<std::string>& groups) {
  const bool all = std::ranges::find(groups, "all") != groups.end();
  std::vector<bool> chosen;
  for (HostId id = 0; id < world_.host_count(); ++id) {
    chosen.push_back(all || std::ranges::find(groups, world_.group_of(id)) != groups.end());
  }
  table_wanted_ = thinned(chosen, kMaxTables);
}

bool Sightings::is_wanted(HostId host, HostId peer, const LinkName& name) const {
  if (!links_wanted_ || host == kNoHost || peer == kNoHost || host == peer) return false;
  return name.bucket < 0 || table_wanted_[host];
}

Sightings::LinkKey Sightings::key_of(HostId host, HostId peer, const LinkName& name) {
  const auto known = std::ranges::find_if(names_, [&](const WrittenName& each) {
    return each.bucket == name.bucket && each.kind == name.kind && each.topic == name.topic;
  });
  const auto number = static_cast<std::uint32_t>(known - names_.begin());
  if (known == names_.end()) {
    names_.push_back({std::string(name.kind), std::string(name.topic), name.bucket, fields_of(name)});
  }
  if (name.mutual && peer < host) std::swap(host, peer);
  return {host, peer, number};
}

void Sightings::link_up(HostId host, HostId peer, const LinkName& name) {
  if (!is_wanted(host, peer, name)) return;
  const LinkKey key = key_of(host, peer, name);
  if (const auto known = links_.find(key); known != links_.end()) {
    ++known->second;
    return;
  }
  if (links_written_ >= kMaxLinks) {
    ++links_left_out_;
    return;
  }
  ++links_written_;
  links_.emplace(key, 1);
  write_link(key, true);
}

void Sightings::link_down(HostId host, HostId peer, const LinkName& name) {
  if (!is_wanted(host, peer, name)) return;
  const auto known = links_.find(key_of(host, peer, name));
  if (known == links_.end() || --known->second != 0) return;
  write_link(known->first, false);
  links_.erase(known);
}

void Sightings::write_link(const LinkKey& key, bool up) {
  const WrittenName& name = names_[key.name];
  sink_.link({.time = world_.now(), .a = key.a, .b = key.b, .kind = name.kind, .up = up, .json = name.json});
}

// ---- messages of applications ----

std::uint64_t Sightings::trace_of(ByteView id) const {
  if (traced_.empty()) return 0;
  const auto found = traced_.find(as_text(id));
  return found == traced_.end() ? 0 : found->second;
}

void Sightings::published(HostId, ByteView id) {
  if (traces_.spend(world_.now())) traced_.emplace(std::string(as_text(id)), traces_.spent());
}

void Sightings::handed_on(HostId from, HostId to, ByteView id, std::size_t size_bytes) {
  const std::uint64_t trace = trace_of(id);
  if (trace == 0 || to == kNoHost) return;
  if (hops_ >= kMaxHops) {
    ++hops_left_out_;
    return;
  }
  const auto [copy, fresh] = under_way_.try_emplace(
      {trace, from, to}, Copy{.handed_on = world_.now(), .bytes = static_cast<std::uint32_t>(size_bytes)});
  if (fresh) ++hops_;
}

void Sightings::arrived(HostId from, HostId to, ByteView id) {
  const std::uint64_t trace = trace_of(id);
  if (trace == 0) return;
  const auto copy = under_way_.find({trace, from, to});
  if (copy == under_way_.end()) return;
  sink_.message({.sent = copy->second.handed_on,
                 .received = world_.now(),
                 .from = from,
                 .to = to,
                 .bytes = copy->second.bytes,
                 .kind = "gossip",
                 .trace = trace});
  under_way_.erase(copy);
}

// ---- packets ----

// One in so many on average, by chance, so that nothing that keeps step with it is always or never seen.
bool Sightings::choose() {
  if (one_in_ == 0) return false;
  follow_after(1 + random_.below(2 * one_in_ - 1));
  return messages_.spend(world_.now());
}

void Sightings::message(const MessageSample& message) {
  if (message.from == kNoHost || message.to == kNoHost) return;
  MessageSample since_begin = message;
  since_begin.sent -= epoch_;
  if (since_begin.received) *since_begin.received -= epoch_;
  sink_.message(since_begin);
}

}  // namespace ghostnet::scenarios
