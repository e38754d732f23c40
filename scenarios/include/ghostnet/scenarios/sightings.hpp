// Sightings: the Observer of a run that is recorded: what it sees goes into the run's sink, bounded.
//
// Links of both ends' telling are up while one of them says so. Routing tables are kept whole or not at all: of more
// hosts than kMaxTables of those that are chosen, every second, third and so on has its table kept. Of packets a share
// is followed, and of published messages every hop of some; both are spread evenly over the planned time, so that a
// bound does not cut off the end of a run. What a bound kept out is told at the end, as an event.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/scenarios/scenario.hpp"
#include "ghostnet/scenarios/world.hpp"

namespace ghostnet::scenarios {

class Sightings final : public Observer {
 public:
  static constexpr std::uint64_t kMaxLinks = 200'000;  // times that one came up
  static constexpr std::size_t kMaxTables = 1'000;     // hosts whose routing tables are kept
  static constexpr std::uint64_t kMaxHops = 200'000;   // of all traced messages together

  // Both outlive it. `planned` is how long the run is to take.
  Sightings(ResultSink& sink, RunWorld& world, const RecordOptions& options, std::uint64_t seed, Duration planned);
  Sightings(const Sightings&) = delete;
  Sightings& operator=(const Sightings&) = delete;

  // Of those that are chosen all, or every second, third and so on, so that there are no more than `most`.
  static std::vector<bool> thinned(const std::vector<bool>& chosen, std::size_t most);

  // Nothing is seen from now on: copies that are under way count as lost.
  void finish();
  // Whose they are; those that the host had before stay its own, for what is under way.
  void learn_addresses(HostId id);

  HostId host_at(const IpAddress& address) const override;
  HostId host_named(ByteView name) const override;
  void named(HostId host, ByteView name) override;
  void link_up(HostId host, HostId peer, const LinkName& name) override;
  void link_down(HostId host, HostId peer, const LinkName& name) override;
  void published(HostId host, ByteView id) override;
  bool traces(ByteView id) const override { return trace_of(id) != 0; }
  void handed_on(HostId from, HostId to, ByteView id, std::size_t size_bytes) override;
  void arrived(HostId from, HostId to, ByteView id) override;
  void message(const MessageSample& message) override;

 private:
  // A bound that grows with the time of the run.
  class Allowance {
   public:
    Allowance(std::uint64_t most, Duration planned) : most_(most), planned_(planned) {}
    bool spend(TimePoint now);
    std::uint64_t spent() const { return spent_; }

   private:
    std::uint64_t most_;
    Duration planned_;
    std::uint64_t spent_ = 0;
  };
  struct LinkKey {
    HostId a = kNoHost;
    HostId b = kNoHost;
    std::uint32_t name = 0;  // in names_

    friend bool operator==(const LinkKey&, const LinkKey&) = default;
  };
  struct LinkKeyHash {
    std::size_t operator()(const LinkKey& key) const {
      return IpAddress::v6(std::uint64_t{key.a} << 32 | key.b, key.name).hash();
    }
  };
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  // What of names is written: the kind and, of one with a topic or a bucket, its fields.
  struct WrittenName {
    std::string kind;
    std::string topic;
    std::int32_t bucket;
    std::string json;
  };
  struct Copy {
    TimePoint handed_on;
    std::uint32_t bytes;
  };
  using CopyKey = std::tuple<std::uint64_t, HostId, HostId>;  // trace, from, to

  bool choose() override;
  void choose_tables(const std::vector<std::string>& groups);
  bool is_wanted(HostId host, HostId peer, const LinkName& name) const;
  LinkKey key_of(HostId host, HostId peer, const LinkName& name);
  std::uint64_t trace_of(ByteView id) const;
  void write_link(const LinkKey& key, bool up);

  ResultSink& sink_;
  RunWorld& world_;
  Duration epoch_;  // when the run began, on the clock of its loop
  bool links_wanted_;
  std::vector<bool> table_wanted_;  // by host
  std::uint64_t one_in_;            // of packets; 0: none
  Random random_;                   // our own
  Allowance messages_;
  Allowance traces_;
  std::unordered_map<IpAddress, HostId, std::hash<IpAddress>> by_address_;
  std::unordered_map<std::string, HostId, NameHash, std::equal_to<>> by_name_;
  std::vector<WrittenName> names_;                                 // of links: some dozens
  std::unordered_map<LinkKey, std::uint32_t, LinkKeyHash> links_;  // those that are up, and how often they are told
  std::uint64_t links_written_ = 0;
  std::uint64_t links_left_out_ = 0;
  std::unordered_map<std::string, std::uint64_t, NameHash, std::equal_to<>> traced_;  // by message id
  std::map<CopyKey, Copy> under_way_;
  std::uint64_t hops_ = 0;
  std::uint64_t hops_left_out_ = 0;
};

}  // namespace ghostnet::scenarios
