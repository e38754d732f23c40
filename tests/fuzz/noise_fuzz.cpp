// A Noise handshake against bytes of nobody: names of protocols, and messages to either side.
#include <cstdlib>

#include "ghostnet/noise/handshake_state.hpp"

namespace {

using namespace ghostnet;         // NOLINT
using namespace ghostnet::noise;  // NOLINT

class Zeros final : public crypto::SecureRandom {
 public:
  void fill(MutableByteView bytes) override {
    for (std::uint8_t& byte : bytes) byte = 7;
  }
};

constexpr std::string_view kNames[] = {"Noise_XX_25519_ChaChaPoly_SHA256", "Noise_IXpsk0+psk2_25519_AESGCM_BLAKE2s",
                                       "Noise_NN_448_ChaChaPoly_BLAKE2b", "Noise_X1X1_25519_ChaChaPoly_SHA512"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(Protocol::parse(as_text({data, size})));
  if (size < 2) return 0;
  Zeros random;
  const auto protocol = Protocol::parse(kNames[data[0] % 4]);
  if (!protocol) std::abort();
  HandshakeConfig config{.protocol = *protocol, .role = data[0] & 4 ? Role::initiator : Role::responder};
  config.s = crypto::DhKeyPair::generate(protocol->curve, random);
  for (std::size_t i = 0; i < protocol->pattern.psk_count(); ++i) config.psks.emplace_back();
  auto handshake = HandshakeState::begin(std::move(config), random);
  if (!handshake) std::abort();
  ByteView rest(data + 1, size - 1);
  while (!handshake->finished() && !handshake->broken()) {
    std::vector<std::uint8_t> out;
    if (handshake->writes_next()) {
      static_cast<void>(handshake->write_message({}, out));
      continue;
    }
    const std::size_t piece = rest.empty() ? 0 : std::min<std::size_t>(rest[0], rest.size());
    const bool read = handshake->read_message(rest.first(piece), out).has_value();
    if (read == handshake->broken()) std::abort();
    rest = rest.subspan(piece);
  }
  if (handshake->finished()) static_cast<void>(std::move(*handshake).split());
  return 0;
}
