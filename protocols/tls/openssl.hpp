// What the sources of this folder share of OpenSSL: owners of its objects, and its last word.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "ghostnet/crypto/free_by.hpp"
#include "ghostnet/tls/certificate.hpp"

namespace ghostnet::tls::detail {

using crypto::FreeBy;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using CertificatePointer = std::unique_ptr<X509, FreeBy<X509_free>>;

struct KeyState {
  KeyPointer key;
};

struct IdentityState {
  KeyPointer key;
  CertificatePointer certificate;
};

struct CertificateState {
  CertificatePointer certificate;
};

// Takes the errors of this thread; says the reason of the first of them.
std::string take_reason();

}  // namespace ghostnet::tls::detail
