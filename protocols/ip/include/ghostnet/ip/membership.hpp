// Membership: the groups that a host is in on one interface, and what it tells routers about them: IGMPv3 (RFC 9776)
// and MLDv2 (RFC 9777), without source filters. Sans I/O.
//
// A group that is joined or left is reported at once and once more within a second (their robustness variable of 2); a
// query is answered within the delay that it allows, one report for all groups asked about. The groups of all hosts of
// a link are never reported. Routers that speak only older versions understand no reports of ours.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ghostnet/ip/membership_wire.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::ip {

class Membership {
 public:
  static constexpr std::size_t kMaxGroups = 1024;
  static constexpr Duration kUnsolicitedInterval = 1s;  // RFC 9776 8.11
  static constexpr unsigned kRobustness = 2;            // RFC 9776 8.1

  // Counted: a group is left when all who joined it have. Errors: limit.
  Result<> join(TimePoint now, const IpAddress& group);
  void leave(TimePoint now, const IpAddress& group);
  bool contains(const IpAddress& group) const;

  void on_query(TimePoint now, const MembershipQuery& query, Random& random);

  // What is to be reported now, of one family; empty: nothing. The records hold until the next call.
  std::span<const GroupRecord> poll(TimePoint now, IpFamily family, Random& random);
  TimePoint next_deadline() const;

 private:
  struct Group {
    IpAddress address;
    std::uint32_t members = 0;
    unsigned changes_left = 0;  // reports of its last change that are still to be sent
    TimePoint change_due = kNever;
    TimePoint answer_due = kNever;
  };

  void announce(Group& group, TimePoint now);

  std::vector<Group> groups_;
  std::vector<GroupRecord> records_;
};

}  // namespace ghostnet::ip
