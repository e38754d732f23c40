// TlsStream: a Stream that is secured by TLS 1.3 (RFC 8446) of OpenSSL, over another Stream.
//
// Both sides show a certificate (certificate.hpp), and each judges the other's; nothing older than TLS 1.3 is spoken,
// nothing is resumed, and no early data is sent or taken. Application protocols are agreed by ALPN (RFC 7301), the
// first of the client's that the server has; a handshake without one in common fails.
//
// What is written together leaves as few records in one gathered write. An idle stream holds OpenSSL's state
// and no buffer. The end of the stream is close_notify; the end of the lower stream without it is malformed, for
// bytes may be missing, as is a record that does not authenticate, and nothing can be read after either.
//
// All randomness is that of the host and no clock is read, so that handshakes repeat in a simulation.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/crypto/random.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/readiness_relay.hpp"
#include "ghostnet/runtime/sealed_output.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/tls/certificate.hpp"

namespace ghostnet::tls {

enum class Role : std::uint8_t { client, server };

struct HandshakeConfig {
  Role role;
  Identity identity;
  std::vector<std::string> application_protocols;  // in order of preference, each of 1 to 255 bytes
  // Judges the only certificate that the peer showed; what it refuses ends the handshake with an alert.
  std::function<Result<>(const PeerCertificate&)> judge;
};

namespace detail {
struct Engine;
}

class TlsStream final : public Stream {
 public:
  static constexpr std::size_t kMaxRecordBytes = 16 * 1024;  // of plaintext (RFC 8446 5.1)
  static constexpr std::size_t kMaxRecordsAtOnce = 4;        // of full size, sealed ahead of the lower stream
  // A peer that sends more of them without a byte of data between, or asks for ours and does not read them, up to
  // kMaxHeldBytes, is cut off with limit: each costs a derivation of keys (RFC 8446 4.6.3 leaves the number open).
  static constexpr std::size_t kMaxKeyUpdates = 16;
  static constexpr std::size_t kMaxHeldBytes = 2 * kMaxRecordsAtOnce * kMaxRecordBytes;
  static constexpr Duration kLinger = 30s;  // for what is sealed when the stream is dropped

  // The client is done before the server has judged it: what the server refuses is an error of the first read.
  // Errors: what `judge` said; protocol (an alert of the peer, no TLS 1.3, no common application protocol), malformed,
  // end_of_stream, and those of the lower stream. Not cancel-safe.
  static Task<Result<std::unique_ptr<TlsStream>>> handshake(Host& host, std::unique_ptr<Stream> lower,
                                                            HandshakeConfig config);
  ~TlsStream() override;

  // Empty where the client named none.
  std::string application_protocol() const;
  // As OpenSSL names it: TLS_AES_128_GCM_SHA256.
  std::string_view cipher() const;

  Endpoint local() const override { return lower_->local(); }
  Endpoint peer() const override { return lower_->peer(); }
  Result<std::size_t> try_read(MutableByteView buffer) override;
  Result<std::size_t> try_write(std::span<const ByteView> parts) override;
  Result<> shutdown_send() override;
  void abort() override;

 protected:
  Loop& loop() override { return host_.loop(); }

 private:
  friend struct detail::Engine;
  TlsStream(Host& host, std::unique_ptr<Stream> lower, HandshakeConfig config);

  Task<Result<>> shake_hands();
  void lower_readable() { wake_reader(); }
  void output_left() { wake_writer(); }
  Error why(std::string_view doing, Errc at_end);
  Result<> seal(ByteView plaintext);

  Host& host_;
  crypto::HostRandom random_;
  std::unique_ptr<Stream> lower_;
  std::unique_ptr<detail::Engine> engine_;
  bool ended_ = false;  // by the peer's close_notify
  std::optional<Error> read_error_;
  ReadinessRelay<TlsStream, &TlsStream::lower_readable> readable_relay_{*this};
  SealedOutput<TlsStream, &TlsStream::output_left> output_{*this, *lower_};
};

}  // namespace ghostnet::tls
