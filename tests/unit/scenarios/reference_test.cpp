// The schema and the reference page say what the loader checks.
#include "ghostnet/scenarios/reference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/scenarios/scenario.hpp"
#include "scenario_fixture.hpp"

namespace ghostnet::scenarios::reference_test {
namespace {

using testing::HasSubstr;

using References = ScenarioTest;

TEST_F(References, EveryKeyOfEveryTableStandsInBoth) {
  const std::string schema = json_schema(registry);
  const std::string page = reference_page(registry);
  std::size_t keys = 0;
  for (const KeySection& section : key_sections()) {
    for (const OptionDesc& option : section.options->options) {
      EXPECT_THAT(schema, HasSubstr(fmt::format("\"{}\": {{", option.name))) << section.path;
      EXPECT_THAT(page, HasSubstr(fmt::format("| `{}` | ", option.name))) << section.path;
      EXPECT_FALSE(option.help.empty()) << section.path << "." << option.name;
      ++keys;
    }
  }
  EXPECT_GT(keys, 100U);
}

TEST_F(References, ServicesAndTheirMetricsStandInThem) {
  const std::string schema = json_schema(registry);
  const std::string page = reference_page(registry);
  EXPECT_THAT(schema, HasSubstr("\"toy.ask\""));
  EXPECT_THAT(schema, HasSubstr("\"ask\""));
  EXPECT_THAT(page, HasSubstr("| `toy.rtt` | histogram | ns | round trips |"));
}

}  // namespace
}  // namespace ghostnet::scenarios::reference_test
