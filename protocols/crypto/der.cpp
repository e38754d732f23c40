#include "ghostnet/crypto/der.hpp"

#include <cstddef>
#include <utility>

namespace ghostnet::crypto {
namespace {

constexpr std::size_t kMaxLengthBytes = 4;  // more says nobody who is taken

// How many bytes a length takes whose first byte is this, that one not counted.
constexpr std::size_t further_length_bytes(std::uint8_t first) { return first < 0x80 ? 0 : first & 0x7fu; }

}  // namespace

ByteView DerReader::take(DerTag tag) {
  const ByteView element = std::exchange(rest_, {});
  if (failed_ || element.size() < 2 || element[0] != static_cast<std::uint8_t>(tag)) {
    failed_ = true;
    return {};
  }
  const std::size_t further = further_length_bytes(element[1]);
  const bool indefinite = element[1] == 0x80;
  if (indefinite || further > kMaxLengthBytes || element.size() - 2 < further) {
    failed_ = true;
    return {};
  }
  std::size_t length = further == 0 ? element[1] : 0;
  for (std::uint8_t byte : element.subspan(2, further)) length = length << 8 | byte;
  const bool shortest = further == 0 || (length >= 0x80 && element[2] != 0);
  const ByteView after = element.subspan(2 + further);
  if (!shortest || after.size() < length) {
    failed_ = true;
    return {};
  }
  rest_ = after.subspan(length);
  return after.first(length);
}

DerReader DerReader::inside(ByteView contents) const {
  DerReader reader(contents);
  reader.failed_ = failed_;
  return reader;
}

ByteView DerReader::positive_integer() {
  ByteView value = take(DerTag::integer);
  expect(!value.empty() && value[0] < 0x80);
  if (!failed_ && value[0] == 0) {
    value = value.subspan(1);
    expect(!value.empty() && value[0] >= 0x80);  // the zero was needed
  }
  return failed_ ? ByteView() : value;
}

ByteView DerReader::bit_string() {
  const ByteView value = take(DerTag::bit_string);
  expect(!value.empty() && value[0] == 0);  // no bits of the last byte are unused
  return failed_ ? ByteView() : value.subspan(1);
}

void DerReader::expect_oid(ByteView oid) { expect(equal(take(DerTag::object_identifier), oid)); }

void DerReader::expect_null() { expect(take(DerTag::null).empty()); }

void append_der(std::vector<std::uint8_t>& out, DerTag tag, ByteView contents) {
  out.push_back(static_cast<std::uint8_t>(tag));
  std::size_t further = 0;
  for (std::size_t rest = contents.size(); contents.size() >= 0x80 && rest > 0; rest >>= 8) ++further;
  out.push_back(static_cast<std::uint8_t>(further == 0 ? contents.size() : 0x80 | further));
  for (std::size_t i = further; i > 0; --i) out.push_back(static_cast<std::uint8_t>(contents.size() >> 8 * (i - 1)));
  out.insert(out.end(), contents.begin(), contents.end());
}

}  // namespace ghostnet::crypto
