// Certificates that peers show in TLS, and libp2p's extension within. The first byte says how the rest is meant: as a
// certificate, as the extension, or as changes (where, and by what) to a certificate that is right.
#include <cstdlib>

#include "ghostnet/libp2p/tls_security.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace {

using namespace ghostnet;          // NOLINT
using namespace ghostnet::libp2p;  // NOLINT

constexpr WallTime kNow{24h * 365 * 50};
constexpr std::size_t kMaxChanges = 64;

void require(bool condition) {
  if (!condition) std::abort();
}

Result<PeerId> peer_of(ByteView der) {
  const auto certificate = tls::PeerCertificate::parse(der);
  if (!certificate) return fail(certificate);
  return peer_of_certificate(*certificate, kNow);
}

void signed_key(ByteView input) {
  const auto key = SignedKey::parse(input);
  if (!key) return;
  require(equal(key->encode(), input));  // DER: one encoding
  static_cast<void>(key->check(as_bytes("key")));
}

struct Right {
  Right() {
    crypto::SystemRandom random;
    const KeyPair key = KeyPair::generate_ed25519(random);
    peer = key.peer_id();
    certificate = TlsIdentity(key, kNow, random).identity().certificate();
  }
  PeerId peer;
  std::vector<std::uint8_t> certificate;
};

void changed(ByteView changes) {
  static const Right right;
  std::vector<std::uint8_t> certificate = right.certificate;
  for (std::size_t i = 0; i < kMaxChanges && changes.size() >= 3; ++i, changes = changes.subspan(3)) {
    certificate[load_be<std::uint16_t>(changes.data()) % certificate.size()] ^= changes[2];
  }
  const auto peer = peer_of(certificate);
  require(!peer || certificate == right.certificate);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: static_cast<void>(peer_of(input)); break;
    case 1: signed_key(input); break;
    default: changed(input); break;
  }
  return 0;
}
