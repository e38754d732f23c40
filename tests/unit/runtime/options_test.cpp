#include "ghostnet/runtime/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ghostnet::options_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum class Security : std::uint8_t { none, noise, tls };

struct Sample {
  bool verbose = false;
  std::uint16_t port = 80;
  std::int32_t offset = -1;
  double factor = 0.5;
  std::string topic = "news";
  Duration timeout = 1s;
  DataSize size = DataSize::kib(1);
  DataRate rate = DataRate::mbit(50);
  Frequency heartbeat = Frequency::hz(1);
  Probability loss;
  Endpoint peer{};
  Security security = Security::noise;
  std::vector<Endpoint> listen{};
  std::vector<Security> offered = {Security::noise, Security::tls};
  std::optional<DataRate> limit{};
  std::uint32_t most = 10;

  Result<> validate() const {
    if (security != Security::none || !verbose) return {};
    return fail(Errc::invalid_argument, "verbose needs a security");
  }

  static constexpr OptionDesc kOptions[] = {
      option<&Sample::verbose>("verbose", "says more"),
      option<&Sample::port>("port", "where to listen", at_least(1)),
      option<&Sample::offset>("offset", "may be negative"),
      option<&Sample::factor>("factor", "a plain number", in(0.0, 1.0)),
      option<&Sample::topic>("topic", "a text"),
      option<&Sample::timeout>("timeout", "how long", in(1ms, 1h)),
      option<&Sample::size>("size", "of what is sent", in(DataSize{16}, DataSize::kib(64))),
      option<&Sample::rate>("rate", "how fast"),
      option<&Sample::heartbeat>("heartbeat", "how often"),
      option<&Sample::loss>("loss", "a part", at_most(Probability::of(0.5))),
      option<&Sample::peer>("peer", "an endpoint", required),
      option<&Sample::security>("security", "a choice"),
      option<&Sample::listen>("listen", "a list of endpoints"),
      option<&Sample::offered>("offered", "a list of choices"),
      option<&Sample::limit>("limit", "may have no value", at_least(DataRate::mbit(1))),
      option<&Sample::most>("most", "with a unit", in(1, 100), unit("packets")),
  };
};

}  // namespace
}  // namespace ghostnet::options_test

namespace ghostnet {
template <>
inline constexpr OptionChoice<options_test::Security> kChoices<options_test::Security>[] = {
    {options_test::Security::none, "none"},
    {options_test::Security::noise, "noise"},
    {options_test::Security::tls, "tls"}};
}  // namespace ghostnet

namespace ghostnet::options_test {
namespace {

struct OptionsTest : testing::Test {
  AnyOptions options{option_table<Sample>()};

