#include "ghostnet/kademlia/record_store.hpp"

#include <algorithm>
#include <utility>

namespace ghostnet::kademlia {

Result<> RecordStore::put(const Key& at, Record record, TimePoint now) {
  const Distance distance = own_.distance_to(at);
  const auto known = values_.find(distance);
  const std::size_t freed = known == values_.end() ? 0 : known->second.record.value.size();
  const auto has_room = [&] {
    return (known != values_.end() || values_.size() < options_.max_values) &&
           value_bytes_ - freed + record.value.size() <= options_.max_value_bytes;
  };
  while (!has_room()) {
    if (!drop_farthest_value(distance)) return fail(Errc::limit, "DHT: there is no room for another record");
  }
  value_bytes_ += record.value.size() - freed;
  values_.insert_or_assign(distance, Stored{std::move(record), saturating_add(now, options_.value_lifetime)});
  return {};
}

const Record* RecordStore::get(const Key& at, TimePoint now) {
  const auto found = values_.find(own_.distance_to(at));
  if (found == values_.end()) return nullptr;
  if (now < found->second.until) return &found->second.record;
  drop_value(found);
  return nullptr;
}

void RecordStore::drop_value(std::map<Distance, Stored>::iterator value) {
  value_bytes_ -= value->second.record.value.size();
  values_.erase(value);
}

bool RecordStore::drop_farthest_value(const Distance& than) {
  if (values_.empty() || values_.rbegin()->first <= than) return false;
  drop_value(std::prev(values_.end()));
  return true;
}

// ---- providers ----

std::size_t RecordStore::bytes_of(const PeerInfo& provider) {
  std::size_t bytes = sizeof(Provider);
  for (const libp2p::Multiaddr& address : provider.addresses) bytes += sizeof(address) + address.bytes().size();
  return bytes;
}

RecordStore::ProvidersOfKey::iterator RecordStore::remove(ProvidersOfKey& all, ProvidersOfKey::iterator provider) {
  provider_bytes_ -= bytes_of(provider->info);
  const auto keys = keys_of_.find(provider->info.id);
  if (--keys->second == 0) keys_of_.erase(keys);
  return all.erase(provider);
}

void RecordStore::drop_addresses(Provider& provider) {
  provider_bytes_ -= bytes_of(provider.info);
  provider.info.addresses = {};
  provider_bytes_ += bytes_of(provider.info);
}

void RecordStore::drop_provided(std::map<Distance, ProvidersOfKey>::iterator provided) {
  ProvidersOfKey& all = provided->second;
  while (!all.empty()) remove(all, std::prev(all.end()));
  providers_.erase(provided);
}

bool RecordStore::drop_farthest_provided(const Distance& than) {
  if (providers_.empty() || providers_.rbegin()->first <= than) return false;
  drop_provided(std::prev(providers_.end()));
  return true;
}

bool RecordStore::add_provider(const Key& at, PeerInfo info, TimePoint now) {
  std::erase_if(info.addresses, [](const auto& address) { return address.bytes().size() > kMaxAddressBytes; });
  if (info.addresses.size() > kMaxProviderAddresses) info.addresses.resize(kMaxProviderAddresses);
  info.addresses.shrink_to_fit();
  const Distance distance = own_.distance_to(at);
  auto found = providers_.find(distance);
  if (found != providers_.end()) {
    ProvidersOfKey& all = found->second;
    const auto known = std::ranges::find(all, info.id, [](const Provider& one) { return one.info.id; });
    if (known != all.end()) remove(all, known);
  }
  const auto keys = keys_of_.find(info.id);
  bool room = keys == keys_of_.end() || keys->second < options_.max_keys_of_provider;
  const auto has_room = [&] {
    return provider_bytes_ + bytes_of(info) <= options_.max_provider_bytes &&
           (found != providers_.end() || providers_.size() < options_.max_provided_keys);
  };
  while (room && !has_room()) room = drop_farthest_provided(distance);
  if (room) {
    if (found == providers_.end()) found = providers_.try_emplace(distance).first;
    ProvidersOfKey& all = found->second;
    if (all.size() >= options_.max_providers_of_key) remove(all, std::ranges::min_element(all, {}, &Provider::until));
    provider_bytes_ += bytes_of(info);
    ++keys_of_[info.id];
    all.push_back({std::move(info), saturating_add(now, options_.provider_lifetime),
                   saturating_add(now, options_.provider_address_lifetime)});
  }
  if (found != providers_.end() && found->second.empty()) drop_provided(found);
  return room;
}

std::vector<PeerInfo> RecordStore::providers(const Key& at, TimePoint now) {
  std::vector<PeerInfo> known;
  const auto found = providers_.find(own_.distance_to(at));
  if (found == providers_.end()) return known;
  for (Provider& provider : found->second) {
    if (now >= provider.until) continue;
    if (now >= provider.addresses_until) drop_addresses(provider);
    known.push_back(provider.info);
  }
  return known;
}

void RecordStore::expire(TimePoint now) {
  std::erase_if(values_, [&](const auto& value) {
    if (now < value.second.until) return false;
    value_bytes_ -= value.second.record.value.size();
    return true;
  });
  for (auto& [distance, all] : providers_) {
    for (auto one = all.begin(); one != all.end();) {
      if (now >= one->addresses_until) drop_addresses(*one);
      one = now >= one->until ? remove(all, one) : std::next(one);
    }
  }
  std::erase_if(providers_, [](const auto& provided) { return provided.second.empty(); });
}

}  // namespace ghostnet::kademlia
