#include "calibrate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "ghostnet/crypto/random.hpp"
#include "ghostnet/libp2p/key.hpp"
#include "ghostnet/noise/handshake_state.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::cli {

namespace {

constexpr int kRuns = 7;
constexpr int kRoundTrips = 4'000;
constexpr std::size_t kDatagramBytes = 512;
constexpr int kMessages = 20'000;
constexpr std::size_t kMessageBytes = 1024;
constexpr int kHandshakes = 200;

// What this thread has worked, in the kernel too: neighbours on the machine count less so.
double processor_ns() {
  timespec time;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// ---- packets ----

Task<> answer(UdpSocket& socket) {
  while (true) {
    Result<ReceivedDatagram> datagram = co_await socket.recv();
    if (!datagram) co_return;
    static_cast<void>(socket.send_to(datagram->peer, std::move(datagram->data)));
  }
}

Task<Result<>> ask(UdpSocket& socket, Endpoint peer, int round_trips) {
  const std::vector<std::uint8_t> payload(kDatagramBytes);
  for (int i = 0; i < round_trips; ++i) {
    if (Result<> sent = socket.send_to(peer, payload); !sent) co_return sent;
    const Result<ReceivedDatagram> echoed = co_await socket.recv();
    if (!echoed) co_return fail(echoed);
  }
  co_return Result<>();
}

// Two hosts of one live world, and a datagram that goes between them one at a time.
Result<double> packet_ns() {
  Result<std::unique_ptr<realnet::World>> world = realnet::World::create();
  if (!world) return fail(world);
  realnet::Host near(**world, {.name = "near"});
  realnet::Host far(**world, {.name = "far"});
  const UdpOptions options{.local = Endpoint(IpAddress::loopback(IpFamily::v4), 0)};
  Result<std::unique_ptr<UdpSocket>> asking = near.open_udp(options);
  if (!asking) return fail(asking);
  Result<std::unique_ptr<UdpSocket>> answering = far.open_udp(options);
  if (!answering) return fail(answering);
  far.scope().spawn(answer(**answering));
  const double begun_ns = processor_ns();
  const std::optional<Result<>> done = (*world)->run(ask(**asking, (*answering)->local(), kRoundTrips));
  const double spent_ns = processor_ns() - begun_ns;
  far.scope().drop_all();
  if (done && !*done) return fail(*done);
  return spent_ns / (2 * kRoundTrips);
}

// ---- cryptography ----

double aead_kib_ns() {
  noise::CipherState cipher(crypto::AeadKind::chacha20_poly1305, std::vector<std::uint8_t>(crypto::kAeadKeyBytes, 1));
  std::vector<std::uint8_t> message(kMessageBytes + noise::kTagBytes);
  const double begun_ns = processor_ns();
  for (int i = 0; i < kMessages; ++i) {
    static_cast<void>(cipher.encrypt({}, ByteView(message).first(kMessageBytes), message.data()));
  }
  return (processor_ns() - begun_ns) / kMessages * 1024 / kMessageBytes;
}

// Both sides of one, message by message.
Result<> shake_hands(const crypto::DhKeyPair& key, crypto::SecureRandom& random) {
  const auto side = [&](noise::Role role) {
    noise::HandshakeConfig config{.protocol = *noise::Protocol::parse("Noise_XX_25519_ChaChaPoly_SHA256"),
                                  .role = role};
    config.s = key.copy();
    return noise::HandshakeState::begin(std::move(config), random);
  };
  Result<noise::HandshakeState> initiator = side(noise::Role::initiator);
  if (!initiator) return fail(initiator);
  Result<noise::HandshakeState> responder = side(noise::Role::responder);
  if (!responder) return fail(responder);
  noise::HandshakeState* sender = &*initiator;
  noise::HandshakeState* receiver = &*responder;
  while (!sender->finished()) {
    std::vector<std::uint8_t> message;
    std::vector<std::uint8_t> payload;
    if (Result<> written = sender->write_message({}, message); !written) return written;
    if (Result<> read = receiver->read_message(message, payload); !read) return read;
    std::swap(sender, receiver);
  }
  return {};
}

// One side: half of both, and the look at the other's signature.
Result<double> handshake_ns() {
  crypto::SystemRandom random;
  const crypto::DhKeyPair key = crypto::DhKeyPair::generate(crypto::CurveKind::x25519, random);
  const libp2p::KeyPair identity = libp2p::KeyPair::generate_ed25519(random);
  const std::vector<std::uint8_t> statement(64, 1);
  const std::vector<std::uint8_t> signature = identity.sign(statement, random);
  const libp2p::PublicKey signer = identity.public_key();
  double begun_ns = processor_ns();
  for (int i = 0; i < kHandshakes; ++i) {
    if (Result<> shaken = shake_hands(key, random); !shaken) return fail(shaken);
  }
  const double agreed_ns = (processor_ns() - begun_ns) / kHandshakes / 2;
  begun_ns = processor_ns();
  for (int i = 0; i < kHandshakes; ++i) {
    if (!signer.verify(statement, signature)) return fail(Errc::permission, "a signature of our own does not hold");
  }
  return agreed_ns + (processor_ns() - begun_ns) / kHandshakes;
}

// ---- the outcome ----

struct Price {
  std::string key;
  std::string meaning;
  Result<double> (*measure)();
  double ns = 0;      // the median
  double spread = 0;  // (largest - smallest) / median
};

Result<> measure(Price& price) {
  std::vector<double> runs;
  for (int run = -1; run < kRuns; ++run) {
    const Result<double> ns = price.measure();
    if (!ns) return fail(ns.error().while_doing(price.key));
    if (run >= 0) runs.push_back(*ns);  // the first one warms up
  }
  std::ranges::sort(runs);
  price.ns = runs[runs.size() / 2];
  price.spread = (runs.back() - runs.front()) / price.ns;
  return {};
}

}  // namespace

int calibrate(bool json) {
  std::array<Price, 3> prices = {
      {{.key = "cpu_per_packet",
        .meaning = "a datagram of 512 B taken in and one sent, singly, the kernel's work included",
        .measure = packet_ns},
       {.key = "cpu_per_aead_kib",
        .meaning = "ChaCha20-Poly1305, in messages of 1 KiB",
        .measure = [] { return Result<double>(aead_kib_ns()); }},
       {.key = "cpu_per_handshake",
        .meaning = "one side of libp2p's Noise XX, with an Ed25519 signature to verify",
        .measure = handshake_ns}}};
  for (Price& price : prices) {
    if (Result<> measured = measure(price); !measured) {
      fmt::print(stderr, "ghostnet: calibrating {}\n", measured.error().message());
      return exit_code_of(measured.error());
    }
  }
  if (json) {
    nlohmann::json document;
    for (const Price& price : prices) document[price.key] = {{"ns", price.ns}, {"spread", price.spread}};
    fmt::print("{}\n", document.dump(2));
    return kOk;
  }
  fmt::print("# What a host like this machine has to pay; medians of {}. A slower one: slowness: 4\nnetwork:\n", kRuns);
  for (const Price& price : prices) {
    const std::string value = fmt::format("{:.0f} ns", price.ns);
    fmt::print("  {}: {:<{}}  # {} (spread {:.0f} %)\n", price.key, value, 28 - price.key.size(), price.meaning,
               price.spread * 100);
  }
  return kOk;
}

}  // namespace ghostnet::cli
