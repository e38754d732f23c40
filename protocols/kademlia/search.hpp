// Searches under way in a Dht: what is asked, and what answers are looked through for. For the folder's own sources.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ghostnet/kademlia/dht.hpp"

namespace ghostnet::kademlia {

struct Dht::Search {
  Search(Dht& dht, Message wanted, SearchStats* counted)
      : question(std::move(wanted)),
        lookup(Key::of(question.key.view()), dht.table_.closest(Key::of(question.key.view()), dht.options_.lookup.k),
               dht.node_.id(), dht.options_.lookup),
        stats(counted),
        changed(dht.node_.host().loop()),
        under_way(dht.node_.host().loop()) {}
  virtual ~Search() = default;

  virtual void heard(const libp2p::PeerId& from, const Message& answer) {
    static_cast<void>(from);
    static_cast<void>(answer);
  }

  Message question;
  Lookup lookup;
  SearchStats* stats;
  bool satisfied = false;
  Event changed;
  Scope under_way;
};

struct Dht::PeerSearch final : Search {
  PeerSearch(Dht& dht, const libp2p::PeerId& peer, SearchStats* counted)
      : Search(dht, {.type = MessageType::find_node, .key = Bytes::copy_of(peer.bytes())}, counted), wanted(peer) {}

  void heard(const libp2p::PeerId&, const Message& answer) override {
    const auto named = std::ranges::find(answer.closer, wanted, &PeerInfo::id);
    if (named == answer.closer.end() || named->addresses.empty()) return;
    found = *named;
    satisfied = true;
  }

  libp2p::PeerId wanted;
  std::optional<PeerInfo> found;
};

struct Dht::ValueSearch final : Search {
  ValueSearch(Dht& searching, const Bytes& key, SearchStats* counted)
      : Search(searching, {.type = MessageType::get_value, .key = key}, counted), dht(searching) {}

  void heard(const libp2p::PeerId& from, const Message& answer) override {
    if (!answer.record || answer.record->key != question.key) {
      return;
    }
    const Bytes& value = answer.record->value;
    if (!dht.valid(question.key.view(), value.view())) return;
    if (!best) {
      best = value;
    } else if (value != *best) {
      if (dht.validator_ != nullptr && dht.validator_->better(question.key.view(), value.view(), best->view())) {
        outdated.insert(outdated.end(), holders.begin(), holders.end());
        holders.clear();
        best = value;
      } else {
        outdated.push_back(from);
        return;
      }
    }
    holders.push_back(from);
    if (dht.options_.quorum != 0 && holders.size() + outdated.size() >= dht.options_.quorum) satisfied = true;
  }

  Dht& dht;
  std::optional<Bytes> best;
  std::vector<libp2p::PeerId> holders;   // of the best
  std::vector<libp2p::PeerId> outdated;  // who has another
};

struct Dht::ProviderSearch final : Search {
  ProviderSearch(Dht& dht, const Bytes& key, std::size_t wanted_count, SearchStats* counted)
      : Search(dht, {.type = MessageType::get_providers, .key = key}, counted), count(wanted_count) {}

  void heard(const libp2p::PeerId&, const Message& answer) override { add(answer.providers); }

  void add(const std::vector<PeerInfo>& providers) {
    for (const PeerInfo& provider : providers) {
      if (found.size() >= count) break;
      if (std::ranges::find(found, provider.id, &PeerInfo::id) == found.end()) found.push_back(provider);
    }
    satisfied = found.size() >= count;
  }

  std::size_t count;
  std::vector<PeerInfo> found;
};

}  // namespace ghostnet::kademlia
