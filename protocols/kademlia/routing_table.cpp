#include "ghostnet/kademlia/routing_table.hpp"

#include <algorithm>

namespace ghostnet::kademlia {
namespace {

// The network that an address belongs to, by the prefixes that registries hand out: /16 and /32. 0: not limited.
std::uint64_t network_of(const IpAddress& address) {
  if (address.is_unspecified() || address.is_loopback() || address.is_private() || address.is_link_local()) return 0;
  if (address.is_v4()) return std::uint64_t{4} << 32 | load_be<std::uint16_t>(address.v4_bytes().data());
  return std::uint64_t{6} << 32 | load_be<std::uint32_t>(address.v6_bytes().data());
}

}  // namespace

bool RoutingTable::has_room_for(const Bucket& bucket, std::uint64_t network) const {
  if (network == 0) return true;
  const auto of_network = [&](const Bucket& in) {
    return static_cast<std::size_t>(std::ranges::count(in.entries, network, &Entry::network));
  };
  if (options_.max_of_network_in_bucket != 0 && of_network(bucket) >= options_.max_of_network_in_bucket) return false;
  if (options_.max_of_network == 0) return true;
  std::size_t in_all = 0;
  for (const Bucket& each : buckets_) in_all += of_network(each);
  return in_all < options_.max_of_network;
}

bool RoutingTable::add(const libp2p::PeerId& peer, const IpAddress& address, TimePoint now) {
  if (peer == own_id_ || peer.empty()) return false;
  const Key key = Key::of(peer);
  const std::size_t index = bucket_of(key);
  if (index >= Distance::kBits) return false;
  if (buckets_.size() <= index) buckets_.resize(index + 1);
  Bucket& bucket = buckets_[index];
  if (const auto known = std::ranges::find(bucket.entries, peer, &Entry::peer); known != bucket.entries.end()) {
    known->last_useful = now;
    return false;
  }
  const Entry entry{.peer = peer, .key = key, .network = network_of(address), .last_useful = now};
  if (!has_room_for(bucket, entry.network)) return false;
  if (bucket.entries.size() < options_.bucket_size) {
    bucket.entries.push_back(entry);
    std::erase_if(bucket.replacements, [&](const Entry& other) { return other.peer == peer; });
    ++size_;
    return true;
  }
  std::erase_if(bucket.replacements, [&](const Entry& other) { return other.peer == peer; });
  if (bucket.replacements.size() >= options_.max_replacements && !bucket.replacements.empty()) {
    bucket.replacements.erase(bucket.replacements.begin());
  }
  if (options_.max_replacements != 0) bucket.replacements.push_back(entry);
  return false;
}

RoutingTable::Removal RoutingTable::remove(const libp2p::PeerId& peer) {
  const std::size_t index = bucket_of(Key::of(peer));
  if (index >= buckets_.size()) return {};
  Bucket& bucket = buckets_[index];
  const auto known = std::ranges::find(bucket.entries, peer, &Entry::peer);
  if (known == bucket.entries.end()) return {};
  bucket.entries.erase(known);
  --size_;
  // The newest replacement is the likeliest to be there still.
  while (!bucket.replacements.empty()) {
    const Entry replacement = bucket.replacements.back();
    bucket.replacements.pop_back();
    if (!has_room_for(bucket, replacement.network)) continue;
    bucket.entries.push_back(replacement);
    ++size_;
    return {.removed = true, .replacement = replacement.peer};
  }
  return {.removed = true};
}

bool RoutingTable::contains(const libp2p::PeerId& peer) const {
  const std::size_t index = bucket_of(Key::of(peer));
  return index < buckets_.size() &&
         std::ranges::find(buckets_[index].entries, peer, &Entry::peer) != buckets_[index].entries.end();
}

std::vector<libp2p::PeerId> RoutingTable::silent_since(TimePoint since) const {
  std::vector<libp2p::PeerId> silent;
  for (const Bucket& bucket : buckets_) {
    for (const Entry& entry : bucket.entries) {
      if (entry.last_useful < since) silent.push_back(entry.peer);
    }
  }
  return silent;
}

std::vector<libp2p::PeerId> RoutingTable::closest(const Key& target, std::size_t count) const {
  struct Near {
    Distance distance;
    const Entry* entry;
  };
  std::vector<Near> all;
  all.reserve(size_);
  for (const Bucket& bucket : buckets_) {
    for (const Entry& entry : bucket.entries) all.push_back({entry.key.distance_to(target), &entry});
  }
  count = std::min(count, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(count), {}, &Near::distance);
  std::vector<libp2p::PeerId> peers;
  peers.reserve(count);
  for (const Near& near : std::span(all).first(count)) peers.push_back(near.entry->peer);
  return peers;
}

Key RoutingTable::random_key_in(std::size_t bucket, Random& random) const {
  std::array<std::uint64_t, 4> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    // Of each word: the bits before `bucket` are ours, the one there is not, those behind it are by chance.
    const std::size_t first_bit = 64 * i;
    std::uint64_t own_mask = 0;
    if (bucket >= first_bit + 64) {
      own_mask = ~std::uint64_t{0};
    } else if (bucket > first_bit) {
      own_mask = ~(~std::uint64_t{0} >> (bucket - first_bit));
    }
    words[i] = (own_.words()[i] & own_mask) | (random.next_u64() & ~own_mask);
    if (bucket >= first_bit && bucket < first_bit + 64) {
      const std::uint64_t bit = std::uint64_t{1} << (63 - (bucket - first_bit));
      words[i] = (words[i] & ~bit) | (~own_.words()[i] & bit);
    }
  }
  return Key::from_words(words);
}

}  // namespace ghostnet::kademlia
