#include "ghostnet/runtime/suggest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ghostnet::suggest_test {
namespace {

TEST(Suggest, TheNearestNameIsFound) {
  const std::vector<std::string_view> names = {"latency", "loss", "bandwidth", "hosts", "queue_limit"};
  EXPECT_EQ(closest("latncy", names), "latency");
  EXPECT_EQ(closest("badnwidth", names), "bandwidth") << "two letters swapped";
  EXPECT_EQ(closest("host", names), "hosts");
  EXPECT_EQ(closest("Queue-Limit", names), "queue_limit") << "case and - for _ do not count";
  EXPECT_EQ(closest("zebra", names), "");
  EXPECT_EQ(closest("", names), "");
  EXPECT_EQ(closest(std::string(10'000, 'x'), names), "");
}

TEST(Suggest, AShortWordIsNotTakenForAnyOther) {
  const std::vector<std::string_view> names = {"d", "at"};
  EXPECT_EQ(closest("x", names), "") << "one edit away, but nothing of it is left";
  EXPECT_EQ(closest("a", names), "at");
}

TEST(Suggest, SaysWhatHelps) {
  EXPECT_EQ(suggestion("rat", {"rate", "size"}), "; did you mean 'rate'?");
  EXPECT_EQ(suggestion("zzz", {"rate", "size"}), "; expected one of rate, size");
  EXPECT_EQ(suggestion("zzz", {"rate"}), "; expected rate");
  EXPECT_EQ(suggestion("zzz", {}), "");
}

}  // namespace
}  // namespace ghostnet::suggest_test
