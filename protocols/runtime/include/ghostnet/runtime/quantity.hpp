// Quantities as people write them, "50 Mbit/s", "40 ms", "1 KiB", "0.1 %", and back.
//
// A number is decimal, with a fraction and an exponent where wanted ("1.5", "2e6"); white space before the unit is
// free. Parsing is exact, in integers: what does not come out as a whole number of the base unit ("1.5 ns") is refused
// rather than rounded. A unit is needed wherever leaving it out would leave a doubt; only fractions and a plain 0 do
// without. Printing chooses the unit that makes the number short, and what it prints parses to the same value.
//
// The parsers are total. They fail with invalid_argument, and the message says what was expected instead.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

// An amount of data. Units: B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (powers of 1024).
struct DataSize {
  std::uint64_t bytes = 0;

  static constexpr DataSize kib(std::uint64_t n) { return {n * 1024}; }
  static constexpr DataSize mib(std::uint64_t n) { return {n * 1024 * 1024}; }
  friend constexpr auto operator<=>(DataSize, DataSize) = default;
};

// Data in time. Units: bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s (also written bps, kbps ...) and B/s, kB/s, KiB/s ...
struct DataRate {
  std::uint64_t bits_per_second = 0;

  static constexpr DataRate mbit(std::uint64_t n) { return {n * 1'000'000}; }
  // How long `size` takes at this rate, rounded down; kNever's worth at a rate of 0 or when it does not fit.
  Duration time_for(DataSize size) const;
  friend constexpr auto operator<=>(DataRate, DataRate) = default;
};

// Events in time. Kept in millionths of one an hour, in which a second, a minute and an hour are exact.
// Units: /s, /min, /h, Hz, kHz, MHz.
struct Frequency {
  std::uint64_t micro_per_hour = 0;

  static constexpr Frequency hz(std::uint64_t n) { return {n * 3'600'000'000}; }
  // When the nth event comes after the first one, rounded down: exact for any n, so that a schedule does not drift.
  Duration time_of(std::uint64_t nth) const;
  friend constexpr auto operator<=>(Frequency, Frequency) = default;
};

// ns, us (also µs), ms, s, min, h, d. Negative only where a sign is written.
Result<Duration> parse_duration(std::string_view text);
Result<DataSize> parse_data_size(std::string_view text);
Result<DataRate> parse_data_rate(std::string_view text);
Result<Frequency> parse_frequency(std::string_view text);
// A part of a whole, 0 to 1 or 0 % to 100 %.
Result<Probability> parse_fraction(std::string_view text);
// Plain numbers, without a unit.
Result<std::int64_t> parse_integer(std::string_view text);
Result<std::uint64_t> parse_unsigned(std::string_view text);
Result<double> parse_real(std::string_view text);
// true, false; as YAML 1.2 has it.
Result<bool> parse_boolean(std::string_view text);

std::string to_text(Duration value);
std::string to_text(DataSize value);
std::string to_text(DataRate value);
std::string to_text(Frequency value);
// In percent.
std::string to_text(Probability value);
std::string to_text(double value);

}  // namespace ghostnet
