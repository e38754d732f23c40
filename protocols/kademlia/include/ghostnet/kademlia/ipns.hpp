// Records of IPNS: what a name, which is a key's, stands for, until when, and that the key's owner said so (IPNS Record
// specification, specs.ipfs.tech). In the DHT they lie under "/ipns/" and the peer id of the key.
//
// A record is a protobuf message around a map in DAG-CBOR, which signature V2 covers. Signature V1 and the fields that
// it covered are written for old readers where `legacy` says so, and read only to be compared with what V2 covers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/crypto/random.hpp"
#include "ghostnet/libp2p/key.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::kademlia {

struct IpnsRecord {
  static constexpr std::size_t kMaxBytes = 10 * 1024;
  static constexpr std::string_view kPrefix = "/ipns/";

  std::string value;  // a path, as /ipfs/bafy...
  std::uint64_t sequence = 0;
  WallTime valid_until{};
  Duration ttl = 1h;  // how long others may remember it without asking again

  // Under which key of the DHT the records of a name lie.
  static std::vector<std::uint8_t> key_of(const libp2p::PeerId& name);

  std::vector<std::uint8_t> seal(const libp2p::KeyPair& key, crypto::SecureRandom& random, bool legacy = true) const;
  // Checks everything but the time. Errors: limit (too long), malformed, permission (no signature of the name's key).
  static Result<IpnsRecord> open(const libp2p::PeerId& name, ByteView encoded);
};

// RFC 3339 5.6, in UTC, with up to nine digits of a second's fraction. Errors: malformed.
std::string rfc3339_text(WallTime time);
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace ghostnet::kademlia
