#include "ghostnet/kademlia/record_store.hpp"

#include <gtest/gtest.h>

#include "peers.hpp"

namespace ghostnet::kademlia {
namespace {

constexpr TimePoint kNow = from_ns(0);

Record record(std::string_view key, std::string_view value) {
  return {.key = Bytes::copy_of(key), .value = Bytes::copy_of(value)};
}

TEST(RecordStore, KeepsAValueForItsLifetime) {
  RecordStore store({.value_lifetime = 10s});
  ASSERT_TRUE(store.put(record("k", "v"), kNow));
  ASSERT_NE(store.get(as_bytes("k"), kNow + 9s), nullptr);
  EXPECT_EQ(store.get(as_bytes("k"), kNow + 9s)->value.text(), "v");
  EXPECT_EQ(store.get(as_bytes("k"), kNow + 10s), nullptr);
  EXPECT_EQ(store.value_count(), 0U);
}

TEST(RecordStore, IsBoundedInNumberAndBytes) {
  RecordStore store({.max_values = 2, .max_value_bytes = 10});
  EXPECT_TRUE(store.put(record("a", "12345"), kNow));
  EXPECT_TRUE(store.put(record("a", "123456"), kNow)) << "replaced, not added";
  EXPECT_EQ(store.put(record("b", "12345"), kNow).error(), Errc::limit);
  EXPECT_TRUE(store.put(record("b", "1234"), kNow));
  EXPECT_EQ(store.put(record("c", ""), kNow).error(), Errc::limit);
}

TEST(RecordStore, ProvidersExpireAndTheirAddressesSooner) {
  RecordStore store({.provider_lifetime = 100s, .provider_address_lifetime = 10s});
  const PeerInfo provider{.id = test::peer(1), .addresses = {*libp2p::Multiaddr::parse("/ip4/10.0.0.1/tcp/1")}};
  EXPECT_TRUE(store.add_provider(as_bytes("k"), provider, kNow));
  EXPECT_EQ(store.providers(as_bytes("k"), kNow + 9s)[0].addresses.size(), 1U);
  EXPECT_TRUE(store.providers(as_bytes("k"), kNow + 10s)[0].addresses.empty());
  EXPECT_TRUE(store.providers(as_bytes("k"), kNow + 100s).empty());
  store.expire(kNow + 100s);
  EXPECT_EQ(store.provided_key_count(), 0U);
}

TEST(RecordStore, ProvidersAreBounded) {
  RecordStore store({.max_provided_keys = 1, .max_providers_of_key = 3});
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(store.add_provider(as_bytes("k"), {.id = test::peer(i)}, kNow + Duration(i)));
  }
  const auto known = store.providers(as_bytes("k"), kNow + 1s);
  ASSERT_EQ(known.size(), 3U);
  EXPECT_EQ(known[0].id, test::peer(2));
  EXPECT_FALSE(store.add_provider(as_bytes("other"), {.id = test::peer(1)}, kNow));
}

}  // namespace
}  // namespace ghostnet::kademlia
