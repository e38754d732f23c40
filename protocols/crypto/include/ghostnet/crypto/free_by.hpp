// A deleter that is a function of a C library: std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>> owns a key of OpenSSL.
#pragma once

namespace ghostnet::crypto {

template <auto kFree>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

}  // namespace ghostnet::crypto
