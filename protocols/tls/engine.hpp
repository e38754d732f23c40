// Engine: one connection's TLS in OpenSSL's hands, and the BIO through which OpenSSL reads the lower stream.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/tls/tls_stream.hpp"
#include "openssl.hpp"

namespace ghostnet::tls::detail {

struct Engine {
  // Reads from `lower`, appends what is to be sent to `out`; both outlive it, or it is not used.
  Engine(Stream& lower, PacketBuf& out, HandshakeConfig config);

  Result<> judge_shown(X509* shown) const;

  Stream& lower;
  PacketBuf& out;
  HandshakeConfig config;
  bool lower_ended = false;
  std::optional<Error> lower_error;  // of the last read
  std::size_t key_updates = 0;       // of the peer, since its last data
  std::optional<Error> judged;       // what was wrong with the peer's certificate
  std::unique_ptr<SSL, FreeBy<SSL_free>> ssl;
};

}  // namespace ghostnet::tls::detail
