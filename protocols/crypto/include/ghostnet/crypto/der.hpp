// DER (ITU-T X.690 10), as far as keys and certificates of peers need it: elements of known tags, one after the other.
//
// A DerReader reads the elements of one view, in order. What does not fit fails once and for good: from then on every
// element is empty, and finish() says so. It takes DER alone: definite lengths in their shortest form, positive
// integers without needless zeros. Nothing is allocated; what is returned are views into what was given.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::crypto {

enum class DerTag : std::uint8_t {
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  null = 0x05,
  object_identifier = 0x06,
  sequence = 0x30,
};

class DerReader {
 public:
  explicit DerReader(ByteView bytes) : rest_(bytes) {}

  // The contents of the next element, which has to have the tag.
  ByteView take(DerTag tag);
  // The elements of the next one, a sequence. What fails within it fails its own finish().
  DerReader sequence() { return inside(take(DerTag::sequence)); }
  // A positive integer, big-endian, without leading zeros.
  ByteView positive_integer();
  // A bit string of whole bytes.
  ByteView bit_string();
  // The next element is this object identifier, encoded.
  void expect_oid(ByteView oid);
  void expect_null();
  // For what the caller finds wrong.
  void expect(bool condition) { failed_ = failed_ || !condition; }

  bool at_end() const { return rest_.empty(); }
  // Whether everything was read, and was as it had to be.
  bool finish() const { return !failed_ && rest_.empty(); }

 private:
  DerReader inside(ByteView contents) const;

  ByteView rest_;
  bool failed_ = false;
};

// One element with its tag and length, appended.
void append_der(std::vector<std::uint8_t>& out, DerTag tag, ByteView contents);

}  // namespace ghostnet::crypto
