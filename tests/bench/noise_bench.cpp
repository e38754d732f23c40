// Noise: what the framework costs beside the bare primitives: a handshake, transport messages, and a stream; in time of
// the processor.
#include <openssl/evp.h>
#include <sodium.h>

#include <memory>

#include "bench_row.hpp"
#include "ghostnet/crypto/random.hpp"
#include "ghostnet/noise/noise_stream.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"
#include "processor_time.hpp"

namespace ghostnet::noise {
namespace {

double seconds_since(double begun) { return bench::processor_seconds() - begun; }

constexpr std::size_t kLongForKeyed = 1024;  // from here on OpenSSL is the faster one where the key stays

// The best of the two libraries for one message, keyed and ready.
class Primitive {
 public:
  Primitive() : context_(EVP_CIPHER_CTX_new()) {
    EVP_EncryptInit_ex(context_, EVP_chacha20_poly1305(), nullptr, key_, nonce_);
  }
  ~Primitive() { EVP_CIPHER_CTX_free(context_); }

  void seal(std::vector<std::uint8_t>& buffer, std::size_t size) {
    ++nonce_[4];
    if (size < kLongForKeyed) {
      crypto_aead_chacha20poly1305_ietf_encrypt(buffer.data(), nullptr, buffer.data(), size, nullptr, 0, nullptr,
                                                nonce_, key_);
      return;
    }
    int written = 0;
    EVP_EncryptInit_ex(context_, nullptr, nullptr, nullptr, nonce_);
    EVP_EncryptUpdate(context_, buffer.data(), &written, buffer.data(), static_cast<int>(size));
    EVP_EncryptFinal_ex(context_, buffer.data() + size, &written);
    EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, 16, buffer.data() + size);
  }

 private:
  EVP_CIPHER_CTX* context_;
  std::uint8_t key_[32] = {1};
  std::uint8_t nonce_[12] = {};
};

double ours_ns(std::size_t size, int rounds) {
  CipherState cipher(crypto::AeadKind::chacha20_poly1305, std::vector<std::uint8_t>(32, 1));
  std::vector<std::uint8_t> buffer(size + kTagBytes);
  const double begun = bench::processor_seconds();
  for (int i = 0; i < rounds; ++i) {
    static_cast<void>(cipher.encrypt({}, ByteView(buffer).first(size), buffer.data()));
  }
  return seconds_since(begun) * 1e9 / rounds;
}

double primitive_ns(std::size_t size, int rounds) {
  Primitive primitive;
  std::vector<std::uint8_t> buffer(size + kTagBytes);
  const double begun = bench::processor_seconds();
  for (int i = 0; i < rounds; ++i) primitive.seal(buffer, size);
  return seconds_since(begun) * 1e9 / rounds;
}

// Takes what is written, and gives it back when it is read.
class Loopback final : public Stream {
 public:
  explicit Loopback(Loop& loop) : loop_(loop) {}
  Endpoint local() const override { return {}; }
  Endpoint peer() const override { return {}; }
  Result<std::size_t> try_read(MutableByteView buffer) override {
    const std::size_t size = std::min(buffer.size(), held_.size() - at_);
    if (size == 0) return fail(Errc::would_block);
    std::memcpy(buffer.data(), held_.data() + at_, size);
    at_ += size;
    if (at_ == held_.size()) held_.clear(), at_ = 0;
    return size;
  }
  Result<std::size_t> try_write(std::span<const ByteView> parts) override {
    std::size_t size = 0;
    for (ByteView part : parts) {
      held_.insert(held_.end(), part.begin(), part.end());
      size += part.size();
    }
    return size;
  }
  Result<> shutdown_send() override { return {}; }
  void abort() override {}

 protected:
  Loop& loop() override { return loop_; }

