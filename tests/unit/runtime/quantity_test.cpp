#include "ghostnet/runtime/quantity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ghostnet::quantity_test {
namespace {

using ::testing::HasSubstr;

std::string message_of(const auto& result) { return result ? "no error" : std::string(result.error().message()); }

TEST(Quantity, TimesAreReadInTheirUnits) {
  EXPECT_EQ(parse_duration("40 ms").value(), 40ms);
  EXPECT_EQ(parse_duration("40ms").value(), 40ms);
  EXPECT_EQ(parse_duration(" 1.5 s ").value(), 1500ms);
  EXPECT_EQ(parse_duration("3 us").value(), 3us);
  EXPECT_EQ(parse_duration("3 \u00b5s").value(), 3us);
  EXPECT_EQ(parse_duration("7 ns").value(), 7ns);
  EXPECT_EQ(parse_duration("2 min").value(), 120s);
  EXPECT_EQ(parse_duration("1 h").value(), 3600s);
  EXPECT_EQ(parse_duration("1 d").value(), 24h);
  EXPECT_EQ(parse_duration("-40 ms").value(), -40ms);
  EXPECT_EQ(parse_duration("0").value(), 0s);
  EXPECT_EQ(parse_duration("1e3 ms").value(), 1s);
  EXPECT_EQ(parse_duration("0.000000001 s").value(), 1ns);
}

TEST(Quantity, SizesKnowPowersOfTwoAndOfTen) {
  EXPECT_EQ(parse_data_size("1 KiB").value().bytes, 1024u);
  EXPECT_EQ(parse_data_size("1 kB").value().bytes, 1000u);
  EXPECT_EQ(parse_data_size("1.5 MiB").value().bytes, 1'572'864u);
  EXPECT_EQ(parse_data_size("64 B").value().bytes, 64u);
  EXPECT_EQ(parse_data_size("1 TiB").value().bytes, std::uint64_t{1} << 40);
}

TEST(Quantity, RatesAreInBitsWhateverTheUnit) {
  EXPECT_EQ(parse_data_rate("50 Mbit/s").value().bits_per_second, 50'000'000u);
  EXPECT_EQ(parse_data_rate("50Mbps").value().bits_per_second, 50'000'000u);
  EXPECT_EQ(parse_data_rate("1 MB/s").value().bits_per_second, 8'000'000u);
  EXPECT_EQ(parse_data_rate("1 KiB/s").value().bits_per_second, 8192u);
  EXPECT_EQ(parse_data_rate("0").value().bits_per_second, 0u);
}

TEST(Quantity, FrequenciesGiveSchedulesThatDoNotDrift) {
  const Frequency third = parse_frequency("3 /s").value();
  EXPECT_EQ(third.time_of(0), 0ns);
  EXPECT_EQ(third.time_of(1), 333'333'333ns);
  EXPECT_EQ(third.time_of(3), 1s);
  EXPECT_EQ(third.time_of(3'000'000'000), 1'000'000'000s);
  EXPECT_EQ(parse_frequency("0.1 /s").value().time_of(1), 10s);
  EXPECT_EQ(parse_frequency("1 /min").value().time_of(1), 60s);
  EXPECT_EQ(parse_frequency("1 /h").value().time_of(2), 2h);
  EXPECT_EQ(parse_frequency("2 kHz").value().time_of(1), 500us);
  EXPECT_EQ(Frequency{}.time_of(1), Duration::max());
  EXPECT_EQ(Frequency{1}.time_of(UINT64_MAX), Duration::max());
}

TEST(Quantity, FractionsAreExact) {
  EXPECT_EQ(parse_fraction("0.1 %").value(), Probability::ratio(1, 1000));
  EXPECT_EQ(parse_fraction("0.001").value(), Probability::ratio(1, 1000));
  EXPECT_EQ(parse_fraction("50%").value(), Probability::ratio(1, 2));
  EXPECT_TRUE(parse_fraction("100 %").value().is_always());
  EXPECT_TRUE(parse_fraction("1").value().is_always());
  EXPECT_TRUE(parse_fraction("0 %").value().is_never());
  EXPECT_EQ(message_of(parse_fraction("101 %")), "'101 %' is out of range: expected 0 % to 100 %");
  EXPECT_THAT(message_of(parse_fraction("5")), HasSubstr("a number without % is a part of 1"));
  EXPECT_FALSE(parse_fraction("-1 %"));
  EXPECT_FALSE(parse_fraction("1 per cent"));
}

TEST(Quantity, ARateTellsHowLongASizeTakes) {
  EXPECT_EQ(DataRate::mbit(8).time_for({1'000'000}), 1s);
  EXPECT_EQ(DataRate{}.time_for({1}), Duration::max());
  EXPECT_EQ(DataRate{1}.time_for({UINT64_MAX}), Duration::max());
}

TEST(Quantity, WhatWouldHaveToBeGuessedIsRefused) {
  EXPECT_EQ(message_of(parse_duration("5")),
            "'5' is not a time: expected a number and its unit, such as 40 ms (ns, us, ms, s, min, h, d)");
  EXPECT_THAT(message_of(parse_duration("1.5 ns")), HasSubstr("finer than a time can be"));
  EXPECT_THAT(message_of(parse_data_size("1 KB")), HasSubstr("did you mean 'kB'?"));
  EXPECT_THAT(message_of(parse_data_rate("10 mbit/s")), HasSubstr("did you mean 'Mbit/s'?"));
  EXPECT_THAT(message_of(parse_data_size("-1 B")), HasSubstr("negative"));
  EXPECT_THAT(message_of(parse_duration("1e30 d")), HasSubstr("too large"));
  for (const char* text : {"", " ", "s", "ms 5", "1.2.3 s", "1e s", "0x10 s", "--5 s", "1 s s", ".", "inf s", "nan"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  EXPECT_FALSE(parse_duration(std::string(1000, '1') + " s"));
}

TEST(Quantity, NumbersAreReadWithoutAUnit) {
  EXPECT_EQ(parse_integer("-12").value(), -12);
  EXPECT_EQ(parse_integer("1e6").value(), 1'000'000);
  EXPECT_FALSE(parse_integer("1.5"));
  EXPECT_FALSE(parse_integer("12 B"));
  EXPECT_EQ(parse_unsigned("18446744073709551615").value(), UINT64_MAX);
  EXPECT_FALSE(parse_unsigned("18446744073709551616"));
  EXPECT_FALSE(parse_unsigned("-1"));
  EXPECT_EQ(parse_real("2.5e-1").value(), 0.25);
  EXPECT_EQ(parse_real("+4584946420298815424e36").value(), 4584946420298815424e36);
  for (const char* text : {"nan", "-inf", "", "+", "+-1", "1 2", "0x1p3"}) EXPECT_FALSE(parse_real(text)) << text;
  EXPECT_FALSE(parse_real("1e999"));
  EXPECT_TRUE(parse_boolean("true").value());
  EXPECT_FALSE(parse_boolean("yes")) << "YAML 1.2 has true and false alone";
}

TEST(Quantity, WhatIsPrintedIsShortAndParsesToTheSame) {
  EXPECT_EQ(to_text(40ms), "40 ms");
  EXPECT_EQ(to_text(1500ms), "1.5 s");
  EXPECT_EQ(to_text(Duration(90s)), "90 s");
  EXPECT_EQ(to_text(Duration(120s)), "2 min");
  EXPECT_EQ(to_text(-Duration(40ms)), "-40 ms");
  EXPECT_EQ(to_text(Duration{}), "0 s");
  EXPECT_EQ(to_text(DataSize::kib(64)), "64 KiB");
  EXPECT_EQ(to_text(DataSize{1500}), "1500 B");
  EXPECT_EQ(to_text(DataRate{1'500'000}), "1.5 Mbit/s");
  EXPECT_EQ(to_text(Frequency::hz(10)), "10 /s");
  EXPECT_EQ(to_text(Probability::ratio(1, 1000)), "0.1 %");
  EXPECT_EQ(to_text(Probability::ratio(1, 2)), "50 %");
  EXPECT_EQ(to_text(Probability::always()), "100 %");
  EXPECT_EQ(to_text(Probability::never()), "0 %");

  Random random = Random::derive(1, 2, 3);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t value = random.next_u64() >> (1 + random.below(62));
    const auto ns = Duration{static_cast<std::int64_t>(value)};
    EXPECT_EQ(parse_duration(to_text(ns)).value(), ns);
    EXPECT_EQ(parse_data_size(to_text(DataSize{value})).value(), DataSize{value});
    EXPECT_EQ(parse_data_rate(to_text(DataRate{value})).value(), DataRate{value});
    EXPECT_EQ(parse_frequency(to_text(Frequency{value})).value(), Frequency{value}) << to_text(Frequency{value});
    const Probability p = Probability::ratio(value, std::uint64_t{1} << 63);
    EXPECT_EQ(parse_fraction(to_text(p)).value(), p) << to_text(p);
  }
}

}  // namespace
}  // namespace ghostnet::quantity_test
