#include "engine.hpp"

#include <openssl/bio.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace ghostnet::tls::detail {
namespace {

using Context = std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>>;
using Method = std::unique_ptr<BIO_METHOD, FreeBy<BIO_meth_free>>;

constexpr long kMaxShownBytes = kMaxCertificateBytes;
constexpr const char* kCiphers = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
constexpr const char* kGroups = "X25519:P-256";

void require(bool done) {
  if (!done) throw std::bad_alloc();
}

Engine& engine_of(const SSL* ssl) { return *static_cast<Engine*>(SSL_get_app_data(ssl)); }

// ---- the BIO: reads the lower stream, and gathers what is to be sent ----

int read_lower(BIO* bio, char* room, std::size_t size, std::size_t* read) {
  Engine& engine = *static_cast<Engine*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (engine.key_updates > TlsStream::kMaxKeyUpdates || engine.out.size() > TlsStream::kMaxHeldBytes) {
    engine.lower_error =
        Error(Errc::limit, "TLS: the peer sends KeyUpdates and nothing else, or reads no answers to them");
    *read = 0;
    return 0;
  }
  const Result<std::size_t> got = engine.lower.try_read({reinterpret_cast<std::uint8_t*>(room), size});
  *read = got ? *got : 0;
  if (got && *got > 0) return 1;
  if (got) {
    engine.lower_ended = true;
  } else if (got.error() == Errc::would_block) {
    BIO_set_retry_read(bio);
  } else {
    engine.lower_error = got.error();
  }
  return 0;
}

int gather(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
  Engine& engine = *static_cast<Engine*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (engine.out.tailroom() < size) engine.out.reserve(0, std::max(size, engine.out.size()));
  std::memcpy(engine.out.append(size).data(), bytes, size);
  *written = size;
  return 1;
}

long control(BIO* bio, int command, long, void*) {
  const Engine& engine = *static_cast<const Engine*>(BIO_get_data(bio));
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return engine.lower_ended ? 1 : 0;
    default: return 0;
  }
}

int be_ready(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD* bio_method() {
  static const Method method = [] {
    Method made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ghostnet stream"));
    require(made && BIO_meth_set_read_ex(made.get(), read_lower) == 1 &&
            BIO_meth_set_write_ex(made.get(), gather) == 1 && BIO_meth_set_ctrl(made.get(), control) == 1 &&
            BIO_meth_set_create(made.get(), be_ready) == 1);
    return made;
  }();
  return method.get();
}

// ---- what connections share: nothing that changes ----

int judge(X509_STORE_CTX* store, void*) {
  const auto* const ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Engine& engine = engine_of(ssl);
  const auto refuse = [&](Error why, int verdict) {
    engine.judged = std::move(why);
    X509_STORE_CTX_set_error(store, verdict);
    return 0;
  };
  X509* const shown = X509_STORE_CTX_get0_cert(store);
  const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_untrusted(store);
  if (shown == nullptr || sk_X509_num(chain) != 1) {
    return refuse({Errc::protocol, "the peer showed a chain of {} certificates instead of one", sk_X509_num(chain)},
                  X509_V_ERR_CERT_CHAIN_TOO_LONG);
  }
  Result<> verdict = engine.judge_shown(shown);
  if (!verdict) return refuse(verdict.error(), X509_V_ERR_CERT_REJECTED);
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

void count_key_updates(int sent, int, int content, const void* message, std::size_t size, SSL*, void* engine) {
  const bool handshake = sent == 0 && content == SSL3_RT_HANDSHAKE && size > 0;
  if (handshake && *static_cast<const std::uint8_t*>(message) == SSL3_MT_KEY_UPDATE) {
    ++static_cast<Engine*>(engine)->key_updates;
  }
}

// RFC 7301 3.2. `offered`: the client's, each with its length in front.
int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  const std::vector<std::string>& ours = engine_of(ssl).config.application_protocols;
  for (unsigned int at = 0; at < offered_size; at += 1 + offered[at]) {
    const auto name = as_text(ByteView(offered + at + 1, offered[at]));
    if (std::ranges::find(ours, name) == ours.end()) continue;
    *chosen = offered + at + 1;
    *chosen_size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

Context make_context() {
  // Its secrets are of tickets that nobody is given: not of the host that happens to be the first.
  crypto::SystemRandom system;
  const crypto::RandomnessFrom seam(system);
  Context context(SSL_CTX_new(TLS_method()));
  SSL_CTX* const made = context.get();
  require(made != nullptr && SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION) == 1 &&
          SSL_CTX_set_max_proto_version(made, TLS1_3_VERSION) == 1 && SSL_CTX_set_ciphersuites(made, kCiphers) == 1 &&
          SSL_CTX_set1_groups_list(made, kGroups) == 1 && SSL_CTX_set_num_tickets(made, 0) == 1);
  SSL_CTX_set_options(made, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(made, 1);
  SSL_CTX_set_max_cert_list(made, kMaxShownBytes);
  SSL_CTX_set_verify(made, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(made, judge, nullptr);
  SSL_CTX_set_alpn_select_cb(made, choose_protocol, nullptr);
  return context;
}

SSL_CTX* context() {
  static const Context shared = make_context();
  return shared.get();
}

std::vector<std::uint8_t> alpn_of(const std::vector<std::string>& protocols) {
  std::vector<std::uint8_t> list;
  for (const std::string& protocol : protocols) {
    list.push_back(static_cast<std::uint8_t>(protocol.size()));
    list.insert(list.end(), protocol.begin(), protocol.end());
  }
  return list;
}

}  // namespace

Engine::Engine(Stream& below, PacketBuf& sealed, HandshakeConfig said)
    : lower(below), out(sealed), config(std::move(said)), ssl(SSL_new(context())) {
  require(ssl != nullptr);
  SSL_set_app_data(ssl.get(), this);
  BIO* const bio = BIO_new(bio_method());
  require(bio != nullptr);
  BIO_set_data(bio, this);
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_msg_callback(ssl.get(), count_key_updates);
  SSL_set_msg_callback_arg(ssl.get(), this);
  const IdentityState& identity = *config.identity.state_;
  require(SSL_use_cert_and_key(ssl.get(), identity.certificate.get(), identity.key.get(), nullptr, 1) == 1);
  if (config.role == Role::server) {
    SSL_set_accept_state(ssl.get());
    return;
  }
  SSL_set_connect_state(ssl.get());
  const std::vector<std::uint8_t> alpn = alpn_of(config.application_protocols);
  require(SSL_set_alpn_protos(ssl.get(), alpn.data(), static_cast<unsigned>(alpn.size())) == 0);
}

Result<> Engine::judge_shown(X509* shown) const {
  require(X509_up_ref(shown) == 1);
  const PeerCertificate certificate(std::make_shared<CertificateState>(CertificateState{CertificatePointer(shown)}));
  return config.judge(certificate);
}

}  // namespace ghostnet::tls::detail
