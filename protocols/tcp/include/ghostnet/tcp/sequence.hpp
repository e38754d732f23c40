// SeqNumber: a sequence number of TCP, modulo 2^32 (RFC 9293 3.4).
//
// Two of them are compared by their distance, which is right as long as they are less than 2^31 apart; windows are kept
// below 2^30 (RFC 7323 2.3), so everything that belongs to a connection is. There is no order beyond that, so there is
// no operator <=> either: SeqNumber must not be a key of a sorted container.
#pragma once

#include <cstdint>

namespace ghostnet::tcp {

class SeqNumber {
 public:
  constexpr SeqNumber() = default;
  constexpr explicit SeqNumber(std::uint32_t value) : value_(value) {}

  constexpr std::uint32_t value() const { return value_; }

  friend constexpr SeqNumber operator+(SeqNumber a, std::uint32_t bytes) { return SeqNumber(a.value_ + bytes); }
  friend constexpr SeqNumber operator-(SeqNumber a, std::uint32_t bytes) { return SeqNumber(a.value_ - bytes); }
  constexpr SeqNumber& operator+=(std::uint32_t bytes) {
    value_ += bytes;
    return *this;
  }
  // How far `a` is ahead of `b`; negative when it is behind.
  friend constexpr std::int32_t operator-(SeqNumber a, SeqNumber b) {
    return static_cast<std::int32_t>(a.value_ - b.value_);
  }

  friend constexpr bool operator==(SeqNumber a, SeqNumber b) = default;
  friend constexpr bool operator<(SeqNumber a, SeqNumber b) { return a - b < 0; }
  friend constexpr bool operator<=(SeqNumber a, SeqNumber b) { return a - b <= 0; }
  friend constexpr bool operator>(SeqNumber a, SeqNumber b) { return a - b > 0; }
  friend constexpr bool operator>=(SeqNumber a, SeqNumber b) { return a - b >= 0; }

 private:
  std::uint32_t value_ = 0;
};

// The bytes from `from` to `to`, which is not before it.
constexpr std::uint32_t bytes_between(SeqNumber from, SeqNumber to) { return to.value() - from.value(); }
constexpr SeqNumber later(SeqNumber a, SeqNumber b) { return a < b ? b : a; }
constexpr SeqNumber earlier(SeqNumber a, SeqNumber b) { return a < b ? a : b; }

}  // namespace ghostnet::tcp
