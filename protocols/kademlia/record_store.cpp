#include "ghostnet/kademlia/record_store.hpp"

#include <algorithm>
#include <utility>

namespace ghostnet::kademlia {

Result<> RecordStore::put(Record record, TimePoint now) {
  const auto known = values_.find(record.key);
  const std::size_t freed = known == values_.end() ? 0 : known->second.record.value.size();
  const std::size_t bytes = value_bytes_ - freed + record.value.size();
  if ((known == values_.end() && values_.size() >= options_.max_values) || bytes > options_.max_value_bytes) {
    return fail(Errc::limit, "DHT: there is no room for another record");
  }
  value_bytes_ = bytes;
  const Bytes key = record.key;
  values_.insert_or_assign(key, Stored{std::move(record), saturating_add(now, options_.value_lifetime)});
  return {};
}

const Record* RecordStore::get(ByteView key, TimePoint now) {
  const auto found = values_.find(Bytes::from_static(key));
  if (found == values_.end()) return nullptr;
  if (now < found->second.until) return &found->second.record;
  value_bytes_ -= found->second.record.value.size();
  values_.erase(found);
  return nullptr;
}

bool RecordStore::add_provider(ByteView key, PeerInfo info, TimePoint now) {
  auto found = providers_.find(Bytes::from_static(key));
  if (found == providers_.end()) {
    if (providers_.size() >= options_.max_provided_keys) return false;
    found = providers_.emplace(Bytes::copy_of(key), std::vector<Provider>()).first;
  }
  std::vector<Provider>& all = found->second;
  std::erase_if(all, [&](const Provider& provider) { return provider.info.id == info.id; });
  if (all.size() >= options_.max_providers_of_key) all.erase(std::ranges::min_element(all, {}, &Provider::until));
  all.push_back({std::move(info), saturating_add(now, options_.provider_lifetime),
                 saturating_add(now, options_.provider_address_lifetime)});
  return true;
}

std::vector<PeerInfo> RecordStore::providers(ByteView key, TimePoint now) {
  std::vector<PeerInfo> known;
  const auto found = providers_.find(Bytes::from_static(key));
  if (found == providers_.end()) return known;
  for (const Provider& provider : found->second) {
    if (now >= provider.until) continue;
    known.push_back(provider.info);
    if (now >= provider.addresses_until) known.back().addresses.clear();
  }
  return known;
}

void RecordStore::expire(TimePoint now) {
  std::erase_if(values_, [&](const auto& value) {
    if (now < value.second.until) return false;
    value_bytes_ -= value.second.record.value.size();
    return true;
  });
  for (auto& [key, all] : providers_) std::erase_if(all, [&](const Provider& one) { return now >= one.until; });
  std::erase_if(providers_, [](const auto& provided) { return provided.second.empty(); });
}

}  // namespace ghostnet::kademlia