 private:
  Loop& loop_;
  std::vector<std::uint8_t> held_;
  std::size_t at_ = 0;
};

// Sealing, the copies of the lower stream, and opening: ns for each write of `size` bytes.
double stream_ns(realnet::Host& host, std::size_t size, int rounds) {
  const std::vector<std::uint8_t> key(32, 1);
  const auto cipher = [&key] { return CipherState(crypto::AeadKind::chacha20_poly1305, key); };
  NoiseStream stream(host, std::make_unique<Loopback>(host.loop()), Transport{cipher(), cipher()});
  std::vector<std::uint8_t> buffer(size);
  const ByteView part(buffer);
  const double begun = bench::processor_seconds();
  for (int i = 0; i < rounds; ++i) {
    static_cast<void>(stream.try_write(std::span(&part, 1)));
    for (std::size_t got = 0; got < size;) got += *stream.try_read(buffer);
  }
  return seconds_since(begun) * 1e9 / rounds;
}

double handshake_us(crypto::SecureRandom& random, int rounds) {
  const Protocol protocol = *Protocol::parse("Noise_XX_25519_ChaChaPoly_SHA256");
  const crypto::DhKeyPair key = crypto::DhKeyPair::generate(crypto::CurveKind::x25519, random);
  const double begun = bench::processor_seconds();
  for (int i = 0; i < rounds; ++i) {
    HandshakeConfig ours{.protocol = protocol, .role = Role::initiator};
    HandshakeConfig theirs{.protocol = protocol, .role = Role::responder};
    ours.s = key.copy();
    theirs.s = key.copy();
    auto initiator = HandshakeState::begin(std::move(ours), random);
    auto responder = HandshakeState::begin(std::move(theirs), random);
    HandshakeState* sender = &*initiator;
    HandshakeState* receiver = &*responder;
    while (!sender->finished()) {
      std::vector<std::uint8_t> message;
      std::vector<std::uint8_t> payload;
      static_cast<void>(sender->write_message({}, message));
      static_cast<void>(receiver->read_message(message, payload));
      std::swap(sender, receiver);
    }
  }
  return seconds_since(begun) * 1e6 / rounds;
}

// XX of both sides: two ephemeral keys and six agreements.
double curve_us(crypto::SecureRandom& random, int rounds) {
  std::uint8_t scalar[32];
  std::uint8_t point[32];
  random.fill(scalar);
  const double begun = bench::processor_seconds();
  for (int i = 0; i < rounds; ++i) {
    for (int key = 0; key < 2; ++key) crypto_scalarmult_base(point, scalar);
    for (int dh = 0; dh < 6; ++dh) static_cast<void>(!crypto_scalarmult(scalar, scalar, point));
  }
  return seconds_since(begun) * 1e6 / rounds;
}

int run(int argc, char** argv) {
  std::vector<bench::BenchRow> rows;
  crypto::SystemRandom random;
  for (std::size_t size : {100u, 1024u, 16'384u, 65'519u}) {
    const int rounds = static_cast<int>(20'000'000 / (size + 2000));
    bench::BenchRow row{.name = fmt::format("seal a Noise message of {} bytes", size),
                        .unit = "ns",
                        .rival = size < kLongForKeyed ? "libsodium" : "OpenSSL, a context for the key",
                        .higher_is_better = false,
                        .goal_ratio = 1.1,
                        .runs = 7};
    rows.push_back(
        bench::compare(row, [=] { return ours_ns(size, rounds); }, [=] { return primitive_ns(size, rounds); }));
  }
  auto world = realnet::World::create();
  if (!world) return 1;
  realnet::Host host(**world, {.name = "bench"});
  for (std::size_t size : {1024u, 65'519u}) {
    const int rounds = static_cast<int>(10'000'000 / (size + 2000));
    bench::BenchRow row{.name = fmt::format("NoiseStream: write and read {} bytes", size),
                        .unit = "ns",
                        .rival = "the primitive twice",
                        .higher_is_better = false,
                        .runs = 7};
    rows.push_back(bench::compare(
        row, [&] { return stream_ns(host, size, rounds); }, [=] { return 2 * primitive_ns(size, rounds); }));
  }
  bench::BenchRow row{.name = "Noise XX handshake, both sides",
                      .unit = "us",
                      .rival = "libsodium: its 8 multiplications",
                      .higher_is_better = false,
                      .goal_ratio = 1.1,
                      .runs = 7};
  rows.push_back(bench::compare(row, [&] { return handshake_us(random, 100); }, [&] { return curve_us(random, 100); }));
  return bench::report(rows, argc, argv);
}

}  // namespace
}  // namespace ghostnet::noise

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;
  return ghostnet::noise::run(argc, argv);
}
