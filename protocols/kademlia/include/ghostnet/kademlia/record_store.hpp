// RecordStore: values and providers that a server of the DHT keeps for others, within bounds and for a time.
//
// Where there is no room, the keys that lie farthest from the server make it for nearer ones: a server is asked for
// what lies near it, and whoever fills it with other things drives out nothing that anybody looks for here.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "ghostnet/kademlia/key.hpp"
#include "ghostnet/kademlia/message.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::kademlia {

struct RecordStoreOptions {
  Duration value_lifetime = 48h;  // go-libp2p-kad-dht: MaxRecordAge
  Duration provider_lifetime = 48h;
  Duration provider_address_lifetime = 30min;
  std::size_t max_values = 4096;
  std::size_t max_value_bytes = 16 * 1024 * 1024;  // of all values together
  std::size_t max_provided_keys = 16'384;
  std::size_t max_providers_of_key = 20;
  std::size_t max_keys_of_provider = 1024;
  std::size_t max_provider_bytes = 16 * 1024 * 1024;  // of all provider records together, their addresses included
};

class RecordStore {
 public:
  // Of a provider; more, and longer ones, are not kept.
  static constexpr std::size_t kMaxProviderAddresses = 8;
  static constexpr std::size_t kMaxAddressBytes = 128;

  // `own` is where the server lies.
  RecordStore(const Key& own, const RecordStoreOptions& options) : own_(own), options_(options) {}

  // `at` is everywhere the Key of what is kept. Replaces what it had. Errors: limit when there is no room, and nothing
  // farther away that would make it.
  Result<> put(const Key& at, Record record, TimePoint now);
  const Record* get(const Key& at, TimePoint now);

  // When there is no room, nor anything farther away, or the provider has too many keys, it is not taken (false); of
  // one key the provider that expires first goes.
  bool add_provider(const Key& at, PeerInfo provider, TimePoint now);
  std::vector<PeerInfo> providers(const Key& at, TimePoint now);

  // Forgets what is too old.
  void expire(TimePoint now);

  std::size_t value_count() const { return values_.size(); }
  std::size_t provided_key_count() const { return providers_.size(); }
  std::size_t provider_bytes() const { return provider_bytes_; }

 private:
  struct Stored {
    Record record;
    TimePoint until;
  };
  struct Provider {
    PeerInfo info;
    TimePoint until;
    TimePoint addresses_until;
  };
  using ProvidersOfKey = std::vector<Provider>;

  bool drop_farthest_value(const Distance& than);
  bool drop_farthest_provided(const Distance& than);
  void drop_value(std::map<Distance, Stored>::iterator value);
  void drop_provided(std::map<Distance, ProvidersOfKey>::iterator provided);
  static std::size_t bytes_of(const PeerInfo& provider);
  ProvidersOfKey::iterator remove(ProvidersOfKey& all, ProvidersOfKey::iterator provider);
  void drop_addresses(Provider& provider);

  Key own_;
  RecordStoreOptions options_;
  // From near to far: no two keys lie equally far.
  std::map<Distance, Stored> values_;
  std::map<Distance, ProvidersOfKey> providers_;
  std::map<libp2p::PeerId, std::size_t> keys_of_;  // of each provider
  std::size_t provider_bytes_ = 0;
  std::size_t value_bytes_ = 0;
};

}  // namespace ghostnet::kademlia
