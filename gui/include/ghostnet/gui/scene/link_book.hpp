// LinkBook: the links of a run that were read so far, and those of them that are up at an instant.
//
// It keeps all of them, ended ones too, while they are few enough (kMaxKept, 40 bytes each), so that an instant that
// lies before another one costs no reading. Of a run with more it keeps those that are up, and reads anew what lies
// before them. Instants after the last are read as they are asked for. It is used by one thread at a time.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/results/moments.hpp"

namespace ghostnet::gui {

// A link that is up, by the indexes of its hosts; kind and topic are places in the set's lists.
struct Edge {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint16_t kind = 0;
  std::uint16_t topic = 0;   // 0: none
  std::int16_t bucket = -1;  // of the routing table of `a`, where it is an entry there; -1: it is none
  bool operator==(const Edge&) const = default;
};

// Never changes once made, so a scene may share it.
struct EdgeSet {
  std::vector<Edge> edges{};            // shuffled: any first part of them is a fair sample
  std::vector<std::string> kinds{};     // of all links that were read, also where none is up
  std::vector<std::string> topics{""};  // likewise; the first is none
  bool cut_short = false;               // there were more than LinkBook::kMaxLinks
  bool operator==(const EdgeSet&) const = default;
};

// Which bucket of a routing table the fields of a link name; -1: none.
std::int16_t bucket_in(const std::string& fields);

class LinkBook {
 public:
  static constexpr std::size_t kMaxLinks = 400'000;  // of a set
  static constexpr std::size_t kMaxKept = 500'000;

  LinkBook(std::int64_t run, std::shared_ptr<const HostTable> hosts, std::size_t max_kept = kMaxKept)
      : run_(run), hosts_(std::move(hosts)), max_kept_(max_kept) {}

  // The same set as before where no link came or went.
  Result<std::shared_ptr<const EdgeSet>> at(const results::Database& database, std::int64_t time_ns);
  // What was read may have changed since: the run is being written.
  void forget() { read_ns_.reset(); }
  std::size_t size() const { return entries_.size(); }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr std::size_t kMaxFields = 10'000;

  struct Entry {
    std::uint64_t key = 0;  // by which they are shuffled
    std::int64_t since_ns = 0;
    std::int64_t until_ns = kNever;
    Edge edge{};
  };
  struct Fields {
    std::uint16_t topic = 0;
    std::int16_t bucket = -1;
  };

  Result<> read(const results::Database& database, std::int64_t from_ns, std::int64_t to_ns);
  // False: it is not kept.
  bool add(const results::LinkAt& link, std::int64_t now_ns);
  void drop_ended(std::int64_t now_ns);
  Fields fields_of(const std::string& json);
  std::shared_ptr<const EdgeSet> set_at(std::int64_t time_ns);

  std::int64_t run_;
  std::shared_ptr<const HostTable> hosts_;
  std::size_t max_kept_;
  std::vector<Entry> entries_;           // in order of their keys
  std::optional<std::int64_t> read_ns_;  // all that came up by then was read; nothing: all of it is stale
  std::int64_t from_ns_ = 0;             // what had ended by then was dropped
  bool is_full_ = false;                 // more are up than are kept
  std::vector<std::string> kinds_;
  std::vector<std::string> topics_{""};
  std::unordered_map<std::string, Fields> known_fields_;  // by their text, of which there are few
  std::shared_ptr<const EdgeSet> set_ = std::make_shared<EdgeSet>();
  std::int64_t set_from_ns_ = 0;  // set_ holds for these instants
  std::int64_t set_until_ns_ = 0;
};

}  // namespace ghostnet::gui
