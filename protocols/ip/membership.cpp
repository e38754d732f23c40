#include "ghostnet/ip/membership.hpp"

#include <algorithm>

namespace ghostnet::ip {

namespace {

constexpr std::size_t kMaxRecordsOfReport = 64;  // such a report fits the smallest MTU of IPv6, 20 bytes a record

// RFC 9776 5.1, RFC 9777 6; RFC 4291 2.7: what has the scope of a node stays there.
bool is_reported(const IpAddress& group) {
  if (group.is_v4()) return group != kAllHosts;
  return group.without_scope_id() != kAllNodes && (group.high() >> 48 & 0xf) > 1;
}

}  // namespace

void Membership::announce(Group& group, TimePoint now) {
  if (!is_reported(group.address)) return;
  group.changes_left = kRobustness;
  group.change_due = now;
}

Result<> Membership::join(TimePoint now, const IpAddress& group) {
  const auto found = std::ranges::find(groups_, group, &Group::address);
  if (found != groups_.end()) {
    if (found->members++ == 0) announce(*found, now);
    return {};
  }
  if (groups_.size() >= kMaxGroups) {
    return fail(Errc::limit, "joining {}: an interface is in at most {} groups", group.to_string(), kMaxGroups);
  }
  groups_.push_back({.address = group, .members = 1});
  announce(groups_.back(), now);
  return {};
}

void Membership::leave(TimePoint now, const IpAddress& group) {
  const auto found = std::ranges::find(groups_, group, &Group::address);
  if (found == groups_.end() || found->members == 0 || --found->members != 0) return;
  found->answer_due = kNever;
  if (is_reported(group)) {
    announce(*found, now);
  } else {
    groups_.erase(found);
  }
}

bool Membership::contains(const IpAddress& group) const {
  const auto found = std::ranges::find(groups_, group, &Group::address);
  return found != groups_.end() && found->members != 0;
}

void Membership::on_query(TimePoint now, const MembershipQuery& query, Random& random) {
  const TimePoint due = now + random.between(Duration{}, query.max_response_delay);
  for (Group& group : groups_) {
    const bool asked = query.group.is_unspecified() ? query.group.family() == group.address.family()
                                                    : query.group == group.address.without_scope_id();
    if (asked && group.members != 0 && is_reported(group.address)) group.answer_due = std::min(group.answer_due, due);
  }
}

std::span<const GroupRecord> Membership::poll(TimePoint now, IpFamily family, Random& random) {
  records_.clear();
  for (Group& group : groups_) {
    if (group.address.family() != family || records_.size() == kMaxRecordsOfReport) continue;
    if (group.change_due <= now) {
      records_.push_back({group.members != 0 ? GroupRecordKind::joined : GroupRecordKind::left, group.address});
      --group.changes_left;
      group.change_due = group.changes_left == 0 ? kNever : now + random.between(Duration{1}, kUnsolicitedInterval);
    } else if (group.answer_due <= now) {
      records_.push_back({GroupRecordKind::is_member, group.address});
      group.answer_due = kNever;
    }
  }
  std::erase_if(groups_, [](const Group& group) { return group.members == 0 && group.changes_left == 0; });
  return records_;
}

TimePoint Membership::next_deadline() const {
  TimePoint earliest = kNever;
  for (const Group& group : groups_) earliest = std::min({earliest, group.change_due, group.answer_due});
  return earliest;
}

}  // namespace ghostnet::ip
