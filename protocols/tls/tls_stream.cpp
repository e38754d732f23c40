#include "ghostnet/tls/tls_stream.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine.hpp"

namespace ghostnet::tls {

TlsStream::TlsStream(Host& host, std::unique_ptr<Stream> lower, HandshakeConfig config)
    : host_(host), random_(host), lower_(std::move(lower)) {
  const crypto::RandomnessFrom seam(random_);
  engine_ = std::make_unique<detail::Engine>(*lower_, output_.held(), std::move(config));
}

TlsStream::~TlsStream() {
  readable_relay_.disarm();
  engine_.reset();
  output_.deliver_rest(host_, std::move(lower_), kLinger);
}

std::string TlsStream::application_protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(engine_->ssl.get(), &name, &size);
  return std::string(as_text(ByteView(name, size)));
}

std::string_view TlsStream::cipher() const { return SSL_get_cipher_name(engine_->ssl.get()); }

// ---- the handshake ----

Task<Result<std::unique_ptr<TlsStream>>> TlsStream::handshake(Host& host, std::unique_ptr<Stream> lower,
                                                              HandshakeConfig config) {
  std::unique_ptr<TlsStream> stream(new TlsStream(host, std::move(lower), std::move(config)));
  const Result<> done = co_await stream->shake_hands();
  if (!done) co_return fail(done);
  co_return stream;
}

Task<Result<>> TlsStream::shake_hands() {
  SSL* const ssl = engine_->ssl.get();
  while (true) {
    int outcome = 0;
    {
      const crypto::RandomnessFrom seam(random_);
      ERR_clear_error();
      outcome = SSL_do_handshake(ssl);
    }
    const bool waits = outcome != 1 && SSL_get_error(ssl, outcome) == SSL_ERROR_WANT_READ;
    std::optional<Error> failed;
    if (outcome != 1 && !waits) failed = why("TLS handshake", Errc::end_of_stream);
    if (!output_.held().empty()) {
      const PacketBuf flight = std::exchange(output_.held(), {});
      const Result<> written = co_await lower_->write(flight.view());
      if (!written && !failed) co_return written;
    }
    if (failed) {
      static_cast<void>(lower_->shutdown_send());  // after the alert
      co_return fail(*failed);
    }
    if (outcome == 1) {
      host_.charge({.handshakes = 1});
      co_return Result<>();
    }
    co_await lower_->readable();
  }
}

// After OpenSSL failed: the first thing that went wrong.
Error TlsStream::why(std::string_view doing, Errc at_end) {
  const std::string reason = detail::take_reason();
  if (engine_->judged) return *engine_->judged;
  if (engine_->lower_error) return *engine_->lower_error;
  if (engine_->lower_ended) return {at_end, "{}: the stream ended without a farewell", doing};
  return {Errc::protocol, "{}: {}", doing, reason};
}

// ---- reading ----

Result<std::size_t> TlsStream::try_read(MutableByteView buffer) {
  if (read_error_) return fail(*read_error_);
  if (ended_ || buffer.empty()) return 0;
  SSL* const ssl = engine_->ssl.get();
  std::size_t read = 0;
  int outcome = 0;
  {
    const crypto::RandomnessFrom seam(random_);
    ERR_clear_error();
    outcome = SSL_read_ex(ssl, buffer.data(), buffer.size(), &read);
  }
  if (outcome == 1) {
    engine_->key_updates = 0;
    host_.charge({.aead_bytes = read});
    if (Result<> answered = output_.flush(); !answered) return fail(answered);  // a KeyUpdate that was asked for
    return read;
  }
  switch (SSL_get_error(ssl, outcome)) {
    case SSL_ERROR_WANT_READ:
      static_cast<void>(output_.flush());
      readable_relay_.arm(lower_->readable());
      return fail(Errc::would_block);
    case SSL_ERROR_ZERO_RETURN: ended_ = true; return 0;
    default: break;
  }
  read_error_ = why("TLS", Errc::malformed);
  static_cast<void>(output_.flush());  // the alert
  return fail(*read_error_);
}

// ---- writing ----

Result<std::size_t> TlsStream::try_write(std::span<const ByteView> parts) {
  if (Result<> room = output_.has_room(); !room) return fail(room);
  std::size_t rest = 0;
  for (ByteView part : parts) rest += part.size();
  rest = std::min(rest, kMaxRecordsAtOnce * kMaxRecordBytes);
  const std::size_t accepted = rest;
  std::array<std::uint8_t, kMaxRecordBytes> gathered;
  std::size_t part = 0;
  std::size_t offset = 0;
  while (rest > 0) {
    while (offset == parts[part].size()) ++part, offset = 0;
    const std::size_t size = std::min(rest, kMaxRecordBytes);
    ByteView record = parts[part].subspan(offset);
    if (record.size() >= size) {
      record = record.first(size);
      offset += size;
    } else {
      for (std::size_t filled = 0; filled < size;) {
        while (offset == parts[part].size()) ++part, offset = 0;
        const std::size_t taken = std::min(parts[part].size() - offset, size - filled);
        std::memcpy(gathered.data() + filled, parts[part].data() + offset, taken);
        filled += taken;
        offset += taken;
      }
      record = ByteView(gathered).first(size);
    }
    if (Result<> sealed = seal(record); !sealed) return fail(sealed);
    rest -= size;
  }
  if (Result<> flushed = output_.flush(); !flushed) return fail(flushed);
  return accepted;
}

Result<> TlsStream::seal(ByteView plaintext) {
  const crypto::RandomnessFrom seam(random_);
  ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_ex(engine_->ssl.get(), plaintext.data(), plaintext.size(), &written) == 1) {
    host_.charge({.aead_bytes = plaintext.size()});
    return {};
  }
  return output_.fail_with(why("TLS", Errc::malformed));
}

Result<> TlsStream::shutdown_send() {
  if (!output_.error() && !output_.is_shut()) {
    ERR_clear_error();
    SSL_shutdown(engine_->ssl.get());  // close_notify
    ERR_clear_error();
  }
  return output_.shutdown();
}

void TlsStream::abort() {
  readable_relay_.disarm();
  read_error_ = Error(Errc::closed);
  static_cast<void>(output_.fail_with(Errc::closed));
  lower_->abort();
  wake_reader();
  wake_writer();
}

}  // namespace ghostnet::tls
