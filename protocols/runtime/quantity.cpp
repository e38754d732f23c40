#include "ghostnet/runtime/quantity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "ghostnet/runtime/suggest.hpp"
#include "ghostnet/runtime/text.hpp"

namespace ghostnet {
namespace {

__extension__ using Wide = unsigned __int128;

// Every quantity fits a signed 64-bit integer, so that bounds and differences do.
constexpr Wide kMaxQuantity = INT64_MAX;
// Longer texts are no numbers of anybody's.
constexpr std::size_t kMaxTextBytes = 64;
constexpr int kMaxExponent = 36;  // 10^36 fits Wide

struct Unit {
  std::string_view name;
  std::uint64_t scale;    // base units in one
  bool decimals = false;  // printed with decimals, where three suffice
};

// The units of one kind of quantity, the smallest first. Those from `printed` on are other ways of writing them.
struct Units {
  std::string_view what;
  std::string_view example;
  std::string_view listed;
  std::string_view base;
  std::span<const Unit> units;
  std::size_t printed;
};

constexpr Unit kTimeUnits[] = {{"ns", 1},
                               {"us", 1'000, true},
                               {"ms", 1'000'000, true},
                               {"s", 1'000'000'000, true},
                               {"min", 60'000'000'000},
                               {"h", 3'600'000'000'000},
                               {"d", 86'400'000'000'000},
                               {"\u00b5s", 1'000},
                               {"\u03bcs", 1'000}};
constexpr Units kTime{"a time", "40 ms", "ns, us, ms, s, min, h, d", "nanoseconds", kTimeUnits, 7};

constexpr Unit kSizeUnits[] = {{"B", 1},
                               {"kB", 1'000},
                               {"KiB", 1 << 10},
                               {"MB", 1'000'000},
                               {"MiB", 1 << 20},
                               {"GB", 1'000'000'000},
                               {"GiB", 1 << 30},
                               {"TB", 1'000'000'000'000},
                               {"TiB", std::uint64_t{1} << 40}};
constexpr Units kSize{"a size of data", "64 KiB", "B, kB, KiB, MB, MiB, GB, GiB, TB, TiB", "bytes", kSizeUnits, 9};

constexpr Unit kRateUnits[] = {{"bit/s", 1},
                               {"kbit/s", 1'000, true},
                               {"Mbit/s", 1'000'000, true},
                               {"Gbit/s", 1'000'000'000, true},
                               {"Tbit/s", 1'000'000'000'000, true},
                               {"bps", 1},
                               {"kbps", 1'000},
                               {"Mbps", 1'000'000},
                               {"Gbps", 1'000'000'000},
                               {"B/s", 8},
                               {"kB/s", 8'000},
                               {"KiB/s", 8 << 10},
                               {"MB/s", 8'000'000},
                               {"MiB/s", 8 << 20},
                               {"GB/s", 8'000'000'000},
                               {"GiB/s", std::uint64_t{8} << 30}};
constexpr Units kRate{
    "a data rate", "50 Mbit/s", "bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s, or B/s, kB/s, MB/s, KiB/s, MiB/s",
    "bit/s",       kRateUnits,  5};

constexpr Unit kFrequencyUnits[] = {{"/h", 1'000'000},     {"/min", 60'000'000},       {"/s", 3'600'000'000, true},
                                    {"Hz", 3'600'000'000}, {"kHz", 3'600'000'000'000}, {"MHz", 3'600'000'000'000'000}};
constexpr Units kFrequency{"a frequency",        "10 /s",         "/s, /min, /h, Hz, kHz, MHz",
                           "millionths of 1 /h", kFrequencyUnits, 3};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

Wide power_of_ten(int exponent) {
  Wide power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

// digits * 10^exponent, and what stands behind the number.
struct Decimal {
  bool negative = false;
  std::uint64_t digits = 0;
  int exponent = 0;
  std::string_view rest;
};

// Null where there is no number at the start, or one of more than 19 significant digits.
class DecimalReader {
 public:
  explicit DecimalReader(std::string_view text) : text_(text) {}

  std::optional<Decimal> read() {
    if (peek() == '-' || peek() == '+') number_.negative = take() == '-';
    read_digits(0);
    if (peek() == '.') {
      take();
      read_digits(-1);
    }
    if (!any_ || overflow_) return std::nullopt;
    if ((peek() == 'e' || peek() == 'E') && !read_exponent()) return std::nullopt;
    number_.rest = trimmed(text_);
    if (number_.digits == 0) number_.exponent = 0;
    if (number_.exponent > kMaxExponent || number_.exponent < -kMaxExponent) return std::nullopt;
    return number_;
  }

 private:
  char peek() const { return text_.empty() ? '\0' : text_.front(); }
  char take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  // Zeros are held back until a digit follows them, so that those at the end do not count.
  void read_digits(int exponent_step) {
    while (is_digit(peek())) {
      any_ = true;
      const auto digit = static_cast<unsigned>(take() - '0');
      number_.exponent += exponent_step;
      if (digit == 0) {
        ++zeros_;
        continue;
      }
      for (; zeros_ > 0; --zeros_) append(0);
      append(digit);
    }
    if (exponent_step != 0 || peek() != '.') release_zeros();
  }
  void release_zeros() {
    number_.exponent += zeros_;
    zeros_ = 0;
  }
  void append(unsigned digit) {
    if (number_.digits > (UINT64_MAX - digit) / 10) {
      overflow_ = true;
      return;
    }
    number_.digits = number_.digits * 10 + digit;
  }
  bool read_exponent() {
    take();
    bool negative = false;
    if (peek() == '-' || peek() == '+') negative = take() == '-';
    if (!is_digit(peek())) return false;
    int exponent = 0;
    while (is_digit(peek())) exponent = std::min(exponent * 10 + (take() - '0'), 1000);
    number_.exponent += negative ? -exponent : exponent;
    return true;
  }

  std::string_view text_;
  Decimal number_;
  int zeros_ = 0;
  bool any_ = false;
  bool overflow_ = false;
};

std::optional<Decimal> read_decimal(std::string_view text) {
  if (text.size() > kMaxTextBytes) return std::nullopt;
  return DecimalReader(text).read();
}

std::unexpected<Error> not_a(std::string_view text, const Units& units) {
  return fail(Errc::invalid_argument, "'{}' is not {}: expected a number and its unit, such as {} ({})",
              text.substr(0, kMaxTextBytes), units.what, units.example, units.listed);
}

// The magnitude in units of the base, at most kMaxQuantity.
Result<std::uint64_t> scaled(std::string_view text, const Decimal& number, std::uint64_t scale, std::string_view what,
                             std::string_view base) {
  Wide value = static_cast<Wide>(number.digits) * scale;
  if (number.exponent > 0) {
    const Wide power = power_of_ten(number.exponent);
    if (value > kMaxQuantity / power)
      value = kMaxQuantity + 1;
    else
      value *= power;
  } else if (number.exponent < 0) {
    const Wide power = power_of_ten(-number.exponent);
    if (value % power != 0) {
      return fail(Errc::invalid_argument, "'{}' is finer than {} can be: expected a whole number of {}", text, what,
                  base);
    }
    value /= power;
  }
  if (value > kMaxQuantity) return fail(Errc::invalid_argument, "'{}' is too large for {}", text, what);
  return static_cast<std::uint64_t>(value);
}

Result<std::uint64_t> parse_quantity(std::string_view text, const Units& units, bool* negative = nullptr) {
  text = trimmed(text);
  const std::optional<Decimal> number = read_decimal(text);
  if (!number) return not_a(text, units);
  if (number->negative && negative == nullptr) {
    return fail(Errc::invalid_argument, "'{}' is negative: expected {} of 0 or more", text, units.what);
  }
  if (negative != nullptr) *negative = number->negative;
  if (number->rest.empty()) {
    if (number->digits == 0) return 0;
    return not_a(text, units);
  }
  const auto unit = std::ranges::find(units.units, number->rest, &Unit::name);
  if (unit == units.units.end()) {
    std::vector<std::string_view> names;
    for (const Unit& known : units.units) names.push_back(known.name);
    const std::string_view near = closest(number->rest, names);
    if (near.empty()) return not_a(text, units);
    return fail(Errc::invalid_argument, "'{}' has an unknown unit; did you mean '{}'? Units of {} are {}", text, near,
                units.what, units.listed);
  }
  return scaled(text, *number, unit->scale, units.what, units.base);
}

// In the largest unit that gives a short number, or else in the base unit.
std::string print_quantity(std::uint64_t value, const Units& units, std::string_view zero_unit) {
  if (value == 0) return fmt::format("0 {}", zero_unit);
  for (std::size_t i = units.printed; i-- > 0;) {
    const Unit& unit = units.units[i];
    const std::uint64_t step = unit.decimals ? unit.scale / 1000 : unit.scale;
    if (value < unit.scale || value % step != 0) continue;
    const std::uint64_t rest = value % unit.scale / step;
    if (rest == 0) return fmt::format("{} {}", value / unit.scale, unit.name);
    std::string decimals = fmt::format("{:03}", rest);
    decimals.erase(decimals.find_last_not_of('0') + 1);
    return fmt::format("{}.{} {}", value / unit.scale, decimals, unit.name);
  }
  return fmt::format("{} {}", value, units.units.front().name);
}

// The least numerator whose ratio reaches `value`.
std::uint64_t numerator_for(Probability value, std::uint64_t denominator) {
  std::uint64_t low = 0, high = denominator;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (Probability::ratio(middle, denominator) < value)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

}  // namespace

Duration DataRate::time_for(DataSize size) const {
  if (bits_per_second == 0) return Duration::max();
  const Wide ns = static_cast<Wide>(size.bytes) * 8 * 1'000'000'000 / bits_per_second;
  return ns > kMaxQuantity ? Duration::max() : Duration{static_cast<std::int64_t>(ns)};
}

Duration Frequency::time_of(std::uint64_t nth) const {
  if (micro_per_hour == 0) return nth == 0 ? Duration{} : Duration::max();
  constexpr Wide kHourTimesMicro = static_cast<Wide>(3'600'000'000'000) * 1'000'000;
  const Wide ns = nth * kHourTimesMicro / micro_per_hour;
  return ns > kMaxQuantity ? Duration::max() : Duration{static_cast<std::int64_t>(ns)};
}

Result<Duration> parse_duration(std::string_view text) {
  bool negative = false;
  const Result<std::uint64_t> ns = parse_quantity(text, kTime, &negative);
  if (!ns) return fail(ns);
  const auto magnitude = static_cast<std::int64_t>(*ns);
  return Duration{negative ? -magnitude : magnitude};
}

Result<DataSize> parse_data_size(std::string_view text) {
  const Result<std::uint64_t> bytes = parse_quantity(text, kSize);
  if (!bytes) return fail(bytes);
  return DataSize{*bytes};
}

Result<DataRate> parse_data_rate(std::string_view text) {
  const Result<std::uint64_t> bits_per_second = parse_quantity(text, kRate);
  if (!bits_per_second) return fail(bits_per_second);
  return DataRate{*bits_per_second};
}

Result<Frequency> parse_frequency(std::string_view text) {
  const Result<std::uint64_t> micro_per_hour = parse_quantity(text, kFrequency);
  if (!micro_per_hour) return fail(micro_per_hour);
  return Frequency{*micro_per_hour};
}

Result<Probability> parse_fraction(std::string_view text) {
  constexpr int kMaxDecimals = 19;  // 10^19 fits 64 bits, and is finer than a Probability
  text = trimmed(text);
  std::optional<Decimal> number = read_decimal(text);
  if (!number || (!number->rest.empty() && number->rest != "%")) {
    return fail(Errc::invalid_argument,
                "'{}' is not a part of a whole: expected 0 % to 100 %, such as 0.1 %, or 0 to 1",
                text.substr(0, kMaxTextBytes));
  }
  if (number->digits == 0) return Probability::never();
  if (!number->rest.empty()) number->exponent -= 2;
  const bool above =
      number->exponent > 0 || (number->exponent >= -kMaxDecimals && number->digits > power_of_ten(-number->exponent));
  if (number->negative || above) {
    return fail(Errc::invalid_argument, "'{}' is out of range: expected 0 % to 100 %{}", text,
                number->rest.empty() ? " (a number without % is a part of 1)" : "");
  }
  if (number->exponent < -kMaxDecimals) {
    return fail(Errc::invalid_argument, "'{}' is finer than a probability can be: expected at most {} decimals", text,
                number->rest.empty() ? kMaxDecimals : kMaxDecimals - 2);
  }
  return Probability::ratio(number->digits, static_cast<std::uint64_t>(power_of_ten(-number->exponent)));
}

Result<std::int64_t> parse_integer(std::string_view text) {
  text = trimmed(text);
  const std::optional<Decimal> number = read_decimal(text);
  if (!number || !number->rest.empty()) {
    return fail(Errc::invalid_argument, "'{}' is not a number: expected a whole number without a unit",
                text.substr(0, kMaxTextBytes));
  }
  const Result<std::uint64_t> magnitude = scaled(text, *number, 1, "a whole number", "1");
  if (!magnitude) return fail(magnitude);
  const auto value = static_cast<std::int64_t>(*magnitude);
  return number->negative ? -value : value;
}

Result<std::uint64_t> parse_unsigned(std::string_view text) {
  text = trimmed(text);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  const Result<std::int64_t> other = parse_integer(text);  // 1e6, or what is wrong with it
  if (!other) return fail(other);
  if (*other < 0) return fail(Errc::invalid_argument, "'{}' is negative: expected 0 or more", text);
  return static_cast<std::uint64_t>(*other);
}

Result<double> parse_real(std::string_view text) {
  text = trimmed(text);
  std::string_view number = text;
  if (number.starts_with('+') && !number.starts_with("+-")) number.remove_prefix(1);
  double value = 0;
  const char* const last = number.data() + number.size();
  const auto [end, error] = std::from_chars(number.data(), last, value);  // knows "inf" and "nan" too
  if (error != std::errc() || end != last || !std::isfinite(value)) {
    return fail(Errc::invalid_argument, "'{}' is not a number: expected one such as 0.5 or 2e6, without a unit",
                text.substr(0, kMaxTextBytes));
  }
  return value;
}

Result<bool> parse_boolean(std::string_view text) {
  text = trimmed(text);
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(Errc::invalid_argument, "'{}' is neither true nor false", text.substr(0, kMaxTextBytes));
}

std::string to_text(Duration value) {
  if (value.count() >= 0) return print_quantity(static_cast<std::uint64_t>(value.count()), kTime, "s");
  return "-" + print_quantity(0 - static_cast<std::uint64_t>(value.count()), kTime, "s");
}
std::string to_text(DataSize value) { return print_quantity(value.bytes, kSize, "B"); }
std::string to_text(DataRate value) { return print_quantity(value.bits_per_second, kRate, "bit/s"); }
std::string to_text(Frequency value) {
  if (value.micro_per_hour % 1'000'000 == 0 || value.micro_per_hour == 0) {
    return print_quantity(value.micro_per_hour, kFrequency, "/s");
  }
  return fmt::format("{}.{:06} /h", value.micro_per_hour / 1'000'000, value.micro_per_hour % 1'000'000);
}

std::string to_text(Probability value) {
  // With 19 decimals, more than the type resolves, there always is a match.
  std::uint64_t denominator = 1;
  std::uint64_t numerator = numerator_for(value, denominator);
  int decimals = 0;
  while (Probability::ratio(numerator, denominator) != value) {
    ++decimals;
    denominator *= 10;
    numerator = numerator_for(value, denominator);
  }
  if (decimals <= 2) return fmt::format("{} %", numerator * (100 / denominator));
  const std::uint64_t whole = denominator / 100;
  return fmt::format("{}.{:0{}} %", numerator / whole, numerator % whole, decimals - 2);
}

std::string to_text(double value) { return fmt::format("{}", value); }

}  // namespace ghostnet
