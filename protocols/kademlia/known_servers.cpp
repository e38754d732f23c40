#include "ghostnet/kademlia/known_servers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace ghostnet::kademlia {
namespace {

using Words = std::array<std::uint64_t, 4>;

// The mask of the bits from `bits` on within the i-th word of a key.
std::uint64_t mask_behind(std::size_t bits, std::size_t i) {
  const std::size_t first = 64 * i;
  if (bits <= first) return ~std::uint64_t{0};
  return bits >= first + 64 ? 0 : ~std::uint64_t{0} >> (bits - first);
}

// So many different numbers below n, by chance (Floyd's way), n being more than they are.
std::vector<std::size_t> choose(std::size_t count, std::size_t n, Random& random) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = n - count; i < n; ++i) {
    const std::size_t drawn = static_cast<std::size_t>(random.below(i + 1));
    chosen.push_back(std::ranges::find(chosen, drawn) == chosen.end() ? drawn : i);
  }
  return chosen;
}

}  // namespace

KnownServers::KnownServers(const std::vector<PeerInfo>& servers) {
  for (const PeerInfo& server : servers) servers_.push_back({Key::of(server.id), server});
  std::ranges::sort(servers_, {}, [](const Server& server) { return server.key.words(); });
}

std::shared_ptr<const KnownServers> KnownServers::of(const Directory& directory, const libp2p::Libp2pService& libp2p) {
  thread_local std::weak_ptr<const KnownServers> last;
  thread_local const Directory* last_directory = nullptr;
  if (auto held = last.lock(); held && last_directory == &directory && held->size() == directory.size()) return held;
  std::vector<PeerInfo> servers;
  for (std::size_t i = 0; i < directory.size(); ++i) {
    const Peer host = directory.at(i);
    const std::optional<libp2p::PeerId> id = libp2p.id_of(host);
    if (!id) return nullptr;
    servers.push_back({.id = *id, .addresses = {libp2p.address_of(host)}});
  }
  const auto known = std::make_shared<const KnownServers>(servers);
  last = known;
  last_directory = &directory;
  return known;
}

KnownServers::Range KnownServers::beginning_with(const Key& key, std::size_t bits) const {
  Words least = key.words();
  Words most = key.words();
  for (std::size_t i = 0; i < least.size(); ++i) {
    least[i] &= ~mask_behind(bits, i);
    most[i] |= mask_behind(bits, i);
  }
  const auto words_of = [](const Server& server) -> const Words& { return server.key.words(); };
  const auto begin = std::ranges::lower_bound(servers_, least, {}, words_of);
  const auto end = std::ranges::upper_bound(servers_, most, {}, words_of);
  return {static_cast<std::size_t>(begin - servers_.begin()), static_cast<std::size_t>(end - servers_.begin())};
}

std::vector<PeerInfo> KnownServers::table_of(const Key& own, std::size_t bucket_size, Random& random) const {
  std::vector<PeerInfo> table;
  for (std::size_t bucket = 0; bucket < Distance::kBits && beginning_with(own, bucket).size() > 1; ++bucket) {
    Words other = own.words();
    other[bucket / 64] ^= std::uint64_t{1} << (63 - bucket % 64);
    const Range range = beginning_with(Key::from_words(other), bucket + 1);
    if (range.size() <= bucket_size) {
      for (std::size_t i = range.begin; i < range.end; ++i) table.push_back(servers_[i].info);
      continue;
    }
    for (std::size_t i : choose(bucket_size, range.size(), random)) table.push_back(servers_[range.begin + i].info);
  }
  return table;
}

}  // namespace ghostnet::kademlia