  const Sample& sample() const { return options.as<Sample>(); }
  std::string error_of(std::string_view name, const OptionText& text) {
    const Result<> set = options.set(name, text);
    return set ? "no error" : std::string(set.error().message());
  }
};

TEST_F(OptionsTest, StartAtTheDefaultsOfTheStruct) {
  EXPECT_EQ(sample().port, 80);
  EXPECT_EQ(sample().timeout, 1s);
  EXPECT_EQ(options.get("timeout"), "1 s");
  EXPECT_EQ(options.get("security"), "noise");
  EXPECT_EQ(options.get("offered"), "[noise, tls]");
  EXPECT_EQ(options.get("limit"), std::nullopt);
}

TEST_F(OptionsTest, EveryTypeIsReadFromText) {
  EXPECT_TRUE(options.set("verbose", "true"));
  EXPECT_TRUE(options.set("port", "8080"));
  EXPECT_TRUE(options.set("offset", "-5"));
  EXPECT_TRUE(options.set("factor", "0.25"));
  EXPECT_TRUE(options.set("topic", "a topic: with anything"));
  EXPECT_TRUE(options.set("timeout", "40 ms"));
  EXPECT_TRUE(options.set("size", "2 KiB"));
  EXPECT_TRUE(options.set("rate", "10 Mbit/s"));
  EXPECT_TRUE(options.set("heartbeat", "2 /s"));
  EXPECT_TRUE(options.set("loss", "0.1 %"));
  EXPECT_TRUE(options.set("peer", "[::1]:80"));
  EXPECT_TRUE(options.set("security", "tls"));
  EXPECT_TRUE(options.set("listen", OptionText::of_list({"10.0.0.1:1", "10.0.0.2:2"})));
  EXPECT_TRUE(options.set("offered", "none")) << "one text is a list of one";
  EXPECT_TRUE(options.set("limit", "5 Mbit/s"));
  EXPECT_TRUE(sample().verbose);
  EXPECT_EQ(sample().port, 8080);
  EXPECT_EQ(sample().offset, -5);
  EXPECT_EQ(sample().factor, 0.25);
  EXPECT_EQ(sample().topic, "a topic: with anything");
  EXPECT_EQ(sample().timeout, 40ms);
  EXPECT_EQ(sample().size, DataSize::kib(2));
  EXPECT_EQ(sample().rate, DataRate::mbit(10));
  EXPECT_EQ(sample().heartbeat, Frequency::hz(2));
  EXPECT_EQ(sample().loss, Probability::ratio(1, 1000));
  EXPECT_EQ(sample().peer, Endpoint(IpAddress::v6(0, 1), 80));
  EXPECT_EQ(sample().security, Security::tls);
  EXPECT_EQ(sample().listen.size(), 2u);
  EXPECT_THAT(sample().offered, ElementsAre(Security::none));
  EXPECT_EQ(sample().limit, DataRate::mbit(5));
}

TEST_F(OptionsTest, WhatGetPrintsSetReadsBack) {
  AnyOptions other(option_table<Sample>());
  ASSERT_TRUE(options.set("listen", OptionText::of_list({"10.0.0.1:1", "[fd00::1]:2"})));
  ASSERT_TRUE(options.set("loss", "12.5 %"));
  for (const OptionDesc& option : option_table<Sample>().options) {
    const std::optional<std::string> text = options.get(option.name);
    if (!text) continue;
    ASSERT_TRUE(other.set(option.name, OptionText::of_argument(*text))) << option.name << ": " << *text;
    EXPECT_EQ(other.get(option.name), text);
  }
}

TEST_F(OptionsTest, ErrorsNameTheOptionTheValueAndWhatWasExpected) {
  EXPECT_EQ(error_of("timeout", "5"),
            "timeout: '5' is not a time: expected a number and its unit, such as 40 ms (ns, us, ms, s, min, h, d)");
  EXPECT_EQ(error_of("timeout", "2 h"), "timeout: '2 h' is out of range: expected 1 ms to 1 h");
  EXPECT_EQ(error_of("size", "1 B"), "size: '1 B' is out of range: expected 16 B to 64 KiB");
  EXPECT_EQ(error_of("port", "0"), "port: '0' is out of range: expected 1 or more");
  EXPECT_EQ(error_of("port", "70000"), "port: '70000' is out of range: expected 0 to 65535");
  EXPECT_EQ(error_of("loss", "60 %"), "loss: '60 %' is out of range: expected 50 % or less");
  EXPECT_EQ(error_of("most", "101"), "most: '101' is out of range: expected 1 to 100 packets");
  EXPECT_EQ(error_of("limit", "1 kbit/s"), "limit: '1 kbit/s' is out of range: expected 1 Mbit/s or more");
  EXPECT_EQ(error_of("security", "nois"), "security: 'nois' is none of its values; did you mean 'noise'?");
  EXPECT_EQ(error_of("timout", "1 s"), "no option 'timout'; did you mean 'timeout'?");
  EXPECT_EQ(error_of("port", OptionText::of_list({"1", "2"})), "port: is a list: expected one value, 1 or more");
  EXPECT_THAT(error_of("listen", OptionText::of_list({"10.0.0.1:1", "here"})), HasSubstr("here"));
  EXPECT_EQ(options.set("x", "1").error(), Errc::not_found);
  EXPECT_EQ(options.set("port", "x").error(), Errc::invalid_argument);
}

TEST_F(OptionsTest, ARefusedValueLeavesTheOldOne) {
  ASSERT_TRUE(options.set("listen", "10.0.0.1:1"));
  EXPECT_FALSE(options.set("listen", OptionText::of_list({"10.0.0.2:2", "bad"})));
  EXPECT_EQ(options.get("listen"), "[10.0.0.1:1]");
  EXPECT_FALSE(options.set("timeout", "2 h"));
  EXPECT_EQ(sample().timeout, 1s);
}

TEST_F(OptionsTest, ListsAreBounded) {
  const std::vector<std::string_view> many(OptionDesc::kMaxItems + 1, "none");
  EXPECT_EQ(options.set("offered", OptionText::of_list(many)).error(), Errc::limit);
}

TEST_F(OptionsTest, SeveralOptionsTogetherAreCheckedByTheStruct) {
  EXPECT_TRUE(options.validate());
  ASSERT_TRUE(options.set("verbose", "true"));
  ASSERT_TRUE(options.set("security", "none"));
  EXPECT_FALSE(options.validate());
}

TEST_F(OptionsTest, CopiesAreTheirOwn) {
  AnyOptions copy = options;
  ASSERT_TRUE(copy.set("port", "1"));
  EXPECT_EQ(sample().port, 80);
  options = std::move(copy);
  EXPECT_EQ(sample().port, 1);
}

TEST(OptionText, ArgumentsInBracketsAreLists) {
  const auto items = [](std::string_view text) { return OptionText::of_argument(text).items; };
  EXPECT_THAT(items("[a, b ,c]"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(items("[]"), ElementsAre());
  EXPECT_THAT(items(" [a] "), ElementsAre("a"));
  EXPECT_THAT(items("a, b"), ElementsAre("a, b"));
  EXPECT_TRUE(OptionText::of_argument("[a]").list);
  EXPECT_FALSE(OptionText::of_argument("[::1]:80").list) << "an IPv6 endpoint is none";
}

TEST(OptionTable, DescribesItsOptions) {
  const OptionTable& table = option_table<Sample>();
  EXPECT_EQ(table.find("nothing"), nullptr);
  EXPECT_EQ(table.find("timeout")->kind, OptionKind::duration);
  EXPECT_TRUE(table.find("peer")->required);
  EXPECT_TRUE(table.find("limit")->optional);
  EXPECT_TRUE(table.find("listen")->list);
  EXPECT_THAT(table.find("security")->choices(), ElementsAre("none", "noise", "tls"));
  EXPECT_EQ(table.find("timeout")->expected(), "1 ms to 1 h");
  EXPECT_EQ(table.find("security")->expected(), "none, noise, tls");
  EXPECT_EQ(table.find("offered")->expected(), "a list: none, noise, tls");
  EXPECT_EQ(table.find("most")->expected(), "1 to 100 packets");
}

}  // namespace
}  // namespace ghostnet::options_test
