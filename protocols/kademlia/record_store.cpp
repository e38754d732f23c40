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

bool RecordStore::add_provider(ByteView key, PeerInfo info, TimePoint now) {
  std::erase_if(info.addresses, [](const auto& address) { return address.bytes().size() > kMaxAddressBytes; });
  if (info.addresses.size() > kMaxProviderAddresses) info.addresses.resize(kMaxProviderAddresses);
  info.addresses.shrink_to_fit();
  auto found = providers_.find(Bytes::from_static(key));
  if (found != providers_.end()) {
    const auto known = std::ranges::find(found->second, info.id, [](const Provider& one) { return one.info.id; });
    if (known != found->second.end()) remove(found->second, known);
  }
  const auto keys = keys_of_.find(info.id);
  const bool room = provider_bytes_ + bytes_of(info) + key.size() <= options_.max_provider_bytes &&
                    (keys == keys_of_.end() || keys->second < options_.max_keys_of_provider) &&
                    (found != providers_.end() || providers_.size() < options_.max_provided_keys);
  if (room && found == providers_.end()) {
    found = providers_.emplace(Bytes::copy_of(key), ProvidersOfKey()).first;
    provider_bytes_ += key.size();
  }
  if (room) {
    ProvidersOfKey& all = found->second;
    if (all.size() >= options_.max_providers_of_key) remove(all, std::ranges::min_element(all, {}, &Provider::until));
    provider_bytes_ += bytes_of(info);
    ++keys_of_[info.id];
    all.push_back({std::move(info), saturating_add(now, options_.provider_lifetime),
                   saturating_add(now, options_.provider_address_lifetime)});
  }
  if (found != providers_.end() && found->second.empty()) {
    provider_bytes_ -= found->first.size();
    providers_.erase(found);
  }
  return room;
}

std::vector<PeerInfo> RecordStore::providers(ByteView key, TimePoint now) {
  std::vector<PeerInfo> known;
  const auto found = providers_.find(Bytes::from_static(key));
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
  for (auto& [key, all] : providers_) {
    for (auto one = all.begin(); one != all.end();) {
      if (now >= one->addresses_until) drop_addresses(*one);
      one = now >= one->until ? remove(all, one) : std::next(one);
    }
  }
  std::erase_if(providers_, [&](const auto& provided) {
    if (!provided.second.empty()) return false;
    provider_bytes_ -= provided.first.size();
    return true;
  });
}

}  // namespace ghostnet::kademlia
