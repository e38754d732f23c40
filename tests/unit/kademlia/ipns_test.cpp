// Records of IPNS: literal bytes, and everything that makes one no record of its name.
#include "ghostnet/kademlia/ipns.hpp"

#include <gtest/gtest.h>

#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::kademlia::ipns_test {
namespace {

using libp2p::KeyPair;

class Ipns : public testing::Test {
 protected:
  // The record with one field of the message around it replaced.
  std::vector<std::uint8_t> with_field(ByteView record, std::uint32_t number, ByteView value) {
    std::vector<std::uint8_t> changed;
    libp2p::ProtobufWriter out(changed);
    libp2p::ProtobufReader in(record);
    while (in.next()) {
      const std::uint32_t field = in.field();
      if (field == 3 || field == 5 || field == 6) {
        out.varint(field, in.varint());
      } else {
        const ByteView bytes = in.bytes();
        out.bytes(field, field == number ? value : bytes);
      }
    }
    return changed;
  }
  crypto::SystemRandom random_;
  KeyPair key_ = KeyPair::generate_ed25519(random_);
  WallTime until_ = *parse_rfc3339("2033-05-18T03:33:20.5Z");
  IpnsRecord said_{.value = "/ipfs/bafkqac3jobxhgidsn5rww4yk", .sequence = 300, .valid_until = until_, .ttl = 60s};
};

TEST_F(Ipns, WhatIsSealedIsOpened) {
  for (const libp2p::KeyType type : {libp2p::KeyType::ed25519, libp2p::KeyType::secp256k1, libp2p::KeyType::ecdsa}) {
    const KeyPair key = *KeyPair::generate(type, random_);
    for (const bool legacy : {true, false}) {
      const Result<IpnsRecord> read = IpnsRecord::open(key.peer_id(), said_.seal(key, random_, legacy));
      ASSERT_TRUE(read) << read.error().message();
      EXPECT_EQ(read->value, said_.value);
      EXPECT_EQ(read->sequence, 300u);
      EXPECT_EQ(read->valid_until, until_);
      EXPECT_EQ(read->ttl, 60s);
    }
  }
}

// DAG-CBOR: the shorter keys first, numbers in as few bytes as they need.
TEST_F(Ipns, TheMapIsDagCbor) {
  const IpnsRecord small{.value = "/a", .sequence = 300, .valid_until = until_, .ttl = 1ns};
  const std::vector<std::uint8_t> record = small.seal(key_, random_, false);
  libp2p::ProtobufReader in(record);
  ByteView data;
  while (in.next()) {
    if (in.field() == 9) data = in.bytes();
  }
  EXPECT_EQ(to_hex(data),
            "a5"
            "6354544c"            // "TTL"
            "01"                  // 1
            "6556616c7565"        // "Value"
            "422f61"              // "/a"
            "6853657175656e6365"  // "Sequence"
            "19012c"              // 300
            "6856616c6964697479"  // "Validity"
            "581e"                // of 30 bytes
            "323033332d30352d31385430333a33333a32302e3530303030303030305a"
            "6c56616c696469747954797065"  // "ValidityType"
            "00");
}

TEST_F(Ipns, NobodyElseCanSay) {
  const std::vector<std::uint8_t> record = said_.seal(key_, random_);
  const KeyPair other = KeyPair::generate_ed25519(random_);
  EXPECT_EQ(IpnsRecord::open(other.peer_id(), record).error(), Errc::permission);
  const std::vector<std::uint8_t> with_key = with_field(said_.seal(other, random_), 2, {});
  EXPECT_EQ(IpnsRecord::open(key_.peer_id(), with_key).error(), Errc::permission);
  const KeyPair ecdsa = *KeyPair::generate(libp2p::KeyType::ecdsa, random_);
  const std::vector<std::uint8_t> its_key = other.public_key().encode();
  EXPECT_EQ(IpnsRecord::open(ecdsa.peer_id(), with_field(said_.seal(ecdsa, random_), 7, its_key)).error(),
            Errc::permission);
}

TEST_F(Ipns, ChangedBytesAreNoRecord) {
  const std::vector<std::uint8_t> record = said_.seal(key_, random_, false);
  for (std::size_t i = 0; i < record.size(); ++i) {
    std::vector<std::uint8_t> changed = record;
    changed[i] ^= 0x01;
    EXPECT_FALSE(IpnsRecord::open(key_.peer_id(), changed)) << i;
    EXPECT_FALSE(IpnsRecord::open(key_.peer_id(), ByteView(record).first(i))) << i;
  }
}

// Readers of the old fields shall not be told something else.
TEST_F(Ipns, OldFieldsSayTheSameAsWhatIsSigned) {
  const std::vector<std::uint8_t> record = said_.seal(key_, random_);
  ASSERT_TRUE(IpnsRecord::open(key_.peer_id(), record));
  EXPECT_EQ(IpnsRecord::open(key_.peer_id(), with_field(record, 1, as_bytes("/ipfs/other"))).error(), Errc::malformed);
  EXPECT_EQ(IpnsRecord::open(key_.peer_id(), with_field(record, 4, as_bytes("2040-01-01T00:00:00Z"))).error(),
            Errc::malformed);
}

TEST_F(Ipns, AreBounded) {
  IpnsRecord large = said_;
  large.value.assign(IpnsRecord::kMaxBytes, 'x');
  EXPECT_EQ(IpnsRecord::open(key_.peer_id(), large.seal(key_, random_)).error(), Errc::limit);
  // Lists in lists, and a map that is said to have 2^60 pairs.
  std::vector<std::uint8_t> deep(2000, 0x81);
  deep[0] = 0xa1;
  deep[1] = 0x60;
  const Bytes endless = *parse_hex("a1 60 bb1000000000000000");
  for (const ByteView data : {ByteView(deep), endless.view()}) {
    EXPECT_EQ(IpnsRecord::open(key_.peer_id(), with_field(said_.seal(key_, random_), 9, data)).error(),
              Errc::malformed);
  }
}

TEST(Rfc3339, IsReadAsItIsWritten) {
  for (const char* text : {"2033-05-18T03:33:20.000000000Z", "1999-12-31T23:59:59.999999999Z"}) {
    EXPECT_EQ(rfc3339_text(*parse_rfc3339(text)), text);
  }
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01Z")->time_since_epoch(), 1s);
  for (const char* text : {"", "2033-05-18", "2033-05-18T03:33:20", "2033-13-18T03:33:20Z", "2033-02-30T03:33:20Z",
                           "2033-05-18T24:33:20Z", "2033-05-18T03:33:20.Z", "2033-05-18T03:33:20.0000000000Z",
                           "9999-05-18T03:33:20Z", "2033-05-18T03:33:20+01:00", "x033-05-18T03:33:20Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace ghostnet::kademlia::ipns_test
