// A client of TLS that is OpenSSL's and not ours, and may be badly brought up: what it shows and speaks is said.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <vector>

#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet::tls {

class ForeignTls {
 public:
  struct Options {
    int certificates = 1;  // shown; the first has the key
    int newest_version = TLS1_3_VERSION;
    int extension_bytes = 0;  // of something within the certificate
  };

  explicit ForeignTls(const Options& options)
      : context_(SSL_CTX_new(TLS_method())), key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "prime256v1")) {
    SSL_CTX_set_max_proto_version(context_.get(), options.newest_version);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_connect_state(ssl_.get());
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);
    const unsigned char alpn[] = {1, 'a'};
    SSL_set_alpn_protos(ssl_.get(), alpn, sizeof alpn);
    for (int i = 0; i < options.certificates; ++i) {
      const Certificate certificate = make(options.extension_bytes);
      if (i == 0) {
        SSL_use_certificate(ssl_.get(), certificate.get());
        SSL_use_PrivateKey(ssl_.get(), key_.get());
      } else {
        SSL_add1_chain_cert(ssl_.get(), certificate.get());
      }
    }
  }

  // Until the handshake is done or has failed, or the other side ends.
  Task<> run(Stream& stream) {
    while (true) {
      const int outcome = SSL_do_handshake(ssl_.get());
      std::vector<std::uint8_t> flight(static_cast<std::size_t>(BIO_pending(out_)));
      if (!flight.empty()) {
        BIO_read(out_, flight.data(), static_cast<int>(flight.size()));
        const Result<> written = co_await stream.write(flight);
        if (!written) co_return;
      }
      if (outcome == 1) co_return;
      if (SSL_get_error(ssl_.get(), outcome) != SSL_ERROR_WANT_READ) co_return;
      std::array<std::uint8_t, 4096> room;
      const Result<std::size_t> read = co_await stream.read(room);
      if (!read || *read == 0) co_return;
      received_.insert(received_.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*read));
      BIO_write(in_, room.data(), static_cast<int>(*read));
    }
  }
  // After the handshake: so many KeyUpdates, the answer to each asked for, with so many bytes of data behind each.
  Task<> flood(Stream& stream, int updates, std::size_t data_bytes) {
    const std::vector<std::uint8_t> data(data_bytes);
    for (int i = 0; i < updates; ++i) {
      SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
      std::size_t written = 0;
      if (data.empty()) {
        SSL_do_handshake(ssl_.get());
      } else {
        SSL_write_ex(ssl_.get(), data.data(), data.size(), &written);
      }
      std::vector<std::uint8_t> flight(static_cast<std::size_t>(BIO_pending(out_)));
      BIO_read(out_, flight.data(), static_cast<int>(flight.size()));
      const Result<> sent = co_await stream.write(flight);
      if (!sent) co_return;
      ++flooded_;
    }
  }
  int flooded() const { return flooded_; }
  bool done() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  ByteView received() const { return received_; }

 private:
  template <auto kFree>
  struct FreeBy {
    template <class T>
    void operator()(T* object) const {
      kFree(object);
    }
  };
  using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;

  Certificate make(int extension_bytes) {
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), 0);
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), 4'000'000'000);
    X509_set_pubkey(certificate.get(), key_.get());
    if (extension_bytes > 0) {
      const std::unique_ptr<ASN1_OCTET_STRING, FreeBy<ASN1_OCTET_STRING_free>> value(ASN1_OCTET_STRING_new());
      const std::vector<std::uint8_t> bytes(static_cast<std::size_t>(extension_bytes));
      ASN1_OCTET_STRING_set(value.get(), bytes.data(), extension_bytes);
      const std::unique_ptr<ASN1_OBJECT, FreeBy<ASN1_OBJECT_free>> name(OBJ_txt2obj("1.2.3.4", 1));
      const std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>> extension(
          X509_EXTENSION_create_by_OBJ(nullptr, name.get(), 0, value.get()));
      X509_add_ext(certificate.get(), extension.get(), -1);
    }
    X509_sign(certificate.get(), key_.get(), EVP_sha256());
    return certificate;
  }

  std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>> context_;
  std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>> key_;
  std::unique_ptr<SSL, FreeBy<SSL_free>> ssl_;
  BIO* in_ = nullptr;   // owned by ssl_, as is
  BIO* out_ = nullptr;  // this one
  std::vector<std::uint8_t> received_;
  int flooded_ = 0;
};

}  // namespace ghostnet::tls
