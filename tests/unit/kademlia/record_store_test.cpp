#include "ghostnet/kademlia/record_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "peers.hpp"

namespace ghostnet::kademlia::record_store_test {
namespace {

constexpr TimePoint kNow = from_ns(0);

Key at(std::string_view key) { return Key::of(as_bytes(key)); }
Record record(std::string_view key, std::string_view value) {
  return {.key = Bytes::copy_of(key), .value = Bytes::copy_of(value)};
}

TEST(RecordStore, KeepsAValueForItsLifetime) {
  RecordStore store(Key(), {.value_lifetime = 10s});
  ASSERT_TRUE(store.put(at("k"), record("k", "v"), kNow));
  ASSERT_NE(store.get(at("k"), kNow + 9s), nullptr);
  EXPECT_EQ(store.get(at("k"), kNow + 9s)->value.text(), "v");
  EXPECT_EQ(store.get(at("k"), kNow + 10s), nullptr);
  EXPECT_EQ(store.value_count(), 0U);
}

TEST(RecordStore, ProvidersExpireAndTheirAddressesSooner) {
  RecordStore store(Key(), {.provider_lifetime = 100s, .provider_address_lifetime = 10s});
  const PeerInfo provider{.id = test::peer(1), .addresses = {*libp2p::Multiaddr::parse("/ip4/10.0.0.1/tcp/1")}};
  EXPECT_TRUE(store.add_provider(at("k"), provider, kNow));
  EXPECT_EQ(store.providers(at("k"), kNow + 9s)[0].addresses.size(), 1U);
  EXPECT_TRUE(store.providers(at("k"), kNow + 10s)[0].addresses.empty());
  EXPECT_TRUE(store.providers(at("k"), kNow + 100s).empty());
  store.expire(kNow + 100s);
  EXPECT_EQ(store.provided_key_count(), 0U);
}

PeerInfo provider(std::uint32_t number, std::size_t addresses) {
  PeerInfo info{.id = test::peer(number)};
  for (std::size_t i = 1; i <= addresses; ++i) {
    info.addresses.push_back(*libp2p::Multiaddr::parse("/ip4/10.0.0.1/tcp/" + std::to_string(i)));
  }
  return info;
}

TEST(RecordStore, ProvidersAreBoundedInBytes) {
  RecordStore store(Key(), {.max_providers_of_key = 1000, .max_provider_bytes = 10'000});
  std::uint32_t taken = 0;
  while (store.add_provider(at("k" + std::to_string(taken % 7)), provider(taken, 32), kNow)) ++taken;
  EXPECT_GT(taken, 5U);
  EXPECT_LE(store.provider_bytes(), 10'000U);
  EXPECT_EQ(store.providers(at("k0"), kNow)[0].addresses.size(), RecordStore::kMaxProviderAddresses);
  EXPECT_TRUE(store.add_provider(at("k0"), provider(0, 32), kNow)) << "replaced, not added";
  const std::size_t with_addresses = store.provider_bytes();
  store.expire(kNow + 31min);
  EXPECT_LT(store.provider_bytes(), with_addresses) << "addresses that are too old take no room";
  EXPECT_TRUE(store.add_provider(at("more"), provider(1000, 32), kNow + 31min));
  store.expire(kNow + 100h);
  EXPECT_EQ(store.provider_bytes(), 0U);
}

TEST(RecordStore, LongAddressesAreNotKept) {
  RecordStore store(Key(), {});
  PeerInfo info = provider(1, 1);
  info.addresses.push_back(*libp2p::Multiaddr::parse("/dns4/" + std::string(200, 'a') + "/tcp/1"));
  EXPECT_TRUE(store.add_provider(at("k"), info, kNow));
  EXPECT_EQ(store.providers(at("k"), kNow)[0].addresses.size(), 1U);
}

TEST(RecordStore, OneProviderDoesNotTakeAllKeys) {
  RecordStore store(Key(), {.max_keys_of_provider = 3});
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(store.add_provider(at(std::to_string(i)), provider(1, 1), kNow), i < 3) << i;
  }
  EXPECT_EQ(store.provided_key_count(), 3U);
  EXPECT_TRUE(store.add_provider(at("2"), provider(1, 1), kNow)) << "it says so again";
  EXPECT_TRUE(store.add_provider(at("other"), provider(2, 1), kNow));
  store.expire(kNow + 100h);
  EXPECT_TRUE(store.add_provider(at("later"), provider(1, 1), kNow + 100h));
}

TEST(RecordStore, ProvidersAreBounded) {
  RecordStore store(Key(), {.max_provided_keys = 1, .max_providers_of_key = 3});
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(store.add_provider(at("k"), {.id = test::peer(i)}, kNow + Duration(i)));
  }
  const auto known = store.providers(at("k"), kNow + 1s);
  ASSERT_EQ(known.size(), 3U);
  EXPECT_EQ(known[0].id, test::peer(2));
  EXPECT_FALSE(store.add_provider(at("other"), {.id = test::peer(1)}, kNow));
}

// So many keys, from the one nearest to a server on.
std::vector<std::string> keys_by_distance(const Key& own, int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back("key " + std::to_string(i));
  std::ranges::sort(keys, {}, [&own](const std::string& key) { return own.distance_to(Key::of(as_bytes(key))); });
  return keys;
}

TEST(RecordStore, IsBoundedInNumberAndBytes) {
  const Key own = Key::of(test::peer(1));
  const std::vector<std::string> keys = keys_by_distance(own, 3);
  RecordStore store(own, {.max_values = 2, .max_value_bytes = 10});
  EXPECT_TRUE(store.put(at(keys[0]), record(keys[0], "12345"), kNow));
  EXPECT_TRUE(store.put(at(keys[0]), record(keys[0], "123456"), kNow)) << "replaced, not added";
  EXPECT_EQ(store.put(at(keys[1]), record(keys[1], "12345"), kNow).error(), Errc::limit);
  EXPECT_TRUE(store.put(at(keys[1]), record(keys[1], "1234"), kNow));
  EXPECT_EQ(store.put(at(keys[2]), record(keys[2], ""), kNow).error(), Errc::limit);
}

TEST(RecordStore, ValuesOfNearKeysDriveOutThoseOfFarOnes) {
  const Key own = Key::of(test::peer(1));
  const std::vector<std::string> keys = keys_by_distance(own, 100);
  RecordStore store(own, {.max_values = 10});
  for (std::size_t i = 50; i < 60; ++i) ASSERT_TRUE(store.put(at(keys[i]), record(keys[i], "filling"), kNow));
  EXPECT_EQ(store.put(at(keys[60]), record(keys[60], "farther"), kNow).error(), Errc::limit);
  EXPECT_TRUE(store.put(at(keys[3]), record(keys[3], "near"), kNow));
  EXPECT_EQ(store.value_count(), 10U);
  EXPECT_NE(store.get(at(keys[3]), kNow), nullptr);
  EXPECT_EQ(store.get(at(keys[59]), kNow), nullptr) << "the farthest made room";
  EXPECT_NE(store.get(at(keys[58]), kNow), nullptr);
}

TEST(RecordStore, ProvidersOfNearKeysDriveOutThoseOfFarOnes) {
  const Key own = Key::of(test::peer(1));
  const std::vector<std::string> keys = keys_by_distance(own, 100);
  RecordStore store(own, {.max_provided_keys = 10});
  for (std::size_t i = 50; i < 60; ++i) ASSERT_TRUE(store.add_provider(at(keys[i]), provider(7, 1), kNow));
  EXPECT_FALSE(store.add_provider(at(keys[60]), provider(8, 1), kNow));
  EXPECT_TRUE(store.add_provider(at(keys[3]), provider(8, 1), kNow));
  EXPECT_EQ(store.provided_key_count(), 10U);
  EXPECT_TRUE(store.providers(at(keys[59]), kNow).empty());
  EXPECT_EQ(store.providers(at(keys[3]), kNow).size(), 1U);
  store.expire(kNow + 100h);
  EXPECT_EQ(store.provider_bytes(), 0U);
}

}  // namespace
}  // namespace ghostnet::kademlia::record_store_test
