// DER: what is read as it stands, and what is not DER.
#include "ghostnet/crypto/der.hpp"

#include <gtest/gtest.h>

namespace ghostnet::crypto::der_test {
namespace {

Bytes hex(std::string_view text) { return *parse_hex(text); }

TEST(Der, ElementsAreReadInTheirOrder) {
  const Bytes bytes = hex("300d 0402cafe 020200ff 06012a 0500");
  DerReader in(bytes.view());
  DerReader inside = in.sequence();
  EXPECT_EQ(to_hex(inside.take(DerTag::octet_string)), "cafe");
  EXPECT_EQ(to_hex(inside.positive_integer()), "ff");
  inside.expect_oid(hex("2a").view());
  EXPECT_FALSE(inside.at_end());
  inside.expect_null();
  EXPECT_TRUE(inside.finish());
  EXPECT_TRUE(in.finish());
}

TEST(Der, WhatFailedOnceFailsForGood) {
  const Bytes bytes = hex("0402cafe 0402beef");
  DerReader in(bytes.view());
  EXPECT_TRUE(in.take(DerTag::sequence).empty());
  EXPECT_TRUE(in.take(DerTag::octet_string).empty());
  EXPECT_FALSE(in.finish());
}

TEST(Der, AFailureAboveIsAFailureBelow) {
  const Bytes bytes = hex("0402cafe");
  DerReader in(bytes.view());
  DerReader inside = in.sequence();
  EXPECT_FALSE(inside.finish());
}

TEST(Der, RefusesWhatBerWouldAllow) {
  for (const char* text : {"0480cafe0000",      // no definite length
                           "048102cafe",        // a length in more bytes than it needs
                           "04820002cafe",      // the same
                           "0485000000000100",  // more length bytes than anybody needs
                           "0403cafe",          // shorter than it says
                           "04", "0482", ""}) {
    const Bytes bytes = hex(text);
    DerReader in(bytes.view());
    static_cast<void>(in.take(DerTag::octet_string));
    EXPECT_FALSE(in.finish()) << text;
  }
  for (const char* text : {"0200", "020100", "020180", "0202007f", "0203000080"}) {
    const Bytes bytes = hex(text);
    DerReader in(bytes.view());
    static_cast<void>(in.positive_integer());
    EXPECT_FALSE(in.finish()) << text;
  }
  for (const char* text : {"0300", "030204f0"}) {
    const Bytes bytes = hex(text);
    DerReader in(bytes.view());
    static_cast<void>(in.bit_string());
    EXPECT_FALSE(in.finish()) << text;
  }
}

TEST(Der, LengthsAreWrittenInTheirShortestForm) {
  for (std::size_t size : {0u, 1u, 127u, 128u, 255u, 256u, 65'535u, 65'536u}) {
    const std::vector<std::uint8_t> contents(size, 0xaa);
    std::vector<std::uint8_t> der;
    append_der(der, DerTag::octet_string, contents);
    DerReader in(der);
    EXPECT_TRUE(equal(in.take(DerTag::octet_string), contents)) << size;
    EXPECT_TRUE(in.finish()) << size;
  }
}

}  // namespace
}  // namespace ghostnet::crypto::der_test
