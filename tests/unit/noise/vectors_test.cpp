// The public test vectors of the Noise framework (cacophony), where they are: ../shared/vectors/noise/cacophony.txt
// beside the source tree, or the file that GHOSTNET_NOISE_VECTORS names.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "ghostnet/noise/handshake_state.hpp"

namespace ghostnet::noise::vectors_test {
namespace {

std::filesystem::path vectors_file() {
  if (const char* const named = std::getenv("GHOSTNET_NOISE_VECTORS")) return named;
  return std::filesystem::path(GHOSTNET_SOURCE_DIR) / ".." / "shared" / "vectors" / "noise" / "cacophony.txt";
}

std::vector<std::uint8_t> hex(const std::string& text) {
  const Bytes bytes = *parse_hex(text);
  return {bytes.begin(), bytes.end()};
}

std::optional<crypto::DhKeyPair> key_of(const nlohmann::json& vector, const char* name, crypto::CurveKind curve) {
  if (!vector.contains(name)) return std::nullopt;
  return crypto::DhKeyPair::from_private(curve, hex(vector[name].get<std::string>()));
}

HandshakeConfig config_of(const nlohmann::json& vector, const Protocol& protocol, Role role,
                          const std::vector<std::uint8_t>& prologue) {
  const std::string side = role == Role::initiator ? "init_" : "resp_";
  HandshakeConfig config{.protocol = protocol, .role = role, .prologue = prologue};
  config.s = key_of(vector, (side + "static").c_str(), protocol.curve);
  config.e = key_of(vector, (side + "ephemeral").c_str(), protocol.curve);
  if (const std::string name = side + "remote_static"; vector.contains(name)) {
    config.rs = hex(vector[name].get<std::string>());
  }
  if (const std::string name = side + "psks"; vector.contains(name)) {
    for (const auto& psk : vector[name]) config.psks.push_back(Psk::of(hex(psk.get<std::string>())));
  }
  return config;
}

void check_vector(const nlohmann::json& vector) {
  const auto protocol = Protocol::parse(vector["protocol_name"].get<std::string>());
  ASSERT_TRUE(protocol) << protocol.error().message();
  crypto::SystemRandom random;
  const auto init_prologue = hex(vector["init_prologue"].get<std::string>());
  const auto resp_prologue = hex(vector["resp_prologue"].get<std::string>());
  auto initiator = HandshakeState::begin(config_of(vector, *protocol, Role::initiator, init_prologue), random);
  auto responder = HandshakeState::begin(config_of(vector, *protocol, Role::responder, resp_prologue), random);
  ASSERT_TRUE(initiator) << initiator.error().message();
  ASSERT_TRUE(responder) << responder.error().message();

  std::optional<Transport> initiator_transport;
  std::optional<Transport> responder_transport;
  bool initiator_sends = true;
  for (const auto& message : vector["messages"]) {
    const auto payload = hex(message["payload"].get<std::string>());
    const auto expected = message["ciphertext"].get<std::string>();
    std::vector<std::uint8_t> sent;
    std::vector<std::uint8_t> received;
    if (!initiator_transport) {
      HandshakeState& sender = initiator_sends ? *initiator : *responder;
      HandshakeState& receiver = initiator_sends ? *responder : *initiator;
      ASSERT_TRUE(sender.write_message(payload, sent));
      ASSERT_EQ(to_hex(sent), expected);
      ASSERT_TRUE(receiver.read_message(sent, received));
      if (sender.finished()) {
        EXPECT_EQ(to_hex(initiator->hash()), vector["handshake_hash"].get<std::string>());
        EXPECT_EQ(to_hex(responder->hash()), vector["handshake_hash"].get<std::string>());
        initiator_transport = std::move(*initiator).split();
        responder_transport = std::move(*responder).split();
      }
    } else {
      Transport& sender = initiator_sends ? *initiator_transport : *responder_transport;
      Transport& receiver = initiator_sends ? *responder_transport : *initiator_transport;
      sent.resize(payload.size() + kTagBytes);
      ASSERT_TRUE(sender.send.encrypt({}, payload, sent.data()));
      ASSERT_EQ(to_hex(sent), expected);
      received.resize(payload.size());
      ASSERT_TRUE(receiver.receive.decrypt({}, sent, received.data()));
    }
    EXPECT_EQ(received, payload);
    if (!protocol->pattern.one_way()) initiator_sends = !initiator_sends;
  }
  EXPECT_TRUE(initiator_transport) << "the vector ends before the handshake";
}

TEST(NoiseVectors, EveryOneIsReproduced) {
  std::ifstream file(vectors_file());
  if (!file) GTEST_SKIP() << "no vectors at " << vectors_file();
  const auto all = nlohmann::json::parse(file);
  std::set<std::string> patterns;
  for (const auto& vector : all["vectors"]) {
    const auto name = vector["protocol_name"].get<std::string>();
    SCOPED_TRACE(name);
    check_vector(vector);
    if (HasFatalFailure()) return;
    patterns.insert(name.substr(6, name.find('_', 6) - 6));
  }
  EXPECT_EQ(all["vectors"].size(), 944u);
  for (std::string_view pattern : pattern_names()) EXPECT_TRUE(patterns.contains(std::string(pattern))) << pattern;
}

}  // namespace
}  // namespace ghostnet::noise::vectors_test
