// Signed envelopes and peer records: what was sealed opens, and nothing else.
#include "ghostnet/libp2p/envelope.hpp"

#include <gtest/gtest.h>

#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::libp2p::envelope_test {
namespace {

class PeerRecords : public testing::Test {
 protected:
  crypto::SystemRandom random_;
  KeyPair key_ = KeyPair::generate_ed25519(random_);
  PeerRecord record_{
      key_.peer_id(), 7, {*Multiaddr::parse("/ip4/1.2.3.4/tcp/5"), *Multiaddr::parse("/dns/x/udp/1/quic-v1")}};
};

TEST_F(PeerRecords, OpenAsTheyWereSealed) {
  const std::vector<std::uint8_t> envelope = record_.seal(key_, random_);
  const auto opened = PeerRecord::open(envelope);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(opened->peer, key_.peer_id());
  EXPECT_EQ(opened->seq, 7u);
  EXPECT_EQ(opened->addresses, record_.addresses);
}

TEST_F(PeerRecords, AreRefusedWhenAnyByteWasChanged) {
  const std::vector<std::uint8_t> envelope = record_.seal(key_, random_);
  for (std::size_t i = 0; i < envelope.size(); ++i) {
    std::vector<std::uint8_t> changed = envelope;
    changed[i] ^= 0x01;
    EXPECT_FALSE(PeerRecord::open(changed)) << "byte " << i;
  }
  for (std::size_t length = 0; length < envelope.size(); ++length) {
    EXPECT_FALSE(PeerRecord::open(ByteView(envelope).first(length))) << length;
  }
}

TEST_F(PeerRecords, AreRefusedWhenSomebodyElseSigned) {
  const KeyPair other = KeyPair::generate_ed25519(random_);
  EXPECT_EQ(PeerRecord::open(record_.seal(other, random_)).error(), Errc::permission);
}

TEST_F(PeerRecords, AreRefusedInAnotherDomain) {
  const std::vector<std::uint8_t> envelope = seal_envelope(key_, "another-domain", {}, record_.encode(), random_);
  EXPECT_EQ(PeerRecord::open(envelope).error(), Errc::permission);
  EXPECT_TRUE(open_envelope(envelope, "another-domain"));
}

TEST(Protobuf, KnownFieldsAreReadAndOthersSkipped) {
  std::vector<std::uint8_t> message;
  ProtobufWriter out(message);
  out.varint(1, 300);
  out.bytes(2, as_bytes("xyz"));
  out.varint(536'870'911, 1);
  message.insert(message.end(), {0x3d, 1, 2, 3, 4});              // field 7, fixed32
  message.insert(message.end(), {0x41, 1, 2, 3, 4, 5, 6, 7, 8});  // field 8, fixed64
  EXPECT_EQ(to_hex(ByteView(message).first(8)),
            "08ac02120378797a");  // as the encoding guide of Protocol Buffers has it
  ProtobufReader in(message);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.field(), 1u);
  EXPECT_EQ(in.varint(), 300u);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.text(), "xyz");
  int others = 0;
  while (in.next()) ++others;
  EXPECT_EQ(others, 3);
  EXPECT_TRUE(in.finish("message"));
}

TEST(Protobuf, RefusesGroupsFieldZeroAndOtherWireTypes) {
  for (const char* hex : {"0b", "0c", "00", "0a05", "08", "ffffffffffffffffffff01"}) {
    const Bytes message = *parse_hex(hex);
    ProtobufReader in(message.view());
    while (in.next()) {
    }
    EXPECT_FALSE(in.finish("message")) << hex;
  }
  const Bytes message = *parse_hex("0801");
  ProtobufReader in(message.view());
  ASSERT_TRUE(in.next());
  EXPECT_TRUE(in.bytes().empty());
  EXPECT_EQ(in.finish("message").error(), Errc::malformed);
}

}  // namespace
}  // namespace ghostnet::libp2p::envelope_test
