// Which points a sweep has, in which order, and what is wrong with one that has none.
#include "ghostnet/scenarios/sweep.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ghostnet::scenarios::sweep_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Sweep sweep_of(std::string_view text) { return read_sweep(parse_document(text, "f").value()).value(); }
std::string error_of(std::string_view text) {
  const auto sweep = read_sweep(parse_document(text, "f").value());
  return sweep ? "none" : sweep.error().to_string();
}

TEST(Sweeps, AGridHasEveryCombinationTheLastAxisFastest) {
  const Sweep sweep = sweep_of("network.loss: [0 %, 1 %]\ngossipsub.d: [4, 6, 8]\n");
  ASSERT_EQ(sweep.size(), 6U);
  EXPECT_THAT(sweep.point(0), ElementsAre(Pair("network.loss", "0 %"), Pair("gossipsub.d", "4")));
  EXPECT_THAT(sweep.point(1), ElementsAre(Pair("network.loss", "0 %"), Pair("gossipsub.d", "6")));
  EXPECT_THAT(sweep.point(5), ElementsAre(Pair("network.loss", "1 %"), Pair("gossipsub.d", "8")));
  EXPECT_EQ(sweep.points().size(), 6U);
}

TEST(Sweeps, AListHasItsPointsOneByOne) {
  const Sweep sweep = sweep_of("- { a: 1, b: 2 }\n- { a: [3, 4] }\n");
  EXPECT_THAT(sweep.points(), ElementsAre(ElementsAre(Pair("a", "1"), Pair("b", "2")), ElementsAre(Pair("a", "3")),
                                          ElementsAre(Pair("a", "4"))));
}

TEST(Sweeps, WithoutOneThereIsOnePointOfNoSettings) {
  EXPECT_EQ(Sweep{}.size(), 1U);
  EXPECT_TRUE(Sweep{}.point(0).empty());
}

TEST(Sweeps, ValuesMayBeListsAndMappings) {
  const Sweep sweep = sweep_of("faults: [[{ at: 1 s, crash: 'a: b' }], []]\n");
  EXPECT_THAT(sweep.points(), ElementsAre(ElementsAre(Pair("faults", "[{at: 1 s, crash: \"a: b\"}]")),
                                          ElementsAre(Pair("faults", "[]"))));
}

TEST(Sweeps, SizesAreBoundedWithoutOverflow) {
  EXPECT_EQ(error_of("5"), ":1:1: sweep: expected paths with their values, as in network.loss: [0 %, 1 %], found text");
  EXPECT_THAT(error_of("- {}"), HasSubstr("sweep[0]: expected paths with their values"));
  EXPECT_THAT(error_of("a: []"), HasSubstr("sweep.a: expected at least one value"));
  std::string wide = "a: [";
  for (std::size_t i = 0; i <= Sweep::kMaxValues; ++i) wide += "1,";
  EXPECT_THAT(error_of(wide + "1]"), HasSubstr("more than 1000 values"));
  std::string deep;
  for (char c = 'a'; c <= 'z'; ++c) deep += std::string(1, c) + ": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n";
  EXPECT_THAT(error_of(deep), HasSubstr("more than 10000 points"));
}

TEST(Documents, BracketsOfCommentsAndQuotesNestNothing) {
  const std::string brackets(100, '[');
  EXPECT_TRUE(parse_document("# " + brackets + "\na: 1 # {" + brackets + "\n", "f"));
  EXPECT_TRUE(parse_document("a: '" + brackets + " '' " + brackets + "'\nb: \"\\\"" + brackets + "\"\n", "f"));
  EXPECT_TRUE(parse_document("- 'x" + brackets + "\n  y'\n- it's\n", "f"));
}

TEST(Documents, NestingIsBoundedAndThePlaceIsSaid) {
  const auto error_at = [](const std::string& text) { return parse_document(text, "f").error().to_string(); };
  const std::string brackets(100, '[');
  EXPECT_EQ(error_at("a: 1\nb: " + brackets), "f:2:36: nested more than 32 deep");
  EXPECT_THAT(error_at("a: it's, 'x\nb: " + brackets), HasSubstr("f:2:")) << "what is no quote hides nothing";
  EXPECT_THAT(error_at("a: it's, 'x\nb: " + brackets), HasSubstr("nested more than 32 deep"));
}

TEST(Documents, APathThatLeadsPastAListSaysWhatItHas) {
  const auto said = [](const char* text) {
    Node root = parse_document(text, "f").value();
    return set_path(root, "a.3", "x").error();
  };
  EXPECT_EQ(said("a: []"), "'a.3': the list has no items");
  EXPECT_EQ(said("a: [1]"), "'a.3': the list has one item, 0");
  EXPECT_EQ(said("a: [1, 2]"), "'a.3': the list has items 0 to 1");
}

TEST(Documents, WhatIsWrittenOutIsReadBackTheSame) {
  for (const char* text :
       {"[a, 'b c', \"d\\\"e\\\\f\", null, {x: {y: []}}, '5 %', '%', '- g', 'h: i', '#j', \"k\\n\\tl\", ''"
        ", 'true', '~', 'null', '[', '*x', '&y', '!z']"}) {
    const Node node = parse_document(text, "f").value();
    const std::string once = to_yaml(node);
    const Node back = parse_document(once, "f").value();
    EXPECT_EQ(to_yaml(back), once);
    ASSERT_EQ(back.items.size(), node.items.size());
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      EXPECT_EQ(back.items[i].text, node.items[i].text);
      EXPECT_EQ(back.items[i].kind, node.items[i].kind) << node.items[i].text;
    }
  }
}

}  // namespace
}  // namespace ghostnet::scenarios::sweep_test
